"""Runs a second, and the characters that show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobd.dashboard.live.rates import SECONDS, Rates
from jobd.dashboard.looks import Eye
from jobd.dashboard.words.bars import columns, folded, round_top, share_bar, short
from jobd.model.stats import Minute

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("width", [1, 42, 53, 67, 100, 130, 600, 900])
def test_what_was_before_anybody_listened_is_spread_over_its_minutes(width: int) -> None:
    rates = Rates()
    rates.begin((Minute(minute=NOON - timedelta(minutes=ago), succeeded=120, failed=60) for ago in range(1, 21)), NOON)
    found = rates.columns(width)
    assert 0 < len(found) <= width
    assert found == [(2.0, 1.0)] * len(found)


def test_a_column_stays_as_it_is_while_it_moves() -> None:
    rates = Rates()
    rates.begin((), NOON)
    rates.count("succeeded", NOON + timedelta(seconds=2))
    rates.count("failed", NOON + timedelta(seconds=4))
    seen = set()
    for second in range(10, 300):
        rates.advance(NOON + timedelta(seconds=second))
        seen.add(tuple(column for column in rates.columns(60) if any(column)))
    assert seen == {((0.1, 0.1),)}


def test_the_last_seconds_tell_the_rate_of_now_without_the_second_in_hand() -> None:
    rates = Rates()
    rates.begin((), NOON)
    for second in range(20):
        rates.count("succeeded", NOON + timedelta(seconds=second))
    assert rates.latest(10) == (1.0, 0.0)
    rates.count("succeeded", NOON + timedelta(seconds=19))
    assert rates.latest(10) == (1.0, 0.0)
    rates.advance(NOON + timedelta(seconds=SECONDS * 9))
    assert rates.latest(10) == (0.0, 0.0)
    assert not any(any(column) for column in rates.columns(80))


def test_columns_are_as_high_as_their_value_and_never_vanish() -> None:
    assert columns([0, 0.001, 5, 10], 2, 10, ascii=False) == ["   █", " ▁██"]
    assert columns([0, 0.001, 5, 10], 2, 10, ascii=True) == ["   #", " .##"]


def test_values_are_widened_or_folded_to_the_room() -> None:
    assert folded([1, 2], 5) == [1, 1, 2, 2]
    assert folded([1, 3, 5, 7, 9], 3) == [1, 4, 8]
    assert folded([], 3) == []


@pytest.mark.parametrize(
    ("value", "top"), [(0, 0.1), (0.11, 0.15), (0.3, 0.3), (1.2, 1.5), (4.1, 5), (71, 100), (100, 100), (2001, 3000)]
)
def test_a_scale_ends_at_a_round_number(value: float, top: float) -> None:
    assert round_top(value, 0.1) == pytest.approx(top)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.001, "<0.01"),
        (0.25, "0.25"),
        (1.5, "1.5"),
        (12.4, "12"),
        (3400, "3.4k"),
        (20_000, "20k"),
        (2e6, "2M"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_a_share_is_a_bar_with_a_mark_where_it_should_end() -> None:
    eye = Eye(now=NOON)
    text = "".join(part for part, _ in share_bar(0.3, eye, mark=0.5))
    assert text == "███░░│░░░░"
    assert "".join(part for part, _ in share_bar(0.001, eye)) == "░" * 10
    assert "".join(part for part, _ in share_bar(0.01, Eye(now=NOON, ascii=True))) == "#" + "." * 9
