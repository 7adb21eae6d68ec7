"""The filter language: `state:failed,retrying job:Reconcile* since:1h attempt:>1 arg.user_id:42 timeout` → conditions.

Terms stand side by side and all must hold; commas inside a term are alternatives; `*` stands for anything; quotes
keep blanks, colons and commas together. A word without a key is looked for, its commas too, in job, error, reason
and arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobd.model.filter_words import FilterError, Term, choices, comparison, known, moment, number, seconds, split
from jobd.model.run import RunState

RETRYING = "retrying"
"""Scheduled after an attempt that did not succeed: no state of its own, but what people look for."""
STATES = (*(state.value for state in RunState), RETRYING)
LONGEST = 2000
"""Characters of a filter, and terms of it: enough for people, and small enough to plan."""
MOST_TERMS = 40
SEARCHED_BACK = timedelta(hours=24)
"""How far a search for text or arguments goes back unless it is told: nothing indexes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """least ≤ value ≤ most; an absent side is open. Strictness is in the numbers already."""

    least: float | None = None
    most: float | None = None

    def within(self, other: Bounds) -> Bounds:
        """Both at once."""
        least = [bound for bound in (self.least, other.least) if bound is not None]
        most = [bound for bound in (self.most, other.most) if bound is not None]
        return Bounds(least=max(least, default=None), most=min(most, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which runs; what is absent or empty is any. Patterns may hold `*`."""

    text: str = ""
    """As it was written."""
    states: frozenset[str] = frozenset()
    """Of `STATES`."""
    jobs: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()
    since: timedelta | datetime | None = None
    """When an ended run ended or a live one was added, at the earliest; a length is ago."""
    until: timedelta | datetime | None = None
    attempt: Bounds = Bounds()
    took: Bounds = Bounds()
    """Seconds from start to end, or until now."""
    args: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(path into the arguments, patterns): one of each must match."""
    errors: tuple[tuple[str, ...], ...] = ()
    """One of each must be part of the error."""
    words: tuple[str, ...] = ()
    """Each must be part of job, error, reason or arguments."""

    @property
    def searches(self) -> bool:
        """True when it looks into texts or arguments, which nothing indexes."""
        return bool(self.args or self.errors or self.words)

    def at(self, now: datetime) -> Filter:
        """The same with lengths turned into instants, and with the limit of a search that names none."""
        since = self.since if self.since is not None or not self.searches else SEARCHED_BACK
        return replace(self, since=_instant(since, now), until=_instant(self.until, now))


def parse_filter(text: str) -> Filter:
    """The conditions that `text` says; an empty text is every run.

    Raises:
        FilterError: what is wrong, from which character to which, and the nearest name.
    """
    if len(text) > LONGEST:
        raise FilterError(text, 0, len(text), f"a filter has at most {LONGEST} characters, this one {len(text)}")
    terms = split(text)
    if len(terms) > MOST_TERMS:
        last = terms[MOST_TERMS]
        raise FilterError(text, last.start, last.end, f"a filter has at most {MOST_TERMS} terms")
    found = _Found()
    for term in terms:
        if term.key is None:
            found.words.append(term.value)
        elif term.key.startswith("arg."):
            found.argument(term)
        else:
            known(term, (*_READERS, "arg.NAME"))
            _READERS[term.key](found, term)
    return found.filter(text)


@dataclass(slots=True)
class _Found:
    """What the terms said so far."""

    states: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    moments: dict[str, timedelta | datetime] = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    args: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    errors: list[tuple[str, ...]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def argument(self, term: Term) -> None:
        path = (term.key or "").removeprefix("arg.")
        if not path or not all(path.split(".")):
            raise term.wrong("an argument is named as arg.user_id or arg.user.id")
        self.args.append((path, tuple(term.parts())))

    def filter(self, text: str) -> Filter:
        return Filter(
            text=text,
            states=frozenset(self.states),
            jobs=tuple(self.lists.get("job", ())),
            queues=tuple(self.lists.get("queue", ())),
            schedules=tuple(self.lists.get("schedule", ())),
            sources=tuple(self.lists.get("source", ())),
            ids=tuple(self.numbers.get("id", ())),
            nodes=tuple(self.numbers.get("node", ())),
            since=self.moments.get("since"),
            until=self.moments.get("until"),
            attempt=self.bounds.get("attempt", Bounds()),
            took=self.bounds.get("took", Bounds()),
            args=tuple(self.args),
            errors=tuple(self.errors),
            words=tuple(self.words),
        )


def _states(found: _Found, term: Term) -> None:
    if found.states:
        raise term.wrong("state stands twice; alternatives are written state:failed,cancelled")
    found.states += [choices(term, one.lower(), STATES) for one in term.parts()]


def _list(found: _Found, term: Term) -> None:
    if term.key in found.lists:
        raise term.wrong(f"{term.key} stands twice; alternatives are written {term.key}:a,b")
    # no name of ours has an upper case letter
    found.lists[str(term.key)] = [part if term.key == "source" else part.lower() for part in term.parts()]


def _numbers(found: _Found, term: Term) -> None:
    if term.key in found.numbers:
        raise term.wrong(f"{term.key} stands twice; alternatives are written {term.key}:1,2")
    found.numbers[str(term.key)] = [number(term, part) for part in term.parts()]


def _moment(found: _Found, term: Term) -> None:
    if term.key in found.moments:
        raise term.wrong(f"{term.key} stands twice")
    found.moments[str(term.key)] = moment(term)


def _bounded(read: Callable[[Term, str], float], step: float) -> Callable[[_Found, Term], None]:
    def bounded(found: _Found, term: Term) -> None:
        key = str(term.key)
        sign, value = comparison(term, read)
        if sign == "=" and step < 1:
            raise term.wrong(f"{key}: no run takes exactly so long", f"write {key}:>{term.value.lstrip('=')}")
        found.bounds[key] = found.bounds.get(key, Bounds()).within(_bounds(sign, value, step))

    return bounded


def _bounds(sign: str, value: float, step: float) -> Bounds:
    """`step` is the smallest difference: > 1 attempt is ≥ 2, > 5 s is ≥ 5 s and a microsecond."""
    match sign:
        case ">":
            return Bounds(least=value + step)
        case ">=":
            return Bounds(least=value)
        case "<":
            return Bounds(most=value - step)
        case "<=":
            return Bounds(most=value)
    return Bounds(least=value, most=value)


def _error(found: _Found, term: Term) -> None:
    found.errors.append(tuple(term.parts()))


_READERS: dict[str, Callable[[_Found, Term], None]] = {
    "id": _numbers,
    "state": _states,
    "job": _list,
    "queue": _list,
    "schedule": _list,
    "source": _list,
    "node": _numbers,
    "since": _moment,
    "until": _moment,
    "attempt": _bounded(number, 1),
    "took": _bounded(seconds, 1e-6),
    "error": _error,
}
KEYS: Iterable[str] = (*_READERS, "arg.")
"""For completion."""


def _instant(value: timedelta | datetime | None, now: datetime) -> datetime | None:
    return now - value if isinstance(value, timedelta) else value
