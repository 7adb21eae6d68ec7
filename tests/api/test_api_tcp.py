"""The API on TCP: Host, pace, token, role and Origin, in that order; and TLS."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon

from jobd.api import bearers
from jobd.api.bearers import Bearers, Pace
from jobd.api.tcp import check_free, tcp_site
from jobd.errors import SocketRefused
from jobd.model.change import Actor
from jobd.model.roles import Role
from jobd.model.settings import ApiSettings
from jobd.store.tokens import Tokens

US = Actor(name="test", uid=0)


def anybody(daemon: SmallDaemon) -> Bearers:
    """Whoever has a token in this database."""
    return Bearers(Tokens(daemon.database).valid)


@asynccontextmanager
async def site(daemon: SmallDaemon, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[str]:
    """The URL of the API on a free port."""
    monkeypatch.setattr(bearers, "KEPT_SECONDS", -1.0)
    given = ApiSettings(listen="127.0.0.1:0", **settings)
    scheme = "https" if given.tls_certificate else "http"
    async with tcp_site(given, daemon, anybody(daemon)) as address:
        assert address is not None
        yield f"{scheme}://127.0.0.1:{address[1]}"


@pytest.fixture
async def url(daemon: SmallDaemon, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    async with site(daemon, monkeypatch, hosts=("jobs.example.org",), rate=1000.0) as url:
        yield url


@pytest.fixture
async def tokens(daemon: SmallDaemon) -> dict[str, str]:
    store = Tokens(daemon.database)
    return {str(role): await store.add(f"t-{role}", role, US) for role in Role}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def status(http: aiohttp.ClientSession, method: str, url: str, **headers: str) -> int:
    async with http.request(method, url, headers=headers) as response:
        return response.status


HOSTS = {"127.0.0.1:1": True, "localhost": True, "[::1]:80": True, "jobs.example.org": True, "JOBS.example.org.": True,
         "evil.example": False, "jobs.example.org.evil": False, "": False, "localhost.evil": False}  # fmt: skip
ORIGINS = {None: True, "https://jobs.example.org": True, "http://localhost:3000": True,
           "https://127.0.0.1:3000": True, "http://[::1]": True,
           "http://203.0.113.66": False, "http://[2001:db8::1]": False,
           "https://evil.example": False, "null": False, "file://": False}  # fmt: skip
TOKENS = {"operator": 409, "viewer": 403, "wrong": 401, "": 401, None: 401}
"""Token → what a write is answered that is allowed by everything else: queue low is not paused."""


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_every_door_is_shut_on_its_own(url, http, tokens, host, origin, token, method) -> None:
    headers = {"Host": host}
    if origin is not None:
        headers["Origin"] = origin
    if token is not None:
        headers["Authorization"] = f"Bearer {tokens.get(token, token)}"
    path = "/v1/queues" if method == "GET" else "/v1/queues/low/resume"
    found = await status(http, method, url + path, **headers)
    if not HOSTS[host]:
        assert found == 421
    elif TOKENS[token] == 401:
        assert found == 401
    elif method == "GET":
        assert found == 200  # whoever reads from another place gets no leave to see it from a browser
    else:
        assert found == (TOKENS[token] if ORIGINS[origin] else 403)


async def test_a_token_that_may_not_is_told_to_be_another_one_and_not_to_be_root(url, http, tokens) -> None:
    headers = {"Authorization": f"Bearer {tokens['viewer']}"}
    async with http.post(f"{url}/v1/queues/low/pause", headers=headers) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"]) == (403, "forbidden")
    assert error["hint"] == "use a token of that role: jobd token add NAME --role ROLE makes one"


async def test_without_a_token_only_liveness_is_told(url, http) -> None:
    assert await status(http, "GET", f"{url}/livez") == 200
    assert await status(http, "HEAD", f"{url}/livez") == 200
    for path in ("/readyz", "/metrics", "/v1/status", "/nowhere"):
        async with http.get(url + path) as response:
            assert response.status == 401
            assert (await response.json())["error"] == {
                "code": "unauthorized", "message": "a bearer token is needed", "hint": None,
            }  # fmt: skip


async def test_a_token_that_is_not_valid_is_told_from_none(url, http) -> None:
    async with http.get(f"{url}/v1/status", headers={"Authorization": "Bearer nonsense"}) as response:
        assert response.status == 401
        said = (await response.json())["error"]
    assert said["message"] == "this token is unknown, expired or revoked"
    assert "jobd token list" in said["hint"]


async def test_a_token_is_named_in_the_journal_and_in_the_runs_it_starts(url, http, tokens, client) -> None:
    headers = {"Authorization": f"Bearer {tokens['operator']}"}
    async with http.post(f"{url}/v1/runs", json={"job": "tidy"}, headers=headers) as response:
        run = (await response.json())["id"]
    assert (await (await client.get(f"/v1/runs/{run}")).json())["source"] == "api token:t-operator"
    await status(http, "POST", f"{url}/v1/queues/low/pause", **headers)
    entry = (await (await client.get("/v1/audit?target=low")).json())["entries"][0]
    assert (entry["actor"], entry["token"], entry["uid"]) == ("token:t-operator", "t-operator", None)


async def test_a_revoked_or_expired_token_opens_nothing(daemon: SmallDaemon, url, http, tokens) -> None:
    headers = {"Authorization": f"Bearer {tokens['viewer']}"}
    assert await status(http, "GET", f"{url}/v1/queues", **headers) == 200
    await Tokens(daemon.database).revoke("t-viewer", US)
    assert await status(http, "GET", f"{url}/v1/queues", **headers) == 401
    await daemon.database.execute("update jobd.tokens set expires_at = now() where name = 't-admin'")
    assert await status(http, "GET", f"{url}/v1/queues", Authorization=f"Bearer {tokens['admin']}") == 401


async def test_a_token_is_kept_as_a_hash_only_and_its_name_is_taken_once(daemon: SmallDaemon, client) -> None:
    response = await client.post("/v1/tokens", json={"name": "ci", "role": "operator", "lasts": "90d"})
    made = await response.json()
    assert response.status == 201 and made["token"].startswith("jobd_")
    (row,) = await daemon.database.fetch("select t::text as text, hash from jobd.tokens t")
    assert made["token"] not in row["text"] and len(row["hash"]) == 32
    assert (await client.post("/v1/tokens", json={"name": "ci", "role": "viewer"})).status == 409
    listed = (await (await client.get("/v1/tokens")).json())["tokens"]
    assert [(one["name"], one["role"]) for one in listed] == [("ci", "operator")]
    assert made["token"] not in str(listed) and made["token"] not in str(await (await client.get("/v1/audit")).json())
    assert (await client.delete("/v1/tokens/ci")).status == 200
    assert (await client.delete("/v1/tokens/ci")).status == 404
    assert (await client.post("/v1/tokens", json={"name": "ci", "role": "viewer"})).status == 201


async def test_every_token_is_compared_whichever_it_is(monkeypatch) -> None:
    """By construction, how long a comparison takes says nothing: all hashes are compared, of one length each."""
    compared: list[tuple[int, int]] = []

    def compare(known: bytes, given: bytes) -> bool:
        compared.append((len(known), len(given)))
        return known == given

    async def valid() -> list[Any]:
        return [bearers.Token(name=str(n), role=Role.VIEWER, hash=bearers.hashed(f"jobd_{n}")) for n in range(3)]

    monkeypatch.setattr(bearers.hmac, "compare_digest", compare)
    found = Bearers(valid)
    assert (await found.find("jobd_0")) is not None and (await found.find("x" * 10_000)) is None
    assert compared == [(32, 32)] * 6


async def test_who_asks_too_often_is_told_when_to_come_back(daemon: SmallDaemon, monkeypatch, http) -> None:
    async with site(daemon, monkeypatch, rate=2.0) as url:
        found = [await status(http, "GET", f"{url}/livez") for _ in range(6)]
        assert found[:4] == [200] * 4 and found[-1] == 429
        async with http.get(f"{url}/livez") as response:
            assert (await response.json())["error"]["retry_after"] == 1
            assert response.headers["Retry-After"] == "1"


async def test_strangers_do_not_spend_what_holders_of_tokens_and_probes_may_ask(
    daemon: SmallDaemon, monkeypatch, http, tokens
) -> None:
    async with site(daemon, monkeypatch, rate=2.0) as url:
        strangers = [await status(http, "GET", f"{url}/v1/queues", Authorization="Bearer x") for _ in range(6)]
        assert strangers[0] == 401 and strangers[-1] == 429
        assert await status(http, "GET", f"{url}/livez") == 200
        assert await status(http, "GET", f"{url}/v1/queues", Authorization=f"Bearer {tokens['viewer']}") == 200


def test_the_pace_of_one_caller_is_not_that_of_another() -> None:
    pace = Pace(1.0)
    assert [pace.wait("a") == 0 for _ in range(3)] == [True, True, False]
    assert pace.wait("b") == 0
    for number in range(bearers.MOST_COUNTED + 5):
        pace.wait(number)
    assert len(pace._buckets) == bearers.MOST_COUNTED


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("tls")
    key, made = place / "key.pem", place / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         key, "-out", made, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return made, key


async def test_tls_is_spoken_where_a_certificate_is_given(daemon, monkeypatch, http, certificate, tokens) -> None:
    made, key = certificate
    trusted = ssl.create_default_context(cafile=str(made))
    async with site(daemon, monkeypatch, tls_certificate=made, tls_key_file=key) as url:
        headers = {"Authorization": f"Bearer {tokens['viewer']}"}
        async with http.get(f"{url}/v1/queues", headers=headers, ssl=trusted) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ClientError):
            await http.get(url.replace("https", "http") + "/livez")


async def test_a_port_that_is_taken_is_known_before_anything_is_begun(daemon, monkeypatch) -> None:
    async with site(daemon, monkeypatch) as url:
        taken = f"127.0.0.1:{url.rpartition(':')[2]}"
        with pytest.raises(SocketRefused) as refused:
            await check_free(ApiSettings(listen=taken))
    assert str(refused.value).startswith(f"[api] listen: nobody can listen on {taken}: another program does; `ss ")
    assert "choose another port" in str(refused.value)
    assert "attempting to bind" not in str(refused.value)
    await check_free(ApiSettings(listen=taken))
    with pytest.raises(SocketRefused, match="no address of this machine"):
        await check_free(ApiSettings(listen="192.0.2.1:22222"))


async def test_what_cannot_be_served_says_so(daemon, monkeypatch, tmp_path, certificate) -> None:
    async with site(daemon, monkeypatch) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(SocketRefused, match=r"\[api\] listen: nobody can listen on 127.0.0.1"):
            async with tcp_site(ApiSettings(listen=f"127.0.0.1:{port}"), daemon, anybody(daemon)):
                pass
    wrong = ApiSettings(listen="127.0.0.1:0", tls_certificate=tmp_path / "none.pem", tls_key_file=certificate[1])
    with pytest.raises(SocketRefused, match="tls_certificate"):
        async with tcp_site(wrong, daemon, anybody(daemon)):
            pass


async def test_without_an_address_nothing_listens(daemon: SmallDaemon) -> None:
    async with tcp_site(ApiSettings(), daemon, anybody(daemon)) as address:
        assert address is None
