"""The columns of queues and nodes, for their own verbs and for `status`, which loads nothing else of those."""

from __future__ import annotations

from jobd.jobctl.output import Column, Row
from jobd.jobctl.words import ago, clock, count, length


def _queue_note(queue: Row) -> str:
    if not queue["paused_at"]:
        by = f" by {queue['weight_by']}" if queue["weight_by"] else ""
        drifts = queue["weight"] != queue["configured_weight"]
        return f"weight set{by}, configured is {queue['configured_weight']}" if drifts else ""
    until = f" until {ago(queue['paused_until'])}" if queue["paused_until"] else ""
    reason = f": {queue['pause_reason']}" if queue["pause_reason"] else ""
    return f"paused by {queue['paused_by'] or 'somebody'}{until}{reason}"


QUEUES = (
    Column("QUEUE", "name"),
    Column("WEIGHT", "weight", right=True),
    Column("QUEUED", lambda queue: count(queue["queued"]), right=True),
    Column("OLDEST", lambda queue: length(queue["oldest_seconds"]), right=True),
    Column("RUNNING", "running", right=True),
    Column("SCHEDULED", lambda queue: count(queue["scheduled"]), right=True),
    Column("BLOCKED", lambda queue: count(queue["blocked"]), wide=True, right=True),
    Column("MAX", "max", wide=True, right=True),
    Column("GLOBAL MAX", "global_max", wide=True, right=True),
    Column("RESERVE", "reserve", wide=True, right=True),
    Column("STRICT", "strict", wide=True),
    Column("NOTE", _queue_note),
)


def _node_note(node: Row) -> str:
    if node["desired"] == "running" or not node["alive"]:
        return ""
    reason = f": {node['desired_reason']}" if node["desired_reason"] else ""
    return f"by {node['desired_by'] or 'somebody'}{reason}"


NODES = (
    Column("NODE", "id", right=True),
    Column("NAME", "name"),
    Column("HOST", "host"),
    Column("PID", "pid", right=True),
    Column(
        "STATE",
        lambda node: node["state"] if node["alive"] or node["state"] in ("left", "lost") else "silent",
    ),
    Column("RUNNING", lambda node: f"{node['running']}/{node['workers']}", right=True),
    Column("BEAT", lambda node: ago(node["beat_at"])),
    Column("STARTED", lambda node: ago(node["started_at"])),
    Column("NOTE", _node_note),
    Column("CLAIMED", "claimed", wide=True, right=True),
    Column("VERSION", "version", wide=True),
    Column("LEASE UNTIL", lambda node: clock(node["lease_until"]), wide=True),
    Column("LEFT", lambda node: clock(node["left_at"]), wide=True),
)
