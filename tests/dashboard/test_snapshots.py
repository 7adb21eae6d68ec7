"""Every screen as text, at three sizes of a terminal, over rows that do not change.

    JOBD_SNAPSHOTS=1 pytest -n0 tests/dashboard/test_snapshots.py

writes `snapshots/` anew: look at the difference before it is committed. Seconds move on while a test runs, so they are
masked, with the blanks of their line.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from difflib import unified_diff
from pathlib import Path

import pytest
from serving import SmallDaemon
from support.dashboard_rows import joined, scheduled
from support.dashboards import Eyes, looking
from support.failures import failed

from jobd.dashboard.page import Page
from jobd.dashboard.screens import SCREENS
from jobd.model.finding import error, ok, warning
from jobd.model.run import NewRun

SNAPSHOTS = Path(__file__).parent / "snapshots"
SIZES = ((60, 20), (80, 24), (140, 45))
ELSEWHERE = {"database": "sizes and the version of Postgres are in every line: test_dashboard_database.py"}
BEHIND = {
    "run": ("runs", ("G", "enter"), "took"),
    "message": ("outbox", ("enter",), "Your trial"),
    "doctor": ("database", ("d",), "mail server"),
    "help": ("home", ("question_mark",), "Esc closes it"),
}
"""What is opened from a screen: which, by which keys, and what is seen then."""
SHOWN = (*(entry.name for entry in SCREENS if entry.name not in ELSEWHERE), *BEHIND)
DAY, MONTH = r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
MOVES = re.compile(
    r"(?<![\w.])\d+(\.\d+)?(ms|s)\b( ago)?|\bnow\b|\d\d:\d\d(:\d\d)?( UTC|Z)?|(?<= )·+(?= )"
    rf"|\bin \d\w+|(?:{DAY} )?\d\d {MONTH}|{DAY}|{MONTH}|\d{{4}}-\d\d-\d\d"
)
FOLDED = re.compile(rf"\b\d\d(?=\s*\n\s*{MONTH})")
"""The first word of a date of which the others stand in the next line."""
LONG = timedelta(hours=3, seconds=20)


@pytest.fixture
async def shop(daemon: SmallDaemon) -> SmallDaemon:
    """Runs of every kind, three hours old, so that their ages stand still for a minute."""
    await joined(daemon, 7)
    await scheduled(daemon, "tidy-up", after=timedelta(hours=5, minutes=29, seconds=40))
    await scheduled(daemon, "tidy-twice", after=timedelta(hours=7, seconds=40), paused=True)
    runs = await daemon.enqueue_many(
        [NewRun(job="backup"), NewRun(job="tidy"), NewRun(job="mail", args={"to": "ada@example.com"})]
    )
    done, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(done, "succeeded", result={"tidied": 12})
    await failed(daemon, ago=timedelta(0))
    await daemon.running(runs[0])
    await daemon.database.execute(
        "update jobd.runs set created_at = now() - $1::interval, due_at = now() - $1::interval, "
        "started_at = case when started_at is not null then now() - $1::interval end", LONG,
    )  # fmt: skip
    await daemon.database.execute(
        "update jobd.history set finished_at = now() - $1::interval, started_at = now() - $1::interval, "
        "created_at = now() - $1::interval, due_at = now() - $1::interval", LONG,
    )  # fmt: skip
    await daemon.database.execute(
        "update jobd.attempts set started_at = now() - $1::interval, finished_at = now() - $1::interval", LONG
    )
    await daemon.database.execute(
        "update jobd.queues set paused_at = now() - $1::interval, paused_by = 'uid:1000 (ada)', "
        "pause_reason = 'the disk is full' where name = 'low'", LONG,
    )  # fmt: skip
    await daemon.database.execute(
        "update jobd.schedules set paused_at = now() - $1::interval where paused_at is not null", LONG
    )
    await daemon.database.execute(
        "insert into jobd.tokens (name, hash, role, created_at, expires_at, revoked_at) values "
        "('grafana', sha256('a'), 'viewer', now() - $1::interval, null, null), "
        "('deploy', sha256('b'), 'operator', now() - $1::interval, now() + interval '20 d', null), "
        "('laptop', sha256('c'), 'admin', now() - $1::interval, null, now() - $1::interval)", LONG
    )  # fmt: skip
    await daemon.database.execute(
        "insert into jobd.outbox (id, job, kind, sender, recipient, subject, message_id, text, created_at, queued_at, "
        "due_at, state, reply) overriding system value "
        "select 12, 'mail', 'reminder', 'shop@example.com', 'ada@example.com', 'Your trial ends', '<1@example.com>', "
        "'Dear Ada,' || chr(10) || 'it ends tomorrow.', t, t, t, 'held', 'who is that?' "
        "from (select now() - $1::interval) n(t)", LONG,
    )  # fmt: skip
    daemon.findings = (
        ok("database", "PostgreSQL 18.1 answers in 1 ms"),
        warning("clock", "1.4 s behind Postgres", "start systemd-timesyncd"),
        error("mail server", "localhost:25 refuses the connection", "see [mail] in jobd.toml"),
    )
    return daemon


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("screen", SHOWN)
async def test_a_screen_looks_as_it_did(shop: SmallDaemon, socket: Path, screen: str, size: tuple[int, int]) -> None:
    start, keys, seen = BEHIND.get(screen, (screen, (), ""))
    async with looking(socket, screen=start, size=size) as eyes:
        await eyes.until(lambda: eyes.app.snapshot.status is not None and eyes.page.loads > 0)
        await eyes.loaded()
        await eyes.press(*keys)
        await eyes.until(seen)
        shown = await still(eyes)
    file = SNAPSHOTS / f"{screen}-{size[0]}x{size[1]}.txt"
    if os.environ.get("JOBD_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown + "\n", "utf-8")
    other = "\n".join(unified_diff(file.read_text("utf-8").splitlines(), shown.splitlines(), lineterm="", n=0))
    assert not other, f"if it is meant to look so, see the top of this file\n{other}"


async def still(eyes: Eyes) -> str:
    """The screen, once it has been the same for two loads."""
    before = ""
    while (shown := masked(eyes.text)) != before:
        before = shown
        if isinstance(eyes.app.screen, Page):
            await eyes.loaded()
        else:  # over a page, which waits
            await eyes.pilot.pause()
    return shown


def masked(text: str) -> str:
    """Without what moves by itself."""
    return "\n".join(_masked(line) for line in FOLDED.sub("#", text).splitlines())


def _masked(line: str) -> str:
    line = re.sub(r"/\S+/jobd\.toml", "/…/jobd.toml", line)
    changed = MOVES.sub("#", line)
    return line if changed == line else re.sub(r" {2,}|─{2,}", lambda blank: blank[0][:2], changed).rstrip()
