"""A Postgres for tests and benchmarks: a server in a temporary directory, and databases that come and go."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import databases, embedded_postgres

URL_VARIABLE = "JOBD_TEST_DATABASE_URL"


@asynccontextmanager
async def postgres_server() -> AsyncIterator[str]:
    """The URL of a server on which databases may be created.

    The one that JOBD_TEST_DATABASE_URL names, which has to exist and keeps running; else a new one that ends
    with the block. Works as root and as a plain user.
    """
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    with open_directory() as directory:
        async with embedded_postgres(EmbeddedSettings(), directory, demo=True) as postgres:
            yield postgres.url


@asynccontextmanager
async def fresh_database(server_url: str) -> AsyncIterator[str]:
    """The URL of an empty database of its own, dropped with everybody in it when the block ends."""
    name = f"jobd_test_{secrets.token_hex(6)}"
    url = await databases.create(server_url, name)
    try:
        yield url
    finally:
        await databases.drop(server_url, name)


@contextmanager
def open_directory() -> Iterator[Path]:
    """A temporary directory that other users may pass, unlike pytest's: as root, Postgres is another user."""
    directory = Path(tempfile.mkdtemp(prefix="jobd-test-")).resolve()
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
