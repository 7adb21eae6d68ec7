"""What became of a message that was taken: one verdict counts, and doubts are settled or held."""

from __future__ import annotations

from datetime import timedelta

from test_outbox import DAYS, SECOND, added, database, node, outbox, row, state, verdict

from jobd.model.message import MessageState
from jobd.store.outbox import MAX_DOUBTS

__all__ = ["database", "outbox"]


async def test_the_final_dot_is_forbidden_for_a_message_that_was_given_to_another_node(outbox):
    await added(outbox)
    first, second = await node(outbox), await node(outbox)
    (mine,) = await outbox.take(first, 1)
    await outbox._database.execute("update jobd.nodes set lost = true where id = $1", first)
    assert await outbox.recover() == {mine.id: MessageState.PENDING}
    assert await outbox.dot_sent(first, [mine]) == set()
    (theirs,) = await outbox.take(second, 1)
    assert await outbox.dot_sent(first, [mine]) == set()
    assert await outbox.dot_sent(second, [theirs]) == {mine.id}


async def test_a_verdict_on_an_earlier_taking_changes_nothing(outbox):
    await added(outbox)
    first, second = await node(outbox), await node(outbox)
    (mine,) = await outbox.take(first, 1)
    await outbox.give_back(first, [mine.id])
    await outbox.take(second, 1)
    assert await outbox.settle([verdict(mine, MessageState.BOUNCED)], give_up_after=DAYS) == {}
    assert await state(outbox, mine.id) == "sending"


async def test_verdicts_of_every_kind_are_recorded_in_one_statement(outbox):
    for _ in range(5):
        await added(outbox)
    messages = await outbox.take(await node(outbox), 5)
    kinds = [
        MessageState.SENT,
        MessageState.BOUNCED,
        MessageState.DEFERRED,
        MessageState.IN_DOUBT,
        MessageState.HELD,
    ]
    recorded = await outbox.settle(
        [
            verdict(
                message,
                kind,
                reply=f"reply {kind}",
                wait=timedelta(hours=1),
                doubt=kind == MessageState.IN_DOUBT,
            )
            for message, kind in zip(messages, kinds, strict=True)
        ],
        give_up_after=DAYS,
    )
    assert list(recorded.values()) == kinds
    sent, bounced, deferred, in_doubt, held = [await row(outbox, message.id) for message in messages]
    assert sent["finished_at"] is not None
    assert bounced["finished_at"] is not None
    assert deferred["due_at"] > deferred["claimed_at"] + timedelta(minutes=59)
    assert (in_doubt["doubts"], in_doubt["reply"]) == (1, "reply in_doubt")
    assert held["finished_at"] is None
    assert not await outbox.due()


async def test_recording_a_verdict_twice_changes_nothing(outbox):
    await added(outbox)
    (message,) = await outbox.take(await node(outbox), 1)
    one = verdict(message, MessageState.IN_DOUBT, doubt=True, wait=timedelta(hours=1))
    await outbox.settle([one], give_up_after=DAYS)
    await outbox.settle([one], give_up_after=DAYS)
    assert (await row(outbox, message.id))["doubts"] == 1


async def test_a_deferral_after_the_patience_is_over_is_dead(outbox):
    for _ in range(3):
        await added(outbox)
    await outbox._database.execute("update jobd.outbox set queued_at = now() - interval '4 days'")
    first, second, third = await outbox.take(await node(outbox), 3)
    recorded = await outbox.settle(
        [
            verdict(first, MessageState.DEFERRED),
            verdict(second, MessageState.IN_DOUBT, doubt=True),
            verdict(third, MessageState.SENT),
        ],
        give_up_after=DAYS,
    )
    assert recorded == {first.id: "dead", second.id: "dead", third.id: "sent"}


async def test_a_dead_nodes_messages_are_pending_before_the_dot_and_in_doubt_after_it(outbox):
    for kind in ("note", "note", "invoice"):
        await added(outbox, kind=kind)
    alive, dead = await node(outbox), await node(outbox)
    before, after, precious = await outbox.take(dead, 3)
    await outbox.dot_sent(dead, [after, precious])
    assert await outbox.recover(hold_kinds=["invoice"]) == {}
    await outbox._database.execute("delete from jobd.nodes where id = $1", dead)
    recovered = await outbox.recover(hold_kinds=["invoice"])
    assert recovered == {before.id: "pending", after.id: "in_doubt", precious.id: "held"}
    again = await outbox.take(alive, 3)
    assert [(message.id, message.doubts) for message in again] == [(before.id, 0), (after.id, 1)]
    assert [message.message_id for message in again] == [before.message_id, after.message_id]


async def test_what_a_rescuer_doubted_is_settled_by_the_answer_that_came_after_all(outbox):
    await added(outbox)
    gone = await node(outbox)
    (message,) = await outbox.take(gone, 1)
    await outbox.dot_sent(gone, [message])
    await outbox._database.execute("update jobd.nodes set lost = true")
    await outbox.recover()
    assert await outbox.settle([verdict(message, MessageState.SENT)], give_up_after=DAYS) == {message.id: "sent"}


async def test_a_message_in_doubt_too_often_is_held(outbox):
    await added(outbox)
    here = await node(outbox)
    for round_ in range(MAX_DOUBTS):
        (message,) = await outbox.take(here, 1)
        assert message.doubts == round_
        await outbox.dot_sent(here, [message])
        await outbox.give_back(here, [message.id])
    assert await state(outbox, message.id) == "held"
    assert await outbox.take(here, 1) == []


async def test_a_take_whose_answer_was_lost_is_reclaimed_once_it_is_old(outbox):
    await added(outbox)
    await added(outbox)
    here = await node(outbox)
    known, _ = await outbox.take(here, 2)
    assert await outbox.reclaim(here, [known.id], SECOND) == 0
    await outbox._database.execute("update jobd.outbox set claimed_at = now() - interval '1 minute'")
    assert await outbox.reclaim(here, [known.id], SECOND) == 1
    assert await state(outbox, known.id) == "sending"
