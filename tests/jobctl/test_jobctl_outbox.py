"""jobctl outbox: what a person decides of messages, and why one was left alone."""

from __future__ import annotations

import pytest
from serving import SmallDaemon

from jobd.jobctl.outbox import RESENT

MESSAGE = (
    "insert into jobd.outbox (job, sender, recipient, kind, subject, text, message_id, state) "
    "values ('mail', 'a@example.org', 'b@example.org', 'kind', 's', 't', '<1@example.org>', $1) returning id"
)


@pytest.mark.parametrize(
    ("verb", "state", "only"),
    [
        ("hold", "held", "only one that waits can be held"),
        ("release", "pending", "only a held one can be released"),
        ("resend", "pending", f"only {RESENT}"),
    ],
)
async def test_a_message_in_another_state_is_left_alone_and_told(jobctl, daemon: SmallDaemon, verb, state, only):
    message = await daemon.database.fetchval(MESSAGE, state)
    ran = await jobctl("outbox", verb, str(message))
    assert (ran.code, ran.out) == (6, "")
    assert ran.err == f"jobctl: message {message} is {state}: {only} (jobctl outbox show {message})\n"
    told = await jobctl("outbox", verb, str(message), "-o", "json")
    assert (told.code, told.out, told.error["code"]) == (6, "[]\n", "conflict")


async def test_those_that_can_be_are_changed_and_each_of_the_others_is_told(jobctl, daemon: SmallDaemon):
    waits, held = [await daemon.database.fetchval(MESSAGE, state) for state in ("pending", "held")]
    ran = await jobctl("outbox", "hold", "999999", str(waits), str(held), str(waits))
    assert (ran.code, ran.out.split()) == (3, ["HELD", str(waits)])
    none, other = ran.err.splitlines()
    assert none.startswith("jobctl: there is no message 999999")
    assert other.startswith(f"jobctl: message {held} is held: only one that waits can be held")
    again = await jobctl("outbox", "release", str(held), str(waits), "-o", "id")
    assert (again.code, again.out.split(), again.err) == (0, [str(waits), str(held)], "")
