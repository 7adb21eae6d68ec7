"""What a node held that is gone goes back once: suspects, rescues, and claims whose answer was lost."""

from __future__ import annotations

from datetime import timedelta

from support.nodes import attempts_of, ended_row, live_row
from support.rows import added, claimed, ending, node, state
from test_run_guards import holder, lost, put_back

from jobd.model.run import Outcome

__all__ = ["holder"]


async def test_the_runs_of_a_lost_node_are_suspect_and_the_third_crash_under_suspicion_is_poison(store, holder):
    run = await added(store)
    await claimed(store, holder)
    await lost(store, holder)
    verdicts = [(await store.nodes.rescue(10))[0].verdict]
    for _ in range(3):
        other = await node(store)
        assert await claimed(store, other) == []  # never in a batch with others
        assert [r.id for r in await store.runs.claim_suspect(["default"], ["job"], other)] == [run]
        await lost(store, other)
        verdicts.append((await store.nodes.rescue(10))[0].verdict)
    assert verdicts == ["queued", "queued", "queued", "failed"]
    row = await ended_row(store, run)
    assert (row["state"], row["reason"], row["attempt"]) == ("failed", "poison", 4)
    assert "4 times" in row["error"]
    assert [a["outcome"] for a in await attempts_of(store, run)] == ["lost"] * 4


async def test_a_suspect_that_fails_by_itself_is_no_suspect_any_more(store, holder):
    run = await added(store)
    await claimed(store, holder)
    await lost(store, holder)
    await store.nodes.rescue(10)
    other = await node(store)
    (claim,) = await store.runs.claim_suspect(["default"], ["job"], other)
    await put_back(store, other, ending(claim, other, Outcome.FAILED, again=True))
    assert (await live_row(store, run))["crashes"] == 0
    assert [r.id for r in await claimed(store, other)] == [run]


async def test_a_node_that_said_goodbye_leaves_no_suspects(store, holder):
    run = await added(store)
    await claimed(store, holder)
    await store.nodes.leave(holder)
    assert [r.verdict for r in await store.nodes.rescue(10)] == ["queued"]
    assert (await live_row(store, run))["crashes"] == 0
    assert [a["outcome"] for a in await attempts_of(store, run)] == ["interrupted"]


async def test_a_rescued_run_whose_end_was_asked_for_ends_as_cancelled(store, holder):
    run = await added(store)
    await claimed(store, holder)
    await store.runs.request_cancel(run, "no more")
    await lost(store, holder)
    assert [r.verdict for r in await store.nodes.rescue(10)] == ["cancelled"]
    row = await ended_row(store, run)
    assert (row["state"], row["reason"]) == ("cancelled", "no more")


async def test_runs_of_a_node_that_nobody_knows_are_rescued_in_batches(store, holder):
    for _ in range(5):
        await added(store)
    await claimed(store, holder, 5)
    await store.database.execute("delete from jobd.nodes where id = $1", holder)
    assert [len(await store.nodes.rescue(2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_living_nodes_runs_are_not_rescued(store, holder):
    await added(store)
    await claimed(store, holder)
    assert await store.nodes.mark_expired(0) == []
    assert await store.nodes.rescue(10) == []


async def test_a_claim_whose_answer_was_lost_is_given_back_and_one_that_is_held_is_not(store, holder):
    held, lost_, fresh = [await added(store) for _ in range(3)]
    await claimed(store, holder, 3)
    await store.database.execute(
        "update jobd.runs set claimed_at = now() - interval '11 s' where id = any($1)", [held, lost_]
    )
    assert await store.runs.hand_back_unheld(holder, [held], timedelta(seconds=10)) == ["default"]
    assert [await state(store, run) for run in (held, lost_, fresh)] == ["running", "queued", "running"]


async def test_a_lost_claim_whose_end_was_asked_for_meanwhile_ends_as_cancelled(store, holder):
    run = await added(store)
    await claimed(store, holder)
    await store.runs.request_cancel(run, "no more")
    assert await store.runs.hand_back_unheld(holder, [], timedelta(0)) == []
    row = await ended_row(store, run)
    assert (row["state"], row["reason"]) == ("cancelled", "no more")
