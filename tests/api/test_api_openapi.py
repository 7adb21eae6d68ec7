"""The OpenAPI document is the router's: every route, parameter, role and answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from serving import SmallDaemon
from support.rows import node

from jobd.api import bodies, reload, wishes
from jobd.api.openapi import plain
from jobd.api.routes import ROUTES
from jobd.api.shapes import SHAPES
from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec


@pytest.fixture
async def document(client) -> dict[str, Any]:
    response = await client.get("/v1/openapi.json")
    return await response.json()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_router_and_document_agree(document) -> None:
    assert document["openapi"] == "3.1.0"
    found = operations(document)
    assert set(found) == {(route.method, plain(route.path)) for route in ROUTES}
    assert set(SHAPES) == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        operation = found[route.method, plain(route.path)]
        assert operation["x-jobd-role"] == str(route.role)
        in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", plain(route.path)))
        assert len(operation["summary"]) > 5, route
    names = [operation["operationId"] for operation in found.values()]
    assert len(names) == len(set(names))


async def test_every_reference_leads_somewhere(document) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [found for one in value for found in references(one)]
        if not isinstance(value, dict):
            return []
        here = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return here + [found for one in value.values() for found in references(one)]

    found = set(references(document))
    assert len(found) > 20
    known = document["components"]["schemas"]
    assert [one for one in found if one.removeprefix("#/components/schemas/") not in known] == []


async def test_what_a_query_says_is_what_the_handler_reads(client, document) -> None:
    """Every parameter of the document is taken, and one that it does not name is refused."""
    for (method, path), operation in operations(document).items():
        if method != "GET" or path in ("/v1/events", "/v1/doctor", "/livez", "/readyz"):
            continue
        target = path.replace("{id}", "1").replace("{name}", "low")
        refused = await client.get(target, params={"no_such_parameter": "1"})
        assert refused.status in (400, 404), path
        for parameter in operation["parameters"]:
            if parameter["in"] == "query" and "default" in parameter["schema"]:
                default = parameter["schema"]["default"]
                if isinstance(default, (int, str)):
                    response = await client.get(target, params={parameter["name"]: str(default)})
                    assert response.status in (200, 404), (path, parameter, await response.text())


async def filled(daemon: SmallDaemon, client) -> dict[str, str]:
    """A little of everything; what stands for {id} by the path's noun."""
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"note": "x"}))
    ended, _ = await daemon.enqueue(NewRun(job="tidy"))
    await daemon.ended(ended, "failed", error="ValueError: x", result={"n": 1})
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot) values ('low', 'test', 'tidy', $1, now())",
        write_spec(Schedule(name="low", job="tidy", cron="0 0 * * *")),
    )
    message = await daemon.database.fetchval(
        "insert into jobd.outbox (job, sender, recipient, kind, subject, text, message_id)"
        " values ('mail', 'a@b', 'c@d', 'k', 's', 't', '<1@b>') returning id"
    )
    await daemon.database.execute(
        "insert into jobd.stats (minute, node, job, queue, succeeded, run_hist, wait_hist) values"
        " (date_trunc('minute', now()), 1, 'tidy', 'default', 1, array_fill(1, array[24]), array_fill(1, array[24]))"
    )
    await node(daemon)  # type: ignore[arg-type]
    await client.post("/v1/queues/low/weight", json={"weight": 3})
    await client.post("/v1/tokens", json={"name": "low", "role": "viewer"})
    body = {"action": "move", "filter": "queue:default", "expected_count": 9, "to": "low"}
    bulk = (await (await client.post("/v1/runs/bulk", json=body)).json())["id"]
    return {"runs": str(run), "why": str(run), "outbox": str(message), "bulk": str(bulk)}


async def test_answers_are_what_the_document_says(client, daemon: SmallDaemon) -> None:
    """Each answer is read as its model and written again: nothing is missing, nothing is there beside it."""
    ids = await filled(daemon, client)
    looked_at = 0
    for route in ROUTES:
        shape = SHAPES[route.method, route.path]
        if route.method != "GET" or shape.answer is None or route.path == "/v1/doctor":
            continue
        noun = route.path.split("/")[2] if route.path.count("/") > 1 else ""
        name = "tidy" if "/job" in route.path else "low"
        target = plain(route.path).replace("{id}", ids.get(noun, "1")).replace("{name}", name)
        response = await client.get(target, params={"timeout": "0"} if target.endswith("/wait") else None)
        assert response.status in shape.statuses, (target, await response.text())
        said = await response.json()
        model = TypeAdapter(shape.answer)
        assert model.dump_python(model.validate_python(said), mode="json") == said, target
        looked_at += 1
    assert looked_at > 25


def fields_of(body: Any) -> list[str]:
    """The names that a body has on the wire."""
    model = next(iter(getattr(body, "__args__", (body,))))
    return [field.alias or name for name, field in model.model_fields.items()]


NO_VALUE = [[["of no field"]]]
READ = {
    field
    for module in (bodies, reload, wishes)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, BaseModel)
    for field in fields_of(model)
}
"""Every name that any handler reads from a body."""
CHANGING = [route for route in ROUTES if route.method != "GET"]


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: f"{route.method} {plain(route.path)}")
async def test_what_a_body_says_is_what_the_handler_reads(client, route) -> None:
    """Each field of the document is known to the handler, which has its own word on it; those of others are refused."""
    fields = fields_of(SHAPES[route.method, route.path].body)
    target = plain(route.path).replace("{id}", "1").replace("{name}", "low")

    async def refusal(field: str) -> str:
        response = await client.request(route.method, target, json={field: NO_VALUE})
        said = await response.json()
        assert (response.status, said["error"]["code"]) == (400, "bad_request"), (field, said)
        return str(said["error"]["message"])

    for field in fields:
        told = await refusal(field)
        assert field in told and f"{field}: no such field" not in told, told
    for field in READ - {*fields}:
        assert f"{field}: no such field" in await refusal(field)


async def test_every_change_has_its_fields_in_the_document(document) -> None:
    for route in CHANGING:
        schema = operations(document)[route.method, plain(route.path)]["requestBody"]["content"]["application/json"]
        shown = str(schema["schema"])
        names = set(re.findall(r"#/components/schemas/(\w+)", shown))
        properties = {name for one in names for name in document["components"]["schemas"][one]["properties"]}
        assert set(fields_of(SHAPES[route.method, route.path].body)) == properties, route
