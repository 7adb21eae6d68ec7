"""Nodes: as they stand, and what is wanted of them."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, numbered, reader, told
from jobd.model.change import AuditEntry
from jobd.model.reports import NodeReport


def listed() -> Ask[list[NodeReport]]:
    """Those that are alive, then those that left or were lost since yesterday."""
    return ask.listed(NodeReport, "/v1/nodes", "nodes")


def quiet(node: int, reason: str | None = None) -> Ask[AuditEntry]:
    """The change: it begins nothing new."""
    return _wanted(node, "quiet", reason)


def drain(node: int, reason: str | None = None) -> Ask[AuditEntry]:
    """The change: it begins nothing new and gives back what has not started."""
    return _wanted(node, "drain", reason)


def resume(node: int, reason: str | None = None) -> Ask[AuditEntry]:
    """The change: it works again."""
    return _wanted(node, "resume", reason)


def _wanted(node: int, verb: str, reason: str | None) -> Ask[AuditEntry]:
    return told(f"{numbered('nodes', node)}/{verb}", {"reason": reason}, reader(AuditEntry))
