"""What systemd is told: READY, STATUS, WATCHDOG, STOPPING. Silent where there is no systemd."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobd.engine.loops import Pulse

log = logging.getLogger(__name__)


def notify(*lines: str) -> None:
    """Send these lines to the service manager, if there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto("\n".join(lines).encode(), address)


def ready(status: str) -> None:
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    """Say that a reload has begun; `ready` says that it is over."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def status(text: str) -> None:
    notify(f"STATUS={text}")


def stopping(grace_seconds: float) -> None:
    """Say that the stop has begun and how long it may take."""
    notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int((grace_seconds + 30) * 1_000_000)}")


def alive() -> None:
    notify("WATCHDOG=1")


def watchdog_seconds() -> float | None:
    """How often the watchdog wants to hear from this process (half of its limit); None when it does not."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and int(microseconds) else None


async def watchdog(pulse: Pulse) -> None:
    """Tell systemd that the daemon lives, while every loop is young; silence makes it start a new one."""
    every = watchdog_seconds()
    while every is not None:
        if overdue := pulse.overdue():
            log.error("loops are stuck, the watchdog is not fed", extra={"loops": overdue})
        else:
            alive()
        await asyncio.sleep(every)
