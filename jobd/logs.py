"""Log lines for people or JSON for programs; run, job, attempt and node come from the context they are written in."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# A refill of the driver's pool logs a traceback a time while Postgres is away: our own loops say it once.
_NOISY = ("asyncpg", "aiosmtplib", "aiohttp.access", "mail.log")

Bound = Callable[[], dict[str, Any]]


def facts(record: logging.LogRecord, bound: dict[str, Any]) -> dict[str, Any]:
    """The fields of one line: what the context binds, then what `extra=` says."""
    return bound | {key: value for key, value in record.__dict__.items() if key not in _PLAIN}


class TextFormatter(logging.Formatter):
    """One line for people: time, level, sentence, key=value. A traceback stands below, indented: it forges no line."""

    def __init__(self, bound: Bound) -> None:
        super().__init__()
        self._bound = bound

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        pairs = " ".join(f"{key}={_shown(value)}" for key, value in facts(record, self._bound()).items())
        line = f"{when}Z {record.levelname.lower():7} {escaped(record.getMessage())}{'  ' if pairs else ''}{pairs}"
        if record.exc_info and record.exc_info[1] is not None:
            line += "".join(f"\n    {escaped(one)}" for one in _stack(record.exc_info[1]).split("\n"))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, bound: Bound) -> None:
        super().__init__()
        self._bound = bound

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts(record, self._bound()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = _stack(record.exc_info[1])
        return json.dumps(line, default=str)


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _shown(value: Any) -> str:
    text = escaped(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def escaped(text: str) -> str:
    """`text` in one line: controls are written out, so that data cannot forge a line or move the cursor."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class Handler(logging.StreamHandler[TextIO]):
    """Writes each line as `without` leaves it, which takes out secrets."""

    without: Callable[[str], str] = staticmethod(str)

    def format(self, record: logging.LogRecord) -> str:
        return self.without(super().format(record))


def keep_from(without: Callable[[str], str]) -> None:
    """From now on each line passes `without`, which knows the secrets, before it is written."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Handler):
            handler.without = without


def set_up(level: str, form: str, bound: Bound) -> None:
    """Send everything to stderr; `form` is "text" or "json"."""
    handler = Handler(sys.stderr)
    handler.setFormatter(JsonFormatter(bound) if form == "json" else TextFormatter(bound))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.raiseExceptions = False  # a full disk or a closed pipe must not stop the work
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "asyncpg" else logging.WARNING)
