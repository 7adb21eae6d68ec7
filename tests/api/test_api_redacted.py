"""Whatever `[privacy] redact` names, every answer and every client goes on, and tells all but that."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import aiohttp
import pytest
from support.redacted import HIDDEN, WORDS, Scene, redacted

from jobd.client import Client
from jobd.client.asks import outbox, runs, schedules


def asked(scene: Scene) -> list[str]:
    whole = ("runs", "runs?filter=job:tidy", "jobs", "jobs/tidy", "outbox", "schedules", "failed")
    ones = [f"{kind}/{run}" for run in (scene.works, scene.done, scene.failed) for kind in ("runs", "why/run")]
    return [*whole, *ones, f"outbox/{scene.message}", "schedules/nightly/next", "events"]


async def answered(client: aiohttp.ClientSession, path: str) -> str:
    async with client.get(f"/v1/{path}") as response:
        assert response.status == 200, (path, await response.text())
        if path == "events":
            return (await response.content.readuntil(b"\n\n")).decode()
        return await response.text()


@pytest.mark.parametrize("path", HIDDEN)
async def test_every_answer_holds_all_but_what_is_hidden(migrated_url: str, tmp_path: Path, path: str) -> None:
    async with redacted(migrated_url, tmp_path, path) as scene:
        connector = aiohttp.UnixConnector(path=str(scene.socket))
        async with aiohttp.ClientSession("http://jobd", connector=connector) as client:
            told = "\n".join([await answered(client, one) for one in asked(scene)])
    assert [word for word in HIDDEN[path] if word in told] == []
    seen = [word for word in WORDS if not any(word.startswith(hidden) for hidden in HIDDEN[path])]
    assert [word for word in seen if word not in told] == []


@pytest.mark.parametrize("path", HIDDEN)
async def test_a_client_reads_them(migrated_url: str, tmp_path: Path, path: str) -> None:
    async with redacted(migrated_url, tmp_path, path) as scene, Client(scene.socket) as client:
        found = [await client.run(run) for run in (scene.works, scene.done, scene.failed)]
        page, message = await client.ask(outbox.page()), await client.ask(outbox.one(scene.message))
        jobs, told = await client.jobs(), await client.ask(schedules.next("nightly"))
        assert len((await client.ask(runs.page())).runs) == 3
    assert ({one.id for one in page.messages}, message.tries, message.state) == ({scene.message}, 1, "sent")
    text = "\n".join(str(asdict(one)) for one in (*found, message, *page.messages, *jobs, told))
    assert [word for word in HIDDEN[path] if word in text] == []
