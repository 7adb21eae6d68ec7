"""How the database is: version, clock, zone data, notifications, what keeps old rows alive."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.duration import spoken
from jobd.model.finding import Finding, error, ok, skipped, warning
from jobd.statements import statements
from jobd.store.database import close, connect
from jobd.store.migrate import migrations
from jobd.store.outages import outages
from jobd.store.tls import tls_of

sql = statements("jobd.store.sql", "doctor")

OLDEST_SERVER = 150_000
SKEW_SECONDS = 2.0
ECHO_SECONDS = 2.0
ANSWER = timedelta(seconds=5)
OLD_SNAPSHOT_SECONDS = 300.0
MANY_DEAD = 100_000
"""Fewer dead rows cost a claim nothing that could be measured."""

Check = Callable[[Any, str], Awaitable[Finding]]


async def examine_database(url: str) -> list[Finding]:
    """Every check of the database at `url`; the first alone when it does not answer."""
    try:
        async with _connection(url) as connection:
            return [await _one(check, connection, url) for check in CHECKS]
    except (StoreUnavailable, StoreRefused) as trouble:
        mend = "is it running, and is [database] url right? psql with the same URL says more"
        return [error("database", f"does not answer: {trouble}", mend)]


async def _one(check: Check, connection: Any, url: str) -> Finding:
    name = check.__name__.strip("_")
    try:
        with outages:
            return await check(connection, url)
    except (StoreUnavailable, StoreRefused) as trouble:
        mend = "the role of [database] url may not read it, or Postgres went away"
        return error(name, f"cannot be told: {trouble}", mend)


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[Any]:
    connection = await connect(url, application="jobd doctor", statement_timeout=ANSWER)
    try:
        yield connection
    finally:
        await close(connection)


async def _database(connection: Any, _url: str) -> Finding:
    row = await connection.fetchrow(sql.server)
    if row["number"] < OLDEST_SERVER:
        return error("database", f"PostgreSQL {row['version']} is too old", "upgrade it: jobd needs 15 or later")
    if row["in_recovery"] or row["read_only"]:
        mend = "name the primary in [database] url; several hosts want target_session_attrs=read-write"
        return error("database", "answers, and takes no writes: a standby, or a primary no more", mend)
    return ok("database", f"PostgreSQL {row['version']} answers and takes writes")


async def _tls(_connection: Any, url: str) -> Finding:
    tls = tls_of(url)
    if tls.clear:
        mend = "sslmode=verify-full in [database] url, with sslrootcert=FILE where its authority is one of your own"
        return warning("tls", f"{tls.text}: what is sent may be read on its way", mend)
    return ok("tls", tls.text)


async def _schema(connection: Any, _url: str) -> Finding:
    known = migrations()[-1].version
    applied = await connection.fetchval(sql.migrations)
    if applied is None or applied < known:
        return warning("schema", f"is at migration {applied or 0:04d}, this jobd at {known:04d}", "jobd migrate")
    if applied > known:
        return error("schema", f"is at migration {applied:04d}, this jobd knows {known:04d}", "install the newer jobd")
    return ok("schema", f"is up to date ({applied:04d})")


async def _clock(connection: Any, _url: str) -> Finding:
    before = time.time()
    now = (await connection.fetchrow(sql.server))["now"]
    skew = (before + time.time()) / 2 - now
    if abs(skew) > SKEW_SECONDS:
        text = f"this machine is {skew:+.1f} s off Postgres, by whose clock everything is due"
        return warning("clock", text, "run a time service on both: timedatectl set-ntp true")
    return ok("clock", f"agrees with Postgres to {abs(skew) * 1000:.0f} ms")


async def _zones(connection: Any, _url: str) -> Finding:
    here = version("tzdata")
    others = sorted({row["tzdata"] for row in await connection.fetch(sql.zones)} - {here})
    if others:
        text = f"zone data differ: {here} here, schedules were loaded with {', '.join(others)}"
        return warning("zones", text, "pip install --upgrade tzdata on every node, then jobctl reload")
    return ok("zones", f"zone data {here}, as the schedules were computed with")


async def _notify(connection: Any, url: str) -> Finding:
    heard, nonce = asyncio.Event(), secrets.token_hex(8)
    began = time.monotonic()
    async with _connection(url) as listening:
        await listening.add_listener("jobd_doctor", lambda *said: heard.set() if said[3] == nonce else None)
        await connection.execute(sql.notify, nonce)
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                await heard.wait()
        except TimeoutError:
            mend = "behind a transaction pooler set [database] notify = false: jobd polls; or connect past the pooler"
            return warning("notify", f"a notification did not arrive within {ECHO_SECONDS:g} s", mend)
    return ok("notify", f"a notification came back in {(time.monotonic() - began) * 1000:.0f} ms")


async def _pooler(connection: Any, _url: str) -> Finding:
    """A transaction pooler gives each transaction the backend that is free; several at once show it."""
    own = connection.get_server_pid()
    seen = {await connection.fetchval(sql.backend) for _ in range(5)}
    if seen != {own}:
        mend = "[database] notify = false, and expect no fast detection of dead nodes; or connect past the pooler"
        return warning("pooler", "between here and Postgres is a pooler in transaction mode", mend)
    return ok("pooler", "the connection has a session of its own")


async def _bloat(connection: Any, _url: str) -> Finding:
    rows = await connection.fetch(sql.tables)
    if not rows:
        return skipped("bloat", "there are no tables of jobd yet")
    worst = max(rows, key=lambda row: row["dead"])
    when = f"vacuumed {spoken(timedelta(seconds=worst['vacuumed']))} ago" if worst["vacuumed"] else "never vacuumed"
    if worst["dead"] > MANY_DEAD and worst["dead"] > 2 * worst["live"]:
        text = f"jobd.{worst['name']} has {worst['dead']:,} dead rows beside {worst['live']:,}, {when}"
        return warning("bloat", text, f"see `snapshots` below; then: vacuum (verbose) jobd.{worst['name']}")
    return ok("bloat", f"at most {worst['dead']:,} dead rows (jobd.{worst['name']}, {when})")


async def _snapshots(connection: Any, _url: str) -> Finding:
    row = await connection.fetchrow(sql.snapshots)
    if row is None:
        return ok("snapshots", "nobody keeps old rows alive")
    seconds = row["seconds"]
    age = f"{row['transactions']:,} transactions" if seconds is None else spoken(timedelta(seconds=seconds))
    if seconds is None or seconds > OLD_SNAPSHOT_SECONDS:
        text = f"{row['holder']} has kept old rows alive for {age}: nothing is vacuumed behind it, claims get slow"
        return warning("snapshots", text, f"end it; if it is of no use: {row['mend']}")
    return ok("snapshots", f"the oldest is {age} old ({row['holder']})")


CHECKS: tuple[Check, ...] = (_database, _tls, _schema, _clock, _zones, _notify, _pooler, _bloat, _snapshots)
