"""Secrets in what is said: the values that a configuration is known to hold, and texts that look like one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jobd.model.privacy import MASKED
from jobd.model.spellings import spellings

_TELLING = 12
"""Characters from which on it is found inside of a word, too: `test` is not masked in `latest`."""
_MARK = rf"\g<1>{MASKED}"
# Every repetition is bounded: an error may be megabytes of whatever somebody sent.
_LOOKS = (
    re.compile(r"(://[^/\s:@]{0,256}:)[^/\s@]{1,1024}(?=@)"),
    re.compile(
        r"""(authorization["']?\s{0,4}[:=]\s{0,4}(?:b?["'])?(?:(?:basic|bearer|token|digest)\s{1,4})?)[^\s"',;]+""",
        re.I,
    ),
    re.compile(
        r"""((?:token|password|passwd|pwd|api_?key|secret[\w-]{0,40})"""
        r"""(?:=|["']\s{0,4}:\s{0,4}))(b?"[^"\n]*"|b?'[^'\n]*'|[^\s,;&(){}\[\]"']+)""",
        re.I,
    ),
)


class Secrets:
    """Knows values, and says texts without them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values = frozenset(values)
        forms = {form for value in self.values for part in _parts(value) for form in spellings(part)}
        # a value may be a part of another one
        self._forms = [(form, _whole(form)) for form in sorted(forms, key=len, reverse=True)]

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.values | other.values)

    def without(self, text: str) -> str:
        """`text` without the values; what a log line can afford."""
        for form, word in self._forms:
            if form in text:
                text = text.replace(form, MASKED) if word is None else word.sub(MASKED, text)
        return text


NONE = Secrets()
"""Knows no value."""


def without_likely(text: str) -> str:
    """`text` without what looks like a secret: `://user:…@`, `Authorization: …`, `api_token=…`."""
    for looks in _LOOKS:
        text = looks.sub(_MARK, text)
    return text


def _parts(value: str) -> Iterator[str]:
    """A key of many lines is found line by line, too: tracebacks are indented."""
    yield value
    yield from (line for line in value.splitlines() if len(line) >= _TELLING)


def _whole(form: str) -> re.Pattern[str] | None:
    return None if len(form) >= _TELLING else re.compile(rf"(?<!\w){re.escape(form)}(?!\w)")
