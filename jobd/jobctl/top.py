"""The dashboard: what waits, runs, fails and fires next, live, and every change one key away.

It shows the daemon of this machine, one at an address with a token (JOBD_TOKEN), or the one of another machine
through ssh. The keys stand at the lower edge; ? explains them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from jobd.jobctl.failures import WRONG_USE, Failure
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon

forms = ("table",)
SCREENS = "home, runs, schedules, queues, failed, nodes, outbox, statistics, journal, database, settings or tokens"
EXAMPLES = """\
  jobctl top
  jobctl top --screen failed
  jobctl top --ssh ops@worker1
  JOBD_TOKEN=… jobctl top --url https://jobs.example.com:8646
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", metavar="URL", help="a daemon's [api] listen; its token is in JOBD_TOKEN")
    parser.add_argument("--ssh", metavar="HOST", help="the daemon there, at --socket (/run/jobd/jobd.sock)")
    parser.add_argument("--ssh-config", metavar="FILE", help="for ssh -F: its port, keys, jump hosts")
    parser.add_argument("--screen", metavar="NAME", default="home", help=f"begin with {SCREENS}")
    parser.add_argument("--theme", metavar="NAME", help="jobd-dark, jobd-light, ansi-dark, ansi-light, nord, …")
    parser.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(WRONG_USE, "no_terminal", "the dashboard needs a terminal", "jobctl status is for pipes")
    if options.url and (options.ssh or options.socket):
        raise Failure(WRONG_USE, "usage", "--url excludes --ssh and --socket", "jobctl top --help")
    if options.screen not in SCREENS.replace(" or ", ", ").split(", "):
        raise Failure(WRONG_USE, "usage", f"no such screen: {options.screen}", f"there are {SCREENS}")
    from jobd.dashboard.start import Link, show  # Textual is loaded for this verb alone

    return show(
        Link(
            socket=options.socket,
            url=options.url,
            token=os.environ.get("JOBD_TOKEN"),
            ssh=options.ssh,
            ssh_config=options.ssh_config,
        ),
        ascii=options.ascii,
        theme=options.theme,
        mouse=not options.no_mouse,
        screen=options.screen,
    )
