"""Client and SyncClient over the real socket: each test is made with both."""

from __future__ import annotations

import asyncio
import json
import os
import socket as sockets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from jobd.client import (
    ArgumentsRefused,
    Client,
    Conflict,
    NewRun,
    NoAnswer,
    NotFound,
    NotPermitted,
    NotRunning,
    Refused,
    RunState,
    StoreUnavailable,
    SyncClient,
    UnknownJob,
    UnknownQueue,
)


async def test_a_run_that_was_added_is_shown_as_a_model_object(client):
    run = await client.enqueue("tidy", note="x", queue="low", priority=-3)
    shown = await client.run(run)
    assert (shown.id, shown.job, shown.queue, shown.priority, shown.state) == (run, "tidy", "low", -3, RunState.QUEUED)
    assert shown.args == {"batch": 50, "note": "x"}
    assert shown.due_at.tzinfo is not None and abs(shown.due_at - datetime.now(UTC)) < timedelta(seconds=60)
    assert shown.source == f"api uid:{os.geteuid()}"


async def test_arguments_named_like_options_go_in_a_new_run(client, daemon):
    run = await client.enqueue(NewRun(job="backup", args={"queue": 1, "key": "k"}, key="once"))
    assert (await client.run(run)).args == {"queue": 1, "key": "k"}
    assert await client.enqueue(NewRun(job="backup", key="once")) == run
    with pytest.raises(ValueError, match="says everything itself"):
        await client.enqueue(NewRun(job="backup"), queue="low")


async def test_delay_counts_by_postgres_and_at_is_an_instant(client):
    later = await client.run(await client.enqueue("tidy", delay=timedelta(minutes=5)))
    assert later.state is RunState.SCHEDULED
    assert abs(later.due_at - later.created_at - timedelta(minutes=5)) < timedelta(seconds=1)
    at = datetime(2030, 1, 1, tzinfo=UTC)
    assert (await client.run(await client.enqueue("tidy", at=at))).due_at == at
    with pytest.raises(ValueError, match="time zone"):
        await client.enqueue("tidy", at=at.replace(tzinfo=None))
    with pytest.raises(ValueError, match="exclude"):
        await client.enqueue("tidy", at=at, delay=timedelta(1))


async def test_many_runs_take_several_requests_and_their_ids_come_in_order(client, daemon):
    ids = await client.enqueue_many(NewRun(job="backup", args={"n": n}) for n in range(2_100))
    rows = await daemon.database.fetch("select id, (args ->> 'n')::int as n from jobd.runs order by id")
    assert {row["id"]: row["n"] for row in rows} == {run: n for n, run in enumerate(ids)}
    assert await client.enqueue_many([]) == []


async def test_large_runs_go_in_requests_that_the_daemon_takes(client, daemon):
    ids = await client.enqueue_many([NewRun(job="backup", args={"x": "é" * 200_000})] * 5)
    assert len(set(ids)) == 5


async def test_wait_answers_when_the_run_has_ended_and_says_when_it_has_not_in_time(client, daemon):
    run = await client.enqueue("tidy")
    with pytest.raises(TimeoutError, match=f"run {run} has not ended within 0.05 s and is queued"):
        await client.wait(run, timeout=0.05)

    async def ends() -> None:
        await daemon.running(run)
        await daemon.ended(run, result={"deleted": 3})

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(client.wait(run, timeout=20))
        tasks.create_task(ends())
    ended = waiting.result()
    assert (ended.state, ended.result) == (RunState.SUCCEEDED, {"deleted": 3})
    assert ended.finished_at is not None


async def test_follow_shows_each_change_once_and_ends_with_the_run(client, daemon):
    run = await client.enqueue("tidy")
    states = []
    async for shown in client.follow(run):
        states.append(shown.state)
        if shown.state is RunState.QUEUED:
            await daemon.running(run)
        elif shown.state is RunState.RUNNING:
            await daemon.ended(run, "failed", error="no")
    assert states == [RunState.QUEUED, RunState.RUNNING, RunState.FAILED]


