"""A frame with a title around a part of a screen, and one of them with a list inside."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from textual.containers import Container
from textual.widget import Widget

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.widgets.table import Table


def pane(title: str, name: str) -> Container:
    """The frame, called `pane-NAME`; `title` is our own word, no data."""
    made = Container(id=f"pane-{name}", classes="panel")
    made.border_title = title
    return made


def listing(
    name: str, title: str, columns: Sequence[Column[Any]], key: Callable[[Any], Hashable], empty: str
) -> Iterable[Widget]:
    """To be yielded where a screen is composed: the frame and a table called NAME, one of several there."""
    with pane(title, name):
        yield Table(columns, key=key, empty=empty, shy=True, id=name)
