"""What `[privacy] redact` hides, and what it leaves."""

from __future__ import annotations

import pytest

from jobd.model.privacy import CONTENT, MASKED, Mask

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


MESSAGE = {
    "id": 7, "state": "sent", "tries": 2, "due_at": "now", "key": "occasion", "kind": "note", "sender": "a@b",
    "recipient": "c@d", "subject": "s", "reply": None, "text": "dear", "headers": {"X-A": "1", "X-B": "2"},
}  # fmt: skip


@pytest.mark.parametrize("path", ["mail", "mail.*"])
def test_all_of_a_message_is_what_it_says_and_not_what_became_of_it(path: str) -> None:
    shown = Mask([path]).of_message(MESSAGE)
    kept = ("id", "state", "tries", "due_at", "kind", "reply")
    assert {name for name, value in shown.items() if value == MASKED} == {*MESSAGE} - {*kept}
    assert {name: shown[name] for name in kept} == {name: MESSAGE[name] for name in kept}
    assert {*CONTENT, "key"} >= {*MESSAGE} - {*kept}


def test_a_part_of_a_message_is_hidden_alone() -> None:
    assert Mask(["mail.headers.X-A", "mail.id"]).of_message(MESSAGE) == {
        **MESSAGE,
        "headers": {"X-A": MASKED, "X-B": "2"},
    }
    assert Mask(["args"]).of_message(MESSAGE) == MESSAGE


def test_what_is_hidden_can_be_told_apart_by_who_must_not_say_it() -> None:
    assert Mask(["args.user.password", "args.cards.*"]).within("args", ARGS) == ["p", "4", 1, "5"]
    assert Mask(["args"]).within("args", ARGS) == [ARGS]
    assert Mask(["result"]).within("args", ARGS) == []
