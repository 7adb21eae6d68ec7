"""Every field, query and name of every route, given what Postgres cannot store or what no program can count."""

from __future__ import annotations

import json
import types
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import aiohttp
import pytest
from pydantic import BaseModel
from support.daemons import Process, processes
from yarl import URL

from jobd.api.openapi import plain
from jobd.api.routes import ROUTES
from jobd.api.shapes import SHAPES
from jobd.testing.postgres import fresh_database

MORE = """
[schedules.here]
job = "waits"
cron = "0 4 1 1 *"
"""
TEXTS = {"NUL": ("a\x00b", "%00"), "half a pair": ("a\ud800b", "%ED%A0%80")}
"""As text, and as a name in a path."""
WRONG = [1e308 * 10, 10**400, -1, 2**70, 0.5, [], [[]], [None], {}, {"\x00\ud800": "\x00"}, "", "\x00", "\ud800", True]
SAMPLES: Mapping[str, Any] = {
    "job": "waits", "weight": 2, "expected_count": 0, "action": "cancel", "filter": "state:failed", "ids": [1],
    "name": "made", "role": "viewer",
}  # fmt: skip
"""For fields that a body must have."""


class Answer(NamedTuple):
    status: int
    text: str

    def told(self) -> str:
        """What a refusal says."""
        return str(json.loads(self.text)["error"]["message"])


class Asker:
    """Asks a daemon for anything; an error that is no JSON, or is the daemon's own fault, fails the test."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def __call__(self, method: str, path: str, **more: Any) -> Answer:
        url = URL(f"http://jobd{path}", encoded=True)
        async with self._client.request(method, url, **more) as response:
            if response.status == 200:
                return Answer(200, "")  # a stream of events has no end
            answer = Answer(response.status, await response.text())
        where = f"{method} {path} {more}"
        assert answer.status < 500, f"{where}: {answer}"
        if answer.status >= 400:
            assert answer.told(), where
        return answer


@pytest.fixture(scope="module")
async def process(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    directory: Path = tmp_path_factory.mktemp("hostile")
    async with fresh_database(postgres_url) as url, processes(directory, url, more=MORE) as (daemon,):
        await daemon.start()
        yield daemon


@pytest.fixture
async def asked(process: Process) -> AsyncIterator[Asker]:
    connector = aiohttp.UnixConnector(path=str(process.socket))
    async with aiohttp.ClientSession(connector=connector) as client:
        yield Asker(client)
    assert "Traceback" not in process.log()


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a body may be."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from models(inner)


def is_text(annotation: Any) -> bool:
    """Whether a field takes any text."""
    if get_origin(annotation) is Annotated:
        return is_text(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return any(is_text(one) for one in get_args(annotation))
    return annotation is str


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The least that a body must say."""
    return {name: SAMPLES[name] for name, field in model.model_fields.items() if field.is_required()}


def bodies(value: Any, *, texts: bool) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(method, path, field, body) of each route with `value` in each field, or only in each that takes a text."""
    for route in ROUTES:
        for model in dict.fromkeys(models(SHAPES[route.method, route.path].body)):
            for name, field in model.model_fields.items():
                if is_text(field.annotation) or not texts:
                    shown = field.alias or name
                    yield route.method, target(route.path), shown, {**body_of(model), shown: value}


def queries(*, texts: bool) -> Iterator[tuple[str, str]]:
    """(path, field) of each route that reads a query."""
    for route in ROUTES:
        if (query := SHAPES[route.method, route.path].query) is not None:
            for name, field in query.model_fields.items():
                if is_text(field.annotation) or not texts:
                    yield target(route.path), name


def target(path: str, name: str = "here", number: str = "1") -> str:
    return plain(path).replace("{name}", name).replace("{id}", number)


@pytest.mark.parametrize("kind", TEXTS)
async def test_a_text_that_cannot_be_stored_is_refused_by_the_name_of_its_field(asked: Asker, kind: str) -> None:
    text, looked_at = TEXTS[kind][0], 0
    for method, path, field, body in bodies(text, texts=True):
        answer = await asked(method, path, json=body)
        assert answer.status == 400, (method, path, field, answer)
        assert field in answer.told(), (method, path, field, answer)
        looked_at += 1
    assert looked_at > 20


@pytest.mark.parametrize("kind", TEXTS)
async def test_so_is_one_in_a_query_or_a_name(asked: Asker, kind: str) -> None:
    written, looked_at = TEXTS[kind][1], 0
    for path, field in queries(texts=True):
        answer = await asked("GET", f"{path}?{field}={written}")
        assert answer.status == 400 or kind != "NUL", (path, field, answer)
        looked_at += 1
    for route in ROUTES:
        if "{name}" in route.path:
            model = next(models(SHAPES[route.method, route.path].body), None)
            more = {} if model is None else {"json": body_of(model)}
            answer = await asked(route.method, target(route.path, name=written), **more)
            assert answer.status == 400 or kind != "NUL", (route, answer)
            looked_at += 1
    assert looked_at > 25


async def test_whatever_a_field_holds_the_answer_is_no_failure_of_the_daemon(asked: Asker) -> None:
    for value in WRONG:
        for method, path, _, body in bodies(value, texts=False):
            if path != "/v1/reload":
                await asked(method, path, data=json.dumps(body).replace("Infinity", "1e400"))
    for path, field in queries(texts=False):
        for written in ("", "%00", "%ED%A0%80", "-1", "1e400", "9" * 30, "nan", "9" * 5000):
            await asked("GET", f"{path}?{field}={written}")
            await asked("GET", f"{path}?{field}%00={written}")


async def test_no_number_in_a_path_is_too_large(asked: Asker) -> None:
    for route in ROUTES:
        if "{id" in route.path:
            for number in ("9" * 19, str(2**63), "0", "9" * 20):
                assert (await asked(route.method, target(route.path, number=number))).status in (400, 404), route


@pytest.mark.parametrize(
    "instant",
    ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"],
)
async def test_an_instant_out_of_reach_is_refused_wherever_one_is_taken(asked: Asker, instant: str) -> None:
    for path, body in (
        ("/v1/runs", {"job": "waits", "at": instant}),
        ("/v1/queues/default/pause", {"until": instant}),
        ("/v1/schedules/here/pause", {"until": instant}),
    ):
        answer = await asked("POST", path, json=body)
        assert (answer.status, "between 1970 and a century from now" in answer.told()) == (400, True), (path, answer)
    for when in (instant, instant[:19]):
        answer = await asked("POST", "/v1/schedules/new", json={"job": "waits", "at": when})
        assert (answer.status, "schedules.new.at" in answer.told()) == (422, True), answer
