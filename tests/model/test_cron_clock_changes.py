"""What a clock change does to a schedule: one case for each trap found in other cron engines."""

from __future__ import annotations

from datetime import datetime

import pytest
from cron_slots import at, fires

from jobd.model.cron import parse


@pytest.mark.parametrize(
    ("zone", "expression", "start", "expected"),
    [
        pytest.param(
            *("Africa/Cairo", "0 0 * * *", "2026-04-23T12:00Z"),
            ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
            id="cairo's midnight gap: the day's run is neither lost nor doubled",
        ),
        pytest.param(
            *("Africa/Cairo", "@daily", "2026-04-23T12:00Z"),
            ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
            id="the macro too",
        ),
        pytest.param(
            *("Africa/Cairo", "30 23 * * *", "2026-10-29T12:00Z"),
            ["2026-10-29T23:30+03:00", "2026-10-30T23:30+02:00"],
            id="cairo's repeated hour fires once",
        ),
        pytest.param(
            *("America/New_York", "30 1 * * *", "2026-11-01T00:00Z"),
            ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
            id="a fixed time in a repeat: the first pass only",
        ),
        pytest.param(
            *("America/New_York", "30 1 * * *", "2026-11-01T06:10Z"),
            ["2026-11-02T01:30-05:00"],
            id="asked within the second pass: never an instant in the past",
        ),
        pytest.param(
            *("America/New_York", "30 2 * * *", "2026-03-08T00:00Z"),
            ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
            id="a fixed time in a gap: at its end",
        ),
        pytest.param(
            *("America/New_York", "30 0-23 * * *", "2026-03-08T06:00Z"),
            ["2026-03-08T01:30-05:00", "2026-03-08T03:00-04:00", "2026-03-08T03:30-04:00"],
            id="the skipped run of a list of hours is not lost",
        ),
        pytest.param(
            *("America/New_York", "0,20,40 2 * * *", "2026-03-08T00:00Z"),
            ["2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00"],
            id="three skipped times are one slot",
        ),
        pytest.param(
            *("America/New_York", "30 30 2 * * *", "2026-03-08T00:00Z"),
            ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
            id="seconds do not survive a gap",
        ),
        pytest.param(
            *("America/New_York", "*/15 2 * * *", "2026-03-08T00:00Z"),
            ["2026-03-09T02:00-04:00"],
            id="a moving expression has nothing in a gap",
        ),
        pytest.param(
            *("America/New_York", "0 */2 * * *", "2026-03-08T05:30Z"),
            ["2026-03-08T04:00-04:00"],
            id="*/2 hours: nothing at the gap's end",
        ),
        pytest.param(
            *("America/New_York", "*/30 * * * *", "2026-11-01T05:00Z"),
            [
                "2026-11-01T01:30-04:00",
                "2026-11-01T01:00-05:00",
                "2026-11-01T01:30-05:00",
                "2026-11-01T02:00-05:00",
            ],
            id="a moving expression fires in both passes: no hole of an hour",
        ),
        pytest.param(
            *("America/New_York", "*/30 30 1 * * *", "2026-11-01T05:30:15Z"),
            ["2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00", "2026-11-01T01:30-05:00"],
            id="a * in the seconds alone makes it moving",
        ),
        pytest.param(
            *("Australia/Lord_Howe", "*/30 0 * * *", "2026-10-03T12:00Z"),
            ["2026-10-04T00:00+10:30", "2026-10-04T00:30+10:30"],
            id="half an hour of daylight saving",
        ),
        pytest.param(
            *("America/Havana", "@hourly", "2026-11-01T03:30Z"),
            ["2026-11-01T00:00-04:00", "2026-11-01T00:00-05:00", "2026-11-01T01:00-05:00"],
            id="a slot on the change itself",
        ),
        pytest.param(
            *("Pacific/Apia", "0 9 * * *", "2011-12-29T00:00-10:00"),
            ["2011-12-29T09:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T09:00+14:00"],
            id="a whole day that the island skipped",
        ),
    ],
)
def test_clock_changes(zone: str, expression: str, start: str, expected: list[str]) -> None:
    assert fires(expression, start, len(expected), zone) == expected


def test_the_nominal_time_tells_what_a_gap_has_skipped() -> None:
    spec = parse("30 0 * * *", timezone="Africa/Cairo")
    assert spec.nominal(at("2026-04-23T22:00Z")) == datetime(2026, 4, 24, 0, 30)  # noqa: DTZ001 - a wall clock
    assert spec.nominal(at("2026-04-24T21:30Z")) == datetime(2026, 4, 25, 0, 30)  # noqa: DTZ001
