"""What `[privacy] redact` hides, and what it leaves."""

from __future__ import annotations

import pytest

from jobd.model.privacy import MASKED, Mask

ARGS = {"user": {"name": "a", "password": "p"}, "cards": [{"pan": "4", "month": 1}, {"pan": "5"}], "n": 1}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("args.n", {**ARGS, "n": MASKED}),
        ("args.user.password", {**ARGS, "user": {"name": "a", "password": MASKED}}),
        ("args.user", {**ARGS, "user": MASKED}),
        ("args.*.password", {**ARGS, "user": {"name": "a", "password": MASKED}}),
        ("args.cards.pan", {**ARGS, "cards": [{"pan": MASKED, "month": 1}, {"pan": MASKED}]}),
        ("args", MASKED),
        ("args.none.there", ARGS),
        ("result.n", ARGS),
    ],
)
def test_a_path_hides_its_value_and_nothing_beside_it(path: str, shown: object) -> None:
    assert Mask([path]).of("args", ARGS) == shown


def test_what_is_hidden_may_not_be_asked_for_around_the_corner() -> None:
    mask = Mask(["args.user.password"])
    asked = ("args.user.password", "args.user", "args.user.password.x", "args")
    assert [mask.hides(path) for path in asked] == [True] * 4
    assert [mask.hides(path) for path in ("args.user.name", "args.n", "result.user.password")] == [False] * 3
    assert mask.hides_args and not Mask(["result.x"]).hides_args


def test_what_is_absent_stays_absent() -> None:
    assert Mask(["args"]).of("args", None) is None
