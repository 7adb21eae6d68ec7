"""`JOBD_SECTION__KEY` variables → the last layer: JOBD_DAEMON__WORKERS=4 is `[daemon] workers = 4`.

Names are lower-cased; a dash, which no shell variable can have, is found again by looking at the names that
the files gave: JOBD_JOBS__SEND_EMAIL__ENABLED is `jobs.send-email.enabled`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from jobd.config.keys import field_at
from jobd.config.layers import Layer, TomlTable
from jobd.config.positions import Path

PREFIX = "JOBD_"
SEPARATOR = "__"
_SWITCHES = {"1": True, "yes": True, "on": True, "0": False, "no": False, "off": False}


def layer_of(environ: Mapping[str, str], below: TomlTable) -> Layer:
    """The settings in `environ`; `below` is what the files gave, for names with dashes.

    Variables without a double underscore (JOBD_CONFIG, JOBD_SOCKET) are no settings.
    """
    data: TomlTable = {}
    variables: dict[Path, str] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or SEPARATOR not in variable:
            continue
        path = _path(variable, below)
        variables[path] = variable
        _put(data, path, _value(environ[variable], path))
    return Layer("environment", data, directory=FilePath(), variables=variables)


def _path(variable: str, below: TomlTable) -> Path:
    path: Path = ()
    table: Any = below
    for part in variable.removeprefix(PREFIX).lower().split(SEPARATOR):
        names = table if isinstance(table, dict) else {}
        name = next((known for known in names if known.replace("-", "_") == part), part)
        path, table = (*path, name), names.get(name)
    return path


def _put(data: TomlTable, path: Path, value: Any) -> None:
    *above, name = path
    for part in above:
        inner = data.setdefault(str(part), {})
        if not isinstance(inner, dict):
            inner = data[str(part)] = {}
        data = inner
    data[str(name)] = value


def _value(text: str, path: Path) -> Any:
    """The reading of `text` that the key at `path` accepts; the text itself when it accepts none."""
    field = field_at(path)
    read = _as_toml(text)
    if field is None:
        return text if read is None else read
    switch = _SWITCHES.get(text.strip().lower())
    for candidate in (text, read, switch):
        if candidate is not None and _accepts(field, candidate):
            return candidate
    return text if read is None else read


def _as_toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else None
    except (ValueError, RecursionError):
        return None


def _accepts(field: FieldInfo, value: Any) -> bool:
    kind: Any = field.annotation
    if get_origin(kind) is None and isinstance(kind, type) and issubclass(kind, BaseModel):
        return isinstance(value, dict)
    config = ConfigDict(strict=True, hide_input_in_errors=True)
    try:
        TypeAdapter(Annotated[kind, *field.metadata] if field.metadata else kind, config=config).validate_python(value)
    except ValidationError:
        return False
    return True
