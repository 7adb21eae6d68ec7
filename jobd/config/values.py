"""The kinds of value that `jobd.toml` knows, as annotated types for the tables.

Every check raises ValueError with a sentence that is shown as it is. It may quote what was written, so a kind
that can hold a secret says nothing of its input.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, WithJsonSchema

from jobd.model.duration import format_duration, parse_duration
from jobd.model.zone import zone

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
NODE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
TABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$"
ARGUMENT_PATH = r"^(args\.)?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$"
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
WITHOUT_NUL = r"^[^\x00]*$"
SOMETHING = r"^[^\x00]+$"
SETTING = r"^[a-z_][a-z0-9_.]*$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
FUNCTION = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
URL_PATH = r"^/([A-Za-z0-9_~-][A-Za-z0-9_.~-]*/?)*$"
PATTERNS = {
    NODE_NAME: "must be 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first",
    IDENTIFIER: "must be a plain SQL name of at most 63 letters, digits and underscores",
    TABLE_NAME: "must be a table's plain name, or schema.table",
    ARGUMENT_PATH: 'must name an argument, such as "args.user_id"',
    PRINTABLE: "must be one line of printable characters, and not empty",
    WITHOUT_NUL: "must not hold a NUL character",
    SOMETHING: "must be text without a NUL character, and not empty",
    SETTING: "is not a name of a Postgres setting",
    VARIABLE: "is not a name of an environment variable",
    URL_PATH: 'must begin with "/", hold letters, digits, "_", "~", "-" and dots, and no ".." or query',
    FUNCTION: 'must be written "package.module:function"',
}
"""What a pattern asks for, in words."""
ADDRESS = re.compile(r"(?:[^<>\r\n]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?")
OFF = ("off", "none", "never")


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, (str, int, float)):
        raise ValueError('expected a length of time such as "5m"')
    return parse_duration(value)


def _duration_or_off(value: Any) -> timedelta | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in OFF):
        return None
    return _duration(value) or None


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


def at_least(least: str) -> AfterValidator:
    """A check that a length of time is not shorter than `least`."""

    def check(value: timedelta) -> timedelta:
        if value < parse_duration(least):
            raise ValueError(f"must be at least {least}")
        return value

    return AfterValidator(check)


def at_most(most: str) -> AfterValidator:
    """A check that a length of time is not longer than `most`."""

    def check(value: timedelta) -> timedelta:
        if value > parse_duration(most):
            raise ValueError(f"must be at most {most}")
        return value

    return AfterValidator(check)


def _zone(value: str) -> str:
    zone(value)
    return value


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value[:60]!r} is not a date and time such as 2027-01-31T08:00:00+02:00") from None
    if not isinstance(value, datetime):
        raise ValueError("expected a date and time such as 2027-01-31T08:00:00+02:00")
    return value


def _address(value: str) -> str:
    if not ADDRESS.fullmatch(value):
        raise ValueError('expected a mail address, "jobs@example.org" or "Jobs <jobs@example.org>"')
    return value


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _true_or_table(value: Any) -> Any:
    return {} if value is True else None if value is False else value


def _setting_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if isinstance(value, (int, float)) else value


_LENGTH = WithJsonSchema({"type": ["string", "number"], "examples": ["30s", "5m", "1h30m", "2d"]})
_AS_TEXT = PlainSerializer(format_duration, return_type=str)

Length = Annotated[timedelta, BeforeValidator(_duration), _AS_TEXT, _LENGTH]
PositiveLength = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive), _AS_TEXT, _LENGTH]
LengthOrOff = Annotated[
    timedelta | None,
    BeforeValidator(_duration_or_off),
    PlainSerializer(lambda length: "off" if length is None else format_duration(length), return_type=str),
    _LENGTH,
]
Zone = Annotated[str, AfterValidator(_zone)]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Address = Annotated[str, AfterValidator(_address)]
Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
Line = Annotated[str, Field(pattern=PRINTABLE)]
FilePath = Annotated[str, Field(pattern=SOMETHING)]
Secret = Annotated[SecretStr, WithJsonSchema({"type": "string"})]
ArgumentPaths = Annotated[list[Annotated[str, Field(pattern=ARGUMENT_PATH)]], BeforeValidator(_one_or_many)]
SettingText = Annotated[str, BeforeValidator(_setting_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
TrueOrTable = BeforeValidator(_true_or_table)
