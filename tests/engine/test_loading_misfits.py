"""A daemon whose files name arguments that its functions do not take: these wait, all else works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jobd.config import load
from jobd.engine.loops import running
from jobd.engine.sources import Sources
from jobd.engine.traces import trace
from jobd.errors import ConfigError
from jobd.loading import Loading
from jobd.model.change import Actor
from jobd.reloading import Reloading

ME = Actor(name="uid:0 (root)", uid=0)
CODE = """
async def count(ctx, *, many: int): ...
def fails(ctx):
    raise ValueError("first")
"""
TEXT = """
[jobs.count]
run = "misfit_shop:count"
[schedules.right]
job = "count"
every = "1h"
args = { many = 1 }
"""
WRONG = TEXT + """
[schedules.lacks]
job = "count"
every = "1h"
[jobs.wrong]
run = "misfit_shop:count"
args = { many = "seven" }
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "misfit_shop", raising=False)
    (tmp_path / "misfit_shop.py").write_text(CODE)
    return tmp_path / "jobd.toml"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


async def test_what_does_not_fit_is_disabled_with_its_reason_and_the_rest_fires(store, shop: Path):
    loading = Loading(load(written(shop, WRONG), environ={}), store)
    await loading.take_over()
    rows = await store.database.fetch("select name, enabled, disabled_reason from jobd.schedules order by name")
    lacks = "schedules.lacks.args: many is required (int): neither this schedule nor its job gives it"
    assert [(row["name"], row["enabled"]) for row in rows] == [("lacks", False), ("right", True)]
    assert rows[0]["disabled_reason"].startswith(lacks)
    assert loading.runnable() == ["count"]
    assert loading.unable() == {"wrong": "jobs.wrong.args.many: must be int, not a string"}
    assert list(loading.unfit()) == ["lacks"]


async def test_a_reload_that_brings_wrong_arguments_is_refused_with_their_place(store, shop: Path):
    config = load(written(shop, TEXT), environ={})
    reloading = Reloading(config, Loading(config, store), _never)
    written(shop, WRONG)
    async with running(reloading.run()):
        with pytest.raises(ConfigError) as refused:
            await reloading.reload(ME)
    assert {(problem.key, problem.line) for problem in refused.value.problems} == {
        ("schedules.lacks.args", 9), ("jobs.wrong.args.many", 14),
    }  # fmt: skip


async def test_a_reload_tells_that_code_has_changed_and_a_touch_is_no_change(store, shop: Path):
    config = load(written(shop, TEXT), environ={})
    loading = Loading(config, store)
    code = shop.with_name("misfit_shop.py")
    reloading = Reloading(config, loading, _never)
    async with running(reloading.run()):
        os.utime(code, (1, 1))
        assert (await reloading.reload(ME, dry_run=True)).code == ()
        code.write_text(CODE + "\nasync def more(ctx): ...\n")
        changes = await reloading.reload(ME, dry_run=True)
        assert (changes.code, bool(changes)) == ((str(code),), False)
        written(shop, TEXT + '[jobs.more]\nrun = "misfit_shop:more"\n')
        with pytest.raises(ConfigError, match=r"changed since it was imported: a restart reads it"):
            await reloading.reload(ME)
        code.write_text(CODE)
        written(shop, TEXT)
        assert (await reloading.reload(ME, dry_run=True)).code == ()
        code.unlink()
        assert (await reloading.reload(ME, dry_run=True)).code == (str(code),)


async def test_a_traceback_quotes_the_code_that_ran(store, shop: Path):
    Loading(load(written(shop, TEXT), environ={}), store)
    shop.with_name("misfit_shop.py").write_text("# another line\n" * 20)
    with pytest.raises(ValueError, match="first") as raised:
        sys.modules["misfit_shop"].fails(None)
    assert 'raise ValueError("first")' in trace(raised.value)
    assert "another line" not in trace(raised.value)


def test_what_has_no_file_of_its_own_is_left_out():
    sources = Sources()
    sources.note(["time:sleep", "no_such_module:x"])
    sources.look()
    assert sources.changed == ()


async def _never(_config: object) -> None:
    raise AssertionError("nothing is to be taken over")
