"""What a verb can do beside its first thing: `jobctl queues` lists, `jobctl queues pause NAME` acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobd.jobctl.output import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    import argparse

    from jobd.jobctl.output import Output
    from jobd.jobctl.transport import Daemon

    Arguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace, Callable[[], Daemon], Output], int]


class Action:
    """One of them: its word, what `--help` says about it, its arguments, and what it does.

    `example` is a command line for its help, where the examples of the verb have none of it; `forms` are those of -o
    that make sense for it.
    """

    __slots__ = ("arguments", "example", "forms", "name", "run", "words")

    def __init__(
        self,
        name: str,
        words: str,
        arguments: Arguments,
        run: Run,
        example: str = "",
        *,
        forms: Sequence[str] = FORMATS,
    ) -> None:
        self.name, self.words, self.arguments, self.run = name, words, arguments, run
        self.example, self.forms = example, forms


def examples(verb: str, shown: str, action: Action) -> str:
    """Those of a verb's examples that call this action, and the action's own."""
    call = f"jobctl {verb} {action.name} "
    lines = [line for line in shown.splitlines() if call in f"{line} "]
    return "\n".join([*lines, f"  {action.example}"] if action.example else lines)


def listed(actions: Sequence[Action]) -> str:
    """The actions as a verb's help shows them."""
    return "\n".join(f"  {action.name:<9} {action.words}" for action in actions)


def nothing(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments of its own."""
