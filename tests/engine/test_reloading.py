"""A reload is taken as a whole, whoever asked for it and left."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.waiting import until

from jobd.config import Config, load
from jobd.config.differences import compared, taken_over
from jobd.engine.loops import running
from jobd.errors import Conflict
from jobd.loading import Loading
from jobd.model.change import Actor
from jobd.reloading import Reloading

ME = Actor(name="uid:0 (root)", uid=0)
TEXT = """
[daemon]
workers = 2
[queues]
default = {}
[jobs.nothing]
run = "support.jobs:nothing"
"""
MORE = """
[jobs.more]
command = ["true"]
[mail]
user = "jobd"
password = "one"
"""


def written(directory: Path, text: str) -> Config:
    path = directory / "jobd.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, environ={})


async def test_a_reload_whose_caller_has_left_is_finished(store, tmp_path: Path):
    config = written(tmp_path, TEXT)
    applied: list[Config] = []

    async def apply(config: Config) -> None:
        applied.append(config)

    reloading = Reloading(config, Loading(config, store), apply)
    written(tmp_path, TEXT + MORE)
    async with running(reloading.run()):
        caller = asyncio.ensure_future(reloading.reload(ME))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        caller.cancel()
        await until(lambda: applied, what="the reload")
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert set(applied[0].jobs) == {"nothing", "more"}
        assert await store.database.fetchval("select count(*) from jobd.jobs") == 2
        again = await reloading.reload(ME)
    assert not again
    (line,) = await store.database.fetch("select actor, action, target, after::text from jobd.audit")
    assert (line["actor"], line["action"], line["target"]) == (ME.name, "config.reload", "jobd")
    told = json.loads(line["after"])
    assert (told["jobs"]["added"], told["settings"]) == (["more"], ["mail.password", "mail.user"])
    assert '"one"' not in line["after"]


async def test_a_dry_run_changes_nothing(store, tmp_path: Path):
    config = written(tmp_path, TEXT)
    applied: list[Config] = []

    async def apply(config: Config) -> None:
        applied.append(config)

    reloading = Reloading(config, Loading(config, store), apply)
    written(tmp_path, TEXT + MORE)
    async with running(reloading.run()):
        changes = await reloading.reload(ME, dry_run=True)
    assert (changes.taken, changes.jobs.added, applied) == (False, ("more",), [])
    assert await store.database.fetchval("select count(*) from jobd.jobs") == 0
    assert await store.database.fetchval("select count(*) from jobd.audit") == 0


async def test_a_daemon_without_files_has_nothing_to_reload(store, tmp_path: Path):
    config = replace(written(tmp_path, TEXT), files=())

    async def apply(config: Config) -> None:
        raise AssertionError

    reloading = Reloading(config, Loading(config, store), apply)
    async with running(reloading.run()):
        with pytest.raises(Conflict, match="not started from a file"):
            await reloading.reload(ME)


def test_a_secret_that_changed_is_told_without_its_value(tmp_path: Path):
    old = written(tmp_path, TEXT + MORE)
    new = written(tmp_path, TEXT + MORE.replace('"one"', '"two"'))
    changes = compared(old, new)
    assert changes.settings == ("mail.(a secret)",)
    assert "two" not in repr(changes)


def test_what_needs_a_restart_is_not_taken_over(tmp_path: Path):
    old = written(tmp_path, TEXT)
    new = written(tmp_path, TEXT.replace("workers = 2", 'workers = 9\ngrace = "7s"\n') + "[app]\nschema = 'shop'\n")
    taken = taken_over(old, new)
    assert (taken.daemon.workers, taken.app.schema) == (2, "public")
    assert taken.daemon.grace.total_seconds() == 7
    assert compared(old, new).restart == ("app.schema", "daemon.workers")
    assert compared(old, new).settings == ("daemon.grace",)
