"""What can be asked of a daemon, over the real socket: each ask with both clients, its answer as model objects."""

from __future__ import annotations

from typing import Any

import pytest
from serving import SmallDaemon
from support.rows import node
from support.waiting import until

from jobd.client import Conflict, NotFound, Refused, RunState
from jobd.client.asks import (
    audit,
    bulk,
    failures,
    jobs,
    nodes,
    outbox,
    queues,
    runs,
    schedules,
    stats,
    status,
    tokens,
    why,
)
from jobd.model.bulk import BulkAction
from jobd.model.message import MessageState
from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec


async def scheduled(daemon: SmallDaemon, name: str = "nightly") -> None:
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot) values ($1, 'test', 'tidy', $2, now())",
        name,
        write_spec(Schedule(name=name, job="tidy", cron="*/30 * * * *")),
    )


async def mailed(daemon: SmallDaemon, state: str = "pending") -> int:
    return await daemon.database.fetchval(
        "insert into jobd.outbox (job, sender, recipient, kind, subject, text, message_id, state)"
        " values ('mail', 'a@b', 'c@d', 'k', 's', 'body', '<' || gen_random_uuid() || '@b>', $1) returning id",
        state,
    )


async def test_a_page_goes_on_where_the_last_one_ended(client, daemon):
    ids = [await client.enqueue("tidy") for _ in range(5)]
    first = await client.ask(runs.page("job:tidy", limit=3))
    rest = await client.ask(runs.page("job:tidy", limit=3, after=first.next))
    assert [run.id for run in (*first.runs, *rest.runs)] == sorted(ids, reverse=True)
    assert rest.next is None and first.runs[0] == await client.run(first.runs[0].id)


@pytest.mark.parametrize("text", ["50% & more+plus", "a#b?c=d", "Straße/ü", "x\\y*"])
async def test_a_filter_arrives_as_it_was_written(client, daemon, text):
    wanted = await client.enqueue("backup", note=text)
    await client.enqueue("backup", note="other")
    page = await client.ask(runs.page(f'arg.note:"{text}"'))
    counted = await client.ask(runs.count(f'arg.note:"{text}"'))
    assert [run.id for run in page.runs] == [wanted]
    assert (counted.count, counted.more) == (1, False) and counted.since is not None


async def test_a_trigger_takes_arguments_as_typed(client, daemon):
    asked = runs.trigger("tidy", {"batch": "7", "dry": "true", "note": "7"}, queue="low", priority=-1, delay="5m")
    run = await client.run(await client.ask(asked))
    assert run.args == {"batch": 7, "dry": True, "note": "7"}
    assert (run.queue, run.priority, run.state) == ("low", -1, RunState.SCHEDULED)


async def test_a_run_is_cancelled_waited_for_and_retried(client, daemon):
    run = await client.ask(runs.enqueue({"job": "tidy"}))
    assert await client.ask(runs.cancel(run, "no need")) is RunState.CANCELLED
    assert (await client.ask(runs.wait(run, 5))).reason == "no need"
    assert (await client.ask(runs.one(await client.ask(runs.retry(run))))).retried_from == run
    with pytest.raises(NotFound):
        await client.ask(runs.one(10**9))


async def test_what_was_changed_of_a_queue_can_be_undone_by_its_entry(client, daemon):
    paused = await client.ask(queues.pause("low", reason="disk", lasts="30m"))
    low = await client.ask(queues.one("low"))
    assert (low.pause_reason, low.paused_by) == ("disk", paused.actor) and low.paused_until is not None
    undone = await client.ask(audit.undo(paused.id, "was nothing"))
    assert (undone.undoes, (await client.ask(queues.one("low"))).paused_at) == (paused.id, None)
    weighed = await client.ask(queues.weight("low", 9, "month end"))
    assert (await client.ask(queues.listed()))[0].name == "low"
    assert weighed.can_be_undone and (await client.ask(queues.weight("low", None))).action == "queue.weight"
    await client.ask(queues.pause("low"))
    assert (await client.ask(queues.resume("low", "done"))).reason == "done"
    with pytest.raises(Conflict):
        await client.ask(audit.undo(paused.id))


