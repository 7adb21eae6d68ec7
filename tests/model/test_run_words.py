"""Attempts add up the same everywhere, and items that failed are not taken for a run that failed."""

from __future__ import annotations

import pytest

from jobd.model.run_words import attempts, items


@pytest.mark.parametrize(
    ("state", "attempt", "left", "claimed", "words"),
    [
        ("queued", 0, 3, False, "none yet, at most 4"),
        ("queued", 1, 3, True, "1 of 4, 3 to come"),
        ("running", 1, 3, True, "1 of 4, 3 to come"),
        ("scheduled", 1, 2, False, "1 of 4, 3 to come"),
        ("running", 4, 0, True, "4 of 4"),
        ("failed", 4, 0, True, "4"),
        ("cancelled", 0, 0, False, "none"),
    ],
)
def test_attempts_that_were_and_are_to_come_add_up(state: str, attempt: int, left: int, claimed: bool, words: str):
    assert attempts(state, attempt, left, claimed=claimed) == words


def test_items_are_called_items_the_failed_ones_first() -> None:
    assert items(skipped=73, failed=48) == "48 items failed, 73 skipped"
    assert items(done=1) == "1 item done"
    assert items(done=1234) == "1,234 items done"
    assert items() == ""
