"""Texts that a terminal would obey, or that hide or turn around what is printed, and a database full of them."""

from __future__ import annotations

import json
from datetime import timedelta

from serving import SmallDaemon

from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec
from support.dashboard_rows import counted

CORPUS = {
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "clear": "\x1b[2J\x1b[H",
    "colour": "\x1b[31mred\x1b[0m",
    "alternate screen": "\x1b[?1049h",
    "answer back": "\x1b[6n\x1b[c\x05",
    "device control": '\x1bP$q"p\x1b\\',
    "8 bit": "\x9b31m\x9d0;owned\x9c\x90",
    "overwrite": "good\rbad\x08\x08\x08",
    "bell and tabs": "\x07\x0b\x0c\x00",
    "bidi": "\u202eevil\u2066\u200f",
    "hidden": "\ufeff\u200b\U000e0041",
    "separators": "one\u2028two\u2029three",
    "delete": "\x7f\x7f",
    "lines": "a\nb\tc",
}
MARKUP = ("[red]x[/red]", "[@click=app.quit]x[/]", "[link=http://127.0.0.1/]x[/link]", "[/]", "[$error]x", "\\[b]", "[")
"""What Textual or Rich would take for orders of theirs."""
HIDDEN = {0x200B, 0x200F, 0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF, 0xE0041}
MESSAGES = ("pending", "sending", "deferred", "in_doubt", "held", "sent", "bounced", "dead")


def orders(text: str, *, allowed: frozenset[str] = frozenset("\r\n\t")) -> list[str]:
    """Characters in it that a terminal would obey, or that hide or turn around what is printed."""
    return [repr(c) for c in text if (ord(c) < 0x20 and c not in allowed) or 0x7F <= ord(c) <= 0x9F or ord(c) in HIDDEN]


def texts() -> list[str]:
    """One of each, markup first so that it stands in the narrowest column; Postgres takes no NUL."""
    return [*MARKUP, *(text.replace("\x00", "") for text in CORPUS.values())]


async def filled(daemon: SmallDaemon) -> None:
    """A row of everything for each of `texts`, which stands in every field that may hold it."""
    for number, text in enumerate(texts(), 1):
        await _row(daemon, number, text)


async def _row(daemon: SmallDaemon, number: int, text: str) -> None:
    data, line, name = json.dumps({text: [text, {text: text}]}), " ".join(text.splitlines()), f"{text} {number}"
    progress = json.dumps({"done": 1, "total": 3, "note": text})
    execute = daemon.database.execute
    await execute(
        "insert into jobd.queues (name, owner, weight, paused_at, paused_by, pause_reason, weight_override, weight_by, "
        "weight_reason) values ($1, $2, 1, now(), $2, $2, 2, $2, $2)",
        name, text,
    )  # fmt: skip
    await execute(
        "insert into jobd.jobs (name, owner, queue, priority, retries, args, enabled, disabled_reason) "
        "values ($1, $2, $1, 0, 0, $3::jsonb, false, $2)",
        name, text, data,
    )  # fmt: skip
    await execute(
        "insert into jobd.schedules (name, owner, job, spec, args, place, next_slot, paused_at, paused_by, "
        "pause_reason, disabled_reason) "
        "values ($1, $2, $1, $3, $4::jsonb, $2, now() + interval '1 h', now(), $2, $2, $2)",
        name, text, write_spec(Schedule(name=name, job=name, cron="*/30 * * * *")), data,
    )  # fmt: skip
    await execute(
        "insert into jobd.nodes (id, name, host, pid, home, version, workers, direct, lease_until, desired, "
        "desired_by, desired_reason) overriding system value "
        "values ($1, $2, $2, 1, $3, $2, 4, true, now() + interval '1 h', 'quiet', $2, $2)",
        number, text, name,
    )  # fmt: skip
    await execute(
        "insert into jobd.runs (state, node, started_at, claimed_at, attempt, job, queue, source, schedule, reason, "
        "args, progress) values ('running', $1, now(), now(), 1, $2, $2, $3, $2, $3, $4::jsonb, $5::jsonb), "
        "('queued', null, null, null, 0, $2, $2, $3, $2, $3, $4::jsonb, null)",
        number, name, text, data, progress,
    )  # fmt: skip
    await execute(
        "with ended as (insert into jobd.history (id, finished_at, created_at, due_at, started_at, node, attempt, "
        "priority, state, job, queue, source, schedule, reason, error, args, result) values "
        "(nextval('jobd.run_ids'), now(), now(), now(), now(), $1, 1, 0, 'failed', $2, $2, $3, $2, $3, $3, $4::jsonb, "
        "$4::jsonb) returning id) insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, "
        "error, traceback) select id, 1, $1, now(), now(), 'failed', $3, $3 from ended",
        number, name, text, data,
    )  # fmt: skip
    state = MESSAGES[number % len(MESSAGES)]
    await execute(
        "insert into jobd.outbox (state, phase, node, finished_at, job, kind, sender, recipient, subject, message_id, "
        "reply, headers, text, html) values ($1, case $1 when 'sending' then 'before_dot' end, "
        "case $1 when 'sending' then $2::bigint end, case when $1 in ('sent', 'bounced', 'dead') then now() end, "
        "$3, $3, $4, $4, $4, $4, $5, $6::jsonb, $5, $5)",
        state, number, name, line, text, json.dumps({"X-Odd": text}),
    )  # fmt: skip
    await execute(
        "insert into jobd.tokens (name, hash, role) values ($1, sha256(convert_to($1, 'UTF8')), 'viewer')", name
    )
    await execute(
        "insert into jobd.audit (actor, uid, action, target, reason, before, after) "
        "values ($1, 0, 'queue.pause', $1, $1, $2::jsonb, $2::jsonb), ($1, 0, 'token.add', $3, $1, null, null)",
        text, data, name,
    )  # fmt: skip
    await counted(daemon, name, queue=name, succeeded=2, failed=1, ago=timedelta(minutes=1))
