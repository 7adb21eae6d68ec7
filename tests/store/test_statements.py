"""Every statement that jobd ships is one that the migrated schema understands."""

from __future__ import annotations

from pathlib import Path

import pytest

import jobd.store
from jobd.statements import parse
from jobd.store.run_search import COUNTED_UP_TO, IN_ORDER

FILES = sorted((Path(jobd.store.__file__).parent / "sql").glob("*.sql"))
PARTS = {"run_search.found", "run_search.in_order", "run_search.counted"}
"""They are sent one behind the other, never alone."""
TEXTS = {
    f"{file.stem}.{name}": text
    for file in FILES
    for name, text in vars(parse(file.read_text("utf-8"), file.name)).items()
}
SENT = {name: text for name, text in TEXTS.items() if name not in PARTS} | {
    "run_search.found+in_order": IN_ORDER,
    "run_search.found+counted": COUNTED_UP_TO,
}


@pytest.mark.parametrize("statement", SENT.values(), ids=SENT.keys())
async def test_the_migrated_schema_understands_each_statement(store, statement):
    async with store.database.connection() as connection:
        await connection.prepare(statement)


def test_each_part_of_a_statement_is_in_one_that_is_sent():
    assert all(any(TEXTS[part] in sent for sent in SENT.values()) for part in PARTS)


def test_all_files_with_statements_are_looked_at():
    assert {"runs", "nodes", "schedules", "jobs", "due", "notify", "retention", "outbox", "views"} <= {
        file.stem for file in FILES
    }
