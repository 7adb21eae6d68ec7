"""Mail on its way out: what waits, what was held, what went wrong; newest first."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.actions import Action
from jobd.jobctl.failures import CONFLICT, DONE, Failure
from jobd.jobctl.numbers import amount, number
from jobd.jobctl.output import Column, Output, Row, first_line
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import said
from jobd.jobctl.words import ago, clock, count
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl outbox --state held,dead
  jobctl outbox show 4711
  jobctl outbox resend 4711 4712 --reason 'mailbox was full'
  jobctl outbox release $(jobctl outbox --state held -o id)
"""
COLUMNS = (
    Column("ID", "id", right=True),
    Column("STATE", "state"),
    Column("TO", "recipient"),
    Column("SUBJECT", "subject"),
    Column("WHEN", lambda message: ago(message["finished_at"] or message["due_at"])),
    Column("TRIES", "tries", right=True),
    Column("RUN", "run_id", wide=True, right=True),
    Column("KIND", "kind", wide=True),
    Column("CREATED", lambda message: clock(message["created_at"]), wide=True),
    Column("REPLY", lambda message: first_line(message["reply"])),
)

RESENT = "one that ended, stands or was put off, and whose text is still kept, can be sent again"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", metavar="STATE,…", help="pending, sending, sent, deferred, bounced, held, …")
    parser.add_argument("--limit", "-n", type=amount, default=50, metavar="N", help="at most so many (50)")
    parser.add_argument("--after", metavar="CURSOR", help="go on behind an earlier page")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    page = daemon().get("/v1/outbox", state=options.state, limit=options.limit, after=options.after)
    output.rows(page["messages"], COLUMNS, key="id")
    output.note(", ".join(f"{count(n)} {state}" for state, n in page["counts"].items() if n["count"]))
    if page["next"]:
        output.note(f"there are more: --after {page['next']}")
    return DONE


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=number, metavar="ID")


def _show(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.one(daemon().get(f"/v1/outbox/{options.id}"), _lines, key="id")
    return DONE


def _lines(message: Row) -> list[str]:
    facts = [
        ("message", message["id"]),
        ("state", message["state"]),
        ("kind", message["kind"]),
        ("from", message["sender"]),
        ("to", message["recipient"]),
        ("subject", message["subject"]),
        ("message-id", message["message_id"]),
        ("run", message["run_id"]),
        ("due", clock(message["due_at"])),
        ("tries", message["tries"]),
        ("reply", message["reply"]),
    ]
    shown = [f"{name + ':':<12}{display_safe(str(value))}" for name, value in facts if value is not None]
    body = message["text"] or message["html"] or ""
    return [*shown, "", *display_safe(body, lines=True).rstrip("\n").split("\n")]


def _many(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=number, nargs="+", metavar="ID")
    parser.add_argument("--reason", help="kept in the audit")


def _changing(verb: str, done: str, only: str) -> Callable[[argparse.Namespace, Callable[[], Daemon], Output], int]:
    """All of them in one request; why one was left alone is told for each, the first decides the exit code."""

    def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
        asked, exit_code = daemon(), DONE
        changed = asked.post(f"/v1/outbox/{verb}", said({"ids": options.ids, "reason": options.reason}))["ids"]
        for one in dict.fromkeys(options.ids):
            if one not in changed:
                failure = _left(asked, one, only)
                output.failure(failure)
                exit_code = exit_code or failure.exit_code
        if changed or output.for_programs:
            output.rows([{"id": one} for one in changed], (Column(done, "id", right=True),), key="id")
        return exit_code

    return run


def _left(asked: Daemon, message: int, only: str) -> Failure:
    """Why this message was not changed."""
    try:
        state = asked.get(f"/v1/outbox/{message}")["state"]
    except Failure as failure:
        return failure
    words = f"message {message} is {state}: only {only}"
    return Failure(CONFLICT, "conflict", words, f"jobctl outbox show {message}")


ACTIONS = (
    Action("list", "the same as without it", arguments, run, "jobctl outbox list --state deferred"),
    Action("show", "one message with its body", _one, _show),
    Action("hold", "keep messages back that wait", _many, _changing("hold", "HELD", "one that waits can be held"),
           "jobctl outbox hold 4711 --reason 'wrong recipient'"),
    Action("release", "let held messages go", _many,
           _changing("release", "RELEASED", "a held one can be released")),
    Action("resend", "send bounced, dead or doubtful messages again", _many,
           _changing("resend", "AGAIN", RESENT)),
)  # fmt: skip
