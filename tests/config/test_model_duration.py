"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.duration import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("1m500ms", 60.5),
        ("0s", 0),
        ("15", 15),
        (15, 15),
        (0.25, 0.25),
        ("00:00:15", 15),
        ("1.00:00:00", 86_400),
        ("01:30:00.5", 5400.5),
    ],
)
def test_what_people_write_is_understood(written: str | float, seconds: float) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "not a length of time"),
        ("soon", "not a length of time"),
        ("5x", "not a length of time"),
        ("5 minutes", "not a length of time"),
        ("m", "not a length of time"),
        ("-5m", "negative"),
        (-1, "negative"),
        ("30m1h", "largest first"),
        ("1h1h", "largest first"),
        ("24:00:00", "23:59:59"),
        ("00:60:00", "23:59:59"),
        ("00:15", "not a length of time"),
        ("200000d", "century"),
        ("9" * 400, "century"),
        (float("inf"), "century"),
        (float("nan"), "century"),
        (True, "true and false"),
        ("٣s", "not a length of time"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_reason(written: str | float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_duration(written)


@given(st.timedeltas(timedelta(0), LONGEST))
def test_a_formatted_length_reads_back_to_the_millisecond(length: timedelta) -> None:
    assert abs(parse_duration(format_duration(length)) - length) <= timedelta(milliseconds=0.5)


@given(st.text(max_size=20))
def test_any_text_is_a_length_or_a_value_error(text: str) -> None:
    try:
        length = parse_duration(text)
    except ValueError as error:
        assert str(error)
    else:
        assert timedelta(0) <= length <= LONGEST


def test_lengths_are_written_as_people_write_them() -> None:
    written = [format_duration(timedelta(seconds=s)) for s in (0, 0.5, 90, 5400, 172_800, 90_061.5, -5)]
    assert written == ["0s", "500ms", "1m30s", "1h30m", "2d", "1d1h1m1s500ms", "-5s"]
