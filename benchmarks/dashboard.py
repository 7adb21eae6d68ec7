"""What the dashboard costs and how quick it is, in a terminal of 120 × 40, beside a history of any length."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from benchmarks.bench import Bench, Clock, Ground, sql
from benchmarks.daemon import Daemon, running_daemon
from benchmarks.drain import EVERYBODY, Measure, history
from benchmarks.figure import Numbers, in_milliseconds, quantile
from benchmarks.terminal import PYTHON, Terminal, terminal

SETTLED_SECONDS = 1.5
KEYS = 60
UPDATES_PER_SECOND = 2


def dashboard(ended: int) -> Measure:
    """With so many ended runs."""
    name, prepare = history(ended)

    async def measure(bench: Bench) -> Numbers:
        ground = await bench.kept(name, prepare)
        async with running_daemon(bench, ground.url) as daemon:
            began = time.perf_counter()
            async with terminal([PYTHON, "-m", "jobd.jobctl.cli", "--socket", str(daemon.socket), "top"]) as there:
                await there.until(b"Home")
                first_paint = there.last - began
                await there.until(b"ready")
                known = there.last - began
                await asyncio.sleep(SETTLED_SECONDS)
                numbers = await _used(bench, there, ground)
            return {
                "first_paint_ms": first_paint * 1000,
                "first_data_ms": known * 1000,
                "first_page_ms": await _first_page(daemon),
                **numbers,
            }

    return measure


async def floor(bench: Bench) -> Numbers:
    """Textual alone: a list, and a key that moves its cursor."""
    began = time.perf_counter()
    async with terminal([PYTHON, "-m", "benchmarks.bare"]) as there:
        await there.until(b"noop")
        first_paint = there.last - began
        await asyncio.sleep(SETTLED_SECONDS)
        keys = [await _key(there, "j" if number % 20 < 15 else "k") for number in range(KEYS)]
        return {
            "key_p95_ms": quantile(keys, 0.95) * 1000,
            "first_paint_ms": first_paint * 1000,
            "rss_mb": there.rss_mb,
        }


async def _used(bench: Bench, there: Terminal, ground: Ground) -> Numbers:
    """Idle at Home, then the list of runs: opened, walked through, and under updates."""
    idle = await _spent(there, bench.sizes.idle_seconds)
    latest = await ground.observer.fetchval(sql.latest)  # of the rounds before this one, or of the history
    there.forget()
    opened = time.perf_counter()
    there.press("2")
    await there.until(b"%d " % latest)
    shown = there.last - opened
    await asyncio.sleep(SETTLED_SECONDS)
    keys = [await _key(there, "j" if number % 20 < 15 else "k") for number in range(KEYS)]
    await asyncio.sleep(SETTLED_SECONDS)
    async with asyncio.TaskGroup() as group:
        updates = group.create_task(_updates(ground))
        busy = await _spent(there, bench.sizes.idle_seconds)
        updates.cancel()
    times = in_milliseconds(keys)
    return {
        "key_p50_ms": times["p50_ms"],
        "key_p95_ms": quantile(keys, 0.95) * 1000,
        "list_shown_ms": shown * 1000,
        "rss_mb": there.rss_mb,
        "idle_cpu_percent": idle["cpu_percent"],
        "idle_bytes_per_second": idle["bytes_per_second"],
        "updates_cpu_percent": busy["cpu_percent"],
        "updates_bytes_per_second": busy["bytes_per_second"],
    }


async def _key(there: Terminal, key: str) -> float:
    seconds = await there.answered(key)
    await there.quiet(0.1)
    return seconds


async def _spent(there: Terminal, seconds: float) -> Numbers:
    cpu, written = there.cpu_seconds, there.written
    with Clock() as clock:
        await asyncio.sleep(seconds)
    return {
        "cpu_percent": (there.cpu_seconds - cpu) / clock.seconds * 100,
        "bytes_per_second": (there.written - written) / clock.seconds,
    }


async def _updates(ground: Ground) -> None:
    """A run that comes, starts and ends, twice a second."""
    while True:
        await ground.observer.execute(sql.add_runs, "noop", None, 1, EVERYBODY)
        await ground.observer.execute(sql.notify, ["default"])
        await asyncio.sleep(1 / UPDATES_PER_SECOND)


async def _first_page(daemon: Daemon) -> float:
    """Median milliseconds of the first page of a hundred runs, over the socket."""
    connector = aiohttp.UnixConnector(path=str(daemon.socket))
    async with aiohttp.ClientSession("http://jobd", connector=connector) as client:
        seconds = []
        for _ in range(10):
            began = time.perf_counter()
            async with client.get("/v1/runs?limit=100") as answer:
                await answer.read()
            seconds.append(time.perf_counter() - began)
    return quantile(seconds, 0.5) * 1000
