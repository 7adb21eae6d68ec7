"""What callers send: bodies and queries as models, read within bounds; all problems at once, by field."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from jobd.api.refusals import Refused
from jobd.api.wire import from_json
from jobd.errors import NotFound
from jobd.model.duration import length_of
from jobd.model.instant import in_reach, written
from jobd.model.run import RunState
from jobd.model.storable import unstorable

BODY_LIMIT = 1_048_576
MOST_RUNS = 1_000
"""In one request: what takes the loop a few milliseconds."""
BODY_SECONDS = 5.0
"""How long a caller may take to send a body: a slow one holds a connection and nothing else."""

M = TypeVar("M", bound=BaseModel)
Length = Annotated[
    timedelta,
    BeforeValidator(length_of),
    WithJsonSchema({"type": ["string", "number"], "examples": ["30s", "5m", "1h30m", "2d"]}),
]
Instant = Annotated[AwareDatetime, BeforeValidator(written), AfterValidator(in_reach)]


def _storable(text: str) -> str:
    if problem := unstorable(text):
        raise ValueError(problem)
    return text


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Reason = Annotated[str, Field(max_length=500), AfterValidator(_storable)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Enqueue(_Strict):
    """POST /v1/runs."""

    job: Name
    args: dict[str, Any] = {}
    arg_texts: dict[str, str] = {}
    """As typed on a command line: each is JSON where that fits the job's function, else text."""
    queue: Name | None = None
    priority: Annotated[int, Field(ge=-100, le=100, strict=True)] | None = None
    delay: Length | None = None
    """`5m` from now, by the clock of Postgres; not together with `at`."""
    at: Instant | None = None
    key: Name | None = None


class Cancel(_Strict):
    """POST /v1/runs/{id}/cancel; the body may be empty."""

    reason: Reason | None = None


class Nothing(_Strict):
    """A request whose body or query says nothing."""


def _states(value: object) -> object:
    return [state for state in value.split(",") if state] if isinstance(value, str) else value


class RunsQuery(_Strict):
    """GET /v1/runs?filter=…, or ?state=failed,cancelled&job=send-*&queue=…&schedule=…; and &limit=…&after=…"""

    filter: Annotated[str, Field(max_length=2000)] | None = None
    """Stands alone: it can say all that the others say."""

    state: Annotated[frozenset[RunState] | None, BeforeValidator(_states)] = None
    job: Name | None = None
    queue: Name | None = None
    schedule: Name | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    after: str | None = None


class WaitQuery(_Strict):
    """GET /v1/runs/{id}/wait?timeout=30"""

    timeout: Annotated[float, Field(ge=0, le=60)] = 30.0


async def body(request: web.Request, model: type[M]) -> M:
    """The request's JSON object as `model`; an empty body is an empty object.

    Raises:
        Refused: 400 with every problem, 408 when it did not come in time, 413 when it is too long.
    """
    return checked(model, await json_body(request))


async def json_body(request: web.Request) -> Any:
    """The request's JSON, whatever it is. Raises as `body` does."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await request.read()
    except TimeoutError as error:
        raise Refused(408, "too_slow", f"the body did not arrive within {BODY_SECONDS:g} s", close=True) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "too_large", f"a body has at most {BODY_LIMIT:,} bytes", close=True) from error
    try:
        return from_json(raw.decode("utf-8")) if raw.strip() else {}
    except ValueError as error:  # broken UTF-8 is one, too
        raise Refused(400, "bad_json", f"the body is no JSON: {error}", close=True) from error


def query(request: web.Request, model: type[M]) -> M:
    """The request's query as `model`; a name that stands twice is refused like an unknown one."""
    names = [name for name, _ in request.query.items()]  # keys() is a set
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(400, "bad_request", f"{twice[0][:80]}: stands twice in the query")
    return checked(model, dict(request.query))


def run_id(request: web.Request) -> int:
    """The `{id}` of the path; the router lets only digits through.

    Raises:
        NotFound: no id is so large.
    """
    if (number := int(request.match_info["id"])) >= 2**63:
        raise NotFound(f"nothing has the number {number}")
    return number


def named(request: web.Request) -> str:
    """The `{name}` of the path.

    Raises:
        Refused: 400, nothing can have this name.
    """
    name = request.match_info["name"]
    if problem := unstorable(name):
        raise Refused(400, "bad_request", f"the name in the path {problem}")
    return name


def due_at(wanted: Enqueue, now: datetime) -> datetime | None:
    """When the run is due; None is at once."""
    if wanted.delay is not None and wanted.at is not None:
        raise Refused(400, "bad_request", "delay and at exclude each other")
    return wanted.at if wanted.delay is None else now + wanted.delay


def checked(model: type[M], value: object, place: str = "") -> M:
    """`value` as `model`; `place` goes before each problem.

    Raises:
        Refused: 400 with every problem.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(model, dict(one)) for one in error.errors(include_url=False, include_context=False)]
        raise Refused(400, "bad_request", place + "; ".join(problems)) from None


def _problem(model: type[BaseModel], found: dict[str, Any]) -> str:
    place = ".".join(str(part)[:80] for part in found["loc"])
    if found["type"] == "extra_forbidden":
        near = get_close_matches(place, model.model_fields, n=1)
        return f'{place}: no such field; did you mean "{near[0]}"?' if near else f"{place}: no such field"
    message = str(found["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