async def test_cancel_and_retry_tell_what_became_of_it(client, daemon):
    run = await client.enqueue("tidy")
    assert await client.cancel(run, "not needed") is RunState.CANCELLED
    assert (await client.run(run)).reason == "not needed"
    again = await client.retry(run)
    assert (await client.run(again)).retried_from == run
    await daemon.running(again)
    assert await client.cancel(again) is RunState.RUNNING
    assert (await client.run(again)).cancel_requested


async def test_jobs_schedules_and_queues_are_model_objects(client, daemon):
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot) values ('nightly', 'test', 'tidy', $1, now())",
        json.dumps({"cron": "0 3 * * *", "timezone": "Africa/Cairo", "catch_up_window": 3600}),
    )
    jobs = {job.name: job for job in await client.jobs()}
    assert set(jobs) == {"tidy", "mail", "backup"} and jobs["mail"] == await client.job("mail")
    parameters = {one.name: one for one in jobs["mail"].parameters}
    assert (parameters["to"].type, parameters["to"].required) == ("str", True)
    assert jobs["tidy"].next_due.tzinfo is not None
    (nightly,) = await client.schedules()
    assert (nightly.cron, nightly.timezone, nightly.next_slot.tzinfo is not None) == ("0 3 * * *", "Africa/Cairo", True)
    await client.enqueue("mail", to="a", subject="b")
    queues = {queue.name: queue for queue in await client.queues()}
    assert (queues["low"].queued.count, str(queues["low"].queued), queues["default"].weight) == (1, "1", 2)


async def test_each_refusal_is_an_error_of_its_own_and_says_what_to_do(client, daemon):
    run = await client.enqueue("tidy")
    with pytest.raises(UnknownJob, match=r"tidi.*did you mean"):
        await client.enqueue("tidi")
    with pytest.raises(ArgumentsRefused, match="bach"):
        await client.enqueue("tidy", bach=5)
    with pytest.raises(ArgumentsRefused, match=r"args\.note: holds the character NUL"):
        await client.enqueue("tidy", note="\x00")
    with pytest.raises(ArgumentsRefused, match=r"\[1\]: batch: must be int"):
        await client.enqueue_many([NewRun(job="tidy"), NewRun(job="tidy", args={"batch": "x"})])
    with pytest.raises(NotFound, match=str(run + 1)):
        await client.run(run + 1)
    with pytest.raises(NotFound):
        await client.wait(run + 1, timeout=1)
    with pytest.raises(UnknownJob):
        await client.job("a/b?c")
    with pytest.raises(Conflict, match="has not ended"):
        await client.retry(run)
    await client.cancel(run)
    with pytest.raises(Conflict, match="has ended already"):
        await client.cancel(run)
    with pytest.raises(UnknownQueue, match=r"queue.*low"):
        await client.enqueue("tidy", queue="lo")
    with pytest.raises(Refused, match="priority") as refused:
        await client.enqueue("tidy", priority=101)
    assert (refused.value.status, refused.value.code) == (400, "bad_request")
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


async def asked(kind: str, *where: object, **more: object) -> object:
    """What either client says to one simple question."""
    if kind == "SyncClient":
        return await asyncio.to_thread(lambda: SyncClient(*where, **more).queues())  # type: ignore[arg-type]
    async with Client(*where, **more) as client:  # type: ignore[arg-type]
        return await client.queues()


both = pytest.mark.parametrize("kind", ["Client", "SyncClient"])


