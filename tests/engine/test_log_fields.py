"""Facts of a log line never carry the name of one of the line's own attributes: `logging` raises for those."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import jobd

OWN = {*vars(logging.makeLogRecord({})), "message", "asctime"}
CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def taken(source: str) -> Iterator[tuple[int, str]]:
    """(line, name) of facts in `extra={…}` that are the line's own."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") not in CALLS:
            continue
        for given in (one.value for one in call.keywords if one.arg == "extra" and isinstance(one.value, ast.Dict)):
            names = {key.value for key in given.keys if isinstance(key, ast.Constant)}
            yield from ((call.lineno, name) for name in names & OWN)


def test_no_fact_of_a_log_line_has_the_name_of_one_of_its_own_attributes():
    assert list(taken('log.info("sent", extra={"message": 1})')) == [(1, "message")]
    found = {str(path): list(taken(path.read_text("utf-8"))) for path in Path(jobd.__file__).parent.rglob("*.py")}
    assert len(found) > 100 and not {path: lines for path, lines in found.items() if lines}
