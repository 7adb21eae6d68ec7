"""The whole daemon in this process: what `jobd run` does, for the length of a block."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jobd.config import load_text
from jobd.daemon import serve
from jobd.stop import Stop


@asynccontextmanager
async def serving(text: str) -> AsyncIterator[None]:
    """The daemon of this jobd.toml; its settings of the garbage collector end with it."""
    stop, thresholds = Stop(), gc.get_threshold()
    config = load_text(text)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(config, stop))
            try:
                yield
            finally:
                stop.asked.set()
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
