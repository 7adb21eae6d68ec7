"""Values made fit for Postgres: arguments are refused with the reason, results and errors are mended and cut.

Postgres takes no NUL, no lone surrogate and no NaN, and a value that cannot be stored would make the ending of
its run fail: whoever enqueues hears of it at once, but a run must not be lost for what it said.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from jobd.errors import ArgumentsRefused

ARGS_LIMIT = 1_048_576
"""Bytes of a run's arguments, and of its result, as JSON."""
TEXT_LIMIT = 262_144
"""Bytes of an error or a traceback."""
DEPTH_LIMIT = 100

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MARK = "… [cut here: {cut} more bytes]"


def storable(value: Any, *, limit: int = ARGS_LIMIT) -> str:
    """`value` as JSON text that Postgres takes as jsonb unchanged.

    Raises:
        ArgumentsRefused: names the place (`args.user.name`) and what is wrong with it.
    """
    _check(value, "args", 0)
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:  # an integer of more digits than Python writes
        raise ArgumentsRefused(f"args: {error}") from error
    if (size := len(text.encode())) > limit:
        raise ArgumentsRefused(
            f"args: {size:,} bytes as JSON, and {limit:,} is the limit; store it elsewhere, pass its name"
        )
    return text


def unstorable(text: str) -> str | None:
    """Why Postgres cannot store this text, "holds the character NUL at character 3, …"; None when it can."""
    if (found := _UNSTORABLE.search(text)) is None:
        return None
    what = "the character NUL" if found[0] == "\x00" else "half of a surrogate pair"
    return f"holds {what} at character {found.start()}, which Postgres cannot store"


def storable_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` with NUL and lone surrogates made visible, at most `limit` bytes of UTF-8; a cut is marked."""
    encoded = _mend(text).encode()
    if len(encoded) <= limit:
        return encoded.decode()
    kept = max(limit - len(_MARK) - 12, 0)
    return encoded[:kept].decode(errors="ignore") + _MARK.format(cut=len(encoded) - kept)


def storable_result(value: Any, limit: int = ARGS_LIMIT) -> str:
    """`value` as JSON text for a run's result; what is no JSON, or too long, becomes a note of it.

    Never raises for anything a job may return.
    """
    try:
        return storable(_mended(value, 0), limit=limit)
    except ArgumentsRefused as refused:
        return json.dumps({"not_stored": str(refused).replace("args", "result", 1)})
    except RecursionError:
        return json.dumps({"not_stored": f"result: nested deeper than {DEPTH_LIMIT}"})


def _check(value: Any, place: str, depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise ArgumentsRefused(f"{_short(place)}: nested deeper than {DEPTH_LIMIT}")
    match value:
        case str():
            _check_text(value, place)
        case float() if not math.isfinite(value):
            raise ArgumentsRefused(f"{_short(place)}: {value} is not a number in JSON")
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise ArgumentsRefused(f"{_short(place)}: a key is a {type(key).__name__}, and JSON wants text")
                _check_text(key, f"{place}, a key")
                _check(inner, f"{place}.{key}", depth + 1)
        case list() | tuple():
            for index, inner in enumerate(value):
                _check(inner, f"{place}[{index}]", depth + 1)
        case None | bool() | int() | float():
            pass
        case _:
            raise ArgumentsRefused(f"{_short(place)}: a {type(value).__name__} is no JSON")


def _check_text(text: str, place: str) -> None:
    if problem := unstorable(text):
        raise ArgumentsRefused(f"{_short(place)}: {problem}")


def _mended(value: Any, depth: int) -> Any:
    if depth > DEPTH_LIMIT:
        return value  # the check that follows refuses it with the reason
    match value:
        case str():
            return _mend(value)
        case dict():
            return {_mend(k) if isinstance(k, str) else k: _mended(inner, depth + 1) for k, inner in value.items()}
        case list() | tuple():
            return [_mended(inner, depth + 1) for inner in value]
        case _:
            return value


def _mend(text: str) -> str:
    return _UNSTORABLE.sub(lambda found: "␀" if found[0] == "\x00" else "\ufffd", text)


def _short(place: str) -> str:
    """A place fit for a message: hostile keys can be as long as the arguments."""
    place = _mend(place)
    return place if len(place) <= 120 else f"{place[:80]}…{place[-39:]}"
