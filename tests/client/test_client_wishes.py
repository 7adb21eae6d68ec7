"""What either client takes for a time or an id, and what it refuses before it asks the daemon."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest


@pytest.mark.parametrize("delay", [timedelta(minutes=5), "5m", 300, 300.0])
async def test_a_delay_may_be_a_length_a_text_or_seconds(client, delay):
    later = await client.run(await client.enqueue("tidy", delay=delay))
    assert abs(later.due_at - later.created_at - timedelta(minutes=5)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"delay": -5}, "-5 is negative"),
        ({"delay": timedelta(seconds=-5)}, "is negative"),
        ({"delay": "soon"}, "'soon' is not a length of time"),
        ({"delay": []}, "no length of time"),
        ({"delay": timedelta.max}, "longer than a century"),
        ({"at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))}, "a century from now"),
    ],
)
async def test_a_time_that_cannot_be_is_told_before_the_daemon_is_asked(client, more, words):
    with pytest.raises(ValueError, match=words):
        await client.enqueue("tidy", **more)


@pytest.mark.parametrize("run", ["x", "7", -1, 0, 2**63, 1.5, None, True])
async def test_what_can_be_no_id_is_told_before_the_daemon_is_asked(client, run):
    for ask in (client.run, client.cancel, client.retry, client.wait):
        with pytest.raises(ValueError, match="is no id: a whole number from 1"):
            await ask(run)
