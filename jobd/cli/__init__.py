"""`jobd`: what acts on the file, the database and the process itself. For a running daemon there is `jobctl`."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Protocol, cast

from jobd import __version__
from jobd.errors import ConfigError, JobdError
from jobd.pipes import CannotWrite, must_have_output, outlive_readers, written_out

COMMANDS = ("run", "demo", "init", "check", "migrate", "adopt", "token", "doctor", "next", "version")
"""One file each, with `add(subparsers)` and `run(args) -> int`."""

EXIT_FAILED, EXIT_CONFIG = 1, 9


class Command(Protocol):
    def add(self, sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None: ...
    def run(self, args: argparse.Namespace) -> int: ...


def command(name: str) -> Command:
    """The module of one command, imported only when it is asked for."""
    return cast("Command", importlib.import_module(f"jobd.cli.{name}"))


def parser(names: tuple[str, ...] = COMMANDS) -> argparse.ArgumentParser:
    """The whole command line, or that of some commands alone."""
    what = "The background-job daemon. A running one is asked with jobctl."
    top = argparse.ArgumentParser(prog="jobd", description=what)
    top.add_argument("--version", action="version", version=f"jobd {__version__}")
    sub = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        command(name).add(sub)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit status (0 done, 1 failed, 2 wrong use, 9 bad configuration)."""
    outlive_readers()
    words = sys.argv[1:] if argv is None else argv
    named = words[0] if words and words[0] in COMMANDS else None
    try:
        if named != "run":  # a daemon has its log
            must_have_output()
        with written_out():
            args = parser((named,) if named else COMMANDS).parse_args(words)
            return command(args.command).run(args)
    except ConfigError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        if any(problem.line for problem in error.problems):
            print("jobd check shows each with its line", file=sys.stderr)
        return EXIT_CONFIG
    except (CannotWrite, JobdError) as error:
        print(f"jobd: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130
