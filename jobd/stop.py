"""What signals say to the daemon: the first SIGTERM drains, the second hurries, the third exits; SIGHUP reloads."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Stop:
    """What the signals have said so far."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)
    """SIGHUP: the configuration is to be read again."""

    def signal(self) -> None:
        """One more SIGTERM or SIGINT."""
        if not self.asked.is_set():
            log.info("stopping")
            self.asked.set()
        elif not self.hurry.is_set():
            log.warning("stopping at once: attempts are cancelled and handed back")
            self.hurry.set()
        else:
            log.error("exiting without waiting")
            os._exit(130)  # no exception would get past a job that ignores its cancellation

    def listen(self) -> None:
        """Take the signals of this process from now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.signal)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)
