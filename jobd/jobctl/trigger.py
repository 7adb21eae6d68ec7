"""Add a run of a job: now, after a while, or at an instant; and wait for its end when asked to."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

from jobd.jobctl.failures import DONE, WRONG_USE, Failure, of_state
from jobd.jobctl.moments import instant_text
from jobd.jobctl.output import Output, Row
from jobd.jobctl.show import lines
from jobd.jobctl.transport import Daemon
from jobd.jobctl.waiting import ended

EXAMPLES = """\
  jobctl trigger clean-old-audit-trail
  jobctl trigger send-email --arg to=a@example.org --arg subject=Hello --arg body='See you'
  jobctl trigger expire-subscriptions --in 5m --queue low --key nightly-2026-11-23
  echo '{"batch": 100}' | jobctl trigger clean-old-audit-trail --args-json - --wait --timeout 600
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", metavar="JOB")
    parser.add_argument("--arg", metavar="NAME=VALUE", action="append", default=[], help="one argument of the job")
    parser.add_argument("--args-json", metavar="JSON", help="all arguments as one JSON object; - reads it from stdin")
    due = parser.add_mutually_exclusive_group()
    due.add_argument("--in", metavar="5m", dest="delay", help="due so much later")
    due.add_argument("--at", metavar="INSTANT", help="due at this instant (ISO 8601; local time without an offset)")
    parser.add_argument("--queue", help="another queue than the job's own")
    parser.add_argument("--priority", type=int, help="-100 to 100; smaller goes first")
    parser.add_argument("--key", help="idempotency key: a second trigger with it adds nothing")
    parser.add_argument("--wait", action="store_true", help="until the run has ended; exit 0 only when it succeeded")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="of --wait; then exit 7, and the run goes on")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    body = _body(options)
    asked = daemon()
    added = asked.post("/v1/runs", body)
    if not options.wait:
        output.one(added, _added, key="id")
        return DONE
    output.note(f"run {added['id']} added; waiting for its end")
    over = ended(asked, added["id"], None if options.timeout is None else time.monotonic() + options.timeout)
    output.one(over, lines, key="id")
    return of_state(over["state"])


def _body(options: argparse.Namespace) -> str:
    """The request; the object given as JSON goes into it as it was written, for the daemon reads it more strictly."""
    fields = {
        "job": options.job,
        "arg_texts": _texts(options.arg),
        "queue": options.queue,
        "priority": options.priority,
        "delay": options.delay,
        "at": instant_text("--at", options.at),
        "key": options.key,
    }
    said = json.dumps({name: value for name, value in fields.items() if value is not None})
    return f'{said[:-1]}, "args": {_args(options.args_json)}}}' if options.args_json is not None else said


def _texts(given: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise Failure(WRONG_USE, "usage", f"--arg {one}: write it as NAME=VALUE")
        if name in texts:
            raise Failure(WRONG_USE, "usage", f"--arg {name}: given twice", "a list is --arg 'name=[1, 2]'")
        texts[name] = value
    return texts


def _args(given: str) -> str:
    text = sys.stdin.read() if given == "-" else given
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(WRONG_USE, "usage", f"--args-json: no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failure(WRONG_USE, "usage", '--args-json: write one object, like {"batch": 100}')
    return text


def _added(added: Row) -> list[str]:
    return [f"run {added['id']} added" if added["fresh"] else f"run {added['id']} has this key already; nothing added"]
