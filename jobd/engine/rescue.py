"""Runs whose node is gone → queued again, in two steps: the node is declared lost, then its runs are taken."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jobd.store.nodes import Nodes

log = logging.getLogger(__name__)

BATCH = 500


async def rescue_lost(nodes: Nodes, node: int, queued: Callable[[str], None]) -> int:
    """Declare nodes lost whose lease has ended, and give back all runs of lost or absent nodes; how many.

    Safe on every node at once: the rows are locked and skipped. `queued` hears of each queue that got some.
    """
    for lost in await nodes.mark_expired(node):
        log.warning("node lost its lease", extra={"node": lost})
    total = 0
    while batch := await nodes.rescue(BATCH):
        total += len(batch)
        for run in batch:
            facts = {"run": run.id, "job": run.job, "attempt": run.attempt, "node": run.node}
            if run.verdict == "failed":
                log.error("run is poison: its nodes keep dying under it", extra=facts)
            else:
                log.warning("run rescued", extra={**facts, "verdict": run.verdict})
        for queue in {run.queue for run in batch if run.verdict == "queued"}:
            queued(queue)
    return total
