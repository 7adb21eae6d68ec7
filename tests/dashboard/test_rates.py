"""Runs a second, and the characters that show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobd.dashboard.live.rates import SECONDS, Rates
from jobd.dashboard.looks import Eye
from jobd.dashboard.words.bars import columns, folded, round_top, share_bar, short
from jobd.model.stats import Minute

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


WIDTHS = [2, 42, 53, 67, 100, 130, 600, 900]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("late", [0, 1, 17, 59])
def test_what_was_before_anybody_listened_is_as_high_as_it_was_in_its_minutes(width: int, late: int) -> None:
    rates, now = Rates(), NOON + timedelta(seconds=late)
    rates.begin((Minute(minute=NOON - timedelta(minutes=ago), succeeded=120, failed=60) for ago in range(1, 13)), NOON)
    for second in range(late):
        rates.count("succeeded", NOON + timedelta(seconds=second + 1))
        rates.count("succeeded", NOON + timedelta(seconds=second + 1))
        rates.count("failed", NOON + timedelta(seconds=second + 1))
    rates.advance(now)
    found = rates.columns(width)
    assert 0 < len(found) <= width
    assert all(abs(good - 120) <= 2 and abs(bad - 60) <= 1 for good, bad in found), found


@pytest.mark.parametrize("listening", [0, 25, 150, 290, 540])
def test_what_never_changes_is_one_flat_line_however_long_anybody_listens(listening: int) -> None:
    rates = Rates()
    rates.begin((Minute(minute=NOON - timedelta(minutes=ago), succeeded=3, failed=0) for ago in range(1, 13)), NOON)
    for second in range(0, listening, 20):
        rates.count("succeeded", NOON + timedelta(seconds=second + 1))
    rates.advance(NOON + timedelta(seconds=listening))
    assert all(2 <= good <= 4 and not bad for good, bad in rates.columns(100))


def test_a_run_is_seen_at_once_and_for_a_minute() -> None:
    rates = Rates()
    rates.begin((), NOON)
    rates.count("failed", NOON + timedelta(seconds=1))
    assert rates.columns(60)[-1] == (0, 1)
    rates.advance(NOON + timedelta(seconds=60))
    assert rates.columns(60)[-1] == (0, 1)
    rates.advance(NOON + timedelta(seconds=61))
    assert rates.columns(60)[-1] == (0, 0)


def test_a_column_stays_as_it_is_while_it_moves() -> None:
    rates = Rates()
    rates.begin((), NOON)
    rates.count("succeeded", NOON + timedelta(seconds=2))
    rates.count("failed", NOON + timedelta(seconds=4))
    seen = []
    for second in range(10, 300):
        rates.advance(NOON + timedelta(seconds=second))
        settled = [column for column in rates.columns(60)[:-1] if any(column)]
        if not seen or settled != seen[-1]:
            seen.append(settled)
    assert seen == [[(1, 1)] * count for count in range(1, 7)]


def test_what_ended_long_ago_is_forgotten() -> None:
    rates = Rates()
    rates.begin((), NOON)
    rates.count("succeeded", NOON + timedelta(seconds=2))
    rates.advance(NOON + timedelta(seconds=SECONDS * 9))
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
