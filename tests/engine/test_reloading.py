"""A reload is taken as a whole, whoever asked for it and left."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.waiting import until

from jobd.config import Config, load
from jobd.config.differences import compared, taken_over
from jobd.engine.loops import running
from jobd.errors import ArgumentsRefused, Conflict, JobdError
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


async def test_what_changed_while_no_daemon_ran_is_told_by_the_next_start_once(store, tmp_path: Path):
    lines = "select actor, action, target, before::text, after::text from jobd.audit"
    for _ in range(2):
        await Loading(written(tmp_path, TEXT + "[queues.low]\nweight = 3\n" + MORE), store).take_over()
    assert await store.database.fetch(lines) == []
    for _ in range(2):
        text = TEXT + "[queues.low]\nweight = 5\n" + MORE.replace('user = "jobd"', 'user = "shop"')
        new = written(tmp_path, text.replace("workers = 2", "workers = 3"))
        await Loading(new, store).take_over()
    (line,) = await store.database.fetch(lines)
    assert line["actor"] == f"uid:{os.geteuid()} (jobd run)"
    assert (line["action"], line["target"]) == ("config.load", "jobd")
    before, after = json.loads(line["before"]), json.loads(line["after"])
    assert (before["values"], after["values"]) == ({"queues.low.weight": 3}, {"queues.low.weight": 5})
    assert after["keys"] == ["daemon.workers", "mail.user", "queues.low.weight"]
    assert before["digest"] != after["digest"] == new.digest
    assert '"one"' not in str(await store.database.fetchval("select shown from jobd.loads")), "a secret"


async def test_a_reload_tells_the_values_that_anybody_may_see_and_a_restart_after_it_nothing(store, tmp_path: Path):
    async def apply(config: Config) -> None:
        pass

    config = written(tmp_path, TEXT + "[queues.low]\nweight = 3\n")
    loading = Loading(config, store)
    await loading.take_over()
    reloading = Reloading(config, loading, apply)
    new = written(tmp_path, TEXT + "[queues.low]\nweight = 5\n[app]\nschema = 'shop'\n" + MORE)
    async with running(reloading.run()):
        await reloading.reload(ME, reason="month end")
    await Loading(new, store).take_over()
    (line,) = await store.database.fetch("select reason, before::text, after::text from jobd.audit")
    assert line["reason"] == "month end"
    assert json.loads(line["before"])["values"] == {"queues.low.weight": 3}
    assert json.loads(line["after"])["values"] == {"queues.low.weight": 5}
    assert "shop" not in line["after"] and "app.schema" in line["after"]


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


async def test_what_nobody_foresaw_is_told_and_the_next_reload_goes_on(store, tmp_path: Path, caplog):
    config = written(tmp_path, TEXT)
    wrong = [ZeroDivisionError("unforeseen")]

    async def apply(_: Config) -> None:
        if wrong:
            raise wrong.pop()

    reloading = Reloading(config, Loading(config, store), apply)
    async with running(reloading.run()):
        with pytest.raises(JobdError, match="ZeroDivisionError: unforeseen; jobd goes on as before"):
            await reloading.reload(ME)
        assert "reload failed" in caplog.text and "Traceback" in caplog.text
        await reloading.reload(ME)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"note": None}, "args.note: null cannot be written in TOML"),
        ({"rows": [{"n": 1}, {"n": None}]}, "args.rows[1].n: null"),
        ({"note": "a\ud800b"}, "args.note: holds half of a surrogate pair"),
        (json.loads('{"a":' + "[" * 300 + "]" * 300 + "}"), "nested deeper than 100"),
    ],
)
async def test_arguments_that_toml_cannot_hold_are_refused_with_their_place(store, tmp_path: Path, args, said):
    config = written(tmp_path, TEXT)

    async def apply(_: Config) -> None:
        raise AssertionError("nothing is taken over")

    reloading = Reloading(config, Loading(config, store), apply)
    table = {"job": "nothing", "cron": "0 0 1 1 *", "args": args}
    async with running(reloading.run()):
        with pytest.raises(ArgumentsRefused, match=re.escape(said)):
            await reloading.write_schedule("x", table, ME, new=True)
    assert not (tmp_path / "jobd.d").exists()
