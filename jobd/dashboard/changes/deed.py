"""A change that an operator asks for: the question to the daemon, the same as a command line, and how to undo it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from jobd.client.asks.ask import Ask
from jobd.model.roles import Role

MANY = 100
"""From here on a set is large: its number has to be typed."""


class Care(Enum):
    """How much has to be said before it is done."""

    NONE = 0  # it can be undone with one key
    PRODUCTION = 1  # asked about where the environment is production
    ASK = 2  # always asked about; Cancel is the default
    TYPE = 3  # what is typed has to be the text of `typed`


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change."""

    ask: Ask[Any]
    title: str
    """As a question's title: `Pause queue low`."""
    command: str
    """The same with jobctl."""
    done: Callable[[Any], str]
    """The answer of the daemon → what has happened, for people."""
    undo: str | None = None
    """How it is undone where no key does it; None: it cannot be."""
    care: Care = Care.NONE
    typed: str = ""
    detail: str = ""
    """What it means, in the dialog."""
    role: Role = Role.OPERATOR
    blind: bool = False
    """It is about nothing that the screen shows: that may be old."""

    def asks_first(self, *, production: bool) -> bool:
        return self.care in (Care.ASK, Care.TYPE) or (self.care is Care.PRODUCTION and production)


class Wrong(ValueError):
    """What was typed cannot be meant; each problem begins with the name of its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def command(*words: object) -> str:
    """A line for a shell."""
    return shlex.join(["jobctl", *(str(word) for word in words)])
