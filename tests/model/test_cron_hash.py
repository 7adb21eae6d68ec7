"""`H`: spread over the schedules, and the same for ever for each of them."""

from __future__ import annotations

import subprocess
import sys

from cron_slots import fires

from jobd.model.cron import parse


def test_h_is_the_same_in_every_process() -> None:
    program = "from jobd.model.cron import parse; print(parse('H H H H H', name='nightly').fields)"
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_h_of_a_name_never_changes_between_releases() -> None:
    """A new hash would move every such schedule of every user: these instants are a promise."""
    assert fires("H H * * *", "2026-01-01T00:00Z", 1, name="nightly") == ["2026-01-01T05:15+00:00"]
    assert fires("H H(2-4) H * *", "2026-01-01T00:00Z", 1, name="backup") == ["2026-01-04T02:02+00:00"]


def test_h_spreads_minutes_and_hours_evenly() -> None:
    counts: dict[int, int] = {}
    for number in range(4000):
        time = parse("H H * * *", name=f"schedule-{number}").times.first
        counts[time] = counts.get(time, 0) + 1
    assert len(counts) > 1300  # of 1,440; 1,351 expected of a perfect hash
    assert max(counts.values()) <= 14  # 2.8 on average


def test_h_keeps_its_range_and_step() -> None:
    for number in range(200):
        fields = parse("H/15 H(1-3) H * H", name=f"s{number}").fields
        assert [minute - fields.minutes[0] for minute in fields.minutes] == [0, 15, 30, 45]
        assert fields.minutes[0] < 15
        assert len(fields.hours) == 1
        assert 1 <= fields.hours[0] <= 3
        assert max(fields.month_days.days) <= 28  # due in every month


def test_names_matter_only_to_h() -> None:
    assert parse("0 0 * mar thu", name="a") is parse("0 0 * mar thu", name="b")
    assert parse("0 0 * mar thu", name="a").name == ""
    one, other = parse("H 0 * * *", name="a"), parse("H 0 * * *", name="b")
    assert one != other
    assert len({one, other, parse("H 0 * * *", name="a")}) == 2
