"""A value as texts hold it: as it is, and as Python or JSON writes it down; what else became of it is not found."""

from __future__ import annotations

import json
from collections.abc import Iterator

SHORTEST = 4
"""Characters: what is shorter stands in every text by chance."""


def spellings(value: str) -> Iterator[str]:
    """What of it is worth looking for; one may come several times."""
    forms = (value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (form for form in forms if len(form) >= SHORTEST and form.strip("*"))
