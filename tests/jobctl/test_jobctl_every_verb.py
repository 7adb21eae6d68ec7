"""Hostile text in every column of every table, and then each verb and action once at a real terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module

from jobctl_program import Jobctl
from serving import SmallDaemon
from support.hostile import filled, orders, texts
from test_jobctl_terminal import seen

from jobd.jobctl import cli
from jobd.model.finding import error
from jobd.model.health import Level, Notice

AT_ONCE = 3
ELSEWHERE = {"top", "dashboard", "web", "reload", "completion"}
"""Tested by themselves: they draw, serve, need the files of a real daemon, or print no data."""


def spoken(name: str, run: int, message: int) -> Iterator[tuple[str, ...]]:
    """Command lines about what is called `name`."""
    yield from (("status",), ("status", "--glance"), ("status", "--tmux"), ("version",), ("doctor",), ("config",))
    yield from (("runs", "-o", form) for form in ("table", "wide", "csv", "json", "jsonl", "id"))
    yield from (("runs", "list", name), ("runs", "logs", str(run)), ("show", str(run)), ("why", str(run)))
    yield from (("runs", "show", str(run)), ("wait", str(run), "--timeout", "0"), ("runs", "wait", str(run)))
    yield from (("failed",), ("failed", "-o", "wide"), ("jobs", "-o", "wide"), ("jobs", name), ("stats",))
    yield from (("why", name), ("why", "queue", name), ("why", "schedule", name), ("trigger", name, "--queue", name))
    yield from (("schedules", "-o", "wide"), ("schedules", "next", name), ("schedules", "explain", name))
    yield from (("schedules", "pause", name, "--reason", name), ("schedules", "resume", name))
    yield from (("schedules", "trigger", name), ("schedules", "remove", name, "--yes"))
    yield from (("schedules", "add", name, "--job", name), ("schedules", "edit", name, "--cron", name))
    yield from (("queues", "-o", "wide"), ("queues", "pause", name, "--reason", name), ("queues", "resume", name))
    yield from (("queues", "weight", name, "3"), ("nodes", "-o", "wide"), ("nodes", "list"), ("outbox", "-o", "wide"))
    yield from (("nodes", verb, "1", "--reason", name) for verb in ("quiet", "drain", "resume"))
    yield from (("outbox", "list"), ("outbox", "show", str(message)), ("outbox", "resend", str(message)))
    yield from (("outbox", "hold", str(message), "--reason", name), ("outbox", "release", str(message)))
    yield from (("audit", "-o", "wide"), ("undo", "1"), ("api", "GET", f"/v1/queues/{name}"), ("events", name))
    yield from (("runs", "move", str(run), "--to", name), ("runs", "retry", str(run)), ("retry", str(run)))
    yield from (("runs", "cancel", str(run), "--reason", name), ("cancel", str(run)), ("config", "show", name))
    yield from (("queues", "purge", name, "--yes"), (name,), ("help", name))


async def test_no_verb_lets_an_order_through(jobctl: Jobctl, daemon: SmallDaemon):
    await filled(daemon)
    daemon.notices = tuple(Notice(level=Level.WARNING, code="odd", message=text) for text in texts())
    daemon.findings = tuple(error(text, text, text) for text in texts())
    name = max((text.replace("\0", "") for text in texts()), key=lambda text: len(set(orders(text))))
    run = await daemon.database.fetchval("select id from jobd.history order by id limit 1")
    message = await daemon.database.fetchval("select id from jobd.outbox order by id limit 1")
    room = asyncio.Semaphore(AT_ONCE)

    async def printed(words: tuple[str, ...]) -> str:
        async with room:
            return await seen(jobctl, *words)

    lines = [*spoken(name, run, message)]
    for words, text in zip(lines, await asyncio.gather(*map(printed, lines)), strict=True):
        assert text, words
        assert orders(text.replace("\r\n", "\n"), allowed=frozenset("\n\t")) == [], words
        assert "Traceback" not in text.replace(name, "") or words[0] in ("show", "runs", "failed"), words


def test_every_verb_and_action_is_among_them():
    said = {words[:2] for words in spoken("x", 1, 1)}
    verbs = {verb for verb, _ in cli.COMMANDS} - ELSEWHERE
    assert verbs <= {words[0] for words in said}
    actions = {(verb, action.name) for verb in verbs for action in cli.actions_of(import_module(f"jobd.jobctl.{verb}"))}
    assert actions - said <= {(verb, "list") for verb in verbs}