@both
async def test_nobody_there_is_said_with_the_command_to_try(kind, tmp_path, monkeypatch):
    with pytest.raises(NotRunning, match=r"no socket at .*/jobd\.sock; systemctl start jobd"):
        await asked(kind, tmp_path / "jobd.sock")
    with sockets.socket(sockets.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    with pytest.raises(NotRunning, match="nobody listens at"):
        await asked(kind, tmp_path / "dead.sock")
    with pytest.raises(NotRunning, match=r"127\.0\.0\.1:1.*\[api\] listen"):
        await asked(kind, url="http://127.0.0.1:1")


@both
async def test_the_socket_is_found_where_the_environment_says(kind, daemon, socket, monkeypatch):
    monkeypatch.setenv("JOBD_SOCKET", str(socket))
    assert len(await asked(kind)) == 2
    monkeypatch.delenv("JOBD_SOCKET")
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{socket.parent}:/elsewhere")
    assert len(await asked(kind)) == 2


@both
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"url": "jobd.example"}, "write it like"),
        ({"url": "ftp://jobd.example"}, "write it like"),
        ({"url": "https://jobd.example/path"}, "write it like"),
        ({"url": "http://jobd.example", "token": "t"}, "use https"),
        ({"url": "http://localhost", "socket": "/x"}, "not both"),
    ],
)
async def test_a_place_that_is_none_is_refused_before_anything_is_sent(kind, more, words):
    with pytest.raises(ValueError, match=words):
        await asked(kind, **more)


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Somebody on loopback who says `reply` to whatever comes and hangs up; its URL, and what came."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@both
async def test_a_token_is_sent_and_never_shown(kind):
    async with answering(http("200 OK", '{"queues": []}')) as (url, heads):
        assert await asked(kind, url=url, token="s3cret") == []
    assert b"\r\nauthorization: bearer s3cret\r\n" in heads[0].lower()
    with pytest.raises(NotRunning) as error:
        await asked(kind, url=url, token="s3cret")
    assert "s3cret" not in str(error.value)


@both
@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (http("401 Who", '{"error": {"code": "x", "message": "no", "hint": "a token"}}'), NotPermitted, "no; a token"),
        (http("503 Busy", '{"error": {"code": "store_unavailable", "message": "no"}}'), StoreUnavailable, "no"),
        (http("500 Oops", "<html>"), Refused, "no jobd: status 500"),
        (http("200 OK", "<html>"), Refused, "no jobd"),
        (http("200 OK", '{"queues": [{"name": 1'), Refused, "no jobd"),
        (http("200 OK", '{"other": []}'), Refused, "no jobd"),
        (http("302 Found\r\nLocation: http://127.0.0.1:1/", "{}"), Refused, "no jobd"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", NoAnswer, "no whole answer"),
        (b"", NoAnswer, "no whole answer"),
        (b"SSH-2.0-x\r\n\r\n", NoAnswer, "no whole answer"),
    ],
)
async def test_what_is_no_answer_of_jobd_is_never_taken_for_one(kind, reply, error, words):
    async with answering(reply) as (url, _):
        with pytest.raises(error, match=words):
            await asked(kind, url=url)


@both
async def test_a_daemon_that_says_nothing_is_waited_for_only_so_long(kind, tmp_path):
    with sockets.socket(sockets.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "mute.sock"))
        mute.listen()
        with pytest.raises(NoAnswer, match="no whole answer"):
            await asked(kind, tmp_path / "mute.sock", timeout=0.1)


async def test_what_a_newer_daemon_says_beyond_is_left_out():
    queue = {"name": "q", "weight": 1, "configured_weight": 1, "colour": "red"}
    queue["queued"] = {"count": 3, "more": True, "new": 1}
    async with answering(http("200 OK", json.dumps({"queues": [queue]}))) as (url, _):
        (shown,) = await asked("Client", url=url)  # type: ignore[misc]
    assert (shown.name, str(shown.queued)) == ("q", "3+")


async def test_many_calls_of_one_client_may_be_under_way_at_once(daemon, socket):
    async with Client(socket) as client, asyncio.TaskGroup() as tasks:
        added = [tasks.create_task(client.enqueue("backup", n=n)) for n in range(100)]
    assert len({task.result() for task in added}) == 100


async def test_a_client_outside_its_block_says_how_it_is_used(socket):
    with pytest.raises(RuntimeError, match="async with Client"):
        await Client(socket).queues()


def test_importing_the_sync_client_loads_neither_asyncio_nor_aiohttp():
    code = (
        "import sys; from jobd.client import SyncClient, enqueue_in; SyncClient('/x');"
        "sys.exit(', '.join({'asyncio', 'aiohttp', 'asyncpg', 'pydantic', 'psycopg'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


