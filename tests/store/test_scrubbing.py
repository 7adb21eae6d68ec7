"""What `[privacy] redact` names is in the database until its age, and then nowhere in it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.rows import SECOND, added, loaded

from jobd.engine.duties import scrub
from jobd.errors import Conflict
from jobd.model.bulk import BulkAction
from jobd.model.change import Action, Actor
from jobd.model.filter import parse_filter
from jobd.model.privacy import MASKED, Mask
from jobd.model.settings import PrivacySettings
from jobd.store.scrubbing import BATCH, below
from jobd.store.store import Store

WEEK = timedelta(days=7)
ME = Actor(name="uid:0 (root)", uid=0)
REDACT = ("args.user.iban", "args.cards", "result.*.token", "mail.text", "mail.headers.X-Account", "mail.key")
PRIVACY = PrivacySettings(redact=REDACT, keep=WEEK)
ARGS = {"user": {"iban": "DE00-secret", "name": "Ada"}, "cards": ["4111-secret"], "batch": 7, "rate": 0.1}
CLEAN = {"user": {"iban": MASKED, "name": "Ada"}, "cards": MASKED, "batch": 7, "rate": 0.1}
SECRET = "%secret%"


async def ended(store: Store, age: timedelta, args: Any = ARGS, result: Any = None, state: str = "failed") -> int:
    """A run that is in history for so long."""
    run = await added(store, args=args)
    await store.database.execute("select jobd.make_partitions(1)")
    await partition(store, age)
    await store.database.execute(
        "with gone as (delete from jobd.runs where id = $1 returning *) "
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source, "
        "args, result) select id, now() - $2::interval, created_at, due_at, 1, 0, $3, job, queue, source, args, "
        "$4::text::jsonb from gone",
        run, age, state, None if result is None else json.dumps(result),
    )  # fmt: skip
    return run


async def partition(store: Store, age: timedelta) -> None:
    day = await store.database.fetchval("select date_trunc('day', now() - $1::interval, 'UTC')", age)
    await store.database.execute(
        f"create table if not exists jobd.history_{day:%Y%m%d} partition of jobd.history "
        f"for values from ('{day}') to ('{day + timedelta(days=1)}')"
    )


async def mailed(store: Store, age: timedelta) -> int:
    """A message that was sent so long ago."""
    number: int = await store.database.fetchval(
        "insert into jobd.outbox (job, sender, recipient, kind, key, subject, text, headers, message_id, state, "
        "finished_at) values ('mail', 'a@b', 'c@d', 'k', 'occasion', 'hello', 'dear secret', "
        """'{"X-Account": "secret-7", "X-Kind": "note"}', '<1@b>', 'sent', now() - $1::interval) returning id""",
        age,
    )
    return number


async def told(store: Store, run: int) -> tuple[Any, Any]:
    """Arguments and result as they stand in the database."""
    row = await store.database.fetchrow("select args::text, result::text from jobd.history where id = $1", run)
    return tuple(None if text is None else json.loads(text) for text in row)


async def with_secrets(store: Store) -> list[int]:
    """Everything in runs and messages of the database that still says a secret."""
    rows = await store.database.fetch(
        "select id from jobd.history h where h::text like $1 "
        "union all select id from jobd.outbox o where o::text like $1",
        SECRET,
    )
    return sorted(row["id"] for row in rows)


async def test_values_are_in_the_database_before_their_age_and_gone_after_it(store: Store):
    await loaded(store)
    result = {"a": {"token": "secret", "n": 1}, "b": [{"token": "secret"}], "token": "no secret at this depth"}
    young = await ended(store, WEEK - timedelta(minutes=1), result=result)
    old = await ended(store, WEEK + timedelta(minutes=1), result=result)
    await scrub(store.scrubbing, PRIVACY)
    assert await told(store, young) == (ARGS, result)
    assert await told(store, old) == (
        CLEAN,
        {"a": {"token": MASKED, "n": 1}, "b": [{"token": MASKED}], "token": "no secret at this depth"},
    )


async def test_messages_that_ended_lose_what_is_named_and_their_keys_stay(store: Store):
    young, old = await mailed(store, WEEK - SECOND * 60), await mailed(store, WEEK + SECOND)
    await scrub(store.scrubbing, PRIVACY)
    assert await with_secrets(store) == [young]
    row = await store.database.fetchrow("select * from jobd.outbox where id = $1", old)
    assert (row["text"], row["html"], row["subject"], row["recipient"]) == (MASKED, None, "hello", "c@d")
    assert json.loads(row["headers"]) == {"X-Account": MASKED, "X-Kind": "note"}
    assert row["key"] == "occasion"


async def test_a_message_that_still_waits_keeps_what_it_is_to_say(store: Store):
    waits = await mailed(store, 2 * WEEK)
    await store.database.execute(
        "update jobd.outbox set state = 'held', finished_at = null, created_at = now() - interval '90 days'"
    )
    await scrub(store.scrubbing, PRIVACY)
    assert await with_secrets(store) == [waits]


async def test_all_of_a_message_is_all_that_it_says_to_people(store: Store):
    old = await mailed(store, 2 * WEEK)
    await scrub(store.scrubbing, PrivacySettings(redact=("mail",), keep=WEEK))
    row = await store.database.fetchrow("select * from jobd.outbox where id = $1", old)
    assert {row[name] for name in ("sender", "recipient", "subject", "text")} == {MASKED}
    assert (row["html"], row["reply"], row["state"], row["message_id"]) == (None, None, "sent", "<1@b>")


async def test_a_second_pass_writes_nothing(store: Store):
    await loaded(store)
    await ended(store, 2 * WEEK)
    await mailed(store, 2 * WEEK)
    await scrub(store.scrubbing, PRIVACY)
    places = " union all ".join(f"select ctid::text, xmin::text, id from jobd.{name}" for name in ("history", "outbox"))
    before = await store.database.fetch(places)
    await scrub(store.scrubbing, PRIVACY)
    await store.database.execute("delete from jobd.scrubs")  # even one that begins again at the beginning
    await scrub(store.scrubbing, PRIVACY)
    assert await store.database.fetch(places) == before


async def test_what_was_looked_at_is_not_looked_at_again_and_new_paths_begin_anew(store: Store):
    await loaded(store)
    run = await ended(store, 2 * WEEK, {"a": "secret", "b": "secret"})
    await scrub(store.scrubbing, PrivacySettings(redact=("args.a",), keep=WEEK))
    assert await told(store, run) == ({"a": MASKED, "b": "secret"}, None)
    # written behind the place that was reached, as no run ever is: only looking again would find it
    behind = await ended(store, 3 * WEEK, {"a": "secret"})
    await scrub(store.scrubbing, PrivacySettings(redact=("args.a",), keep=WEEK))
    assert await told(store, behind) == ({"a": "secret"}, None)
    await scrub(store.scrubbing, PrivacySettings(redact=("args.a", "args.b"), keep=WEEK))
    assert (await told(store, run), await told(store, behind)) == (
        ({"a": MASKED, "b": MASKED}, None),
        ({"a": MASKED}, None),
    )


async def test_more_than_a_batch_of_one_instant_is_done_by_two_nodes_at_once(store: Store):
    await loaded(store)
    await partition(store, 2 * WEEK)
    await store.database.execute(
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source,"
        " args) select n, now() - interval '14 days', now(), now(), 1, 0,"
        " 'succeeded', 'job', 'default', 'x', $2::text::jsonb"
        " from generate_series(1, $1) n",
        2 * BATCH + 1, json.dumps(ARGS),
    )  # fmt: skip
    await asyncio.gather(scrub(store.scrubbing, PRIVACY), scrub(store.scrubbing, PRIVACY))
    assert await with_secrets(store) == []
    done = await store.database.fetchval("select count(*) from jobd.history where scrubbed_at is not null")
    assert done == 2 * BATCH + 1


async def test_without_an_age_values_stay_as_long_as_their_run(store: Store):
    await loaded(store)
    run = await ended(store, 10 * WEEK)
    await scrub(store.scrubbing, PrivacySettings(redact=REDACT))
    assert await told(store, run) == (ARGS, None)


async def test_a_run_whose_arguments_are_gone_is_not_started_again(store: Store):
    await loaded(store)
    clean = await ended(store, 2 * WEEK, {"batch": 1})
    only_result = await ended(store, 2 * WEEK, {"batch": 2}, result=[{"x": {"token": "secret"}}])
    lost = await ended(store, 2 * WEEK)
    await scrub(store.scrubbing, PRIVACY)
    assert await with_secrets(store) == []
    with pytest.raises(Conflict, match=r"were overwritten since it ended.*enqueue it anew"):
        await store.changes.retry(lost, ME)
    for run in (clean, only_result):
        assert (await store.changes.retry(run, ME)).queue == "default"
    await store.database.execute("delete from jobd.runs")
    bulk = await store.bulks.begin(BulkAction.RETRY, parse_filter("state:failed since:30d"), 3, ME)
    taken = await store.bulks.take("here")
    assert taken is not None
    await store.bulks.batch(taken, "here")
    done = await store.bulks.one(bulk.id)
    assert (done.seen, done.changed) == (3, 2)
    again = await store.database.fetch("select retried_from from jobd.runs order by 1")
    assert [row["retried_from"] for row in again] == [clean, only_result]


async def test_a_message_whose_words_are_gone_is_not_sent_again(store: Store):
    whole, lost = await mailed(store, SECOND), await mailed(store, 2 * WEEK)
    await scrub(store.scrubbing, PRIVACY)
    assert await store.changes.messages(Action.MESSAGE_RESEND, [whole, lost], ME, None) == [whole]
    assert await store.database.fetchval("select state from jobd.outbox where id = $1", lost) == "sent"


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
PATHS = st.lists(st.lists(NAMES | st.just("*"), max_size=3), max_size=4)


@given(st.dictionaries(NAMES, VALUES, max_size=3), PATHS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_database_masks_what_answers_mask(store: Store, value: dict[str, Any], paths: list[list[str]]):
    redact = [".".join(["args", *path]) for path in paths]
    masked = await store.database.fetchval(
        "select jobd.masked($1::text::jsonb, $2::text::jsonb)::text",
        json.dumps(value),
        json.dumps(below("args", redact)),
    )
    assert json.loads(masked) == Mask(redact).of("args", value)


async def test_numbers_that_python_cannot_hold_are_unhurt(store: Store):
    await loaded(store)
    run = await ended(store, 2 * WEEK, {"cards": ["secret"]})
    await store.database.execute(
        """update jobd.history set args = args || '{"exact": 0.10000000000000000001}' where id = $1""", run
    )
    await scrub(store.scrubbing, PRIVACY)
    text = await store.database.fetchval("select args::text from jobd.history where id = $1", run)
    assert text == '{"cards": "********", "exact": 0.10000000000000000001}'
