"""What happens, as it happens: first how things stand, then each change; with -f until interrupted."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import PRINTED, Output, as_json
from jobd.jobctl.transport import Daemon
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl events -f
  jobctl events -f -o jsonl | jq -c 'select(.event == "run.failed")'
  jobctl events -f --after 1234
  jobctl events
"""
forms = PRINTED


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on until interrupted")
    parser.add_argument("--after", metavar="ID", help="what came after this event, as far as it is remembered")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    for event in daemon().stream("/v1/events", last=options.after):
        output.text(as_json(event, indent=None) if output.for_programs else _line(event))
        output.flush()
        if event["event"] == "snapshot" and not options.follow:
            break
    return DONE


def _line(event: dict[str, object]) -> str:
    data = event["data"]
    facts = " ".join(f"{name}={_short(value)}" for name, value in data.items()) if isinstance(data, dict) else str(data)
    return display_safe(f"{event['id'] or '-':>8} {event['event']:<14} {facts}", limit=500)


def _short(value: object) -> str:
    return value if isinstance(value, str) else as_json(value, indent=None)
