"""What goes in and comes out of every route, as models: the OpenAPI document is made of this list.

A test asks every route here for what it says, and every route of the router for its line here.
"""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

from pydantic import BaseModel

from jobd.api import bodies, reload, wishes
from jobd.model.bulk import Bulk
from jobd.model.change import AuditEntry, AuditPage
from jobd.model.database import DatabaseReport
from jobd.model.failures import Failures
from jobd.model.finding import Examination
from jobd.model.health import Notice
from jobd.model.mailbox import MessagePage, MessageReport
from jobd.model.me import Me
from jobd.model.reload import ConfigChanges
from jobd.model.reports import Counted, JobReport, NextSlots, NodeReport, Page, QueueReport, ScheduleReport
from jobd.model.run import Run, RunState
from jobd.model.shown_settings import ShownSettings
from jobd.model.stats import Minute, StatsReport, Window
from jobd.model.status import Status
from jobd.model.token import TokenReport
from jobd.model.why import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One route. `answer` is absent where the answer is no JSON: then `media` says what it is."""

    answer: Any = None
    query: type[BaseModel] | None = None
    body: Any = None
    statuses: tuple[int, ...] = (200,)
    media: str = "application/json"
    idempotent: bool = False
    """Takes an Idempotency-Key header."""


def _of(name: str, /, **fields: Any) -> Any:
    """An answer that is an object of these fields."""
    return make_dataclass(name, list(fields.items()), frozen=True, slots=True, kw_only=True)


_ID = "{id:[0-9]{1,19}}"
_CHANGE = Shape(answer=AuditEntry, body=wishes.Why)
_PAUSE = Shape(answer=AuditEntry, body=wishes.Pause)
_MESSAGES = Shape(answer=_of("ChangedMessages", ids=list[int]), body=wishes.Messages)
_WRITTEN = Shape(answer=ConfigChanges, body=reload.ScheduleBody)
_ADDED = _of("AddedRun", id=int, fresh=bool)
_WHY = Shape(answer=_of("WhyAnswer", subject=str, state=str, sentence=str, causes=list[Cause]))
_READY = _of("Readiness", ready=bool, notices=list[Notice])

SHAPES: dict[tuple[str, str], Shape] = {
    ("GET", "/livez"): Shape(answer=_of("Liveness", alive=bool)),
    ("GET", "/readyz"): Shape(answer=_READY, statuses=(200, 503)),
    ("GET", "/metrics"): Shape(media="text/plain"),
    ("GET", "/v1/openapi.json"): Shape(answer=dict[str, Any]),
    ("GET", "/v1/status"): Shape(answer=Status),
    ("GET", "/v1/me"): Shape(answer=Me),
    ("GET", "/v1/database"): Shape(answer=DatabaseReport),
    ("GET", "/v1/jobs"): Shape(answer=_of("Jobs", jobs=list[JobReport])),
    ("GET", "/v1/jobs/{name}"): Shape(answer=JobReport),
    ("GET", "/v1/schedules"): Shape(
        answer=_of("Schedules", schedules=list[ScheduleReport]), query=wishes.OutcomesQuery
    ),
    ("GET", "/v1/schedules/{name}"): Shape(answer=ScheduleReport, query=wishes.OutcomesQuery),
    ("GET", "/v1/schedules/{name}/next"): Shape(answer=NextSlots, query=reload.NextQuery),
    ("POST", "/v1/schedules/{name}"): Shape(answer=ConfigChanges, body=reload.ScheduleBody, statuses=(201,)),
    ("PUT", "/v1/schedules/{name}"): _WRITTEN,
    ("DELETE", "/v1/schedules/{name}"): Shape(answer=ConfigChanges, body=wishes.Why),
    ("POST", "/v1/schedules/{name}/pause"): _PAUSE,
    ("POST", "/v1/schedules/{name}/resume"): _CHANGE,
    ("POST", "/v1/schedules/{name}/trigger"): Shape(answer=_ADDED, body=wishes.Why, statuses=(200, 201)),
    ("POST", "/v1/reload"): Shape(answer=ConfigChanges, body=reload.Reload),
    ("GET", "/v1/doctor"): Shape(answer=Examination),
    ("GET", f"/v1/why/run/{_ID}"): _WHY,
    ("GET", "/v1/why/job/{name}"): _WHY,
    ("GET", "/v1/why/queue/{name}"): _WHY,
    ("GET", "/v1/why/schedule/{name}"): _WHY,
    ("GET", "/v1/queues"): Shape(answer=_of("Queues", queues=list[QueueReport])),
    ("GET", "/v1/queues/{name}"): Shape(answer=QueueReport),
    ("POST", "/v1/queues/{name}/pause"): _PAUSE,
    ("POST", "/v1/queues/{name}/resume"): _CHANGE,
    ("POST", "/v1/queues/{name}/weight"): Shape(answer=AuditEntry, body=wishes.Weight),
    ("POST", "/v1/queues/{name}/purge"): Shape(answer=Bulk, body=wishes.Purge, statuses=(202,)),
    ("GET", "/v1/nodes"): Shape(answer=_of("Nodes", nodes=list[NodeReport])),
    ("POST", f"/v1/nodes/{_ID}/quiet"): _CHANGE,
    ("POST", f"/v1/nodes/{_ID}/drain"): _CHANGE,
    ("POST", f"/v1/nodes/{_ID}/resume"): _CHANGE,
    ("GET", "/v1/runs"): Shape(answer=Page, query=bodies.RunsQuery),
    ("GET", "/v1/runs/count"): Shape(answer=Counted, query=wishes.CountQuery),
    ("POST", "/v1/runs"): Shape(
        answer=_ADDED | _of("AddedRuns", ids=list[int]),
        body=bodies.Enqueue | list[bodies.Enqueue],
        statuses=(200, 201),
        idempotent=True,
    ),
    ("POST", "/v1/runs/bulk"): Shape(answer=Bulk, body=wishes.BulkBody, statuses=(202,)),
    ("GET", f"/v1/runs/{_ID}"): Shape(answer=Run),
    ("GET", f"/v1/runs/{_ID}/wait"): Shape(answer=Run, query=bodies.WaitQuery),
    ("POST", f"/v1/runs/{_ID}/cancel"): Shape(
        answer=_of("CancelledRun", id=int, state=RunState), body=bodies.Cancel, statuses=(200, 202)
    ),
    ("POST", f"/v1/runs/{_ID}/retry"): Shape(
        answer=_of("RetriedRun", id=int, retried_from=int | None), body=wishes.Why, statuses=(200, 201)
    ),
    ("GET", "/v1/bulk"): Shape(answer=_of("Bulks", bulks=list[Bulk]), query=wishes.LimitQuery),
    ("GET", f"/v1/bulk/{_ID}"): Shape(answer=Bulk),
    ("POST", f"/v1/bulk/{_ID}/cancel"): Shape(answer=Bulk, body=wishes.Why),
    ("GET", "/v1/failed"): Shape(answer=Failures, query=wishes.FailedQuery),
    ("GET", "/v1/outbox"): Shape(answer=MessagePage, query=wishes.OutboxQuery),
    ("GET", f"/v1/outbox/{_ID}"): Shape(answer=MessageReport),
    ("POST", "/v1/outbox/resend"): _MESSAGES,
    ("POST", "/v1/outbox/hold"): _MESSAGES,
    ("POST", "/v1/outbox/release"): _MESSAGES,
    ("GET", "/v1/stats"): Shape(
        answer=_of("Stats", by=str, window=Window, stats=list[StatsReport]), query=wishes.StatsQuery
    ),
    ("GET", "/v1/stats/minutes"): Shape(answer=_of("Minutes", minutes=list[Minute]), query=wishes.MinutesQuery),
    ("GET", "/v1/events"): Shape(media="text/event-stream", query=wishes.EventsQuery),
    ("GET", "/v1/audit"): Shape(answer=AuditPage, query=wishes.AuditQuery),
    ("POST", f"/v1/audit/{_ID}/undo"): _CHANGE,
    ("GET", "/v1/config"): Shape(answer=ShownSettings),
    ("GET", "/v1/tokens"): Shape(answer=_of("Tokens", tokens=list[TokenReport])),
    ("POST", "/v1/tokens"): Shape(
        answer=_of("MadeToken", name=str, role=str, token=str), body=wishes.NewToken, statuses=(201,)
    ),
    ("DELETE", "/v1/tokens/{name}"): Shape(
        answer=_of("RevokedToken", name=str, revoked=bool), body=wishes.Why
    ),
}
