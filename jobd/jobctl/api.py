"""Any path of the API, for what no verb does: the answer as JSON, an error with its exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import PRINTED, Output, as_json
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl api GET /v1/status
  jobctl api GET '/v1/runs?state=failed&limit=5'
  jobctl api POST /v1/runs '{"job": "clean-old-audit-trail"}'
  echo '{"reason": "test"}' | jobctl api POST /v1/queues/low/pause -
"""
forms = PRINTED
METHODS = ("GET", "POST", "PUT", "DELETE")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD", type=str.upper, choices=METHODS, help=", ".join(METHODS))
    parser.add_argument("path", metavar="PATH", help="with its query")
    parser.add_argument("body", nargs="?", default="", metavar="JSON", help="- reads it from stdin")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    body = sys.stdin.read() if options.body == "-" else options.body
    path = options.path if options.path.startswith("/") else f"/{options.path}"
    answer = daemon().ask(options.method, path, body)
    output.text(as_json(answer, indent=None if output.form == "jsonl" else 2))
    return DONE
