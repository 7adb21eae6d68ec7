"""The log cannot be forged: what goes in as one event comes out as one line, whatever its texts are."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobd.logs import JsonFormatter, TextFormatter

FORGED = "2026-11-23T12:00:00.000Z error   run failed  run=1"
ANY = st.text(st.characters(), max_size=60) | st.sampled_from([f"x\n{FORGED}", f"x\r\n{FORGED}", f"\x85{FORGED}"])
BEGIN = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (?:info|error) ")


def written(formatter: logging.Formatter, message: str, fact: str, error: str | None) -> str:
    """One event as it stands in the log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.Logger("jobd.test")
    logger.addHandler(handler)
    raised: Exception | None = None
    try:
        if error is not None:
            raise ValueError(error)
    except ValueError as caught:
        raised = caught
    logger.error("%s", message, exc_info=raised, extra={"run": 812, "fact": fact})
    return stream.getvalue()


@given(message=ANY, fact=ANY, bound=ANY)
@example(message=f"a\u2028{FORGED}", fact="\x1b[2J", bound="\ud800")
def test_an_event_is_one_line_of_text(message: str, fact: str, bound: str):
    text = written(TextFormatter(lambda: {"job": bound}), message, fact, None)
    assert text.endswith("\n") and text[:-1].isprintable()
    assert len(text.splitlines()) == 1


@given(message=ANY, fact=ANY, error=ANY)
@example(message="", fact="", error=f"\n{FORGED}\n{FORGED}")
def test_no_line_of_a_traceback_looks_like_an_event(message: str, fact: str, error: str):
    text = written(TextFormatter(dict), message, fact, error)
    head, *rest = text.removesuffix("\n").split("\n")
    assert BEGIN.match(head) and rest
    assert all(line.isprintable() and line.startswith("    ") for line in rest)
    assert len(text.splitlines()) == len(rest) + 1


@given(message=ANY, fact=ANY, error=st.none() | ANY)
def test_an_event_is_one_object_of_json(message: str, fact: str, error: str | None):
    text = written(JsonFormatter(dict), message, fact, error)
    (line,) = text.splitlines()
    found = json.loads(line)
    assert line.isascii() and line.isprintable()
    assert (found["message"], found["fact"], found["run"]) == (message, fact, 812)
    assert ("traceback" in found) is (error is not None)


@pytest.mark.parametrize("attack", [f"x\n{FORGED}", "x  run=1", 'x" run=1 "', "x\r  run=1"])
def test_a_fact_cannot_pretend_to_be_two(attack: str):
    """Quoted as soon as it has a space: who reads `run=812` outside of quotes reads the daemon's own word."""
    text = written(TextFormatter(dict), "attempt failed", attack, None)
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert re.findall(r"run=\d+", outside) == ["run=812"]
