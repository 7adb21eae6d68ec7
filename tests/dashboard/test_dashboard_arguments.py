"""Arguments as lines of text: what nobody touched is sent as it was, the rest as it was typed."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from serving import HOSTILE

from jobd.dashboard.changes.arguments import line, read, rest, typed
from jobd.model.arguments import Parameter, Parameters, in_words
from jobd.model.privacy import MASKED
from jobd.model.reports import ParameterReport


def parameter(kind: str = "any", **more: Any) -> ParameterReport:
    return ParameterReport(name="note", type=kind, **more)


TEXTS = ["plain", "", "123", "null", '"quoted"', "two\nlines", HOSTILE]


@pytest.mark.parametrize("kind", ["str", "any", "str or null"])
@pytest.mark.parametrize("value", [*TEXTS, 7, 1.5, None, True, [1, "a"], {"a": [None]}])
def test_what_nobody_touched_is_sent_as_it_was(kind: str, value: Any) -> None:
    shown = line(parameter(kind), {"note": value})
    said = typed([(shown, shown.text)])
    assert said.args == {"note": value}
    assert not said.texts
    assert shown.text.isprintable()


def test_what_was_typed_is_left_to_the_daemon_to_read() -> None:
    shown = line(parameter("int", default=5), {"note": 7})
    assert typed([(shown, "8")]).texts == {"note": "8"}


def test_a_text_that_had_to_be_quoted_is_read_as_it_was_written() -> None:
    shown = line(parameter("str"), {"note": "two\nlines"})
    assert shown.text == '"two\\nlines"'
    assert typed([(shown, '"three\\nlines"')]).args == {"note": "three\nlines"}
    with pytest.raises(ValueError, match="note: is no JSON"):
        typed([(shown, '"three')])


def test_an_empty_line_leaves_the_default_and_says_which() -> None:
    assert line(parameter("int", default=5), {}).hint == "default 5"
    assert line(parameter("int", required=True), {}).hint == "required"
    shown = line(parameter("int", default=5), {"note": 7})
    said = typed([(shown, "")])
    assert (said.args, said.texts) == ({}, {})


@pytest.mark.parametrize("value", [MASKED, {"iban": MASKED}, [1, MASKED]])
def test_what_was_hidden_is_not_sent_back_as_stars(value: Any) -> None:
    shown = line(parameter(), {"note": value})
    assert shown.text == ""
    assert "hidden" in shown.hint
    left = rest({"secret": value, "open": 1})
    assert typed([(left, left.text)]).args == {"open": 1}
    assert "hidden" in left.hint


def test_arguments_that_are_not_listed_are_one_object() -> None:
    assert typed([(rest({}), '{"a": [1, null]}')]).args == {"a": [1, None]}
    with pytest.raises(ValueError, match="are no JSON object: write one"):
        typed([(rest({}), "[1]")])
    with pytest.raises(ValueError, match="no JSON"):
        typed([(rest({}), "{a: 1}")])


def test_the_command_says_the_same_with_as_little_quoting_as_will_do() -> None:
    plain = line(parameter("int"), {"note": 7})
    assert typed([(plain, plain.text)]).words() == ["--arg", "note=7"]
    number_as_text = line(parameter("any"), {"note": "7"})
    assert typed([(number_as_text, number_as_text.text)]).words() == ["--args-json", '{"note": "7"}']


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "int", 7),
        ("7", "str", "7"),
        ("7", "float", 7),
        ("7", "str or null", "7"),
        ("null", "str or null", None),
        ("null", "str", "null"),
        ("7", "any", 7),
        ("soon", "any", "soon"),
        ("[1]", "list of int", [1]),
        ("b", '"a" or "b"', "b"),
        ("2027-01-31", "date", "2027-01-31"),
        ("true", "bool", True),
    ],
)
def test_a_text_is_read_by_the_words_for_its_type(text: str, kind: str, value: Any) -> None:
    assert read(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [("soon", "int"), ("true", "int"), ("1.5", "int"), ("c", '"a" or "b"'), ("[1]", "list of str"), ("1", "bool")],
)
def test_a_text_that_cannot_be_of_its_type_says_what_is_wanted(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match="must be") as wrong:
        read(text, kind)
    assert kind in str(wrong.value)


@pytest.mark.parametrize("text", ["7", "1.5", "null", "true", "soon", "[1]", '["a"]', "{}", '"x"', ""])
@pytest.mark.parametrize(
    "annotation", [str, int, float, bool, list, dict, list[str], str | None, int | None, Literal["a", "b"], Any]
)
def test_it_is_read_as_the_daemon_reads_it(text: str, annotation: Any) -> None:
    parameters = Parameters(listed=(Parameter(name="note", annotation=annotation),))
    daemons = parameters.from_texts({"note": text})
    if parameters.problems(daemons):
        with pytest.raises(ValueError, match="must be"):
            read(text, in_words(annotation))
    else:
        assert read(text, in_words(annotation)) == daemons["note"]
