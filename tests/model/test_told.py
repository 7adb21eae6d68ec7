"""Lengths of time in lists: one rule for rounding, so that no two spellings of a second stand side by side."""

from __future__ import annotations

import pytest

from jobd.model.told import length


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0ms"), (0.9994, "999ms"), (0.9996, "1.0s"), (1.0, "1.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.7, "1m"),
        (-0.9996, "-1.0s"), (None, "-"),
    ],
)  # fmt: skip
def test_a_length_that_rounds_up_to_the_next_unit_is_written_in_it(seconds, told):
    assert length(seconds) == told
