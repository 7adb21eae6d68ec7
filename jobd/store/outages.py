"""The one place that names every way to lose Postgres; each becomes StoreUnavailable."""

from __future__ import annotations

from types import TracebackType

import asyncpg

from jobd.errors import StoreRefused, StoreUnavailable

# Seen in the field during restarts, fail-overs and pooler hiccups; the driver has no common base for them.
_LOST = (
    OSError,  # includes TimeoutError, ConnectionRefusedError, ConnectionResetError
    asyncpg.InternalClientError,  # "cannot switch to state 15": raised out of a release (asyncpg#784)
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.InvalidAuthorizationSpecificationError,  # class 28: a server that is only just being set up
    asyncpg.TransactionRollbackError,  # class 40: deadlock, serialization failure, statement outcome unknown
    asyncpg.LockNotAvailableError,  # 55P03
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
    asyncpg.AdminShutdownError,  # 57P01
    asyncpg.CrashShutdownError,  # 57P02
    asyncpg.CannotConnectNowError,  # 57P03
    asyncpg.InsufficientResourcesError,  # class 53: too many connections, disk full, out of memory
    asyncpg.ReadOnlySQLTransactionError,  # 25006: the old primary after a fail-over
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,  # class 58: I/O error
    asyncpg.exceptions.TargetServerAttributeNotMatched,
    asyncpg.exceptions.OutdatedSchemaCacheError,
    asyncpg.exceptions.InvalidCachedStatementError,
)
# What the server says when waiting does not help.
_REFUSED = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)


def is_lost(error: BaseException) -> bool:
    """True when the error says that Postgres is gone for now and the statement's fate is unknown.

    The driver's InterfaceError is in ("connection is closed", "another operation is in progress"), but not
    its sub-class for arguments that cannot be encoded: that one is the caller's mistake and never heals.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)
    return isinstance(error, _LOST)


def _said(error: BaseException) -> str:
    """What has happened; a deadline that has passed says nothing itself."""
    if isinstance(error, TimeoutError) and not str(error):
        return "gave no answer in time"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class Outages:
    """`with outages:` lets StoreUnavailable out for every way to lose Postgres, and StoreRefused where waiting is vain.

    Stateless and re-entrant: one instance serves everybody.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is None or isinstance(error, (StoreUnavailable, StoreRefused)):
            return
        if is_lost(error):
            raise StoreUnavailable(f"Postgres: {_said(error)}") from error
        if isinstance(error, _REFUSED):
            raise StoreRefused(f"Postgres refuses: {error}") from error


outages = Outages()
