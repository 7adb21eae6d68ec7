"""All that the daemon works with: Postgres and the application's data, mail server, gateway, configuration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from jobd.config import Config, load_text
from jobd.demo import data
from jobd.demo.check import Check
from jobd.demo.configuration import configuration
from jobd.demo.payments import FIRST_ORDER, Planted, later, payments, script
from jobd.demo.place import Place
from jobd.demo.servers import gateway, mail_server
from jobd.model.settings import EmbeddedSettings
from jobd.store.database import Database, open_database
from jobd.store.embedded import embedded_postgres
from jobd.store.migrate import migrate
from jobd.testing.paymob.scenario import write_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """What the servers do wrong on purpose, to see that the demo notices."""

    lose: int = 0
    """Mails that are accepted and thrown away."""
    misbook: bool = False
    """Of one order the gateway tells something else than its script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything is set up; only the daemon is missing."""

    config: Config
    check: Check
    database: Database
    later: list[Planted]
    """Payments that nobody has made yet; the gateway knows them."""

    async def hasten(self) -> None:
        """The live trials that have not ended yet end now."""
        await data.end_trials(self.database)


@asynccontextmanager
async def scene(place: Place, *, live: timedelta, sabotage: Sabotage) -> AsyncIterator[Scene]:
    """The scene at `place`; leaving the block ends its processes. Live trials end within `live` from now.

    Raises:
        JobdError: Postgres or a server cannot be started here; the message says what to do.
    """
    planted, to_come = payments(), later()
    write_script(place.gateway_script, script([*planted, *to_come]))
    async with AsyncExitStack() as stack:
        # the servers start while initdb works
        mail = await stack.enter_async_context(mail_server(place, lose=sabotage.lose))
        lie = str(FIRST_ORDER) if sabotage.misbook else None
        paymob = await stack.enter_async_context(gateway(place, misbook=lie))
        postgres = await stack.enter_async_context(embedded_postgres(EmbeddedSettings(), place.state, demo=True))
        database = await stack.enter_async_context(open_database(postgres.url, connections=2, search_path="public"))
        async with asyncio.TaskGroup() as group:
            group.create_task(migrate(postgres.url))
            group.create_task(data.load(database, planted, live))
        text = configuration(
            place,
            database_url=postgres.url,
            mail_port=await mail.port(),
            gateway_port=await paymob.port(),
        )
        place.configuration.write_text(text, "utf-8")
        waiting = sum(1 for one in planted if one.reconciled)
        yield Scene(
            config=load_text(text, directory=place.directory),
            check=Check(database, place, waiting=waiting),
            database=database,
            later=to_come,
        )
