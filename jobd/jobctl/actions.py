"""What a verb can do beside its first thing: `jobctl queues` lists, `jobctl queues pause NAME` acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    import argparse

    from jobd.jobctl.output import Output
    from jobd.jobctl.transport import Daemon

    Arguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace, Callable[[], Daemon], Output], int]


class Action:
    """One of them: its word, what `--help` says about it, its arguments, and what it does."""

    __slots__ = ("arguments", "name", "run", "words")

    def __init__(self, name: str, words: str, arguments: Arguments, run: Run) -> None:
        self.name, self.words, self.arguments, self.run = name, words, arguments, run


def listed(actions: Sequence[Action]) -> str:
    """The actions as a verb's help shows them."""
    return "\n".join(f"  {action.name:<9} {action.words}" for action in actions)


def nothing(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments of its own."""


def named(what: str) -> Arguments:
    """It takes one name."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar=what)

    return arguments
