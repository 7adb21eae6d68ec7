"""A bearer token on the Unix socket: its holder may what it may, whoever has the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from serving import SmallDaemon, served

from jobd.api import bearers
from jobd.api.bearers import Bearers
from jobd.errors import StoreUnavailable
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.model.token import Token, hashed
from jobd.store.tokens import Tokens

US = Actor(name="test", uid=0)
ADA = Token(name="ada", role=Role.VIEWER, hash=hashed("secret"))


@pytest.fixture
async def tokens(daemon: SmallDaemon) -> dict[str, str]:
    store = Tokens(daemon.database)
    return {str(role): await store.add(f"t-{role}", role, US) for role in Role}


@pytest.fixture
async def root(
    daemon: SmallDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[aiohttp.ClientSession]:
    """A connection of the daemon's own user, who is an admin."""
    monkeypatch.setattr(bearers, "KEPT_SECONDS", -1.0)
    async with served(daemon, tmp_path / "s.sock", tokens=Bearers(Tokens(daemon.database).valid)) as client:
        yield client


async def answered(client: aiohttp.ClientSession, method: str, path: str, authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with client.request(method, path, headers=headers, json={"job": "tidy"} if method == "POST" else None) as got:
        return got.status


@pytest.mark.parametrize(
    ("role", "look", "act", "rule"),
    [("viewer", 200, 403, 403), ("operator", 200, 201, 403), ("admin", 200, 201, 200)],
)
async def test_a_token_may_what_its_role_may_even_on_an_admins_connection(root, tokens, role, look, act, rule):
    bearer = f"Bearer {tokens[role]}"
    assert await answered(root, "GET", "/v1/queues", bearer) == look
    assert await answered(root, "POST", "/v1/runs", bearer) == act
    assert await answered(root, "GET", "/v1/config", bearer) == rule


@pytest.mark.parametrize("authorization", ["Bearer jobd_unknown", "Bearer", "", "Basic cm9vdDo=", "Bearer \xff"])
async def test_what_is_no_valid_token_opens_nothing_even_for_root(root, tokens, authorization):
    assert await answered(root, "GET", "/v1/queues", authorization) == 401
    assert await answered(root, "GET", "/livez", authorization) == 401


async def test_without_a_token_the_kernel_says_who_asks(root, tokens):
    assert await answered(root, "GET", "/v1/config", None) == 200


async def test_a_token_is_known_on_no_socket_that_was_given_none(client):
    assert await answered(client, "GET", "/v1/queues", "Bearer jobd_any") == 401


async def test_a_revoked_token_opens_nothing_any_more(root, tokens, daemon):
    await Tokens(daemon.database).revoke("t-admin", US)
    assert await answered(root, "GET", "/v1/queues", f"Bearer {tokens['admin']}") == 401


async def test_a_stream_of_events_ends_when_its_token_is_revoked(root, tokens, daemon):
    async with root.get("/v1/events", headers={"Authorization": f"Bearer {tokens['viewer']}"}) as stream:
        await stream.content.readuntil(b"event: snapshot")
        daemon.feed.publish("node.joined", node=1)
        await stream.content.readuntil(b"event: node.joined")
        await Tokens(daemon.database).revoke("t-viewer", US)
        daemon.feed.publish("node.left", node=1)
        async with asyncio.timeout(10):
            assert b"node.left" not in await stream.content.read()


async def test_a_stream_goes_on_while_nobody_knows_whether_its_token_is_valid(monkeypatch):
    monkeypatch.setattr(bearers, "KEPT_SECONDS", -1.0)
    answers: list[Sequence[Token] | Exception] = [[ADA], StoreUnavailable("gone"), []]

    async def valid() -> Sequence[Token]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    who = await bearers.holder("Bearer secret", Bearers(valid))
    assert await who.still(), "Postgres is away"
    assert not await who.still(), "it is back and says no"


async def test_the_journal_and_the_runs_name_the_token(root, tokens):
    headers = {"Authorization": f"Bearer {tokens['operator']}"}
    async with root.post("/v1/queues/low/pause", json={"reason": "disk"}, headers=headers) as response:
        entry = await response.json()
    assert (entry["actor"], entry["token"], entry["uid"]) == ("token:t-operator", "t-operator", None)
    async with root.post("/v1/runs", json={"job": "tidy"}, headers=headers) as response:
        run = (await response.json())["id"]
    async with root.get(f"/v1/runs/{run}") as response:
        assert (await response.json())["source"] == "api token:t-operator"
    async with root.get("/v1/me", headers=headers) as response:
        me = await response.json()
    assert (me["name"], me["role"]) == ("token:t-operator", "operator")