async def test_the_journal_is_read_page_by_page(client, daemon):
    entries = [await client.ask(queues.weight("low", weight)) for weight in (3, 4, 5)]
    first = await client.ask(audit.page(limit=2, target="low"))
    rest = await client.ask(audit.page(limit=2, after=first.next, action="queue.*"))
    assert [*first.entries, *rest.entries] == entries[::-1] and rest.next is None


async def test_a_schedule_is_described_paused_and_triggered(client, daemon):
    await scheduled(daemon)
    (listed,) = await client.ask(schedules.listed())
    assert (listed.description, listed.outcomes) == ("every 30 minutes", ())
    slots = await client.ask(schedules.next("nightly", 3))
    assert (slots.description, len(slots.next), slots.next[0].minute % 30) == (listed.description, 3, 0)
    entry = await client.ask(schedules.pause("nightly", reason="holiday", lasts="2d"))
    assert (await client.ask(schedules.one("nightly"))).pause_reason == "holiday"
    assert "holiday" in (await client.ask(why.schedule("nightly"))).sentence and entry.can_be_undone
    assert (await client.ask(schedules.resume("nightly"))).action == "schedule.resume"
    run = await client.run(await client.ask(schedules.trigger("nightly", "now")))
    assert (run.job, run.state) == ("tidy", RunState.QUEUED)


async def test_the_last_runs_of_a_schedule_are_told_oldest_first(client, daemon):
    await scheduled(daemon)
    ended = [await client.enqueue("tidy") for _ in range(4)]
    await daemon.database.execute("update jobd.runs set schedule = 'nightly'")
    await daemon.database.execute("update jobd.schedules set last_run = $1", ended[-1])
    for run, state in zip(ended, ("failed", "succeeded", "skipped", "succeeded"), strict=True):
        await daemon.ended(run, state)
    (listed,) = await client.ask(schedules.listed(outcomes=3))
    assert [(run.id, str(run.state)) for run in listed.outcomes] == list(
        zip(ended[1:], ("succeeded", "skipped", "succeeded"), strict=True)
    )
    assert (await client.ask(schedules.one("nightly", 3))).outcomes == listed.outcomes
    with pytest.raises(Refused, match="outcomes"):
        await client.ask(schedules.listed(outcomes=21))


async def test_a_node_is_quieted_drained_and_set_to_work_again(client, daemon: Any):
    number = await node(daemon)
    for asked, desired in ((nodes.quiet, "quiet"), (nodes.drain, "drain"), (nodes.resume, "running")):
        entry = await client.ask(asked(number, "kernel"))
        (shown,) = await client.ask(nodes.listed())
        assert (shown.desired, entry.target, entry.reason) == (desired, str(number), "kernel")
        assert shown.lag_ms is None


async def test_a_bulk_is_begun_followed_and_listed(client, daemon):
    async def over(number: int) -> bool:
        return (await client.ask(bulk.one(number))).state == "done"

    for _ in range(3):
        await client.enqueue("tidy")
    begun = await client.ask(bulk.begin(BulkAction.MOVE, "job:tidy", 3, "room", queue="low"))
    assert (begun.action, begun.matched, begun.queue, begun.reason) == (BulkAction.MOVE, 3, "low", "room")
    await until(lambda: over(begun.id))
    assert [one.changed for one in await client.ask(bulk.listed())] == [3]
    with pytest.raises(Conflict):
        await client.ask(bulk.stop(begun.id))
    with pytest.raises(Conflict, match="more than 0 runs"):
        await client.ask(queues.purge("low", 0))
    purged = await client.ask(queues.purge("low", 3, "empty it"))
    assert (purged.matched, purged.reason) == (3, "empty it")
    await until(lambda: over(purged.id))
    assert (await client.ask(runs.count("state:cancelled"))).count == 3


