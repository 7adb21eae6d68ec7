"""One thing that has to be so when the demo ends, beside what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`expected` and `found` are numbers of `what`."""

    what: str
    expected: int
    found: int
    at_least: bool = False
    """More than expected is right, too."""
    jobs: frozenset[str] = frozenset()
    """Whose work this is; empty: of all of them."""
    examples: tuple[str, ...] = ()
    """A few of those that are not as expected."""

    @property
    def met(self) -> bool:
        return self.found == self.expected or (self.at_least and self.found > self.expected)

    @property
    def hopeless(self) -> bool:
        """True when waiting cannot help: what was done too much stays done."""
        return self.found > self.expected and not self.at_least

    def __str__(self) -> str:
        least = "at least " if self.at_least else ""
        such = f" ({'; '.join(self.examples)})" if self.examples else ""
        return f"{self.what}: expected {least}{self.expected:,}, found {self.found:,}{such}"


def none_of(what: str, found: int, examples: Iterable[str] = (), *, jobs: frozenset[str] = frozenset()) -> Claim:
    """The claim that there is not one."""
    return Claim(what=what, expected=0, found=found, jobs=jobs, examples=few(examples))


def few(examples: Iterable[str]) -> tuple[str, ...]:
    """The first of them."""
    return tuple(islice(examples, _EXAMPLES))
