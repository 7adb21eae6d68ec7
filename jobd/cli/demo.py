"""`jobd demo`: the daemon at work on believable data, with nothing to install or configure."""

from __future__ import annotations

import argparse
from datetime import timedelta

from jobd.model.duration import parse_duration

LONGEST = timedelta(minutes=20)
"""Later, payments that are too young to be reconciled would be no longer."""

USUAL = timedelta(seconds=20)

EXAMPLES = """examples:
  jobd demo                          the dashboard until q, then a summary; in a pipe 20 seconds of lines
  jobd demo --no-dashboard           lines in a terminal, too
  jobd demo --duration 2m            for so long; time to look around with jobctl
  jobd demo --json | tail -n 1       one JSON object for programs
  jobd demo --keep                   leave configuration, database and mailbox behind
  jobctl --socket PATH status        in another terminal, with the path that the demo prints

exit status: 0 everything expected was found, 1 it was not, 130 after Ctrl-C
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "demo",
        help="show the daemon at work, and prove it",
        description="Runs Postgres, a mail server, a payment gateway and the daemon in a temporary directory, lets the "
        "business jobs work on a few thousand subscriptions, payments and audit rows, and compares what the database, "
        "the mail server and the gateway's script say with what is expected.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--duration",
        type=_duration,
        metavar="TIME",
        help="run for at least so long (20s); with the dashboard at most so long (20m)",
    )
    parser.add_argument("--no-dashboard", action="store_true", help="lines instead of the dashboard")
    parser.add_argument("--json", action="store_true", help="end with one JSON object as the last line of stdout")
    parser.add_argument("--keep", action="store_true", help="keep the directory and say where it is")
    # for the test that sees the demo fail
    parser.add_argument("--patience", type=_duration, help=argparse.SUPPRESS)
    parser.add_argument("--lose-mails", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--misbook-payment", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    from jobd.demo.eyes import has_terminal
    from jobd.demo.run import Options, run
    from jobd.demo.scene import Sabotage

    dashboard = not args.no_dashboard and not args.json and has_terminal()
    return run(
        Options(
            duration=args.duration or (LONGEST if dashboard else USUAL),
            dashboard=dashboard,
            json=args.json,
            keep=args.keep,
            patience=args.patience,
            sabotage=Sabotage(lose=args.lose_mails, misbook=args.misbook_payment),
        )
    )


def _duration(text: str) -> timedelta:
    try:
        length = parse_duration(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    if length > LONGEST:
        raise argparse.ArgumentTypeError("at most 20m")
    return length
