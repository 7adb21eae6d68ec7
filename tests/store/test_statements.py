"""Every statement that jobd ships is one that the migrated schema understands."""

from __future__ import annotations

from pathlib import Path

import pytest

import jobd.store
from jobd.statements import parse

FILES = sorted((Path(jobd.store.__file__).parent / "sql").glob("*.sql"))
STATEMENTS = [
    pytest.param(text, id=f"{file.stem}.{name}")
    for file in FILES
    for name, text in vars(parse(file.read_text("utf-8"), file.name)).items()
]


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_the_migrated_schema_understands_each_statement(store, statement):
    async with store.database.connection() as connection:
        await connection.prepare(statement)


def test_all_files_with_statements_are_looked_at():
    assert {"runs", "nodes", "schedules", "jobs", "due", "notify", "retention", "outbox", "views"} <= {
        file.stem for file in FILES
    }
