"""What to do when the data directory was written by another major version of Postgres."""

from __future__ import annotations

from pathlib import Path

from jobd.store.embedded.binaries import Binaries, debian_versions


def recipe(data: Path, version: str, binaries: Binaries) -> str:
    """The refusal with a way out, step by step, with the paths of this machine."""
    old = next((path for path in debian_versions() if path.parent.name == version), None)
    where = str(old) if old else f"/path/to/postgresql-{version}/bin"
    return "\n".join([
        f"{data} is of Postgres {version}, and {binaries.directory} ({binaries.version}) cannot read it.",
        "To go on as before, set in jobd.toml:",
        f'    [database.embedded] binaries = "{where}"',
        "To move the data to the new version:",
        "    1. start jobd so, with [daemon] enabled = false, and take a dump:",
        f"       {where}/pg_dump -h {data} -U jobd -Fc -f jobd.dump jobd",
        f"    2. stop jobd, move {data} away, take the line out again and start jobd",
        "    3. load the dump and set [daemon] enabled = true:",
        f"       {binaries.directory}/pg_restore -h {data} -U jobd -d jobd --clean --if-exists jobd.dump",
    ])  # fmt: skip
