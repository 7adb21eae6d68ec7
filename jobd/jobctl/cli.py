"""`jobctl`: for people and scripts who talk to a running daemon. One verb, one file; see COMMANDS."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from jobd.jobctl.actions import examples, listed
from jobd.jobctl.failures import DONE, FAILED, INTERRUPTED, WRONG_USE, Failure
from jobd.jobctl.output import FORMATS, Output
from jobd.jobctl.transport import Daemon
from jobd.pipes import CannotWrite, must_have_output, outlive_readers, written_out

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from collections.abc import Sequence
    from typing import Any

    from jobd.jobctl.actions import Action

COMMANDS = (
    ("status", "how the daemon is, what waits and who works"),
    ("top", "the dashboard, in this terminal"),
    ("dashboard", "the same as top"),
    ("web", "the dashboard in a browser, behind a login"),
    ("why", "why a run, a job, a queue or a schedule is as it is, and what to do"),
    ("trigger", "add a run of a job now, later, or at an instant"),
    ("runs", "list runs; retry, cancel, move many; wait for one"),
    ("show", "one run with its arguments, attempts and result"),
    ("cancel", "end runs that wait or run"),
    ("retry", "start ended runs again, scheduled ones now"),
    ("wait", "until a run has ended"),
    ("failed", "failures that are one failure, grouped"),
    ("jobs", "the jobs, what they take and how they did"),
    ("schedules", "when jobs are due; pause, resume, trigger, add, edit, remove"),
    ("queues", "what waits where; pause, resume, weight, purge"),
    ("nodes", "the daemons on this database; quiet, drain, resume"),
    ("outbox", "mail that waits to be delivered; hold, release, resend"),
    ("stats", "how often, how long and how well, by job or queue"),
    ("events", "what happens, as it happens"),
    ("reload", "take over a changed configuration"),
    ("config", "every setting and where it comes from"),
    ("doctor", "examine database, clock, disk, mail and gateway"),
    ("audit", "who changed what"),
    ("undo", "put a pause, a weight or a node back as it was"),
    ("api", "any path of the API"),
    ("completion", "completion for bash, zsh or fish"),
    ("version", "of jobctl and of the daemon"),
)

_EPILOG = """\
exit codes:
  0 done    1 the run or operation failed    2 wrong use    3 not found    4 not permitted    5 no daemon
  6 conflict    7 the waiting timed out, the run goes on    8 the run was cancelled
  9 the configuration is wrong    130 interrupted

