"""What changed configuration files would change, shown before the daemon takes them over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobd.client import Refused
from jobd.client.asks import reload
from jobd.dashboard.changes import deeds
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.widgets.review import Review
from jobd.model.reload import ConfigChanges, Difference

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

INVALID = "config_invalid"


def lines(changes: ConfigChanges) -> tuple[Cell, ...]:
    """One each: + added, ~ changed, - removed, ! what waits for a restart."""
    return tuple(_lines(changes))


def _lines(changes: ConfigChanges) -> Iterator[Cell]:
    for noun, difference in (("job", changes.jobs), ("schedule", changes.schedules), ("queue", changes.queues)):
        yield from _of(noun, difference)
    yield from ((f"~ {key}", Tone.WARN) for key in changes.settings)
    yield from ((f"! {key} waits for a restart of the daemon", Tone.WARN) for key in changes.restart)
    yield from ((f"! the code of {file} has changed: a restart takes it over", Tone.WARN) for file in changes.code)
    yield from ((f"! {warning}", Tone.WARN) for warning in changes.warnings)


def _of(noun: str, difference: Difference) -> Iterator[Cell]:
    yield from ((f"+ {noun} {name}", Tone.GOOD) for name in difference.added)
    for name, keys in difference.changed.items():
        yield (f"~ {noun} {name}", Tone.WARN), (f"  {', '.join(keys)}", Tone.DIM)
    yield from ((f"- {noun} {name}", Tone.BAD) for name in difference.removed)


async def taken_over(app: Dashboard, *, again: str = "Edit again") -> bool:
    """Show what the files change, and have it taken over when that is wanted; False: they are wrong, and `again` it is.

    To be called from a worker.

    Raises:
        JobdError: the daemon gave no answer, or does not let this person.
    """
    try:
        changes = await app.client.ask(reload.asked(dry_run=True))
    except Refused as refused:
        if refused.code != INVALID:
            raise
        return not await app.push_screen_wait(_problems(refused, again))
    if not changes:
        app.say("the files change nothing that the daemon works by")
    elif await app.push_screen_wait(Review("Take this over?", lines(changes), go="Reload")):
        await app.carry_out(deeds.take_over())
    return True


def _problems(refused: Refused, again: str) -> Review:
    told: list[Cell] = [(line, Tone.BAD) for line in str(refused).splitlines()]
    told += ["", ("The daemon goes on with what it had, and the files stay as they are.", Tone.DIM)]
    return Review("The files cannot be used", told, go=again, cancel="Leave it")
