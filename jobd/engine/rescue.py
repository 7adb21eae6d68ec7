"""What a node held that is gone → back, in two steps: the node is declared lost, then its runs and mails are taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from jobd.store.nodes import Nodes
from jobd.store.outbox import Outbox

log = logging.getLogger(__name__)

BATCH = 500


async def rescue_mail(outbox: Outbox, hold_kinds: Collection[str]) -> int:
    """Messages that lost or absent nodes were sending → pending again, or in doubt where the final dot was written."""
    total = 0
    while batch := await outbox.recover(hold_kinds=hold_kinds):
        total += len(batch)
        for message, state in batch.items():
            log.warning("message rescued", extra={"mail": message, "state": state.value})
    return total


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
