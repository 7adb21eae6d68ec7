"""What a job's function takes, and whether given arguments fit: all problems at once, by argument."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def json_kind(value: Any) -> str:
    """What a JSON value is, in words: "a string"."""
    return "null" if value is None else _KINDS.get(type(value), "a date or time")


_KINDS = {
    str: "a string", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a table",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument of a job."""

    name: str
    annotation: Any = Any
    required: bool = False
    default: Any = None
    """What the function itself falls back on; meaningless when required."""

    @property
    def type(self) -> str:
        """The annotation in words: `int`, `list of str`, `str or null`."""
        return in_words(self.annotation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One argument that does not fit."""

    name: str
    problem: str
    hint: str | None = None
    missing: bool = False
    """Required and not given: somebody else may still give it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All arguments of a job. `open` functions (`**kwargs`, commands) take names that are not listed, too."""

    listed: tuple[Parameter, ...] = ()
    open: bool = False

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Parameters:
        """Read off a job's function: its first positional parameter is the context and no argument."""
        signature, hints = inspect.signature(function), _hints(function)
        keyword = [p for p in list(signature.parameters.values())[1:] if p.kind in _BY_NAME]
        return cls(
            listed=tuple(
                Parameter(
                    name=p.name,
                    annotation=hints.get(p.name, Any),
                    required=p.default is p.empty,
                    default=None if p.default is p.empty else p.default,
                )
                for p in keyword
            ),
            open=any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()),
        )

    def problems(self, given: Mapping[str, Any]) -> list[str]:
        """Why `given` does not fit, one line an argument; empty when it does."""
        return [
            f"{one.name[:80]}: {one.problem}{f'; {one.hint}' if one.hint else ''}"
            for one in self.misfits(given, in_message=_brief)
        ]

    def misfits(self, given: Mapping[str, Any], *, in_message: Callable[[Any], str] = json_kind) -> Iterator[Misfit]:
        """What of `given` does not fit; a value, which may be secret, is told as `in_message` has it."""
        known = {parameter.name: parameter for parameter in self.listed}
        for p in self.listed:
            if p.required and p.name not in given:
                yield Misfit(name=p.name, problem=f"is required ({p.type})", missing=True)
        for name, value in given.items():
            if parameter := known.get(name):
                if not fits(value, parameter.annotation):
                    yield Misfit(name=name, problem=f"must be {parameter.type}, not {in_message(value)}")
            elif not self.open:
                yield Misfit(name=name, problem="no such argument", hint=self._nearest(name))

    def from_texts(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """What a command line said (`--arg k=v`): JSON where it is JSON that fits, else the text itself."""
        annotations = {parameter.name: parameter.annotation for parameter in self.listed}
        return {name: _from_text(text, annotations.get(name, Any)) for name, text in texts.items()}

    def _nearest(self, name: str) -> str:
        names = [parameter.name for parameter in self.listed]
        if near := get_close_matches(name[:80], names, n=1):
            return f'did you mean "{near[0]}"?'
        return f"it takes {', '.join(names)}" if names else "this job takes none"


OPEN = Parameters(open=True)
"""For commands, and for functions that nobody could look at: everything fits."""

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_PLAIN: dict[Any, tuple[type, ...]] = {
    str: (str,), int: (int,), float: (int, float), bool: (bool,), list: (list,), tuple: (list,), dict: (dict,),
}  # fmt: skip


def fits(value: Any, annotation: Any) -> bool:
    """Whether a JSON value can stand for `annotation`; an annotation that JSON knows nothing of takes everything."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    if annotation is None or annotation is types.NoneType:
        return value is None
    if annotation in (datetime, date):
        return isinstance(value, str) and _is_instant(value, annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return any(value == one.value for one in annotation)
    expected = _PLAIN.get(_container(origin or annotation))
    if expected is None:
        return True
    if isinstance(value, bool) and bool not in expected:  # True is an int to Python, not to people
        return False
    return isinstance(value, expected) and _items_fit(value, inner)


def in_words(annotation: Any) -> str:
    """An annotation as people say it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(in_words(one) for one in inner)
    if origin is Literal:
        return " or ".join(json.dumps(one) for one in inner)
    if annotation is None or annotation is types.NoneType:
        return "null"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(json.dumps(one.value) for one in annotation)
    base = _container(origin or annotation)
    if base in (list, tuple) and inner:
        return f"list of {in_words(inner[0])}"
    if base in _PLAIN or base in (datetime, date):
        return str(base.__name__)
    return "any"


def _items_fit(value: Any, inner: tuple[Any, ...]) -> bool:
    if isinstance(value, list) and inner:
        return all(fits(item, inner[0]) for item in value)
    if isinstance(value, dict) and len(inner) == 2:
        return all(fits(item, inner[1]) for item in value.values())
    return True


def _container(base: Any) -> Any:
    """list for Sequence and its kin, dict for Mapping."""
    name = getattr(base, "__name__", "")
    if getattr(base, "__module__", "") == "collections.abc":
        return {
            "Sequence": list,
            "MutableSequence": list,
            "Iterable": list,
            "Mapping": dict,
            "MutableMapping": dict,
        }.get(name, base)
    return base


def _from_text(text: str, annotation: Any) -> Any:
    if annotation is str:
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    # `str | int` and the like: what was typed as a bare word stays one, what is a number becomes one
    return value if fits(value, annotation) else text


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except (NameError, TypeError, AttributeError, SyntaxError):  # names that exist only for the type checker
        return {}


def _is_instant(text: str, annotation: Any) -> bool:
    try:
        annotation.fromisoformat(text)
    except ValueError:
        return False
    return True


def _brief(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
