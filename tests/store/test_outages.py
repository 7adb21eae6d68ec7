"""Every way to lose Postgres has one name, every refusal another, and mistakes keep their own."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from support.proxy import proxied
from support.rows import SECOND

from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.database import connect
from jobd.store.embedded.databases import with_database
from jobd.store.outages import is_lost, outages
from jobd.store.store import open_store

LOST = [
    OSError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError, TimeoutError,
    asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.ConnectionDoesNotExistError, asyncpg.ConnectionFailureError, asyncpg.ConnectionRejectionError,
    asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError, asyncpg.DiskFullError, asyncpg.OutOfMemoryError,
    asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.StatementCompletionUnknownError,
    asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError, asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.PostgresIOError, asyncpg.InvalidPasswordError,
    asyncpg.exceptions.TargetServerAttributeNotMatched, asyncpg.InvalidCachedStatementError,
]  # fmt: skip
REFUSED = [
    asyncpg.InsufficientPrivilegeError, asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError,
]  # fmt: skip
NEITHER = [
    asyncpg.UniqueViolationError, asyncpg.CheckViolationError, asyncpg.UntranslatableCharacterError,
    asyncpg.CharacterNotInRepertoireError, asyncpg.DataError, asyncpg.InvalidTextRepresentationError,
    ValueError, KeyError, asyncio.CancelledError,
]  # fmt: skip


def name(kind: type[BaseException]) -> str:
    return kind.__name__


@pytest.mark.parametrize("kind", LOST, ids=name)
def test_a_lost_postgres_is_store_unavailable(kind):
    error = kind("said")
    assert is_lost(error)
    with pytest.raises(StoreUnavailable, match=name(kind)) as caught, outages:
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("error", "words"),
    [(TimeoutError(), "Postgres: gave no answer in time"), (ConnectionResetError(), "Postgres: ConnectionResetError")],
)
def test_an_error_without_words_leaves_no_colon_behind(error, words):
    with pytest.raises(StoreUnavailable) as caught, outages:
        raise error
    assert str(caught.value) == words


@pytest.mark.parametrize("kind", REFUSED, ids=name)
def test_a_refusal_that_waiting_does_not_heal_is_store_refused(kind):
    error = kind("said")
    assert not is_lost(error)
    with pytest.raises(StoreRefused), outages:
        raise error


@pytest.mark.parametrize("kind", NEITHER, ids=name)
def test_a_mistake_keeps_its_own_name(kind):
    error = kind("said")
    assert not is_lost(error)
    with pytest.raises(kind) as caught, outages:
        raise error
    assert caught.value is error


async def test_a_store_whose_wire_is_cut_is_unavailable_and_works_again_when_it_is_mended(migrated_url):
    async with proxied(migrated_url) as wire:
        settings = DatabaseSettings(url=wire.url, statement_timeout=SECOND)
        async with open_store(wire.url, settings, AppSettings()) as store:
            await store.nodes.forget()
            wire.cut()
            for _ in range(3):
                with pytest.raises(StoreUnavailable):
                    await store.nodes.forget()
                with pytest.raises(StoreUnavailable):
                    await store.runs.claim({"default": 1}, [], 1, starts=True)
            wire.mend()
            await store.nodes.forget()
            assert await store.runs.claim({"default": 1}, [], 1, starts=True) == []


async def test_a_database_that_does_not_exist_is_refused(postgres_url):
    with pytest.raises(StoreRefused, match="does not exist"):
        await connect(with_database(postgres_url, "nowhere"), application="test", statement_timeout=SECOND)
