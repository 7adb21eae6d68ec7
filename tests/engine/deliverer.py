"""Delivery as a process of its own, to be killed: deliverer.py DATABASE_URL SMTP_PORT NODE."""

from __future__ import annotations

import asyncio
import sys

from jobd.engine.delivery import deliver
from jobd.model.settings import MailSettings, TlsMode
from jobd.store.database import open_database
from jobd.store.outbox import Outbox


async def main(url: str, port: int, node: int) -> None:
    settings = MailSettings(enabled=True, host="127.0.0.1", port=port, tls=TlsMode.OFF, rate=0.0)
    wake = asyncio.Event()
    wake.set()
    async with open_database(url) as database:
        await deliver(Outbox(database), settings, lambda: node, wake)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
