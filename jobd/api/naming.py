"""What was probably meant by a name that is not known, or where the known ones are listed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from aiohttp import web

from jobd.api.app import control
from jobd.errors import StoreUnavailable

_NOUNS = {"job": "jobs", "queue": "queues", "schedule": "schedules", "node": "nodes"}
_LISTED = frozenset(_NOUNS.values())


def nearest(name: str, names: Iterable[str], noun: str) -> str:
    """The one of `names` that was meant, or the command that lists these `noun`s."""
    near = get_close_matches(name, list(names), n=1)
    return f'did you mean "{near[0]}"?' if near else f"jobctl {noun} lists them"


async def hint_of(request: web.Request) -> str | None:
    """For a thing that its path names and that is not there; None where no name is in the path."""
    words = request.path.split("/")[2:4]
    noun = next((_NOUNS.get(word, word) for word in reversed(words) if _NOUNS.get(word, word) in _LISTED), None)
    if noun is None:
        return None
    return nearest(request.match_info.get("name", ""), await _known(request, noun), noun)


async def _known(request: web.Request, noun: str) -> Iterable[str]:
    daemon = control(request)
    match noun:
        case "jobs":
            return daemon.jobs
        case "queues":
            return daemon.queues
        case "schedules":
            try:
                return [schedule.name for schedule in await daemon.views.schedules()]
            except StoreUnavailable:  # it answered just now, and a hint is not worth another error
                return ()
        case _:
            return ()