async def test_messages_are_shown_held_released_and_sent_again(client, daemon):
    message = await mailed(daemon)
    assert await client.ask(outbox.hold([message], "wait")) == [message]
    page = await client.ask(outbox.page("held,dead"))
    assert ([one.id for one in page.messages], page.counts["held"].count, page.next) == ([message], 1, None)
    assert page.messages[0].text is None and (await client.ask(outbox.one(message))).text == "body"
    assert await client.ask(outbox.release([message])) == [message]
    assert await client.ask(outbox.resend([message])) == []  # it waits to be sent as it is
    assert (await client.ask(outbox.one(message))).state is MessageState.PENDING


async def test_statistics_minutes_and_failures_are_told(client, daemon):
    await daemon.database.execute(
        "insert into jobd.stats (minute, node, job, queue, succeeded, failed, run_hist, wait_hist) values"
        " (date_trunc('minute', now()), 1, 'tidy', 'low', 2, 1, array_fill(1, array[24]), array_fill(1, array[24]))"
    )
    (tidy,) = await client.ask(stats.totals("job", "1h"))
    assert (tidy.name, tidy.succeeded, tidy.failed) == ("tidy", 2, 1) and tidy.run.p95 is not None
    (minute,) = await client.ask(stats.minutes(60, queue="low"))
    assert (minute.succeeded, minute.failed) == (2, 1) and minute.minute.tzinfo is not None
    assert await client.ask(stats.minutes(60, job="mail")) == []
    failed = await client.enqueue("tidy")
    await daemon.ended(failed, "failed", error="ValueError: 7 is odd")
    (group,) = (await client.ask(failures.since("1h"))).groups
    assert (group.last_id, group.count, group.error_class) == (failed, 1, "ValueError")


async def test_why_tells_a_chain_of_causes(client, daemon):
    run = await client.enqueue("tidy", queue="low")
    await client.ask(queues.pause("low", reason="disk"))
    told = await client.ask(why.run(run))
    assert told.subject.startswith(f"run {run}") and "low was paused" in told.sentence
    assert told.causes[0].code == (await client.ask(why.queue("low"))).causes[0].code


async def test_the_status_has_everything_of_one_moment(client, daemon):
    await client.enqueue_many([NewRun(job="tidy")] * 2)
    found = await client.ask(status.shown())
    assert (found.ready, found.store_error, found.health.name) == (True, None, "test")
    assert found.counts is not None and found.counts.queued.count == 2
    assert found.queues is not None and [queue.name for queue in found.queues] == ["default", "low"]
    assert found.nodes == ()
    assert {job.name for job in await client.ask(jobs.listed())} == {"tidy", "mail", "backup"}


@pytest.mark.parametrize("name", ["none", "a/b", "a?b=c", "ü %41", "#"])
async def test_a_name_that_nothing_has_is_not_found_whatever_it_holds(client, daemon, name):
    with pytest.raises(NotFound, match="there is no queue"):
        await client.ask(queues.one(name))


async def test_a_token_is_made_listed_and_revoked_and_its_text_stands_in_no_picture_of_it(client, daemon):
    made = await client.ask(tokens.add("ci", "operator", lasts="90d"))
    assert made.token.startswith("jobd_") and made.token not in repr(made)
    (found,) = await client.ask(tokens.listed())
    assert (found.name, found.role, found.revoked_at) == ("ci", "operator", None)
    assert found.expires_at is not None and (found.expires_at - found.created_at).days == 90
    with pytest.raises(Conflict, match="there is a token ci"):
        await client.ask(tokens.add("ci", "viewer"))
    assert await client.ask(tokens.revoke("ci")) == "ci"
    assert (await client.ask(tokens.listed()))[0].revoked_at is not None
    with pytest.raises(NotFound, match="no token ci"):
        await client.ask(tokens.revoke("ci"))
