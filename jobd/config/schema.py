"""The JSON schema of `jobd.toml`, for editors; `jobd check` stays the authority.

Kept to draft 7, which the TOML language servers know. The file `jobd.schema.json` beside this one is what
`schema()` gives; a test says when it is out of date, and `python -m jobd.config.schema` writes it anew.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobd.config.job_tables import FileTable
from jobd.config.keys import fields
from jobd.config.tables import Table
from jobd.config.values import NAME
from jobd.model.duration import format_duration

FILE = "jobd.schema.json"


def schema() -> dict[str, Any]:
    """The schema of a whole file."""
    found = FileTable.model_json_schema(ref_template="#/definitions/{model}")
    definitions = found.pop("$defs")
    found = {"$schema": "http://json-schema.org/draft-07/schema#", **found, "definitions": definitions}
    for table in _tables():
        properties = (found if table is FileTable else definitions[table.__name__])["properties"]
        for name, field in fields(table).items():
            properties[name] = _plain(properties[name], field.get_default(call_default_factory=True))
    definitions["JobTable"]["properties"]["unique"]["anyOf"].append({"type": "boolean"})
    for kind in ("queues", "jobs", "schedules"):
        found["properties"][kind]["propertyNames"] = {"pattern": f"^{NAME.pattern}$"}
    return found


def text() -> str:
    """The schema as it is written to a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tables() -> list[type[Table]]:
    found: list[type[Table]] = []
    waiting: list[type[Table]] = [Table]
    while waiting:
        table = waiting.pop()
        waiting += table.__subclasses__()
        found.append(table)
    return [table for table in found if table.model_fields and not table.__subclasses__()]


def _plain(written: dict[str, Any], default: Any) -> dict[str, Any]:
    """A property without pydantic's titles and without null, which TOML does not have."""
    plain = {key: value for key, value in written.items() if key not in ("title", "default")}
    if isinstance(default, timedelta):
        plain["default"] = format_duration(default)
    elif isinstance(default, (bool, int, float, str)):
        plain["default"] = default
    choices = [choice for choice in plain.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1 and "$ref" not in choices[0]:
        plain = {**choices[0], **{key: value for key, value in plain.items() if key != "anyOf"}}
    elif choices:
        plain["anyOf"] = choices
    return plain


if __name__ == "__main__":
    Path(__file__).with_name(FILE).write_text(text(), "utf-8")
