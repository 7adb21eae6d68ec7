"""Whatever is changed over the API leaves its line in the journal, and is answered as the OpenAPI document says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from support.daemons import processes

from jobd.api.openapi import plain
from jobd.api.routes import ROUTES
from jobd.api.shapes import SHAPES

MORE = """
[queues.low]
weight = 3
[jobs.nightly]
run = "support.jobs:nothing"
cron = "17 3 * * *"
"""
FILLED = """
insert into jobd.outbox (job, kind, sender, recipient, subject, message_id, text, due_at, state)
select 'nothing', 'test', 'a@example.org', 'b@example.org', 'hello', n || '@example.org', 'hello',
    now() + interval '1 day', case n when 1 then 'pending' else 'held' end
from generate_series(1, 4) n;
insert into jobd.bulk (action, filter, source, expected, matched, held_by, held_until)
values ('cancel', 'job:none', 'test', 4, 4, 'another node', now() + interval '1 hour')
"""
ASKED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("POST", "/v1/queues/low/pause"): {},
    ("POST", "/v1/audit/{entry}/undo"): {},
    ("POST", "/v1/queues/low/weight"): {"weight": 5},
    ("POST", "/v1/queues/default/pause"): {},  # so that runs wait
    ("POST", "/v1/runs"): {"job": "nightly"},
    ("POST", "/v1/schedules/nightly/trigger"): {},
    ("POST", "/v1/runs/{run}/cancel"): {},
    ("POST", "/v1/runs/{run}/retry"): {},
    ("POST", "/v1/runs/bulk"): {"action": "cancel", "filter": "job:none", "expected_count": 0},
    ("POST", "/v1/bulk/{bulk}/cancel"): {},
    ("POST", "/v1/queues/default/purge"): {"expected_count": 9},
    ("POST", "/v1/queues/default/resume"): {},
    ("POST", "/v1/schedules/nightly/pause"): {},
    ("POST", "/v1/schedules/nightly/resume"): {},
    ("POST", "/v1/schedules/further"): {"job": "nightly", "every": "1h"},
    ("PUT", "/v1/schedules/further"): {"job": "nightly", "every": "2h"},
    ("DELETE", "/v1/schedules/further"): {},
    ("POST", "/v1/nodes/{node}/quiet"): {},
    ("POST", "/v1/nodes/{node}/drain"): {},
    ("POST", "/v1/nodes/{node}/resume"): {},
    ("POST", "/v1/outbox/hold"): {"ids": [1]},
    ("POST", "/v1/outbox/release"): {"ids": [2]},
    ("POST", "/v1/outbox/resend"): {"ids": [3, 4]},
    ("POST", "/v1/tokens"): {"name": "ci", "role": "operator", "lasts": "90d"},
    ("DELETE", "/v1/tokens/ci"): {},
    ("POST", "/v1/reload"): {},
}
"""In this order; between braces stands what the daemon has called it."""
SAYS_ITSELF = {("POST", "/v1/runs"): "a run has who asked for it as its source, and no line in the journal"}
BEFORE: Mapping[str, Any] = {
    "run.cancel": {"state": "queued"},
    "run.retry": {"state": "cancelled"},
    "bulk.stop": {"state": "running", "matched": 4},
    "message.release": {"states": {"2": "held"}},
    "message.hold": {"states": {"1": "pending"}},
    "message.resend": {"states": {"3": "held", "4": "held"}},
    "schedule.edit": {"job": "nightly", "every": "1h"},
}


def shape(path: str) -> str:
    """The path without names and numbers."""
    known = {"low", "default", "nightly", "further", "ci", "entry", "run", "bulk", "node"}
    parts = plain(path).replace("/v1/runs/bulk", "/v1/runs/(bulk)").split("/")
    return "/".join("*" if part.strip("{}") in {*known, "name", "id"} else part for part in parts)


def test_each_request_that_changes_something_is_asked_here() -> None:
    changing = {(route.method, shape(route.path)) for route in ROUTES if route.method != "GET"}
    assert {(method, shape(path)) for method, path in ASKED} == changing


async def test_each_change_leaves_its_line_with_its_reason_and_what_was_before(life, tmp_path) -> None:
    async with processes(tmp_path, life.url, more=MORE) as (one,):
        await one.start()
        await life.db.execute(FILLED)
        facts: dict[str, Any] = {"node": (await one.ask("status"))["health"]["node"]}
        facts["bulk"] = await life.db.fetchval("select max(id) from jobd.bulk")
        documented = {(route.method, shape(route.path)): (route.method, route.path) for route in ROUTES}
        seen: dict[str, Any] = {}
        for (method, path), body in ASKED.items():
            if path == "/v1/reload":
                one.config.write_text(one.config.read_text().replace("weight = 3", "weight = 4"))
            last = await life.db.fetchval("select coalesce(max(id), 0) from jobd.audit")
            reason = {} if (method, path) in SAYS_ITSELF else {"reason": f"because {path}"}
            answer = await one.ask(path.format(**facts).removeprefix("/v1/"), method, **body, **reason)
            assert not answer.get("error"), (method, path, answer)
            model = TypeAdapter(SHAPES[documented[method, shape(path)]].answer)
            assert model.dump_python(model.validate_python(answer), mode="json") == answer, (method, path)
            facts |= {"run": answer["id"]} if path == "/v1/runs" else {}
            facts |= {"entry": answer["id"]} if path.endswith("low/pause") else {}
            lines = [line for line in (await one.ask("audit"))["entries"] if line["id"] > last]
            assert {line["reason"] for line in lines} == set(reason.values()), (method, path, lines)
            seen |= {line["action"]: line for line in lines}
        assert {action: seen[action]["before"] for action in BEFORE} == BEFORE
        assert seen["token.revoke"]["before"] == seen["token.add"]["after"]
        assert seen["token.add"]["after"]["role"] == "operator" and seen["token.add"]["after"]["expires_at"]
        assert seen["config.reload"]["before"]["values"] == {"queues.low.weight": 3}
        assert seen["config.reload"]["after"]["values"] == {"queues.low.weight": 4}
        assert await one.stop() == 0


async def test_files_that_changed_while_no_daemon_ran_are_told_by_the_next_one(life, tmp_path) -> None:
    async with processes(tmp_path, life.url, more=MORE) as (one,):
        await one.start()
        assert await one.stop() == 0
        one.config.write_text(one.config.read_text().replace("weight = 3", "weight = 5"))
        await one.start()
        (line,) = (await one.ask("audit"))["entries"]
        assert (line["action"], line["target"]) == ("config.load", "life")
        assert (line["before"]["values"], line["after"]["values"]) == (
            {"queues.low.weight": 3},
            {"queues.low.weight": 5},
        )
        assert await one.stop() == 0
        await one.start()
        assert len((await one.ask("audit"))["entries"]) == 1
        assert await one.stop() == 0
