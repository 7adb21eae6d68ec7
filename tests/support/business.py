"""A small application with its mail server and gateway as processes, for a daemon that is killed in its jobs."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jobd.demo import data
from jobd.demo.check import Check
from jobd.demo.configuration import configuration
from jobd.demo.payments import Planted, payments, script
from jobd.demo.place import Place
from jobd.demo.servers import gateway
from jobd.store.database import Database, open_database
from jobd.testing.paymob.scenario import Fault, write_script
from support.daemons import Process
from support.steps import SPACE

SUBSCRIPTIONS, SETTLED_PAYMENTS, OLD_AUDIT_ROWS, YOUNG_AUDIT_ROWS = 600, 50, 2_000, 3_000
READERS = [f"reader{number}@example.net" for number in range(1, 67)]
SEVERED = READERS[6]
"""The mail server takes this one's mail and never answers."""
EXPIRING, SETTLING, DELETING, MAILING = range(100, 104)
"""Places where a job stops when its gate is shut (`support.steps.Gate`)."""
FAULTS = (Fault.REVOKED, Fault.ERROR_500, Fault.RESET, Fault.TRUNCATED)

PLACES = f"""
create function held_up() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock_shared({SPACE}, tg_argv[0]::integer);
    return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger held_up before update on user_subscriptions for each row when (new.id > {SUBSCRIPTIONS // 2})
    execute function held_up({EXPIRING});
create trigger held_up before delete on audit_trail for each row when (old.id > {OLD_AUDIT_ROWS // 2})
    execute function held_up({DELETING});
create table changes_of_payments (id bigint, was text, became text);
create function note_payment() returns trigger language plpgsql as $$ begin
    insert into changes_of_payments values (new.id, old.status, new.status);
    return null;
end $$;
create trigger note_payment after update on payments for each row execute function note_payment();
"""
MAILING_PLACE = f"""
create trigger held_up before insert on jobd.outbox for each row when (new.recipient = '{READERS[40]}')
    execute function public.held_up({MAILING})
"""
"""For a database that jobd has migrated."""


def planted() -> list[Planted]:
    """A third of the demo's payments, those to be reconciled first; every fault among them passes."""
    passing = [p for p in payments() if p.told is None or p.told.fault is None]
    faulty = [p for p in payments() if p.told is not None and p.told.faults == 1 and p.told.fault in FAULTS]
    return [*[p for p in passing if p.reconciled][::3], *faulty, *[p for p in passing if not p.reconciled][::4]]


async def load(database: Database, told: list[Planted]) -> None:
    """The application's tables, filled; and triggers that stop jobs where a test wants them."""
    sql = data.sql
    await database.execute((files("jobd.jobs") / "schema.sql").read_text("utf-8"))
    await database.execute(sql.notebook)
    await database.execute(sql.plans)
    await database.execute(sql.users, SUBSCRIPTIONS)
    await database.execute(sql.fates, SUBSCRIPTIONS, 0)
    await _load_payments(database, told)
    await database.execute(sql.audit_trail, OLD_AUDIT_ROWS, YOUNG_AUDIT_ROWS)
    await database.execute(sql.mails)
    await database.execute(sql.mails_on_demand, "bulk-email", READERS)
    await database.execute(sql.subscriptions, SUBSCRIPTIONS, 0.0)
    await database.execute(sql.before)
    await database.execute(PLACES)
    oldest_half = await database.fetchval(
        "select (percentile_disc(0.5) within group (order by created_at))::text from payments"
        " where status in ('Pending', 'Processing') and id <= $1", sum(one.reconciled for one in told),
    )  # fmt: skip
    await database.execute(
        f"create trigger held_up before update on payments for each row when (new.created_at > '{oldest_half}')"
        f" execute function held_up({SETTLING})"
    )


async def _load_payments(database: Database, told: list[Planted]) -> None:
    columns = zip(
        *(
            (number, one.amount, one.currency, one.status, one.method, one.order_id, one.age, one.deleted)
            for number, one in enumerate(told, 1)
        ),
        strict=True,
    )
    await database.execute(data.sql.payments, *map(list, columns))
    await database.execute(data.sql.settled_payments, len(told) + 1, SETTLED_PAYMENTS)


def text(place: Place, url: str, mail_port: int, gateway_port: int) -> str:
    """The demo's jobd.toml without its clock, in small batches, and with mail that takes a while."""
    written = configuration(place, database_url=url, mail_port=mail_port, gateway_port=gateway_port)
    written = re.sub(r"(?m)^every = .*\n", "", written)
    for was, becomes in (
        ("rate = 0\n", "rate = 40\n"),
        ("parallel = 16", "parallel = 4"),
        ("batch = 100 }", "batch = 10 }"),
        ("batch = 1000, pause_ms = 100", "batch = 200, pause_ms = 1"),
    ):
        assert was in written, was
        written = written.replace(was, becomes, 1)
    return written


@asynccontextmanager
async def mail_process(place: Place, behaviour: dict[str, list[str]]) -> AsyncIterator[int]:
    """The port of a mail server that is a process of its own."""
    told = place.directory / "behaviour.json"
    told.write_text(json.dumps(behaviour), "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.testing.smtp", "--mailbox", str(place.mailbox), "--script", str(told),
        "--port-file", str(place.directory / "mail.port"), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            port = int(await process.stdout.readline())
        yield port
    finally:
        process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """Everything but the running daemon."""

    daemon: Process
    database: Database
    check: Check
    place: Place

    def accepted(self) -> list[dict[str, Any]]:
        """What the mail server took, in its order."""
        lines = self.place.mailbox.read_bytes().split(b"\n")[:-1] if self.place.mailbox.exists() else []
        return [json.loads(line) for line in lines]


@asynccontextmanager
async def business(url: str, directory: Path) -> AsyncIterator[Business]:
    """The application at `url`, its servers, and a daemon that is not started yet."""
    daemon, place = Process(directory, url, url, "", "15s"), Place(directory=directory)
    told = planted()
    write_script(place.gateway_script, script(told))
    async with AsyncExitStack() as stack:
        mail_port = await stack.enter_async_context(mail_process(place, {SEVERED: ["dot hang"]}))
        paymob = await stack.enter_async_context(gateway(place))
        database = await stack.enter_async_context(open_database(url, connections=2, search_path="public"))
        await load(database, told)
        daemon.config.write_text(text(place, url, mail_port, await paymob.port()), "utf-8")
        stack.push_async_callback(daemon.close)
        check = Check(database, place, waiting=sum(one.reconciled for one in told))
        yield Business(daemon=daemon, database=database, check=check, place=place)
