"""Texts → one nested table, later layers over earlier ones, with the origin of every key.

Tables are merged, everything else is replaced. Where only one of several keys may stand (`cron`, `every` and
`at`; a secret and its `_file`), a later layer's choice takes the place of an earlier layer's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from jobd.config.keys import SECRETS
from jobd.config.positions import DEEPEST, Path, Positions, TooDeep
from jobd.errors import Problem

TomlTable = dict[str, Any]

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_DUE, _DO = frozenset({"cron", "every", "at"}), frozenset({"run", "command"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings. `positions` is absent for the environment, `path` for a text without a file."""

    name: str
    data: TomlTable
    positions: Positions | None = None
    directory: FilePath = FilePath()
    """What relative paths in it are relative to."""
    mode: int = 0o600
    variables: dict[Path, str] = field(default_factory=dict)
    """Of the environment: the variable that gave each key."""

    def variable(self, path: Path) -> str:
        """The variable that gave `path`, what it is part of, or what is part of it."""
        near = (name for at, name in self.variables.items() if path[: len(at)] == at[: len(path)])
        return next(near, self.name)


def parse(name: str, content: bytes, *, directory: FilePath, mode: int = 0o600) -> Layer | Problem:
    """The layer that `content` is, or what keeps it from being one. `name` is for messages."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        return Problem(file=name, line=before.count(b"\n") + 1, column=column, problem="is not UTF-8 text")
    try:
        return Layer(name, tomllib.loads(text), Positions(text), directory, mode)
    except (RecursionError, TooDeep):
        return Problem(file=name, problem=f"tables or arrays are nested too deep; {DEEPEST} levels are read")
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of 5,000 digits
        return _syntax_problem(name, text, str(error))


def _syntax_problem(name: str, text: str, message: str) -> Problem:
    found = _PLACE.fullmatch(message)
    if found is None:
        return Problem(file=name, problem=f"not TOML: {message}")
    lines = text.replace("\r\n", "\n").split("\n")
    line = int(found[2] or len(lines))
    column = int(found[3] or len(lines[-1]) + 1)
    return Problem(file=name, line=line, column=column, problem=f"not TOML: {found[1]}")


class Merged:
    """All layers as one nested table, `data`, that remembers who gave what."""

    def __init__(self, layers: list[Layer]) -> None:
        self.data: TomlTable = {}
        self.layers = layers
        self._given: dict[Path, Layer] = {}
        for layer in layers:
            self._merge(self.data, layer.data, layer, ())

    def given(self, path: Path) -> Layer | None:
        """The layer that `path`, or what it is part of, was read from; None when it is a default."""
        while path and path not in self._given:
            path = path[:-1]
        return self._given.get(path)

    def get(self, path: Path) -> Any:
        """The value at `path` as it was written; None when nothing was."""
        found: Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def table(self, path: Path) -> TomlTable:
        """The table at `path`; empty when there is none, or something that is no table."""
        found = self.get(path)
        return found if isinstance(found, dict) else {}

    def written(self) -> list[Path]:
        """Every path that some layer gave, tables included, in the order in which they were first given."""
        return [path for path in self._given if self.get(path) is not None]

    def origin(self, path: Path) -> str:
        """`file:line`, "environment" or "default"."""
        layer = self._given.get(path)
        if layer is None:
            return "default"
        place = layer.positions.key(path) if layer.positions else None
        return f"{layer.name}:{place.line}" if place else layer.name

    def problem(
        self, path: Path, what: str, hint: str | None = None, *, at_key: bool = False, inside: int = 0
    ) -> Problem:
        """A problem of the value at `path` (of its name, with `at_key`), placed as exactly as its layer can.

        `inside` is the column, from 1, within a string.
        """
        layer, key = self.given(path), dotted(path)
        if layer is None:
            return Problem(file=self.layers[0].name, key=key, problem=what, hint=hint)
        if layer.positions is None:
            variable = layer.variable(path)
            return Problem(file=f"environment variable {variable}", key=key, problem=what, hint=hint)
        place = layer.positions.nearest(path, at_key=at_key, inside=inside)
        return Problem(file=layer.name, line=place.line, column=place.column, key=key, problem=what, hint=hint)

    def _merge(self, into: TomlTable, new: TomlTable, layer: Layer, above: Path) -> None:
        for name in _displaced(into, new, above):
            self._forget(into, (*above, name))
        for name, value in new.items():
            path = (*above, name)
            if not isinstance(value, dict):
                into[name], self._given[path] = value, layer
                continue
            if not isinstance(into.get(name), dict):
                into[name], self._given[path] = {}, layer  # a table is where it was written first
            self._merge(into[name], value, layer, path)

    def _forget(self, table: TomlTable, path: Path) -> None:
        del table[path[-1]]  # type: ignore[arg-type]
        self._given.pop(path, None)


def _displaced(old: TomlTable, new: TomlTable, above: Path) -> Iterator[str]:
    """The keys of `old` that a key of `new` stands in for."""
    for group in _exclusive(above):
        if group & new.keys():
            yield from [name for name in group if name in old and name not in new]


def _exclusive(above: Path) -> Iterator[frozenset[str]]:
    if len(above) == 2 and above[0] in ("jobs", "schedules"):
        yield from (_DUE, _DO)
    for *table, name in SECRETS:
        if above == tuple(table):
            yield frozenset({name, f"{name}_file"})


def dotted(path: Path) -> str:
    """`path` as TOML writes it: `jobs.backup.command[0]`, quoted where it must be."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if plain else ascii(part).replace("'", '"'))
    return text
