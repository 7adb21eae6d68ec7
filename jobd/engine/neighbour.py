"""Fast death: each node waits for the lock of one other, and says within some two seconds when that one has died.

Nodes stand in a ring by id, so each is watched by one. Only on direct connections; behind a pooler the lease decides.
A stalled process keeps its connection and so its lock: it is left to its lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from jobd.store.database import Link
from jobd.store.nodes import Nodes, await_release

log = logging.getLogger(__name__)

SILENCE_SECONDS = 2.0
"""A node that only lost its connection beats again at once; one that stays silent so long after the loss is dead."""
WAIT_SECONDS = 60.0
ALONE_SECONDS = 1.0


async def watch_neighbour(nodes: Nodes, link: Link, node: int, company: Callable[[], int], died: asyncio.Event) -> None:
    """One round: wait for the neighbour's end, at most a minute; sets `died` when a node was declared lost."""
    neighbour = await nodes.neighbour(node) if company() > 1 else None
    if neighbour is None:
        await asyncio.sleep(ALONE_SECONDS)
        return
    other, lock_key = neighbour
    if not await await_release(link, lock_key, WAIT_SECONDS):
        return
    beat_at = await nodes.last_beat(other)
    if beat_at is None:
        return  # it said goodbye, or somebody else was faster
    await asyncio.sleep(SILENCE_SECONDS)
    if await nodes.mark_silent(other, beat_at):
        log.warning("node died", extra={"node": other})
        died.set()
