"""A caller's filter → conditions, or a refusal that points into it."""

from __future__ import annotations

from jobd.api.refusals import Refused
from jobd.model.bulk import BulkAction, bounded
from jobd.model.filter import Filter, parse_filter
from jobd.model.filter_words import FilterError


def filter_of(text: str) -> Filter:
    """The conditions that `text` says.

    Raises:
        Refused: 400 `bad_filter`, with `start` and `end` of what is wrong, in characters from 0.
    """
    try:
        return parse_filter(text)
    except FilterError as error:
        said = f"filter, character {error.start + 1}: {error.problem}"
        raise Refused(400, "bad_filter", said, hint=error.hint, start=error.start, end=error.end) from None


def fitting(action: BulkAction, chosen: Filter) -> Filter:
    """Those of the runs that a bulk can do this to.

    Raises:
        Refused: 400 `bad_filter`, it can do it to none of them, or the filter does not say which it means.
    """
    try:
        return bounded(action, chosen)
    except ValueError as error:
        raise Refused(400, "bad_filter", str(error)) from error
