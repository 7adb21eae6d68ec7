"""People's questions have two connections of their own: however long they take, the work does not wait for them."""

from __future__ import annotations

import asyncio

import pytest
from support.rows import added, loaded

from jobd.errors import StoreUnavailable
from jobd.store.store import READERS, Store


async def test_work_goes_on_while_every_reader_is_busy_and_the_next_reader_is_told(store: Store) -> None:
    await loaded(store)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        busy = [asyncio.Event() for _ in range(READERS)]
        over = asyncio.Event()

        async def hold(begun: asyncio.Event) -> None:
            async with store.views._database.connection():
                begun.set()
                await over.wait()

        for begun in busy:
            group.create_task(hold(begun))
        for begun in busy:
            await begun.wait()
        waiting = group.create_task(refused(store))
        assert await added(store)
        assert await store.database.fetchval("select count(*) from jobd.runs") == 1
        await waiting
        over.set()
    assert (await store.views.counts()).queued.count == 1


async def refused(store: Store) -> None:
    with pytest.raises(StoreUnavailable):
        await store.views.counts()


async def test_a_question_that_takes_too_long_is_given_up_by_the_server(store: Store) -> None:
    async with asyncio.timeout(4):
        with pytest.raises(StoreUnavailable):
            await store.views._database.fetchval("select pg_sleep(30)")
