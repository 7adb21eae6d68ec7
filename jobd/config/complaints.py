"""pydantic's errors → problems with a place, in our own words. No value is repeated: it may be secret."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from jobd.config.keys import hint_for
from jobd.config.layers import Merged
from jobd.config.nearest import did_you_mean
from jobd.config.positions import Path
from jobd.config.tables import Table
from jobd.config.values import PATTERNS
from jobd.errors import Problem

T = TypeVar("T", bound=Table)

_EXPECTED = {
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected a string",
    "list_type": "expected an array",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "finite_number": "expected a number, not inf or nan",
    "missing": "is missing",
}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "less_than": ("lt", "must be less than {}"),
    "string_too_short": ("min_length", "must not be empty"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "too_short": ("min_length", "needs at least {} element"),
}
_DO = {
    "run": 'it names a function; a program is written command = ["program", "argument"]',
    "command": 'write command = ["program", "argument"]; no shell reads it',
}
_KINDS = {
    bool: "true or false",
    str: "a string",
    int: "a whole number",
    float: "a number",
    list: "an array",
    dict: "a table",
}


def validated(model: type[T], data: Any, path: Path, merged: Merged, problems: list[Problem]) -> T | None:
    """`data` as a `model`; None when it is not one, with every reason added to `problems`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems.extend(_problem(detail, path, merged) for detail in found)
        return None


def _problem(detail: ErrorDetails, above: Path, merged: Merged) -> Problem:
    inside = [part for part in detail["loc"] if part != "[key]"]
    path: Path = (*above, *inside)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return merged.problem(path, "unknown key", hint_for(path), at_key=True)
    if "[key]" in detail["loc"]:
        return merged.problem(path, _sentence(kind, context, detail), at_key=True)
    if kind == "missing":
        return merged.problem(path, "is missing", f'write {inside[-1]} = "…" in this table')
    if kind == "value_error":
        what, _, hint = str(context["error"]).partition("; ")
        return merged.problem(path, what, hint or None)
    if kind == "literal_error":
        return _choice(path, context["expected"], detail["input"], merged)
    return merged.problem(path, _sentence(kind, context, detail), _instead(path))


def _instead(path: Path) -> str | None:
    """What was meant, where a function and a program are easily taken for each other."""
    return _DO.get(str(path[2])) if len(path) == 3 and path[0] == "jobs" else None


def _choice(path: Path, expected: str, given: Any, merged: Merged) -> Problem:
    words = re.findall(r"'([^']*)'", expected)
    hint = did_you_mean(given, words) if isinstance(given, str) else None
    return merged.problem(path, f"must be one of {', '.join(words)}", hint)


def _sentence(kind: str, context: dict[str, Any], detail: ErrorDetails) -> str:
    if kind in _LIMITS:
        name, sentence = _LIMITS[kind]
        return sentence.format(context[name])
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind in _EXPECTED:
        got = _KINDS.get(type(detail["input"]), "a date or time")
        return f"{_EXPECTED[kind]}, got {got}"
    return detail["msg"]
