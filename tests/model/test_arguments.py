"""Arguments fit a function's signature, or every reason why not is said."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Optional

import pytest

from jobd.model.arguments import OPEN, Parameters, fits, in_words


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


async def job(
    ctx: Any, to: str, count: int = 3, *, rate: float = 0.5, dry: bool = False, tags: list[str] | None = None
):
    """A job."""


def test_the_first_parameter_is_the_context_and_the_rest_are_arguments():
    parameters = Parameters.of(job)
    assert [(one.name, one.type, one.required) for one in parameters.listed] == [
        ("to", "str", True),
        ("count", "int", False),
        ("rate", "float", False),
        ("dry", "bool", False),
        ("tags", "list of str or null", False),
    ]
    assert parameters.listed[1].default == 3


def test_every_problem_is_found_at_once_and_names_its_argument():
    found = Parameters.of(job).problems({"cuont": 1, "count": "3", "tags": ["a", 1], "dry": 0})
    assert found == [
        "to: is required (str)",
        'cuont: no such argument; did you mean "count"?',
        'count: must be int, not "3"',
        'tags: must be list of str or null, not ["a", 1]',
        "dry: must be bool, not 0",
    ]
    assert Parameters.of(job).problems({"to": "a", "rate": 1}) == []


def test_a_job_without_arguments_takes_none_and_an_open_one_takes_all():
    def bare(ctx: Any) -> None: ...
    def hungry(ctx: Any, a: int, **rest: Any) -> None: ...

    assert Parameters.of(bare).problems({"x": 1}) == ["x: no such argument; this job takes none"]
    assert Parameters.of(hungry).problems({"a": 1, "x": 2}) == []
    assert Parameters.of(hungry).problems({"a": "1"}) == ['a: must be int, not "1"']
    assert OPEN.problems({"anything": object()}) == []


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (str, ["", "x"], [1, None, True]),
        (int, [0, -1, 10**30], [True, 1.5, "1", None]),
        (float, [1, 1.5], [True, "1"]),
        (bool, [True], [0, 1, "true"]),
        (list, [[], [1]], [{}, "x"]),
        (dict[str, int], [{}, {"a": 1}], [{"a": "b"}, []]),
        (Sequence[str], [["a"]], [[1], "a"]),
        (Mapping[str, Any], [{"a": 1}], [[]]),
        (Optional[int], [None, 1], ["x"]),  # noqa: UP045
        (int | str, [1, "x"], [None, [], True]),
        (Literal["a", 1], ["a", 1], ["b", True, 2]),
        (Colour, ["red"], ["green", 1]),
        (datetime, ["2026-11-23T10:00:00+00:00", "2026-11-23"], ["soon", 5]),
        (date, ["2026-11-23"], ["23.11.2026"]),
        (Any, [None, 1, {}], []),
        (object, [None, 1, {}], []),
        (Parameters, [{"of": "a class that JSON knows nothing of"}], []),
    ],
)
def test_json_values_fit_annotations(annotation: Any, good: list[Any], bad: list[Any]):
    assert [value for value in good if not fits(value, annotation)] == []
    assert [value for value in bad if fits(value, annotation)] == []


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ({"to": "812"}, {"to": "812"}),
        ({"to": '"x"'}, {"to": '"x"'}),
        ({"count": "812"}, {"count": 812}),
        ({"count": "many"}, {"count": "many"}),
        ({"dry": "true"}, {"dry": True}),
        ({"tags": '["a", "b"]'}, {"tags": ["a", "b"]}),
        ({"tags": "null"}, {"tags": None}),
        ({"tags": "[" * 100_000}, {"tags": "[" * 100_000}),
        ({"unknown": "1"}, {"unknown": 1}),
    ],
)
def test_texts_of_a_command_line_become_what_the_function_takes(texts: dict[str, str], values: dict[str, Any]):
    assert Parameters.of(job).from_texts(texts) == values


def test_annotations_that_cannot_be_resolved_take_everything():
    def odd(ctx: Any, thing: "NoSuchName" = None) -> None: ...  # type: ignore[name-defined]  # noqa: F821, UP037

    assert Parameters.of(odd).problems({"thing": object()}) == []


def test_words_for_annotations_are_those_of_people():
    assert in_words(Literal["a", "b"]) == '"a" or "b"'
    assert in_words(Colour) == '"red" or "blue"'
    assert in_words(dict[str, int]) == "dict"
    assert in_words(Any) == "any"
