"""Why something is as it is: one sentence with its causes, and a command for what can be changed about them.

A number is a run. A name alone is answered for everything that is called so: the job, its schedule, the queue.
Under the answer stand commands that change it.
A --reason given to resume or cancel is kept, with who did it: jobctl audit shows both.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE, NOT_FOUND, WRONG_USE, Failure
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon, quoted
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl why 812
  jobctl why send-email
  jobctl why queue low
  jobctl why schedule nightly --json | jq -r '.causes[].code'
"""
KINDS = ("run", "job", "queue", "schedule")
NAMED = ("job", "schedule", "queue")
COLUMNS = (Column("SUBJECT", "subject"), Column("STATE", "state"), Column("SENTENCE", "sentence"))


def arguments(parser: argparse.ArgumentParser) -> None:
    words = "a run's number, a name, or run ID, job NAME, queue NAME, schedule NAME (a name alone: --json is a list)"
    parser.add_argument("what", nargs="+", metavar="WHAT", help=words)


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    kind, name = _asked(options.what)
    if kind is None:
        return _of_all(name, daemon(), output)
    why = daemon().get(f"/v1/why/{kind}/{quoted(name)}")
    if output.form == "csv":  # as where a name alone is answered several times
        output.rows([why], COLUMNS)
    else:
        output.one(why, _lines, key="sentence")
    return DONE


def _asked(words: list[str]) -> tuple[str | None, str]:
    """What kind of thing, and which; no kind where only a name was given."""
    if len(words) == 1:
        return ("run" if words[0].isdecimal() else None), words[0]
    if len(words) != 2 or words[0].rstrip("s") not in KINDS:
        told = f"why {' '.join(words)}: ask for a run, a job, a queue or a schedule"
        raise Failure(WRONG_USE, "usage", told, "jobctl why --help")
    kind, name = words[0].rstrip("s"), words[1]
    if kind == "run" and not name.isdecimal():
        raise Failure(WRONG_USE, "usage", f"why run {name}: a run has a number", "jobctl runs lists them")
    return kind, name


def _of_all(name: str, daemon: Daemon, output: Output) -> int:
    """Everything that has this name, one after the other."""
    found = [why for kind in NAMED if (why := _of_one(daemon, kind, name))]
    if not found:
        hint = "jobctl jobs, jobctl schedules and jobctl queues list them"
        raise Failure(NOT_FOUND, "not_found", f"there is no job, schedule or queue {name}", hint)
    if output.form in ("table", "wide"):
        for line in (line for why in found for line in _lines(why)):
            output.text(line)
    else:
        output.rows(found, COLUMNS, key="subject")
    return DONE


def _of_one(daemon: Daemon, kind: str, name: str) -> Row | None:
    try:
        why: Row = daemon.get(f"/v1/why/{kind}/{quoted(name)}")
    except Failure as failure:
        if failure.exit_code == NOT_FOUND:
            return None
        raise
    return why


def _lines(why: Row) -> list[str]:
    mends = [cause["mend"] for cause in why["causes"] if cause["mend"]]
    others = [way for cause in why["causes"] for way in cause["otherwise"]]  # behind: they end with who works
    return [display_safe(line) for line in (why["sentence"], *(f"  → {way}" for way in dict.fromkeys(mends + others)))]
