"""A failed attempt tells what went wrong and none of the arguments that `[privacy] redact` names."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from support.nodes import attempts_of

from jobd import Cancel, Context, Retry
from jobd.engine.attempt import TEXT_LIMIT
from jobd.model.privacy import MASKED

SECRET = "hunter2-secret"
JOBS = """
[privacy]
redact = ["args.text", "args.user.iban"]
[jobs.fails]
run = "support.jobs:fails"
retries = 1
retry_delay = 0
[jobs.ends]
run = "test_quoted_arguments:ends"
[jobs.complains]
command = ["sh", "-c", "echo $JOBD_ARGS >&2; exit 3"]
[jobs.says]
command = ["sh", "-c", "echo $JOBD_ARGS; echo $JOBD_ARGS >&2"]
"""


async def ends(ctx: Context, *, how: str, user: dict[str, str]) -> None:
    """Does not succeed, and says with what."""
    match how:
        case "cancel":
            raise Cancel(f"{user} may not")
        case "retry":
            raise Retry(f"no answer for {user['name']} by {user['iban']}")
        case "group":
            raise ExceptionGroup("two", [ValueError(user["iban"]), KeyError("ada")])
        case "cause":
            try:
                raise KeyError(user)
            except KeyError as error:
                raise ValueError(f"not {user['name']}") from error
        case text:
            raise ValueError(text)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Every line with all of its facts."""
    return "\n".join(str(vars(record)) for record in caplog.records)


async def test_an_error_and_its_traceback_quote_no_masked_argument(alive, store, caplog):
    caplog.set_level(logging.DEBUG)
    async with alive(JOBS) as live:
        run = await live.add("fails", text=f"cannot log in with {SECRET}")
        row = await live.until_ended(run)
        tried = await attempts_of(store, run)
        assert (row["error"], len(tried)) == (f"ValueError: {MASKED}", 2)
        for one in tried:
            assert one["error"] == f"ValueError: {MASKED}"
            assert "raise ValueError(text)" in one["traceback"] and one["traceback"].endswith(f"ValueError: {MASKED}\n")
        found = await store.views.stats.failed(timedelta(hours=1))
        assert [group.error for group in found.groups] == [f"ValueError: {MASKED}"]
        assert all(SECRET not in (ending.error or "") for ending in live.endings)
    assert "run failed" in logged(caplog) and "the run is tried again" in logged(caplog)
    assert SECRET not in logged(caplog)


@pytest.mark.parametrize("how", ["cancel", "retry", "group", "cause"])
async def test_nor_does_any_other_end(alive, store, caplog, how):
    caplog.set_level(logging.DEBUG)
    async with alive(JOBS) as live:
        run = await live.add("ends", how=how, user={"iban": SECRET, "name": "ada"})
        row = await live.until_ended(run)
        stored: list[Any] = [*row.values(), *(value for one in await attempts_of(store, run) for value in one.values())]
        told = "\n".join(value for value in stored if isinstance(value, str) and value != row["args"])
    assert SECRET not in told and MASKED in told and "ada" in told
    assert SECRET not in logged(caplog)


async def test_a_secret_at_the_cut_of_a_long_error_is_not_left_in_half(alive):
    async with alive(JOBS) as live:
        text = "x" * (TEXT_LIMIT - 200) + f"{SECRET} " * 20
        run = await live.add("ends", how=text, user={"iban": SECRET})
        error = (await live.until_ended(run))["error"]
    assert SECRET[:4] not in error and MASKED in error and "cut here" not in error


async def test_what_a_command_prints_of_them_is_hidden_whether_it_fails_or_not(alive, store, caplog):
    caplog.set_level(logging.DEBUG)
    user = {"iban": f'{SECRET} "ü"', "name": "ada"}
    async with alive(JOBS) as live:
        failed = await live.until_ended(await live.add("complains", user=user))
        begin, args = failed["error"].split("3: ")
        done = json.loads((await live.until_ended(await live.add("says", user=user)))["result"])
        shown = {"user": {"iban": MASKED, "name": "ada"}}
        assert (begin, json.loads(args)) == ("CommandFailed: sh: exit status ", shown)
        assert (json.loads(done["stdout"]), json.loads(done["stderr"])) == (shown, shown)
    assert SECRET not in logged(caplog)


async def test_where_nothing_is_redacted_an_error_is_as_it_was(alive):
    async with alive(JOBS.replace('"args.text", ', "")) as live:
        row = await live.until_ended(await live.add("fails", text=SECRET))
        assert row["error"] == f"ValueError: {SECRET}"
