"""One demo from its command to its last line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from jobd.cli.run import run_loop
from jobd.demo import data, eyes, summary
from jobd.demo.check import Check, Report
from jobd.demo.claims import Claim
from jobd.demo.client import Client
from jobd.demo.customers import customers
from jobd.demo.daemon import Daemon, daemon, log_to
from jobd.demo.findings import STAGED
from jobd.demo.live import EVERY, Live
from jobd.demo.place import Place, temporary_place
from jobd.demo.scene import Sabotage, Scene, scene
from jobd.errors import JobdError
from jobd.stop import Stop

DONE, FAILED, INTERRUPTED = 0, 1, 130
LOOK_SECONDS = 0.25
STILL_SECONDS = 6.0
"""Something is wrong for good: the rest may still come, until nothing has changed for so long (a round of each job)."""
LONGEST_LIVE = timedelta(seconds=10)
LOOKED_AT = timedelta(seconds=30)
"""A demo that lasts for longer is looked at: customers come all the while."""
LIVE_FOR_EYES = timedelta(minutes=4)
"""A dashboard is looked at for longer: something has to happen all the while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asked for."""

    duration: timedelta
    dashboard: bool = False
    """Show the dashboard until it is left, for `duration` at the most, and sum up then."""
    json: bool = False
    keep: bool = False
    patience: timedelta | None = None
    """From the command on; a demo that has not found everything by then has failed. Absent: the usual."""
    sabotage: Sabotage = field(default_factory=Sabotage)

    @property
    def looked_at(self) -> bool:
        """True when it lasts for longer than it takes to prove that all is done."""
        return self.dashboard or self.duration > LOOKED_AT

    @property
    def patience_seconds(self) -> float:
        shown = timedelta(0) if self.dashboard else self.duration
        usual = max(timedelta(seconds=60), shown + timedelta(seconds=40))
        return (self.patience or usual).total_seconds()


class TooSlow(JobdError):
    """The demo was not even set up in its time."""


def run(options: Options) -> int:
    """Show the demo; 0 when everything expected was found, 1 when not, 130 after Ctrl-C."""
    status = FAILED

    async def main() -> None:
        nonlocal status
        status = await _interruptible(options)

    run_loop(main())
    return status


async def _interruptible(options: Options) -> int:
    """The demo; the first signal ends it in good order, a second one does not wait for running attempts."""
    stop, signals = Stop(), list[int]()
    show = asyncio.create_task(Demo(options, stop).show(), name="demo")

    def interrupt(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            show.cancel()
        else:
            stop.signal()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupt, number)
    try:
        return await show
    except asyncio.CancelledError:
        if not signals:
            raise
        return INTERRUPTED if signals[0] == signal.SIGINT else FAILED


class Demo:
    """One demo; with `--json` its words for people go to stderr."""

    def __init__(self, options: Options, stop: Stop) -> None:
        self._options, self._stop = options, stop
        self._started = process_started()
        self._deadline = time.monotonic() + options.patience_seconds - (time.time() - self._started)
        self._say = partial(print, file=sys.stderr if options.json else sys.stdout, flush=True)

    async def show(self) -> int:
        """Everything, to the last line."""
        with temporary_place(keep=self._options.keep) as place:
            log_to(place.log)
            print("jobd demo: setting up Postgres, a mail server and a payment gateway", file=sys.stderr, flush=True)
            report = await self._played(place)
        return self._summed_up(report, place)

    async def _played(self, place: Place) -> Report:
        live = LIVE_FOR_EYES if self._options.dashboard else min(self._options.duration / 2, LONGEST_LIVE)
        setting_up = asyncio.timeout_at(self._loop_time(self._deadline))
        try:
            async with setting_up, scene(place, live=live, sabotage=self._options.sabotage) as set_up:
                async with daemon(set_up.config, self._stop) as running:
                    setting_up.reschedule(None)
                    print(f"control socket: {place.socket}", flush=True)
                    set_up.check.own.update(await _trigger(running.client))
                    if self._options.looked_at:
                        await self._looked_at(place, set_up, running)
                    await self._watched(set_up.check, running)
                # once more when all is still: what comes too late or twice comes to light
                return await set_up.check.look()
        except TimeoutError:
            if setting_up.expired():
                raise TooSlow(f"the demo was not set up within {self._options.patience_seconds:g} s") from None
            raise

    def _loop_time(self, monotonic: float) -> float:
        return asyncio.get_running_loop().time() + monotonic - time.monotonic()

    async def _looked_at(self, place: Place, set_up: Scene, running: Daemon) -> None:
        """Somebody looks, and customers come; then what was to come later comes at once."""
        began, seconds = time.monotonic(), self._options.duration.total_seconds()
        async with customers(set_up.database, set_up.later):
            if not self._options.dashboard:
                await self._told(set_up.check, running, until=began + seconds)
            elif status := await eyes.dashboard(place.socket, seconds):
                print(f"jobd demo: the dashboard ended with {status}", file=sys.stderr, flush=True)
        print("jobd demo: letting the last trials end, and counting", file=sys.stderr, flush=True)
        await set_up.hasten()
        self._deadline += time.monotonic() - began if self._options.dashboard else 0.0
        self._options = replace(self._options, duration=timedelta(0))

    async def _told(self, check: Check, running: Daemon, *, until: float) -> None:
        """Lines for so long."""
        live = Live(running.client, self._say)
        while not running.ended and time.monotonic() < until:
            await live.show(await check.look())
            await asyncio.sleep(EVERY)

    async def _watched(self, check: Check, running: Daemon) -> None:
        """Until everything is found and the duration is over, or there is no hope left."""
        changed = time.monotonic()
        over = changed + self._options.duration.total_seconds()
        live, unmet = Live(running.client, self._say), list[Claim]()
        while not running.ended and time.monotonic() < self._deadline:
            report = await check.look()
            await live.show(report)
            now = time.monotonic()
            if report.unmet != unmet:
                unmet, changed = report.unmet, now
            # what somebody paused or cancelled need not come any more
            hopeless = (report.hopeless or not report.wrong) and now > changed + STILL_SECONDS
            if now >= over and (hopeless or not unmet):
                break
            await asyncio.sleep(LOOK_SECONDS)

    def _summed_up(self, report: Report, place: Place) -> int:
        first = report.runs.first_at
        seconds = None if first is None else round(first.timestamp() - self._started, 3)
        for line in [*summary.table(report, seconds), *([f"kept in {place.directory}"] if self._options.keep else [])]:
            self._say(line)
        for line in summary.failures(report.wrong):
            print(line, file=sys.stderr, flush=True)
        if self._options.json:
            print(summary.as_json(report, seconds), flush=True)
        return FAILED if report.wrong else DONE


async def _trigger(client: Client) -> list[int]:
    """What no schedule does: mails on demand, and the first runs of the jobs that fail on purpose; their ids."""
    _, (to,) = data.WELCOME
    staged = [await client.trigger(job) for job in ("import-exchange-rates", STAGED)]
    mail = await client.trigger("send-email", to=to, subject="أهلا وسهلا · Welcome", body="Good to have you here.")
    _, readers = data.NEWSLETTER
    mails = await client.trigger(
        "send-bulk-email",
        recipients=readers,
        subject="What is new in November",
        body="<p>Reports are <b>faster</b>.</p>",
        is_html=True,
    )
    return [*staged, mail, mails]


def process_started() -> float:
    """When this process began, in seconds since 1970; where the system does not tell, now."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.time() - age
    return time.time()
