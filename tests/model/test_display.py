"""Nothing that came from data commands the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.display import display_safe

ALL = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — Ärger, سلام, 日本語, 👩‍👩‍👧", "plain — Ärger, سلام, 日本語, 👩‍👩‍👧"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]52;c;aGk=\x1b\\", "␛]52;c;aGk=␛\\"),
        ("a\rb\nc\td\x00e\x7f", "a␍b␊c␉d␀e␡"),
        ("\x9b31m", "<009B>31m"),
        ("user\u202egnp.exe", "user<202E>gnp.exe"),
        ("\ufeffa\u200bb\u2028c", "<FEFF>a<200B>b<2028>c"),
        ("\ud800", "\ufffd"),
        ("a\U000e0041", "a<E0041>"),
    ],
)
def test_controls_become_pictures_and_all_else_stays(text: str, shown: str):
    assert display_safe(text) == shown


@given(ALL)
def test_no_control_is_left_and_the_text_can_be_encoded(text: str):
    safe = display_safe(text)
    assert not [c for c in safe if unicodedata.category(c) in ("Cc", "Cs") or 0x202A <= ord(c) <= 0x202E]
    safe.encode()


@given(ALL)
def test_making_safe_twice_changes_nothing_more(text: str):
    assert display_safe(display_safe(text)) == display_safe(text)


def test_a_traceback_keeps_its_lines_and_nothing_else():
    assert display_safe("a\n\tb\x1b\r", lines=True) == "a\n\tb␛␍"


def test_what_is_too_long_says_how_much_is_missing():
    assert display_safe("x" * 70_000) == "x" * 65_536 + "… (4464 more characters)"
