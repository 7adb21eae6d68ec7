"""The tabs of the list of runs: which runs each stands for, and how many those are."""

from __future__ import annotations

from jobd.client import Client
from jobd.client.asks import runs
from jobd.model.filter import parse_filter
from jobd.model.filter_words import split
from jobd.model.reports import Count, Counts

TABS = {
    "all": "",
    "running": "state:running",
    "queued": "state:queued",
    "scheduled": "state:scheduled,waiting",
    "retrying": "state:retrying",
    "succeeded": "state:succeeded",
    "failed": "state:failed",
    "cancelled": "state:cancelled",
    "skipped": "state:skipped",
}


def joined(tab: str, typed: str) -> str:
    """The filter of a tab and of the line below it."""
    return " ".join(part for part in (TABS[tab], typed) if part)


def names_states(typed: str) -> bool:
    """True when the line itself says which states it is about."""
    return bool(parse_filter(typed).states)


def without_states(typed: str) -> str:
    """The line without what it says of states."""
    kept = [typed[term.start : term.end] for term in split(typed) if term.key != "state"]
    return " ".join(kept)


def told(counts: Counts, hour: dict[str, str]) -> dict[str, str]:
    """How many there are now, or ended within the hour: as the minutes say, and as `hour` for those that they lack."""
    now = {"queued": counts.queued, "scheduled": counts.scheduled, "retrying": counts.retrying}
    ended = {name: f"{counts.hour.get(name, 0):,}/h" for name in ("succeeded", "failed")}
    return {"running": f"{counts.running:,}", **{name: str(count) for name, count in now.items()}, **ended, **hour}


async def in_the_hour(client: Client) -> dict[str, str]:
    """Cancelled and skipped runs: those that never started are in history, and in no minute."""
    found = {name: await client.ask(runs.count(f"state:{name} since:1h")) for name in ("cancelled", "skipped")}
    return {name: f"{Count(count=one.count, more=one.more)}/h" for name, one in found.items()}
