"""A daemon with `[privacy] redact` whose runs, job, schedule and messages all hold what may be shown to nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from serving import SmallDaemon, served, small_daemon

from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec
from support.failures import failed

HIDDEN = {
    "args": ["ARG_"],
    "args.*": ["ARG_"],
    "args.note": ["ARG_NOTE"],
    "args.user.*.iban": ["ARG_DEEP"],
    "result": ["RES_"],
    "result.*": ["RES_"],
    "result.rows.token": ["RES_DEEP"],
    "progress": ["PRO_", '"done": 5', '"done":5'],
    "progress.*": ["PRO_", '"done": 5', '"done":5'],
    "progress.note": ["PRO_"],
    "mail": ["MAIL_", "mail-from", "mail-to"],
    "mail.*": ["MAIL_", "mail-from", "mail-to"],
    "mail.text": ["MAIL_TEXT"],
    "mail.headers": ["MAIL_HEAD"],
    "mail.headers.X-Account": ["MAIL_HEAD"],
    "mail.id": [],
    "mail.tries": [],
}
"""Path → what may be read nowhere then."""
WORDS = ("ARG_NOTE", "ARG_DEEP", "RES_NOTE", "RES_DEEP", "PRO_NOTE", "MAIL_TEXT", "MAIL_SUBJECT")
"""What is read where it is not hidden."""
ARGS = {"note": "ARG_NOTE", "user": {"bank": {"iban": "ARG_DEEP"}, "name": "ada"}}
RESULT = {"text": "RES_NOTE", "rows": [{"token": "RES_DEEP", "n": 1}]}
MAIL = {"sender": "mail-from@example.com", "recipient": "mail-to@example.com", "subject": "MAIL_SUBJECT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What there is, by its number."""

    daemon: SmallDaemon
    socket: Path
    works: int
    """A run that says how far it is."""
    done: int
    failed: int
    message: int


@asynccontextmanager
async def redacted(url: str, directory: Path, *paths: str) -> AsyncIterator[Scene]:
    """The daemon of these redacted `paths` on its socket, and what it has."""
    async with small_daemon(url, paths) as daemon, served(daemon, directory / "s.sock"):
        daemon.jobs = {**daemon.jobs, "tidy": replace(daemon.jobs["tidy"], args=ARGS)}
        await daemon.reset()
        yield Scene(
            daemon=daemon,
            socket=directory / "s.sock",
            works=await _works(daemon),
            done=await _done(daemon),
            failed=await failed(daemon, "tidy", error="ValueError: broken", args=ARGS),
            message=await _mailed(daemon),
        )


async def _works(daemon: SmallDaemon) -> int:
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, args, enabled, next_slot) "
        "values ('nightly', 'test', 'tidy', $1, $2, true, now() + interval '1 hour')",
        write_spec(Schedule(name="nightly", job="tidy", cron="0 4 * * *")),
        json.dumps(ARGS),
    )
    run, _ = await daemon.enqueue(NewRun(job="tidy", args=ARGS))
    await daemon.running(run)
    progress = {"done": 5, "total": 12, "note": "PRO_NOTE"}
    await daemon.database.execute(
        "update jobd.runs set progress = $2::text::jsonb where id = $1", run, json.dumps(progress)
    )
    return run


async def _done(daemon: SmallDaemon) -> int:
    run, _ = await daemon.enqueue(NewRun(job="tidy", args=ARGS))
    await daemon.ended(run, result=RESULT)
    return run


async def _mailed(daemon: SmallDaemon) -> int:
    number: int = await daemon.database.fetchval(
        "insert into jobd.outbox (state, finished_at, tries, job, kind, key, sender, recipient, subject, message_id, "
        "reply, headers, text) values ('sent', now(), 1, 'tidy', 'note', 'MAIL_KEY', $1, $2, $3, '<1@example.com>', "
        """'250 MAIL_REPLY', '{"X-Account": "MAIL_HEAD"}', 'MAIL_TEXT') returning id""",
        *MAIL.values(),
    )
    return number
