"""The doctor finds what is wrong with a database, and says how to mend it."""

from __future__ import annotations

import asyncpg
import pytest

from jobd.model.finding import Finding, Verdict
from jobd.store.doctor import CHECKS, examine_database
from jobd.store.store import Store
from jobd.testing.postgres import fresh_database


async def found(url: str) -> dict[str, Finding]:
    return {one.name: one for one in await examine_database(url)}


async def test_a_database_that_is_well_is_found_well(store: Store, migrated_url: str):
    findings = await found(migrated_url)
    assert len(findings) == len(CHECKS)
    assert {name for name, one in findings.items() if one.verdict is not Verdict.OK} <= {"bloat", "snapshots"}
    assert findings["database"].text.startswith("PostgreSQL ")
    assert all(one.mend is None for one in findings.values() if one.verdict is Verdict.OK)


async def test_a_database_that_does_not_answer_is_said_without_its_password():
    (one,) = await examine_database("postgresql://somebody:geheim@127.0.0.1:1/nothing")
    assert (one.name, one.verdict) == ("database", Verdict.ERROR)
    assert "geheim" not in f"{one.text} {one.mend}"


async def test_an_empty_database_wants_its_schema(postgres_url: str):
    async with fresh_database(postgres_url) as url:
        findings = await found(url)
    assert findings["schema"].verdict is not Verdict.OK
    assert findings["notify"].verdict is Verdict.OK


async def test_a_newer_schema_is_an_error(postgres_url: str, migrated_url: str, store: Store):
    await store.database.execute("insert into jobd.migrations (version, name, checksum) values (9999, 'later', 'x')")
    try:
        one = (await found(migrated_url))["schema"]
    finally:
        await store.database.execute("delete from jobd.migrations where version = 9999")
    assert (one.verdict, one.mend) == (Verdict.ERROR, "install the newer jobd")


async def test_other_zone_data_are_noticed(store: Store, migrated_url: str):
    await store.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, tzdata) values ('s', 'test', 'job', '{}', '1970.1')"
    )
    one = (await found(migrated_url))["zones"]
    assert one.verdict is Verdict.WARNING
    assert "1970.1" in one.text


async def test_who_keeps_old_rows_alive_is_named(store: Store, migrated_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jobd.store.doctor.OLD_SNAPSHOT_SECONDS", 0.0)
    holder = await asyncpg.connect(migrated_url, server_settings={"application_name": "a report"})
    try:
        async with holder.transaction(isolation="repeatable_read"):
            await holder.fetchval("select 1")
            one = (await found(migrated_url))["snapshots"]
            pid = holder.get_server_pid()
    finally:
        await holder.close()
    assert one.verdict is Verdict.WARNING
    assert f"session {pid} (a report" in one.text
    assert f"pg_terminate_backend({pid})" in (one.mend or "")


async def test_a_standby_is_no_place_to_work(store: Store, migrated_url: str):
    separator = "&" if "?" in migrated_url else "?"
    one = (await found(f"{migrated_url}{separator}default_transaction_read_only=on"))["database"]
    assert one.verdict is Verdict.ERROR
    assert "takes no writes" in one.text


async def test_a_role_without_rights_is_told_what_it_cannot_see(store: Store, migrated_url: str):
    await store.database.execute("drop role if exists doctor_stranger; create role doctor_stranger login")
    stranger = migrated_url.replace("postgresql://", "postgresql://", 1)
    separator = "&" if "?" in stranger else "?"
    findings = await found(f"{stranger}{separator}role=doctor_stranger")
    await store.database.execute("drop role doctor_stranger")
    assert findings["schema"].verdict is Verdict.ERROR
    assert "permission denied" in findings["schema"].text
    assert findings["notify"].verdict is Verdict.OK
