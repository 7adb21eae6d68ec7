"""What holds for the slots of any expression."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cron_slots import at
from hypothesis import given, settings
from hypothesis import strategies as st

from jobd.model.cron import CronSpec, parse

MICROSECOND = timedelta(microseconds=1)


spec_strategy = st.builds(
    lambda minute, hour, day, week, zone: parse(f"{minute} {hour} {day} * {week}", timezone=zone),
    st.sampled_from(["*", "*/7", "0", "30", "5-50/9", "59/2"]),
    st.sampled_from(["*", "*/5", "0", "2", "1-3", "23", "22-3/2"]),
    st.sampled_from(["*", "*/2", "L", "29", "15W", "1-7"]),
    st.sampled_from(["*", "1-5", "sun", "5#5", "friL"]),
    st.sampled_from(["UTC", "Africa/Cairo", "America/New_York", "Antarctica/Troll", "Asia/Kathmandu"]),
)
instants = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=300, deadline=None)
@given(spec_strategy, instants)
def test_slots_are_strictly_increasing_and_can_be_resumed_anywhere(spec: CronSpec, start: datetime) -> None:
    slots = [start]
    for _ in range(4):
        slot = spec.next_after(slots[-1])
        assert slot is not None
        slots.append(slot)
    for earlier, slot in pairwise(slots):
        assert earlier < slot
        assert slot.microsecond == 0
        assert spec.next_after(slot - MICROSECOND) == slot
        assert spec.next_after(earlier + (slot - earlier) / 2) == slot
        assert spec.latest_between(earlier, slot) == slot
        assert spec.latest_between(earlier, slot - MICROSECOND) is None
        assert spec.latest_between(slots[0], slot) == slot
    assert spec.latest_between(slots[-1], slots[0]) is None


def test_ten_years_of_missed_minutes_are_found_without_walking_them() -> None:
    spec = parse("* * * * *", timezone="Africa/Cairo")
    after, until = at("2016-01-01T00:00Z"), at("2026-01-01T00:00:30Z")
    missed = spec.missed_between(after, until, limit=50)
    assert missed is not None
    assert (missed.first, missed.last) == (at("2016-01-01T00:01Z"), at("2026-01-01T00:00Z"))
    assert (missed.count, missed.more) == (50, True)
    assert spec.missed_between(until, until) is None


def test_threads_that_share_a_spec_get_the_same_slots() -> None:
    spec = parse("*/5 * * * *", timezone="Europe/Berlin")
    start = at("2026-03-28T00:00Z")

    def walk(_: int) -> list[datetime]:
        found, slot = [], start
        for _ in range(500):
            slot = spec.next_after(slot) or start
            found.append(slot)
        return found

    with ThreadPoolExecutor(4) as pool:
        walks = list(pool.map(walk, range(4)))
    assert all(each == walks[0] for each in walks)
    assert len(set(walks[0])) == 500


def test_specs_of_a_hundred_thousand_schedules_share_their_answers() -> None:
    specs = {id(parse("*/5 * * * *", timezone="UTC", name=f"s{number}")) for number in range(100)}
    assert len(specs) == 1


def test_croniter_is_not_loaded_until_an_expression_is_read() -> None:
    program = "import sys, jobd.model.schedule; print({'croniter', 'asyncio', 'hashlib'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert answer.stdout.strip() == "set()"
