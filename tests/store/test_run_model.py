"""Any order of enqueue, claim, end, put back, cancel, lease loss and rescue leaves the table equal to a plain dict."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.rows import emptied, ending, finish, loaded, node

from jobd.errors import NotFound
from jobd.model.run import NewRun, Outcome
from jobd.store import endings
from jobd.store.store import Store

FINAL = {Outcome.SUCCEEDED: "succeeded", Outcome.FAILED: "failed", Outcome.CANCELLED: "cancelled"}


@dataclass
class Expected:
    """What must stand in the table about one run."""

    state: str = "queued"
    attempt: int = 0
    node: int | None = None
    crashes: int = 0
    asked: bool = False
    accepted: list[int] = field(default_factory=list)
    """Attempts whose end was accepted: at most one may end the run."""


class RunsModel(RuleBasedStateMachine):
    """The statements of runs.sql and nodes.sql against a dict; claims of any age try to end their runs."""

    store: Store
    loop: asyncio.AbstractEventLoop
    runs = Bundle("runs")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, Expected] = {}
        self.alive: list[int] = []
        self.do(emptied(self.store.database))
        self.do(loaded(self.store))
        self.joins()
        self.joins()

    def do(self, coroutine: Any) -> Any:
        """Run on the loop that the store belongs to; this machine has a thread of its own."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    @rule()
    def joins(self) -> None:
        if len(self.alive) < 3:
            self.alive.append(self.do(node(self.store)))

    @rule(target=runs)
    def enqueue(self) -> int:
        (run,) = self.do(self.store.runs.enqueue([NewRun(job="job")]))
        self.model[run] = Expected()
        return run

    @rule(target=claims, index=st.integers(0, 2), suspect=st.booleans())
    def claim(self, index: int, suspect: bool) -> tuple[Any, int] | None:
        if not self.alive:
            return None
        holder = self.alive[index % len(self.alive)]
        if suspect:
            got = self.do(self.store.runs.claim_suspect(["default"], ["job"], holder))
        else:
            got = self.do(self.store.runs.claim({"default": 1}, ["job"], holder, starts=True))
        free = [run for run, e in self.model.items() if e.state == "queued" and (e.crashes > 0) is suspect]
        assert len(got) == min(1, len(free))
        if not got:
            return None
        expected = self.model[got[0].id]
        assert expected.state == "queued" and (expected.crashes > 0) is suspect
        expected.state, expected.node, expected.attempt = "running", holder, expected.attempt + 1
        assert got[0].attempt == expected.attempt
        return got[0], holder

    def _held(self, claim: tuple[Any, int]) -> Expected | None:
        run, holder = claim
        expected = self.model[run.id]
        holds = expected.state == "running" and expected.node == holder and expected.attempt == run.attempt
        return expected if holds else None

    @rule(claim=claims, outcome=st.sampled_from(sorted(FINAL)))
    def finish(self, claim: tuple[Any, int] | None, outcome: Outcome) -> None:
        if claim is None:
            return
        run, holder = claim
        expected = self._held(claim)

        async def finished() -> set[int]:
            async with self.store.database.connection() as connection:
                return await finish(connection, holder, ending(run, holder, outcome))

        refused_or_accepted = self.do(finished())
        assert refused_or_accepted == ({run.id} if expected else set())
        if expected:
            expected.state, expected.node = FINAL[outcome], None
            expected.accepted.append(run.attempt)

    @rule(claim=claims, outcome=st.sampled_from([Outcome.FAILED, Outcome.INTERRUPTED]))
    def put_back(self, claim: tuple[Any, int] | None, outcome: Outcome) -> None:
        if claim is None:
            return
        run, holder = claim
        expected = self._held(claim)

        async def back() -> Any:
            async with self.store.database.connection() as connection:
                end = ending(run, holder, outcome, again=True)
                return await endings.put_back(connection, holder, [end], time.monotonic())

        answer = self.do(back())
        if expected is None:
            assert answer == (set(), set())
        elif expected.asked:
            assert answer == (set(), {run.id})
        else:
            assert answer == ({run.id}, set())
            expected.state, expected.node = "queued", None
            expected.crashes = 0 if outcome is Outcome.FAILED else expected.crashes

    @rule(run=runs)
    def cancel(self, run: int) -> None:
        expected = self.model[run]
        try:
            asked = self.do(self.store.runs.request_cancel(run, "asked"))
        except NotFound:
            assert expected.state not in ("queued", "running")
            return
        assert asked.running is (expected.state == "running")
        if asked.running:
            expected.asked = True
        else:
            assert expected.state == "queued"
            expected.state = "cancelled"

    @rule(index=st.integers(0, 2))
    def loses_its_lease(self, index: int) -> None:
        if self.alive:
            gone = self.alive.pop(index % len(self.alive))
            self.do(self.store.database.execute("update jobd.nodes set lease_until = now() where id = $1", gone))
            assert self.do(self.store.nodes.mark_expired(0)) == [gone]

    @rule(limit=st.integers(1, 3))
    def rescue(self, limit: int) -> None:
        orphans = [run for run, e in self.model.items() if e.state == "running" and e.node not in self.alive]
        rescued = self.do(self.store.nodes.rescue(limit))
        assert len(rescued) == min(limit, len(orphans))
        for one in rescued:
            expected = self.model[one.id]
            assert one.id in orphans and one.attempt == expected.attempt
            expected.node = None
            if expected.asked:
                expected.state = "cancelled"
            elif expected.crashes == 3:
                expected.state = "failed"
            else:
                expected.state, expected.crashes = "queued", expected.crashes + 1
            assert one.verdict == expected.state

    @invariant()
    def the_table_says_what_the_dict_says(self) -> None:
        live = self.do(self.store.database.fetch("select id, state, attempt, node, crashes from jobd.runs"))
        ended = self.do(self.store.database.fetch("select id, state, attempt from jobd.history"))
        assert len(live) + len(ended) == len(self.model)
        for row in live:
            e = self.model[row["id"]]
            assert tuple(row)[1:] == (e.state, e.attempt, e.node, e.crashes)
        for row in ended:
            e = self.model[row["id"]]
            assert tuple(row)[1:] == (e.state, e.attempt) and len(e.accepted) <= 1


async def test_no_order_of_events_ends_a_run_twice_or_loses_it(store):
    loop = asyncio.get_running_loop()
    machine = type("Runs", (RunsModel,), {"store": store, "loop": loop})
    chosen = settings(
        max_examples=80, stateful_step_count=30, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
