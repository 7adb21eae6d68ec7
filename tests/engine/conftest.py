"""A node in this process for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
from support import jobs, nodes


@pytest.fixture
def alive(store, tmp_path) -> Callable[..., AbstractAsyncContextManager[nodes.Live]]:
    """`async with alive(toml) as live`: a node that works on what `toml` says, in a state directory of its own."""
    jobs.ORDER.clear()
    jobs.LET_GO.clear()
    yield partial(nodes.alive, store, directory=tmp_path / "state")
    jobs.LET_GO.set()
