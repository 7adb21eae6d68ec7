"""Databases for real daemons: one each, with the table in which the jobs of tests say what they did."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.lives import OBSERVED, Life, Reconnecting

from jobd.testing.postgres import fresh_database


@pytest.fixture
async def life(postgres_url: str) -> AsyncIterator[Life]:
    async with fresh_database(postgres_url) as url:
        db = Reconnecting(url)
        await db.execute(OBSERVED)
        yield Life(url, db)
        db.close()
