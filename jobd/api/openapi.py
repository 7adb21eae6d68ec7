"""The API as an OpenAPI 3.1 document, made of the router's list, the handlers' first lines and the models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from aiohttp import web
from pydantic import TypeAdapter

from jobd import __version__
from jobd.api.bodies import Nothing, query
from jobd.api.refusals import API_VERSION
from jobd.api.shapes import SHAPES, Shape
from jobd.api.wire import to_json
from jobd.model.roles import Role

Json = dict[str, Any]
Key = tuple[str, str, str]
"""Method, path and which end of a route a model stands at."""
Routed = tuple[str, str, str, Role]
"""Method, path, the handler's first line and the least role."""

_PARAMETER = re.compile(r"\{(\w+)(:[^/]*)?\}(?=/|$)")
_ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                "code": {"type": "string", "description": "Stable, for programs."},
                "message": {"type": "string", "description": "What is wrong, for people."},
                "hint": {"type": ["string", "null"], "description": "The next step, where one is known."},
            },
        }
    },
}


def document(routes: Iterable[Routed]) -> Json:
    """The document of these routes."""
    listed = tuple(routes)
    schemas, definitions = _schemas()
    paths: dict[str, Json] = {}
    for method, path, text, role in listed:
        paths.setdefault(plain(path), {})[method.lower()] = _operation(method, path, text, role, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jobd",
            "version": API_VERSION,
            "description": f"The control channel of jobd {__version__}. Everything is in docs/api.md, too.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://jobd", "description": "On the Unix socket any name will do."}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Error": _ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "On TCP; `jobd token add` makes one."}
            },
        },
    }


def plain(path: str) -> str:
    """A path of the router without its patterns: `/v1/runs/{id}`."""
    return _PARAMETER.sub(r"{\1}", path)


async def shown(request: web.Request) -> web.Response:
    """This API as an OpenAPI 3.1 document."""
    query(request, Nothing)
    from jobd.api.routes import ROUTES  # the list names this handler, too

    routes = tuple((one.method, one.path, first_line(one.handler), one.role) for one in ROUTES)
    return web.Response(body=_written(routes), content_type="application/json")


def first_line(handler: object) -> str:
    """What a handler says it answers."""
    return (getattr(handler, "__doc__", None) or "").strip().partition("\n")[0]


@cache
def _written(routes: tuple[Routed, ...]) -> bytes:
    return to_json(document(routes))


def _operation(method: str, path: str, text: str, role: Role, schemas: Mapping[Key, Json]) -> Json:
    shape = SHAPES[method, path]
    operation: Json = {
        "operationId": _name(method, path),
        "summary": text,
        "description": f"Takes the role {role}.",
        "x-jobd-role": str(role),
        "parameters": [*_in_path(path), *_in_query(shape), *_in_head(shape)],
        "responses": _responses(method, path, shape, schemas),
    }
    if shape.body is not None:
        content = {"application/json": {"schema": schemas[method, path, "body"]}}
        operation["requestBody"] = {"required": _has_to_be(shape), "content": content}
    return operation


def _responses(method: str, path: str, shape: Shape, schemas: Mapping[Key, Json]) -> Json:
    schema = schemas.get((method, path, "answer"), {"type": "string"})
    content = {shape.media: {"schema": schema}}
    good = {str(status): {"description": "Done.", "content": content} for status in shape.statuses}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {**good, "default": {"description": "Refused; docs/api.md lists the codes.", "content": error}}


def _in_path(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1} if pattern else {"type": "string"},
        }
        for name, pattern in _PARAMETER.findall(path)
    ]


def _in_query(shape: Shape) -> list[Json]:
    if shape.query is None:
        return []
    schema = shape.query.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "explode": False,  # several states stand in one parameter, with commas
            "schema": _inlined(field, schema.get("$defs", {})),
        }
        for name, field in schema["properties"].items()
    ]


def _in_head(shape: Shape) -> list[Json]:
    if not shape.idempotent:
        return []
    text = "The same key again is answered with the first run's id."
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": text, "schema": schema}]


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """`schema` with what it refers to put in its place: a parameter has no definitions of its own."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(inner, definitions) for name, inner in schema.items()}


def _schemas() -> tuple[Mapping[Key, Json], Json]:
    """The schema of every body and answer, and the definitions they refer to."""
    wanted: list[tuple[Key, Literal["validation", "serialization"], TypeAdapter[Any]]] = []
    for (method, path), shape in SHAPES.items():
        if shape.body is not None:
            wanted.append(((method, path, "body"), "validation", TypeAdapter(shape.body)))
        if shape.answer is not None:
            wanted.append(((method, path, "answer"), "serialization", TypeAdapter(shape.answer)))
    found, shared = TypeAdapter.json_schemas(wanted, ref_template="#/components/schemas/{model}")
    return {key: schema for (key, _), schema in found.items()}, shared.get("$defs", {})


def _has_to_be(shape: Shape) -> bool:
    """A body without which the request makes no sense."""
    required: Any = TypeAdapter(shape.body).json_schema()
    return bool(required.get("required") or "anyOf" in required)


def _name(method: str, path: str) -> str:
    words = re.findall(r"\w+", plain(path).replace("/v1/", "/"))
    return "_".join((method.lower(), *words))
