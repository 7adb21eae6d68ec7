"""Quantiles from buckets that double: they never say what counts and mean together rule out."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.stats import Times, quantile, times
from jobd.store.endings import BUCKETS, bucket


def told(seconds: list[float]) -> Times:
    return times(histogram(seconds), sum(seconds) * 1000)


def histogram(seconds: list[float]) -> list[int]:
    buckets = [0] * BUCKETS
    for one in seconds:
        buckets[bucket(one * 1000)] += 1
    return buckets


def test_of_nothing_there_are_no_times() -> None:
    assert told([]) == Times()


def test_runs_of_one_length_have_it_as_every_quantile() -> None:
    found = told([1.0] * 200)
    assert (found.mean, found.p50, found.p95, found.p99) == pytest.approx((1.0, 1.0, 1.0, 1.0))


@pytest.mark.parametrize("short", [0, 3, 40])
def test_one_long_run_is_told_as_long_as_it_was_not_as_its_bucket(short: int) -> None:
    found = told([1.0] * short + [300.0])
    assert quantile(histogram([1.0] * short + [300.0]), (short + 300.0) * 1000, 1.0) == pytest.approx(300, rel=0.1)
    assert found.p50 == pytest.approx(1.0 if short else 300.0, rel=0.3)


def test_some_long_runs_leave_little_doubt_about_them() -> None:
    found = told([0.5] * 20 + [300.0] * 4)
    assert found.p95 == pytest.approx(300, rel=0.1)
    assert found.p99 == pytest.approx(300, rel=0.1)


def test_what_took_longer_than_the_buckets_reach_has_the_mean_that_is_left() -> None:
    assert told([0.5] * 90 + [36_000.0] * 10).p99 == pytest.approx(36_000, rel=0.01)


@given(st.lists(st.floats(min_value=0.0001, max_value=4000), min_size=1, max_size=200))
def test_quantiles_grow_and_the_largest_is_no_less_than_the_mean_can_be(seconds: list[float]) -> None:
    found, largest = told(seconds), quantile(histogram(seconds), sum(seconds) * 1000, 1.0)
    assert found.p50 is not None and found.p95 is not None and found.p99 is not None and found.mean is not None
    assert found.p50 <= found.p95 * 1.000001 <= found.p99 * 1.000002 <= largest * 1.000003
    assert found.p50 * ceil(len(seconds) / 2) <= sum(seconds) * 2.000001, "the upper half took no more than all of it"


@given(st.lists(st.floats(min_value=0.0001, max_value=4000), min_size=1, max_size=200))
def test_one_length_in_a_bucket_of_its_own_is_its_mean(seconds: list[float]) -> None:
    same = [seconds[0]] * len(seconds)
    assert told(same).p99 == pytest.approx(seconds[0])
