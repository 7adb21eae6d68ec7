"""Forms of the result: every change can be told in each of them, or is refused before anything was done."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from serving import SmallDaemon

from jobd.model.finding import error
from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec

CHANGES = (
    "trigger tidy", "schedules trigger nightly", "schedules pause nightly", "schedules remove nightly",
    "queues pause low", "queues weight low 7", "queues purge default --yes", "nodes quiet {node}", "nodes drain {node}",
    "cancel {queued}", "retry {failed}", "runs cancel --filter state:queued --yes", "runs move {queued} --to low",
    "outbox hold {message}", "outbox release {held}", "outbox resend {put_off}", "undo {entry}", "reload",
    "queues resume default", "schedules resume stopped", "nodes resume {resting}",
    "runs retry --filter state:failed --yes", "schedules add later --job tidy --every 1h",
    "schedules edit nightly --job tidy --every 1h",
)  # fmt: skip
SENSELESS = ("schedules remove", "schedules add", "schedules edit", "reload")
"""What they answer has no id and no columns."""
MARKS = """
select concat_ws(' ', (select count(*) from jobd.audit), (select count(*) from jobd.runs),
    (select count(*) from jobd.bulk), (select count(*) from jobd.outbox where state = 'held'))
"""
NODE = (
    "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until, desired) "
    "values ('test', 'here', $1, 'h', '0.1.0', 10, true, now() + interval '1 hour', $2) returning id"
)
MESSAGE = (
    "insert into jobd.outbox (job, sender, recipient, kind, subject, text, message_id, state) "
    "values ('mail', 'a@example.org', 'b@example.org', 'kind', 's', 't', '<1@example.org>', $1) returning id"
)
SCHEDULE = "insert into jobd.schedules (name, owner, job, spec, paused_at) values ($1, 'test', 'tidy', $2, $3)"


async def furnished(jobctl, daemon: SmallDaemon) -> dict[str, object]:
    """Something to change of each kind."""
    await daemon.reset()
    queued, failed = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.ended(failed, "failed", error="no")
    for name, paused_at in (("nightly", None), ("stopped", datetime.now(UTC))):
        spec = write_spec(Schedule(name=name, job="tidy", cron="0 3 * * *"))
        await daemon.database.execute(SCHEDULE, name, spec, paused_at)
    node, resting = [
        await daemon.database.fetchval(NODE, pid, state) for pid, state in ((42, "running"), (43, "quiet"))
    ]
    message, held, put_off = [
        await daemon.database.fetchval(MESSAGE, state) for state in ("pending", "held", "deferred")
    ]
    entry = (await jobctl("queues", "pause", "default", "-o", "id")).out.strip()
    return {
        "queued": queued, "failed": failed, "node": node, "resting": resting, "message": message, "held": held,
        "put_off": put_off, "entry": entry,
    }  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["jsonl", "csv", "id"])
async def test_a_change_is_told_in_this_form_or_was_not_made(jobctl, daemon: SmallDaemon, change: str, form: str):
    here = await furnished(jobctl, daemon)
    before = await daemon.database.fetchval(MARKS)
    ran = await jobctl(*change.format(**here).split(), "-o", form)
    after = await daemon.database.fetchval(MARKS)
    if form in ("csv", "id") and change.startswith(SENSELESS):
        assert (ran.code, ran.out, after) == (2, "", before)
        assert f"-o {form} makes no sense here (there are table, wide, json, jsonl)" in ran.err
    elif not change.startswith(SENSELESS):  # those need a daemon with a configuration of its own
        assert (ran.code, ran.err) == (0, "")
        assert after != before
        assert ran.out


async def test_one_thing_is_one_row_of_comma_separated_values(jobctl, daemon: SmallDaemon):
    ran = await jobctl("trigger", "tidy", "--arg", "note=a,b", "-o", "csv")
    assert (ran.code, ran.err) == (0, "")
    (added,) = csv.DictReader(io.StringIO(ran.out))
    (run,) = csv.DictReader(io.StringIO((await jobctl("show", added["id"], "-o", "csv")).out))
    assert (run["job"], run["state"], run["error"]) == ("tidy", "queued", "")
    assert json.loads(run["args"]) == {"note": "a,b", "batch": 50}
    (why,) = csv.DictReader(io.StringIO((await jobctl("why", "queue", "low", "-o", "csv")).out))
    assert why["subject"] == "queue low"


@pytest.mark.parametrize(
    "words",
    [
        "events -o csv", "events -o id", "events -o wide", "runs logs 1 -o csv", "runs logs 1 -o id",
        "api GET /v1/status -o csv", "api GET /v1/status -o id", "completion bash --json", "completion bash -o id",
        "status -o id", "status --glance -o csv", "reload -o id", "top --json", "dashboard -o csv", "web -o id",
    ],
)  # fmt: skip
async def test_a_form_without_sense_is_refused_before_anybody_is_asked(jobctl, words: str):
    ran = await jobctl("--socket", "/nowhere/jobd.sock", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert "makes no sense here" in ran.err


async def test_the_doctor_lists_its_findings_in_forms_for_lists(jobctl, daemon: SmallDaemon):
    daemon.findings = (error("disk", "is full", "make room"),)
    assert (await jobctl("doctor", "-o", "id")).out == "disk\n"
    assert (await jobctl("doctor", "-o", "csv")).out == "name,verdict,text,mend\ndisk,error,is full,make room\n"
