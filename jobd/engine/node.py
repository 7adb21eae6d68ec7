"""One node: from the moment it joins until it has left; read it downwards for the start, upwards for the stop.

Intake ends first, attempts drain, their endings are written, and the heartbeat outlives them all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import jobd.store.endings as endings
from jobd import __version__
from jobd.config import Config
from jobd.engine import duties
from jobd.engine.attempt import RESULT_LIMIT
from jobd.engine.children import Children
from jobd.engine.context import AttemptContext, Services, Stop
from jobd.engine.delivery import deliver
from jobd.engine.delivery_verdicts import held_kinds
from jobd.engine.dispatch import Dispatcher
from jobd.engine.due import DueLook
from jobd.engine.heartbeat import Heartbeat
from jobd.engine.home import Home
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse, patiently, running
from jobd.engine.neighbour import watch_neighbour
from jobd.engine.recorder import Recorder
from jobd.engine.rescue import rescue_lost, rescue_mail
from jobd.engine.tick import read_ahead, tick
from jobd.engine.workers import Workers
from jobd.errors import Conflict, StoreUnavailable
from jobd.model.due import Due
from jobd.model.health import shown_state
from jobd.model.run import Ending, NewRun, Outcome
from jobd.model.storable import storable_result
from jobd.store.listen import Announcer
from jobd.store.nodes import Identity
from jobd.store.store import Store

log = logging.getLogger(__name__)

FLUSH_SECONDS = 10.0
FORGOTTEN_SECONDS = 5.0
WOKEN = ("promote", "tick", "rescue", "cancel", "mail", "unblock", "blocked", "describe", "resume")
"""Loops that rest until they are told to come round."""


class Node:
    """A boot of the daemon while it holds a lease. Attributes are for its duties and for `jobctl status`."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        home: Home,
        jobs: Mapping[str, LoadedJob],
        runnable: Callable[[], Sequence[str]],
        pulse: Pulse,
        announcer: Announcer,
        enqueue: Callable[[NewRun], Any],
        ended: Callable[[Sequence[Ending]], None],
        former: Sequence[int] = (),
        hurry: asyncio.Event,
        intake: bool,
        desired: str = "running",
        counted: Callable[[endings.Tallies], None] = lambda tallies: None,
    ) -> None:
        self.config, self.store, self.home, self.pulse, self.announcer = config, store, home, pulse, announcer
        self.former, self.hurry, self.intake, self.desired = former, hurry, intake, desired
        self._runnable = runnable
        self._described: tuple[Sequence[str], Sequence[str]] = ((), ())
        self.lost = asyncio.Event()
        self.mail_changed = asyncio.Event()
        self.wakes = {name: asyncio.Event() for name in WOKEN}
        self.children = Children(home.children)
        self.heartbeat = Heartbeat(store.database.url, self._identity(), self._lose)
        self.services = Services(
            db=store.job_db,
            settings=config.settings,
            node=0,
            mail=self._mail,
            enqueue=enqueue,
            children=self.children,
            end_in=self._end_in,
        )
        self.ended = ended
        self.freed: set[str] = set()
        self._blocked = False
        self._unblocked = 0.0
        self.recorder = Recorder(
            store.runs.endings(),
            pulse,
            self._recorded,
            keyed=any(job.unique is not None for job in config.jobs.values()),
            counted=counted,
        )
        self.workers = Workers(self.services, jobs, self.recorder.add, self._attempt_ended)
        self.dispatcher = Dispatcher(
            runs=store.runs,
            jobs=jobs,
            runnable=runnable,
            queues=list(config.queues.values()),
            workers=self.workers,
            limit=config.daemon.workers,
            pulse=pulse,
        )
        self.look = DueLook(
            store.look, list(config.queues), config.daemon.poll.total_seconds(), self._told
        )

    @property
    def id(self) -> int:
        return self.services.node

    def _identity(self) -> Identity:
        daemon = self.config.daemon
        return Identity(
            name=daemon.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            home=self.home.mark,
            version=__version__,
            workers=daemon.workers,
            lease=daemon.lease,
            direct=self.config.database.notify,
            desired=self.desired,
        )

    def _lose(self) -> None:
        """The lease is gone, or cannot be trusted any more: what runs here is ended at once, whatever else still waits
        for an answer of Postgres."""
        if not self.lost.is_set():
            self.dispatcher.stopping = True
            self.workers.stop_all(Stop.LOST)
            self.lost.set()

    # What its duties tell each other

    def queued(self, queue: str) -> None:
        """Runs came to this queue: here at once, to the others by a notification."""
        self.heard(queue)
        self.announcer.queued(queue)

    def heard(self, queue: str) -> None:
        """Another node or an application added runs to this queue; an empty name: look again."""
        if queue:
            self.dispatcher.notice(queue)
        else:
            self.look.soon()

    def cancel(self, run: int) -> None:
        """Somebody asked for the end of this run here: its attempt is stopped, or will never start."""
        if not self.workers.stop(run, Stop.CANCEL):
            duties.hand_on(self.recorder, self.id, self.dispatcher.withdraw(run))  # goes back, which ends it

    def _told(self, due: Due) -> None:
        joined_by_others = due.nodes > 1 and not self.announcer.company
        self.announcer.company = due.nodes > 1
        if joined_by_others:
            self.announcer.say("changed")  # nodes that thought themselves alone would say nothing until their next poll
        # Runs that another node set aside since the last look were not asked for by endings here: catch up, and from
        # time to time in case a node died between an ending and its word.
        if due.blocked and (not self._blocked or time.monotonic() > self._unblocked + FORGOTTEN_SECONDS):
            self._unblocked = time.monotonic()
            self.wakes["blocked"].set()
        self._blocked = due.blocked
        self.dispatcher.set_aside = False
        self.dispatcher.look(due)
        self._obey(due)
        for name, waits in (
            ("describe", self._described != self._description()),
            ("resume", due.pauses_over),
            ("promote", due.next_run is not None and due.next_run <= 0),
            ("tick", due.next_slot is not None and due.next_slot <= 0),
            ("rescue", due.expired or due.orphans),
            ("cancel", due.cancels),
            ("mail", due.next_mail is not None and due.next_mail <= 0),
        ):
            if waits:
                self.wakes[name].set()

    def _obey(self, due: Due) -> None:
        """Let nothing new begin where operators want none: what was claimed ahead goes back, what runs goes on."""
        self.desired = due.desired
        if held := self.dispatcher.held_up():
            duties.give_back(self.dispatcher, self.recorder, self.id, older=0.0, queues=held)
        if not self.dispatcher.stopping:
            busy = bool(self.workers.under_way or self.recorder.backlog or due.sending)
            self.heartbeat.show(shown_state(due.desired, busy=busy))

    def _description(self) -> tuple[Sequence[str], Sequence[str]]:
        return (list(self.config.queues), sorted(self._runnable())) if self.intake else ([], [])

    async def _describe(self) -> None:
        described = self._description()
        await self.store.nodes.describe(self.id, *described)
        self._described = described

    async def _end_pauses(self) -> None:
        if over := await self.store.pauses.end():
            log.info("pauses are over", extra={"names": over})
            self.look.soon()

    async def configure(self, config: Config) -> None:
        """Go on by another configuration: queues, mail, gateway and grace are what it says; attempts are left alone."""
        mail_changed = config.mail != self.config.mail
        self.config = config
        self.services.settings = config.settings
        # once true it stays so: runs that were unique when they were added may still be here
        self.recorder.keyed |= any(job.unique is not None for job in config.jobs.values())
        back = await self.dispatcher.configure(list(config.queues.values()))
        duties.hand_on(self.recorder, self.id, back)
        self.look.serve(list(config.queues))
        if mail_changed:
            self.mail_changed.set()

    async def _mail(self, tx: Any, **message: Any) -> int | None:
        return await self.store.outbox.add(tx, sender=self.config.mail.sender, **message)

    async def _end_in(self, tx: Any, context: AttemptContext) -> None:
        """End this run inside the job's own transaction; refused when its lease is gone, so that nothing commits."""
        ending = context.ending(Outcome.SUCCEEDED)
        if context.result is not None:
            ending.plain, ending.result = False, storable_result(context.result, RESULT_LIMIT)
        ended = await endings.finish(tx, self.id, [ending], endings.tally([ending]), ending.ended)
        if ended is not None:
            raise Conflict(f"run {context.run_id} is no longer held by this node: nothing was committed")
        if ending.run.unique_key is not None:
            await endings.release_keys(tx, [ending])

    def _attempt_ended(self, attempt: AttemptContext, took: float) -> None:
        self.dispatcher.ended(attempt, took)

    def _recorded(self, recorded: Sequence[Ending]) -> None:
        """These attempts are written down: tell whoever waits for them, and let others under their limits start."""
        self.ended(recorded)
        again = [ending for ending in recorded if ending.again]
        for queue in {ending.run.queue for ending in again if not ending.again_in}:
            self.queued(queue)
        if any(ending.again_in for ending in again):
            self.look.soon()  # the next instant that matters may be nearer now
        if not self.dispatcher.limits:
            return
        keys = {ending.run.limit_key for ending in recorded if ending.run.limit_key is not None}
        if keys and self._some_blocked():
            self.freed |= keys
            self.wakes["unblock"].set()
        for queue in {ending.run.queue for ending in recorded} if keys else ():
            self.heard(queue)
        # runs of a queue with a global_max have no key of their own, but their end makes room in it
        for queue in {e.run.queue for e in recorded if self.dispatcher.has_global_max(e.run.queue)}:
            self.queued(queue)

    async def _rescue(self) -> None:
        if await rescue_lost(self.store.nodes, self.id, self.queued):
            self.look.soon()  # suspects are seen by a look alone
        if await rescue_mail(self.store.outbox, held_kinds(self.config.mail)):
            self.wakes["mail"].set()

    async def _unblock(self) -> None:
        freed, self.freed = self.freed, set()
        try:
            queues = await self.store.runs.unblock(sorted(freed))
        except StoreUnavailable:
            self.freed |= freed
            raise
        for queue in queues:
            self.queued(queue)

    async def _unblock_all(self) -> None:
        for queue in await duties.unblock_all(self.store.runs):
            self.queued(queue)

    # Its life

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Join, work for the length of the block, and leave nothing behind."""
        async with self._joined(), self._duties(), self._drained(), self._intake():
            yield

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[None]:
        nodes = self.store.nodes
        self.services.node = node = await self.heartbeat.start()
        self.dispatcher.node = self.look.node = node
        try:
            self.children.kill_survivors()
            for earlier_self in self.former:
                await nodes.leave(earlier_self)
            if earlier := await nodes.succeed(self.home.mark, node):
                log.warning("earlier boot did not say goodbye", extra={"nodes": earlier})
            await self._rescue()
            log.info("node joined", extra={"node": node})
            yield
        finally:
            await self.heartbeat.stop()
            if not self.lost.is_set():
                await self._leave(node)

    async def _leave(self, node: int) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self.store.nodes.leave(node)
        except (StoreUnavailable, TimeoutError):
            log.warning("no goodbye, Postgres is away: the lease will end by itself", extra={"node": node})
        else:
            log.info("node left", extra={"node": node})

    @asynccontextmanager
    async def _duties(self) -> AsyncIterator[None]:
        store, node, wakes = self.store, self.id, self.wakes
        watch = store.nodes.watch()
        loops = [
            patiently("due", self.pulse, self.look.round),
            patiently("time", self.pulse, self._keep_time),
            patiently("promote", self.pulse, lambda: duties.promote_due(store.runs, self.queued), wakes["promote"]),
            patiently("rescue", self.pulse, self._rescue, wakes["rescue"]),
            patiently(
                "cancel", self.pulse, lambda: duties.cancel_asked(store.runs, node, self), wakes["cancel"]
            ),
            patiently("unblock", self.pulse, self._unblock, wakes["unblock"]),
            patiently("blocked", self.pulse, self._unblock_all, wakes["blocked"]),
            patiently("describe", self.pulse, self._describe, wakes["describe"]),
            patiently("resume", self.pulse, self._end_pauses, wakes["resume"]),
            patiently("progress", self.pulse, lambda: duties.show_running(store.runs, node, self.workers)),
            patiently("unstarted", self.pulse, self._hand_back_unstarted),
            patiently("unheld", self.pulse, lambda: duties.hand_back_unheld(store.runs, node, self), limit=60),
            patiently(
                "neighbour",
                self.pulse,
                lambda: watch_neighbour(store.nodes, watch, node, self._company, wakes["rescue"]),
                limit=120,
            ),
            patiently("retention", self.pulse, self._retain, limit=1800),
        ]
        try:
            async with running(self.recorder.run(), *loops):
                yield
        finally:
            await watch.close()
            await self.recorder.close()
            await self.services.close()

    @asynccontextmanager
    async def _drained(self) -> AsyncIterator[None]:
        """On leaving: attempts end within the grace time, and everything is written down or given back."""
        try:
            yield
        finally:
            if self.lost.is_set():
                runs = sorted(self.workers.under_way)[:20]
                log.error("lease lost, ending all attempts", extra={"node": self.id, "runs": runs})
                self.workers.stop_all(Stop.LOST)
                await self.workers.drain(0, self.hurry)
            else:
                self.heartbeat.state = "stopping"
                duties.give_back(self.dispatcher, self.recorder, self.id, older=0.0)
                await self.workers.drain(self.config.daemon.grace.total_seconds(), self.hurry)
                if not await self.recorder.flushed(FLUSH_SECONDS):
                    log.error("endings could not be written", extra={"endings": self.recorder.backlog})
                await self._hand_back_rest()

    async def _hand_back_rest(self) -> None:
        """Give back what still carries this node's id; when Postgres is away, the rescue will."""
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self.store.runs.hand_back_unheld(self.id, self.recorder.held(), timedelta(0))
        except (StoreUnavailable, TimeoutError):
            log.warning("runs are left to the rescue, Postgres is away", extra={"node": self.id})

    @asynccontextmanager
    async def _intake(self) -> AsyncIterator[None]:
        if not self.intake:
            yield
            return
        loops = [
            patiently("tick", self.pulse, lambda: tick(self.store.schedules, self.queued), self.wakes["tick"]),
            patiently("read ahead", self.pulse, lambda: read_ahead(self.store.schedules), limit=120),
            self._deliver(),
        ]
        async with self.dispatcher.dispatching(), running(*loops):
            yield

    async def _deliver(self) -> None:
        """Carry mail as `[mail]` says; begun anew when that has changed."""
        while True:
            self.mail_changed.clear()
            self.wakes["mail"].set()
            async with running(deliver(self.store.outbox, self.config.mail, self._for_mail, self.wakes["mail"])):
                await self.mail_changed.wait()

    def _for_mail(self) -> int | None:
        """This node's id, while it may begin something new."""
        return None if self.dispatcher.quiet else self.id

    def _some_blocked(self) -> bool:
        """Some runs wait for a limit, by the last look or because this node has just set them aside."""
        return self._blocked or self.dispatcher.set_aside

    async def _keep_time(self) -> None:
        await duties.keep_time(self.heartbeat, self.workers, self._lose)

    async def _hand_back_unstarted(self) -> None:
        await duties.hand_back_unstarted(self.dispatcher, self.recorder, self.id)

    async def _retain(self) -> None:
        await duties.retain(self.store.retention, self.store.outbox, self.config.keep)

    def _company(self) -> int:
        return self.look.latest.nodes if self.look.latest else 1

