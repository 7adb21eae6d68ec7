"""SQL files → statements by name, for the store and for jobs of one's own."""

from __future__ import annotations

import re
import sys
from functools import cache
from types import SimpleNamespace

_NAME = re.compile(r"^--\s*name:\s*([a-z_][a-z0-9_]*)\s*$", re.MULTILINE)


def parse(text: str, source: str) -> SimpleNamespace:
    """The named statements of one SQL text as attributes.

    A statement begins with a line `-- name: words` and ends where the next one begins.

    Raises:
        ValueError: no name at all, or one name twice; names `source`.
    """
    parts = _NAME.split(text)
    names = parts[1::2]
    if not names:
        raise ValueError(f"{source}: no '-- name:' line")
    if len(set(names)) != len(names):
        raise ValueError(f"{source}: a name stands twice: {', '.join(sorted(n for n in names if names.count(n) > 1))}")
    return SimpleNamespace(**{name: body.strip() for name, body in zip(names, parts[2::2], strict=True)})


@cache
def statements(package: str, name: str) -> SimpleNamespace:
    """The statements of `name`.sql that lies beside the code of `package` (usually `__package__`).

    sql = statements(__package__, "clean_old_audit_trail")
    rows = await ctx.db.fetch(sql.delete_batch, ids)
    """
    from importlib.resources import files  # these two take longer than all else that `import jobd` needs
    from pathlib import Path

    source = files(package) / f"{name}.sql"
    if not source.is_file() and (module := sys.modules.get(package)) is not None and module.__file__:
        source = Path(module.__file__).parent / f"{name}.sql"
    return parse(source.read_text("utf-8"), f"{package}/{name}.sql")
