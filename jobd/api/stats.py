"""/v1/stats and /v1/failed: how jobs and queues do, and what goes wrong."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import query
from jobd.api.wishes import FailedQuery, MinutesQuery, StatsQuery


async def shown(request: web.Request) -> web.Response:
    """Counts, rates and times by job or by queue, over one of three windows."""
    wanted = query(request, StatsQuery)
    stats = await control(request).views.stats.totals(wanted.by, wanted.window)
    return answer({"by": wanted.by, "window": wanted.window, "stats": stats})


async def minutes(request: web.Request) -> web.Response:
    """Outcomes of each minute, oldest first; minutes in which nothing ended are left out."""
    wanted = query(request, MinutesQuery)
    length = timedelta(minutes=wanted.minutes)
    found = await control(request).views.stats.minutes(length, job=wanted.job, queue=wanted.queue)
    return answer({"minutes": found})


async def failed(request: web.Request) -> web.Response:
    """What goes wrong, by fingerprint: runs that will be tried again, then those that failed within `since`."""
    wanted = query(request, FailedQuery)
    return answer(await control(request).views.stats.failed(wanted.since, wanted.state))
