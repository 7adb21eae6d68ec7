"""jobctl prints every list and every one of it, whatever `[privacy] redact` names."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobctl_program import Jobctl
from support.redacted import HIDDEN, redacted

from jobd.model.privacy import MASKED

LISTS = ("runs", "jobs", "outbox", "schedules")


PATHS = ("args", "args.note", "progress", "progress.*", "mail", "mail.*", "mail.headers", "result")


@pytest.mark.parametrize("path", PATHS)
async def test_jobctl_prints_all_but_what_is_hidden(migrated_url: str, tmp_path: Path, path: str) -> None:
    async with redacted(migrated_url, tmp_path, path) as scene:
        jobctl = Jobctl(scene.socket)
        asked = [(kind, "-o", form) for kind in LISTS for form in ("wide", "csv", "json")]
        asked += [("outbox", "show", str(scene.message))]
        asked += [("show", str(run)) for run in (scene.works, scene.done, scene.failed)]
        asked += [("outbox", "show", str(scene.message), "--json"), ("schedules", "next", "nightly"), ("jobs", "tidy")]
        ran = {words: await jobctl(*words) for words in asked}
    assert {words: one.err for words, one in ran.items() if one.code != 0} == {}
    told = "\n".join(one.out for one in ran.values())
    assert [word for word in HIDDEN[path] if word in told] == []
    assert MASKED in told


async def test_progress_that_is_hidden_as_a_whole_is_shown_as_that(migrated_url: str, tmp_path: Path) -> None:
    async with redacted(migrated_url, tmp_path, "progress") as scene:
        ran = await Jobctl(scene.socket)("runs", "--state", "running")
    assert ran.out.splitlines()[1].split()[-1] == MASKED
