"""Masked arguments in what a run says: an error quotes what it choked on, a command prints what it was given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jobd.model.privacy import MASKED, Mask
from jobd.model.spellings import spellings

MOST_WORK = 100_000_000
"""Characters times values, a tenth of a second: beyond that nobody looks, and the whole text is masked."""


def unquoted(text: str, mask: Mask, args: str | None) -> str:
    """`text` without the values that `mask` hides in `args`, which is JSON. Never raises."""
    if args is None or not mask.hides_args:
        return text
    try:
        values = {form for value in mask.within("args", json.loads(args)) for form in _forms(value)}
    except (ValueError, RecursionError):  # numbers too long, or nested too deep, for this Python
        return MASKED
    if len(text) * len(values) > MOST_WORK:
        return MASKED
    for value in sorted(values, key=len, reverse=True):  # a value may be a part of another one
        text = text.replace(value, MASKED)
    return text


def _forms(value: Any) -> Iterator[str]:
    """The texts and numbers in `value`, each in the ways in which it is written."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _forms(one)
        return
    if value is not None and not isinstance(value, bool):
        yield from spellings(str(value))
