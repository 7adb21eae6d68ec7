"""What keys there are: the tables of `FileTable` by path, for hints, environment, schema and reference.

In a path, names under `jobs`, `queues` and `schedules` are free; listed, they read NAME.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from jobd.config.job_tables import FileTable
from jobd.config.nearest import did_you_mean
from jobd.config.positions import Path
from jobd.config.tables import Table

SECRETS = frozenset({("database", "url"), ("mail", "password"), ("paymob", "api_key"), ("paymob", "secret_key")})
"""Each may also be given as `KEY_file`, and is shown to nobody."""

FREE = "NAME"


def field_at(path: Path) -> FieldInfo | None:
    """The field that `path` names; None when there is none, as for an unknown key or one inside `args`."""
    if not path:
        return None
    table = table_at(path[:-1])
    return fields(table).get(str(path[-1])) if table else None


def table_at(path: Path) -> type[Table] | None:
    """The table whose keys stand under `path`; None when its keys are free or it is no table."""
    found: Any = FileTable
    for name in path:
        if isinstance(found, type) and issubclass(found, Table):
            field = fields(found).get(str(name))
            found = _inside(field.annotation) if field else None
        elif get_origin(found) is dict:
            found = _inside(get_args(found)[1])
        else:
            return None
    return found if isinstance(found, type) and issubclass(found, Table) else None


def fields(table: type[Table]) -> dict[str, FieldInfo]:
    """The fields of `table` by the names that the file uses."""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def every_key(
    table: type[Table] = FileTable, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """All keys that hold a value, in the order of the tables; a table of free keys is one itself."""
    for name, field in fields(table).items():
        path, inside = (*above, name), _inside(field.annotation)
        if get_origin(inside) is dict and isinstance(_inside(get_args(inside)[1]), type):
            path, inside = (*path, FREE), _inside(get_args(inside)[1])
        if isinstance(inside, type) and issubclass(inside, Table):
            yield from every_key(inside, path)
        else:
            yield (path[:-1] if path[-1] == FREE else path), field


def hint_for(path: Path) -> str | None:
    """Where an unknown key was probably meant to stand: a near name, or the table that knows it."""
    name, table = str(path[-1]), table_at(path[:-1])
    if table is None:
        return None
    if near := did_you_mean(name, fields(table)):
        return near
    homes = {".".join(key[:-1]) for key, _ in every_key() if key[-1] == name}
    if homes:
        return f"it belongs in {' or '.join(f'[{home}]' for home in sorted(homes))}"
    return f"known here: {', '.join(fields(table))}"


def _inside(annotation: Any) -> Any:
    """`annotation` without Annotated and without None: a class, `dict[…]`, `list[…]`, or what else it is."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        if type(None) in get_args(annotation) and len(choices) == 1:
            annotation = choices[0]
            continue
        return annotation
