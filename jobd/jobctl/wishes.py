"""Pause and resume, quiet and drain: what is asked of a queue, a schedule or a node, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.moments import later_text
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon, quoted
from jobd.model.display import display_safe

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    import argparse

    from jobd.jobctl.actions import Arguments, Run


def pausing(what: str) -> Arguments:
    """A name, why, and until when."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar=what)
        parser.add_argument("--reason", help="kept, and shown to whoever wonders")
        until = parser.add_mutually_exclusive_group()
        until.add_argument("--for", metavar="30m", dest="length", help="resumes by itself after so long")
        until.add_argument("--until", metavar="INSTANT", help="resumes by itself then (ISO 8601)")

    return arguments


def reasoned(what: str, kind: Callable[[str], object] = str) -> Arguments:
    """A name, or the number of a node, and why."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar=what, type=kind)
        parser.add_argument("--reason", help="kept in the audit")

    return arguments


def asking(nouns: str, verb: str, done: str) -> Run:
    """POSTs the wish; `done` tells it, with the name in it."""

    def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
        body = {
            "reason": options.reason,
            "for": getattr(options, "length", None),
            "until": later_text("--until", getattr(options, "until", None)),
        }
        changed = daemon().post(f"/v1/{nouns}/{quoted(str(options.name))}/{verb}", said(body))
        return told(changed, done.format(options.name), output)

    return run


def told(changed: Row, words: str, output: Output) -> int:
    """The change to programs, its words to people, and how to take it back where that can be done."""
    output.one(changed, lambda _: [display_safe(words)], key="id")
    if changed.get("before") is not None and changed.get("undoes") is None:
        output.note(f"jobctl undo {changed['id']} takes it back")
    return DONE


def said(body: Row) -> str:
    """A body without what was not said."""
    return json.dumps({name: value for name, value in body.items() if value is not None})
