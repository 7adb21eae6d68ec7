"""`[privacy] redact`: values that are shown to nobody, by their path: `args.password`, `result.*.iban`, `mail.text`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MASKED = "********"
ROOTS = ("args", "result", "progress", "mail")
"""What a path may begin with."""


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
        inside = [path[1:] for path in self._paths if path[0] == root]
        return _masked(value, inside)


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


def _below(name: str, paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [path[1:] for path in paths if path[0] in (name, "*")]