jobctl VERB --help, or jobctl help VERB, shows what a verb takes, with examples."""
ENVIRONMENT = (
    (
        "JOBD_SOCKET",
        """the daemon's socket, where --socket PATH does not say it; with neither, the first that is there of
               $RUNTIME_DIRECTORY/jobd.sock, /run/jobd/jobd.sock, /var/lib/jobd/jobd.sock and
               $XDG_STATE_HOME/jobd/jobd.sock (~/.local/state)""",
    ),
    ("JOBD_TOKEN", "the token for top --url"),
)


def main(argv: list[str] | None = None) -> int:
    """Does what the command line says; the exit code. Never raises for what can happen to an operator."""
    outlive_readers()
    words = sys.argv[1:] if argv is None else argv
    failed = Output(_form_in(words)).failure
    try:
        must_have_output()
        with written_out():
            return _run(words)
    except Failure as failure:
        failed(failure)
        return failure.exit_code
    except CannotWrite as error:
        failed(Failure(FAILED, "cannot_write", str(error)))
        return FAILED
    except BrokenPipeError:  # `jobctl events | head`: whoever followed has seen enough
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: list[str]) -> int:
    first = _Parser("jobctl", add_help=False)
    _globals(first)
    first.add_argument("-h", "--help", action="store_true")
    first.add_argument("--version", action="store_true")
    first.add_argument("verb", nargs="?")
    first.add_argument("rest", nargs=argparse.REMAINDER)
    before = first.parse_args(argv)
    if before.version:
        before.verb, before.rest = "version", []
    elif before.verb == "help":
        before.help, (before.verb, *before.rest) = True, before.rest or [None]
    if before.verb is None:
        (sys.stdout if before.help else sys.stderr).write(_overview())
        return DONE if before.help else WRONG_USE
    if before.verb not in dict(COMMANDS):
        raise Failure(WRONG_USE, "usage", f"no such verb: {before.verb}", _nearest(before.verb))
    module = import_module(f"jobd.jobctl.{before.verb}")
    action = next((action for action in actions_of(module) if [action.name] == before.rest[:1]), None)
    words = before.rest if action is None else before.rest[1:]
    options = verb_parser(before.verb, module, action).parse_args(
        [*(["--help"] if before.help else []), *words], namespace=before
    )
    output = Output(_form(options, action or module), quiet=options.quiet)
    if options.no_input:
        import jobd.jobctl.confirm as confirm  # the rest of a start does without it

        confirm.nobody_is_here()
    status: int = (action or module).run(options, lambda: Daemon(options.socket), output)
    return status


def _form(options: argparse.Namespace, asked: Any) -> str:
    """The form of the result, refused before anything is done where this verb or action has none of it."""
    form, forms = "json" if options.json else str(options.output), getattr(asked, "forms", FORMATS)
    if form not in forms:
        raise Failure(WRONG_USE, "usage", f"-o {form} makes no sense here", f"there are {', '.join(forms)}")
    return form


def actions_of(module: Any) -> Sequence[Action]:
    """What a verb can do beside its first thing."""
    found: Sequence[Action] = getattr(module, "ACTIONS", ())
    return found


def verb_parser(verb: str, module: Any, action: Action | None = None) -> argparse.ArgumentParser:
    """The command line of one verb, or of one of its actions."""
    described, others, shown = (module.__doc__ or "").strip(), actions_of(module), module.EXAMPLES.rstrip()
    if action is not None:
        shown = examples(verb, shown, action)
        if action.run is not module.run:  # else the words of the verb are its own, too
            described = f"{action.words[0].upper()}{action.words[1:]}."
    elif others:
        described += f"\n\nactions:\n{listed(others)}"
    parser = _Parser(
        f"jobctl {verb}" if action is None else f"jobctl {verb} {action.name}",
        description=described,
        epilog=f"examples:\n{shown}",
    )
    (action or module).arguments(parser)
    _globals(parser, again=True)
    return parser


def everywhere() -> argparse.ArgumentParser:
    """The command line of what every verb takes."""
    parser = _Parser("jobctl", add_help=False)
    _globals(parser)
    return parser


def _globals(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """What every verb takes, before it or after it; the second time nothing is set that was not said."""
    silent = argparse.SUPPRESS
    parser.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default=silent if again else "table",
        help="form of the result (table)",
    )
    parser.add_argument("--json", action="store_true", default=silent if again else False, help="the same as -o json")
    no = silent if again else False
    parser.add_argument("-q", "--quiet", action="store_true", default=no, help="no hints beside the result")
    parser.add_argument("--no-input", action="store_true", default=no, help="ask nothing, as without a terminal")
    parser.add_argument("--no-color", action="store_true", default=no, help="for scripts that say it: there is none")
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=silent if again else None,
        help="the daemon's socket (JOBD_SOCKET)",
    )


def _form_in(argv: list[str]) -> str:
    """The form that errors take, known before the command line is: it may be the error."""
    said = " ".join(argv)
    if "--json" in argv or "-o json" in said or "-ojson" in said or "--output json" in said or "--output=json" in said:
        return "json"
    return "table"


def _overview() -> str:
    usage = f"usage: jobctl [-o {'|'.join(FORMATS)}] [--json] [-q] [--no-input] [--socket PATH] VERB …"
    parts = (usage, _columns(COMMANDS, 11), f"environment:\n{_columns(ENVIRONMENT, 12)}", _EPILOG)
    return "\n\n".join(parts) + "\n"


def _columns(listed: Sequence[tuple[str, str]], width: int) -> str:
    return "\n".join(f"  {name:<{width}} {words}" for name, words in listed)


def _nearest(verb: str) -> str:
    from difflib import get_close_matches  # only for a mistyped verb

    near = " or ".join(f'"{one}"' for one in get_close_matches(verb, dict(COMMANDS), n=2))
    return f"did you mean {near}?" if near else "jobctl --help lists them"


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; finding that out ourselves spares every start an import of shutil."""

    def __init__(self, prog: str, **more: Any) -> None:
        try:
            width = int(os.environ.get("COLUMNS", "")) or 80
        except ValueError:
            width = os.get_terminal_size(1).columns if os.isatty(1) else 100
        super().__init__(prog, width=max(width - 2, 40), **more)


class _Parser(argparse.ArgumentParser):
    """Wrong use is a failure like any other, so that it is JSON where JSON was asked for."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog=prog, allow_abbrev=False, formatter_class=_Help, **more)

    def error(self, message: str) -> Any:
        raise Failure(WRONG_USE, "usage", message, f"{self.prog} --help")


if __name__ == "__main__":
    sys.exit(main())
