"""`[privacy] redact`: values that are shown to nobody, by their path: `args.password`, `result.*.iban`, `mail.text`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MASKED = "********"
ROOTS = ("args", "result", "progress", "mail")
"""What a path may begin with."""
CONTENT = ("sender", "recipient", "subject", "reply", "headers", "text", "html")
"""What a message says to people; the rest says what became of it."""
OF_MESSAGE = (*CONTENT, "key")
"""What is hidden of a message; its key is not overwritten, for it keeps an occasion from being mailed twice."""


class Mask:
    """Hides values by path. `*` stands for any one name; a list is passed through to each of its elements."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = tuple(tuple(path.split(".")) for path in paths)
        self._roots = {path[0] for path in self._paths}

    @property
    def hides_args(self) -> bool:
        """Some argument is masked: what is searched must not be the arguments as a whole."""
        return "args" in self._roots

    def hides(self, path: str) -> bool:
        """True when `path` is masked, lies inside of something masked, or holds something masked."""
        names = path.split(".")
        return any(all(a in (b, "*") for a, b in zip(masked, names, strict=False)) for masked in self._paths)

    def of(self, root: str, value: Any) -> Any:
        """`value`, which stands at `root`, without what is masked; the same object when nothing is."""
        if root not in self._roots or value is None:
            return value
        return _masked(value, self._inside(root))

    def of_message(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """`facts` of a message without what is masked of its content and key; all of it is each part that is there."""
        said = {name: facts[name] for name in OF_MESSAGE if facts.get(name) is not None}
        masked = self.of("mail", said)
        return {**facts, **(dict.fromkeys(said, MASKED) if masked == MASKED else masked)}

    def within(self, root: str, value: Any) -> list[Any]:
        """What is masked of `value`, which stands at `root`: texts, numbers and whole parts of it."""
        return [*_within(value, self._inside(root))] if root in self._roots else []

    def _inside(self, root: str) -> list[tuple[str, ...]]:
        return [path[1:] for path in self._paths if path[0] == root]


NOTHING = Mask()
"""Hides nothing."""


def _masked(value: Any, paths: list[tuple[str, ...]]) -> Any:
    if any(not path for path in paths):
        return MASKED
    if isinstance(value, list):
        return [_masked(one, paths) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _masked(inner, below) if (below := _below(name, paths)) else inner for name, inner in value.items()}


def _within(value: Any, paths: list[tuple[str, ...]]) -> Iterator[Any]:
    if any(not path for path in paths):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _within(one, paths)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if below := _below(name, paths):
                yield from _within(inner, below)


def _below(name: str, paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [path[1:] for path in paths if path[0] in (name, "*")]
