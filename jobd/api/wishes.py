"""What operators send: bodies of changes, and queries of what they look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from jobd.api.bodies import Instant, Length, Name, Reason
from jobd.api.feed import KINDS
from jobd.model.bulk import EVERY, BulkAction
from jobd.model.message import MessageState
from jobd.model.roles import Role
from jobd.model.stats import Window
from jobd.model.token import NAME as TOKEN_NAME
from jobd.model.token import lifetime

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
FilterText = Annotated[str, Field(max_length=2000)]


def _words(value: object) -> object:
    return [word for word in value.split(",") if word] if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Why(_Strict):
    """A change that may say why; the body may be empty."""

    reason: Reason | None = None


class Pause(Why):
    """POST /v1/queues/{name}/pause, POST /v1/schedules/{name}/pause; the body may be empty."""

    until: Instant | None = None
    length: Annotated[Length | None, Field(alias="for")] = None
    """`30m` from now; not together with `until`. With neither: until somebody resumes."""

    @model_validator(mode="after")
    def _one_end(self) -> Pause:
        if self.until is not None and self.length is not None:
            raise ValueError("until and for exclude each other")
        return self

    def end(self, now: datetime) -> datetime | None:
        """When the pause ends by itself."""
        return now + self.length if self.length is not None else self.until


class Weight(Why):
    """POST /v1/queues/{name}/weight"""

    weight: Annotated[int, Field(ge=1, le=1000, strict=True)] | None
    """null: the configured one again."""


class Purge(Why):
    """POST /v1/queues/{name}/purge"""

    expected_count: Annotated[int, Field(ge=0, le=EVERY, strict=True)]


class BulkBody(Why):
    """POST /v1/runs/bulk"""

    action: BulkAction
    filter: FilterText
    expected_count: Annotated[int, Field(ge=0, le=EVERY, strict=True)]
    """What the caller saw; 409 when more than a tenth more match by now."""
    to: Name | None = None
    """The queue, for `move`."""

    @model_validator(mode="after")
    def _move_has_a_queue(self) -> BulkBody:
        if (self.action is BulkAction.MOVE) != (self.to is not None):
            raise ValueError('"to" names the queue of a move, and belongs to nothing else')
        return self


class Messages(Why):
    """POST /v1/outbox/resend, /hold, /release"""

    ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class NewToken(Why):
    """POST /v1/tokens"""

    name: Annotated[str, Field(pattern=TOKEN_NAME)]
    role: Literal["viewer", "operator", "admin"]
    lasts: Annotated[Length, AfterValidator(lifetime)] | None = None
    """Absent: until it is revoked."""

    @property
    def as_role(self) -> Role:
        return Role[self.role.upper()]


class CountQuery(_Strict):
    """GET /v1/runs/count?filter=…&action=…&most=…"""

    filter: FilterText = ""
    action: BulkAction | None = None
    """Of these, those that a bulk can do this to."""
    most: Annotated[int, Field(ge=1, le=100_000)] = 10_000


class OutboxQuery(_Strict):
    """GET /v1/outbox?state=held,dead&kind=…&limit=…&after=…"""

    state: Annotated[frozenset[MessageState], BeforeValidator(_words)] = frozenset(MessageState)
    kind: Name | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    after: Id = 2**63 - 1


class AuditQuery(_Strict):
    """GET /v1/audit?target=…&action=queue.*&actor=…&limit=…&after=…"""

    target: Name | None = None
    action: Name | None = None
    actor: Name | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    after: Id = 2**63 - 1


class LimitQuery(_Strict):
    """A query that says how many."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class OutcomesQuery(_Strict):
    """GET /v1/schedules?outcomes=20, GET /v1/schedules/{name}?outcomes=20"""

    outcomes: Annotated[int, Field(ge=0, le=20)] = 0
    """So many of the last runs are told of each."""


class FailedQuery(_Strict):
    """GET /v1/failed?since=24h&state=retrying"""

    since: Annotated[Length, Field(json_schema_extra={"default": "24h"})] = timedelta(hours=24)
    state: Literal["failed", "retrying"] | None = None


class StatsQuery(_Strict):
    """GET /v1/stats?by=job&window=1h"""

    by: Literal["job", "queue"] = "job"
    window: Window = Window.HOUR


class MinutesQuery(_Strict):
    """GET /v1/stats/minutes?minutes=60&job=…&queue=…"""

    minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    job: Name | None = None
    queue: Name | None = None


class EventsQuery(_Strict):
    """GET /v1/events?run=811,812&kind=run.ended"""

    run: Annotated[frozenset[Id], BeforeValidator(_words), Field(max_length=1000)] = frozenset()
    kind: Annotated[frozenset[Literal[KINDS]] | None, BeforeValidator(_words)] = None  # type: ignore[valid-type]
