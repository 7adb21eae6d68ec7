"""The reference of all keys as Markdown, from the tables themselves.

`docs/configuration.md` contains it; a test says when the two differ, `python -m jobd.config.reference` writes
it there anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jobd.config.keys import FREE, every_key
from jobd.config.schema import schema

BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"


def reference() -> str:
    """A heading and a table of key, type, default and effect for each table of the file."""
    tables: dict[str, list[str]] = {}
    for table, key, kind, default, effect in rows():
        shown = f"`{default}`" if default else ""
        tables.setdefault(table, []).append(f"| `{key}` | {kind} | {shown} | {_cell(effect)} |")
    head = "| key | type | default | effect |\n|---|---|---|---|"
    parts = [f"### `[{table}]`\n\n{head}\n" + "\n".join(lines) for table, lines in tables.items()]
    return "\n\n".join(parts)


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Table, key, type, default (empty without one) and effect of every key, in the order of the file."""
    known = schema()
    for path, field in every_key():
        written = _property(known, path)
        yield ".".join(path[:-1]), path[-1], _type(written), _default(written), field.description or ""


def replaced(document: str) -> str:
    """`document` with the reference between its two marks."""
    before, _, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


def _property(known: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    found = known
    for name in path:
        found = found["additionalProperties"] if name == FREE else found["properties"][name]
        choices = [choice["$ref"] for choice in found.get("anyOf", [found]) if "$ref" in choice]
        if choices:
            inner = known["definitions"][choices[0].removeprefix("#/definitions/")]
            found = {**inner, "description": found.get("description")}
    return found


def _type(written: dict[str, Any]) -> str:
    if "enum" in written:
        return " or ".join(f"`{word}`" for word in written["enum"])
    kind: Any = written.get("type", "anything")
    if written.get("format") == "date-time":
        return "date and time"
    if kind == ["string", "number"]:
        return "length"
    if kind == "array":
        return f"array of {_type(written['items'])}"
    if kind == "object":
        inner = written.get("additionalProperties")
        return f"table of {_type(inner)}" if isinstance(inner, dict) and inner.get("type") else "table"
    if isinstance(kind, list):
        return " or ".join(kind)
    words = {"integer": "whole number", "boolean": "true or false"}
    return str(words.get(kind, kind)) + "".join(_range(written))


def _range(written: dict[str, Any]) -> Iterator[str]:
    least, most = written.get("minimum"), written.get("maximum")
    if least is not None and most is not None:
        yield f", {least} to {most}"
    elif least is not None:
        yield f", {least} or more"
    elif "exclusiveMinimum" in written:
        yield f", more than {written['exclusiveMinimum']}"


def _default(written: dict[str, Any]) -> str:
    return json.dumps(written["default"]) if "default" in written else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/configuration.md")
    target.write_text(replaced(target.read_text("utf-8")), "utf-8")
