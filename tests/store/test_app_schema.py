"""`[app] schema` is a name and never SQL: what is none is refused, and every name that there may be is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobd.config import load_text
from jobd.errors import ConfigError
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.store import open_store


@pytest.mark.parametrize(
    "name",
    ['app"; drop schema jobd cascade; --', "app, evil", "a.b", "$user", "a'b", "ünïcode", "1app", "a b", "", "x" * 64],
)
def test_what_is_no_plain_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="must be a plain SQL name"):
        load_text(f"[app]\nschema = '''{name}'''\n")


@pytest.mark.parametrize("name", ["select", "user", "MixedCase", "_", "x" * 63])
async def test_every_plain_name_is_the_schema_that_jobs_work_in(migrated_url: str, name: str) -> None:
    assert load_text(f"[app]\nschema = '{name}'\n").app.schema == name
    settings = DatabaseSettings(url=migrated_url, statement_timeout=timedelta(seconds=20))
    async with open_store(migrated_url, settings, AppSettings(schema=name)) as store:
        await store.database.execute(f'create schema "{name}"; create table "{name}".things (name text)')
        try:
            assert await store.job_db.fetchval("select current_schema") == name
            assert await store.job_db.fetch("select * from things") == []
            assert await store.jobs.missing_tables(name, ["things", "others"]) == {"others"}
        finally:
            await store.database.execute(f'drop schema "{name}" cascade')
