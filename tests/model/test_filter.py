"""The filter language: what it says, and where it points when it says nothing sensible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.filter import LONGEST, Bounds, Filter, parse_filter
from jobd.model.filter_words import FilterError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_example_of_the_manual_says_what_it_reads_like() -> None:
    text = (
        "state:failed,retrying job:Reconcile* queue:critical since:1h attempt:>1 took:>5s arg.user_id:42 "
        'error:timeout free "two words"'
    )
    assert parse_filter(text) == Filter(
        text=text,
        states=frozenset({"failed", "retrying"}),
        jobs=("reconcile*",),
        queues=("critical",),
        since=timedelta(hours=1),
        attempt=Bounds(least=2),
        took=Bounds(least=5.000001),
        args=(("user_id", ("42",)),),
        errors=(("timeout",),),
        words=("free", "two words"),
    )


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("attempt:3", Bounds(least=3, most=3)),
        ("attempt:>=2 attempt:<5", Bounds(least=2, most=4)),
        ("attempt:<=2", Bounds(most=2)),
        ("attempt:>1 attempt:>4", Bounds(least=5)),
    ],
)
def test_comparisons_of_one_key_hold_together(text: str, bounds: Bounds) -> None:
    assert parse_filter(text).attempt == bounds


def test_quotes_keep_colons_commas_and_blanks() -> None:
    found = parse_filter('job:"a,b",c error:"http://x y" "k:v"')
    assert (found.jobs, found.errors, found.words) == (("a,b", "c"), (("http://x y",),), ("k:v",))
    found = parse_filter('arg.to:"a,b",c error:slow,gone word,comma')
    assert (found.args, found.errors, found.words) == (
        (("to", ("a,b", "c")),), (("slow", "gone"),), ("word,comma",),
    )  # fmt: skip


def test_keys_states_and_names_are_the_same_in_any_case_but_arguments_are_not() -> None:
    found = parse_filter("STATE:Failed Job:Reconcile-X queue:LOW ARG.User_Id:A")
    assert (found.states, found.jobs, found.queues) == ({"failed"}, ("reconcile-x",), ("low",))
    assert found.args == (("User_Id", ("A",)),)


def test_a_moment_is_how_long_ago_or_an_instant() -> None:
    found = parse_filter("since:2026-11-01 until:2026-11-02T10:00+02:00").at(NOW)
    assert (found.since, found.until) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC))
    assert parse_filter("since:1h").at(NOW).since == NOW - timedelta(hours=1)


def test_a_search_of_texts_goes_back_a_day_unless_it_says_otherwise() -> None:
    day = NOW - timedelta(days=1)
    for text in ("timeout", "arg.a:1", "error:x"):
        assert parse_filter(text).at(NOW).since == day
    assert parse_filter("job:a*").at(NOW).since is None
    assert parse_filter("timeout since:7d").at(NOW).since == NOW - timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("job:a stat:failed", (6, 17), 'did you mean "state"?'),
        ("state:faild", (0, 11), 'did you mean "failed"?'),
        ("state:failed state:queued", (13, 25), "stands twice"),
        ("job:a job:b", (6, 11), "job:a,b"),
        ("id:1 id:2", (5, 9), "id:1,2"),
        ("id:x", (0, 4), "no whole number"),
        ("node:>0", (0, 7), "'>0' is no whole number; write node:2"),
        ("took:5", (0, 6), "no run takes exactly so long; write took:>5"),
        ("job:", (0, 4), "has no value"),
        ("job:a,,b", (0, 8), "is empty"),
        ('error:"open', (6, 11), "not closed"),
        ("attempt:>x", (0, 10), "no whole number"),
        ("attempt:99999999999999999999", (0, 28), "no whole number"),
        ("took:>5parsecs", (0, 14), "not a length of time"),
        ("since:2026-13-01", (0, 16), "is no date"),
        ("arg.:1", (0, 6), "arg.user_id"),
        ("arg.a..b:1", (0, 10), "arg.user_id"),
        ("http://x", (0, 8), "stands in quotes"),
        ("since:1h since:2h", (9, 17), "stands twice"),
        ("x\0y", (0, 3), "NUL"),
        ("a \ud800", (2, 3), "surrogate"),
        ("until:0001-01-01T00:00+14:00", (0, 28), "is no date"),
        ("a" * (LONGEST + 1), (0, LONGEST + 1), "at most"),
        ("a " * 41, (80, 81), "at most 40 terms"),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse_filter(text)
    assert (raised.value.start, raised.value.end) == place
    assert words in str(raised.value)
    assert f"character {place[0] + 1}:" in str(raised.value)


@given(st.text(max_size=80))
def test_any_text_is_a_filter_or_an_error_inside_it(text: str) -> None:
    try:
        found = parse_filter(text)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text)
    else:
        assert found.text == text
        found.at(NOW)


@pytest.mark.parametrize("text", ["-state:failed", "!job:tidy"])
def test_what_is_to_be_left_out_is_refused_and_not_looked_for_as_a_word(text: str) -> None:
    with pytest.raises(FilterError, match="there is no leaving out"):
        parse_filter(text)
    assert parse_filter(f'"{text}" -x').words == (text, "-x")
