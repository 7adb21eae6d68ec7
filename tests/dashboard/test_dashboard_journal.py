"""Events as they are heard, followed or read; the journal of changes, and how one is put back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking

from jobd.client.asks import audit, queues
from jobd.client.client import Client
from jobd.dashboard.live.ring import KEPT
from jobd.dashboard.widgets.tail import Tail
from jobd.model.run import NewRun


def happen(daemon: SmallDaemon, *runs: int, state: str = "succeeded", **facts: Any) -> None:
    """Each of these runs has ended, as a node tells it."""
    told = {"job": "tidy", "queue": "default", "attempt": 1, "node": 7, "took": 1.5, "error": None, **facts}
    for run in runs:
        daemon.feed.publish("run.ended", id=run, state=state, **told)


async def heard(eyes: Eyes, number: int) -> None:
    """Until the dashboard has heard that many events, the first word of the daemon among them."""
    await eyes.until(lambda: eyes.app.connected.is_set() and eyes.app.feed.ring.number >= number)


def tail(eyes: Eyes) -> Tail:
    return eyes.page.query_one(Tail)


async def test_what_happens_is_told_with_job_queue_state_length_node_and_error(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="journal") as eyes:
        await eyes.until("in touch")
        happen(daemon, 4711, state="failed", error="TimeoutError: too slow\nmore of it", node=70)
        daemon.feed.publish("node.lost", id=8, name="elsewhere")
        daemon.feed.publish("overflow")
        daemon.feed.publish("run.odd", id=9, odd={"a": 1})
        await eyes.until("run.odd")
        failed = next(line for line in eyes.text.splitlines() if "4711" in line)
        for word in ("✗ failed", "tidy", "default", "1.5s", "70", "TimeoutError: too slow"):
            assert word in failed
        assert "more of it" not in eyes.text
        await eyes.until("✗ node lost")
        await eyes.until("elsewhere")
        await eyes.until("! overflow")
        await eyes.until("odd={'a': 1}")


async def test_what_happened_before_the_screen_was_opened_is_there(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs") as eyes:
        await heard(eyes, 1)
        happen(daemon, 4711)
        await heard(eyes, 2)
        await eyes.press("9")
        await eyes.until("4711")


async def test_the_end_is_followed_until_somebody_reads_and_again_after_g(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal", size=(80, 24)) as eyes:
        await eyes.until("in touch")
        happen(daemon, *range(1, 51))
        await eyes.until("● following")
        await eyes.until(lambda: _last(eyes) == 50)
        await eyes.press("k", "k")
        await eyes.until("stands still")
        before = _ids(eyes)
        happen(daemon, *range(51, 54))
        await eyes.until("3 new, G follows again")
        assert _ids(eyes) == before
        await eyes.press("G")
        await eyes.until("● following")
        assert _last(eyes) == 53
        happen(daemon, 54)
        await eyes.until(lambda: _last(eyes) == 54)


async def test_the_wheel_stops_it_too_and_its_end_lets_it_go_on(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal", size=(80, 24)) as eyes:
        await eyes.until("in touch")
        happen(daemon, *range(1, 51))
        await eyes.until(lambda: _last(eyes) == 50)
        table = tail(eyes).table
        table.scroll_to(y=3, animate=False, immediate=True)
        await eyes.until("stands still")
        happen(daemon, 51)
        await eyes.until("1 new, G follows again")
        table.scroll_end(animate=False, immediate=True)
        await eyes.until(lambda: _last(eyes) == 51)


async def test_the_latest_two_thousand_are_kept_whatever_comes(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal") as eyes:
        await eyes.until("in touch")
        happen(daemon, *range(1, 5001))
        await heard(eyes, 5001)
        await eyes.until(lambda: _last(eyes) == 5000)
        assert len(tail(eyes).table.rows) == KEPT
        await eyes.press("g")
        await eyes.until("stands still")
        happen(daemon, *range(5001, 5011))
        await eyes.until("10 new")
        assert tail(eyes).table.row.event.facts["id"] == 3001


async def test_a_search_stands_out_and_leaves_out_the_rest_when_told(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal") as eyes:
        await eyes.until("in touch")
        happen(daemon, 1, error="Refused: later", state="failed")
        happen(daemon, 2, job="mail")
        happen(daemon, 3, error="refused again", state="failed")
        await eyes.until("refused again")
        await eyes.press("slash")
        await eyes.type("refu.ed (")
        assert eyes.app.focused.has_class("-invalid")
        await eyes.press("enter")
        await eyes.until("no regular expression")
        await eyes.press("backspace", "backspace", "enter")
        await eyes.until("/refu.ed/ stands out")
        hit, other = (next(line for line in eyes.text.splitlines() if word in line) for word in ("later", "mail"))
        assert "•" in hit and "•" not in other
        await eyes.press("N")
        assert tail(eyes).table.row.event.facts["id"] == 1
        await eyes.press("n")
        assert tail(eyes).table.row.event.facts["id"] == 3
        await eyes.press("ampersand")
        await eyes.until_gone("mail")
        happen(daemon, 4, error="REFUSED", state="failed")
        happen(daemon, 5, job="other")
        await eyes.until("REFUSED")
        assert "other" not in eyes.text
        await eyes.press("ampersand")
        await eyes.until("other")
        await eyes.press("escape")
        await eyes.until_gone("/refu.ed/")


async def test_some_kinds_are_chosen_by_a_key(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal") as eyes:
        await eyes.until("in touch")
        happen(daemon, 1, job="well")
        happen(daemon, 2, job="badly", state="failed")
        daemon.feed.publish("node.joined", id=8, name="newcomer")
        await eyes.until("newcomer")
        await eyes.press("f")
        await eyes.until("what went wrong")
        await eyes.press("x")
        await eyes.until_gone("newcomer")
        await eyes.until("badly")
        assert "well" not in eyes.text
        await eyes.press("f", "n")
        await eyes.until("newcomer")
        assert "badly" not in eyes.text
        await eyes.press("f", "s")
        await eyes.until("no such event was heard")


async def test_enter_on_an_event_opens_its_run(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="mail", args={"to": "ada@example.com"}))
    async with looking(socket, screen="journal") as eyes:
        await eyes.until("in touch")
        happen(daemon, run, job="mail")
        await eyes.until("succeeded")
        await eyes.press("enter")
        await eyes.until("ada@example.com")
        await eyes.press("escape")
        await eyes.until("following")


async def test_changes_say_who_what_of_which_why_and_what_it_was(daemon: SmallDaemon, socket: Path) -> None:
    async with Client(str(socket)) as client:
        await client.ask(queues.weight("low", 8, "catch up"))
        await client.ask(queues.pause("default", reason="gateway is down"))
    async with looking(socket, screen="journal", size=(140, 45)) as eyes:
        await eyes.press("tab")
        await eyes.until("gateway is down")
        for words in ("queue.weight", "low", "weight default → 8", "catch up", "uid:", "u undoes it"):
            await eyes.until(words)
        await eyes.press("j", "enter")
        await eyes.until("weight_override")
        await eyes.until("none → 8")
        await eyes.until("u Undo")
        await eyes.press("escape")
        await eyes.until_gone("weight_override")


async def test_u_puts_back_what_a_change_replaced_after_asking(daemon: SmallDaemon, socket: Path) -> None:
    async with Client(str(socket)) as client:
        entry = await client.ask(queues.pause("default", reason="a mistake"))
    async with looking(socket, screen="journal", size=(140, 45)) as eyes:
        await eyes.press("tab")
        await eyes.until("a mistake")
        await eyes.press("u")
        await eyes.until("Undo the pause of queue default?")
        await eyes.press("tab", "enter")
        await eyes.until(f"undone by {entry.id + 1}")
        await eyes.until(f"jobctl undo {entry.id}")
        assert await paused(socket) is False
        await eyes.press("j", "u")
        await eyes.until(f"entry {entry.id + 1} did")


async def test_changes_are_looked_for_by_what_who_and_target(daemon: SmallDaemon, socket: Path) -> None:
    async with Client(str(socket)) as client:
        await client.ask(queues.weight("low", 8))
        await client.ask(queues.pause("default"))
    async with looking(socket, screen="journal", size=(140, 45)) as eyes:
        await eyes.press("tab")
        await eyes.until("queue.weight")
        await eyes.press("slash")
        await eyes.type("what:queue.p by:uid: default")
        await eyes.press("enter")
        await eyes.until_gone("queue.weight")
        await eyes.until("queue.pause")
        await eyes.press("slash")
        await eyes.type(" what:nothing")
        await eyes.press("enter")
        await eyes.until("what:pause who paused; Esc takes the search away")
        await eyes.press("escape", "slash")
        await eyes.type("what:pause")
        await eyes.press("enter")
        await eyes.until("queue.pause")
        await eyes.until_gone("queue.weight")
        await eyes.press("escape")
        await eyes.until("queue.weight")


async def test_a_long_journal_is_read_page_after_page(daemon: SmallDaemon, socket: Path) -> None:
    await daemon.database.execute(
        "insert into jobd.audit (actor, uid, action, target) "
        "select 'test', 0, 'run.retry', n::text from generate_series(1, 250) n"
    )
    async with looking(socket, screen="journal") as eyes:
        await eyes.press("tab")
        await eyes.until("run.retry")
        await eyes.press("G", "G", "G", "G")
        table = eyes.page.query_one("#changes")
        await eyes.until(lambda: len(table.rows) >= 200)
        await eyes.press("G")
        await eyes.until(lambda: len(table.rows) == 250)
        async with Client(str(socket)) as client:
            oldest = (await client.ask(audit.page(1, None, target="1"))).entries[0]
        await eyes.press("G")
        await eyes.until(lambda: table.row is not None and table.row.id == oldest.id)


async def test_who_may_only_look_can_undo_nothing(daemon: SmallDaemon, socket: Path, viewer_socket: Path) -> None:
    async with Client(str(socket)) as client:
        await client.ask(queues.pause("default", reason="on purpose"))
    async with looking(viewer_socket, screen="journal") as eyes:
        await eyes.press("tab")
        await eyes.until("on purpose")
        assert "Undo" not in eyes.text
        await eyes.press("u")
        await eyes.press("enter")
        await eyes.until("paused_at")
        assert "Undo" not in eyes.text
        assert await paused(socket) is True


async def test_hostile_events_and_changes_are_made_visible(daemon: SmallDaemon, socket: Path) -> None:
    async with Client(str(socket)) as client:
        await client.ask(queues.pause("default", reason=HOSTILE))
    async with looking(socket, screen="journal", size=(140, 45)) as eyes:
        await eyes.until("in touch")
        happen(daemon, 1, state="failed", job=HOSTILE, queue=HOSTILE, error="[red]x[/red]" + HOSTILE)
        daemon.feed.publish("odd", id=HOSTILE, name=HOSTILE)
        await eyes.until("[red]x[/red]␛]0;owned")
        _harmless(eyes)
        await eyes.press("slash")
        await eyes.type("[^x]owned")
        await eyes.press("enter", "tab")
        await eyes.until("queue.pause")
        _harmless(eyes)
        await eyes.press("enter")
        await eyes.until("pause_reason")
        _harmless(eyes)


async def test_an_empty_screen_says_what_it_waits_for(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal", size=(60, 20)) as eyes:
        await eyes.until("in touch")
        await eyes.press("tab")
        await eyes.until("nobody has changed anything yet")


async def test_a_small_terminal_shows_what_happened_to_which_job_and_why(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal", size=(60, 20)) as eyes:
        await eyes.until("in touch")
        happen(daemon, 1, state="failed", error="too slow")
        await eyes.until("too slow")
        line = next(line for line in eyes.text.splitlines() if "too slow" in line)
        assert "✗ failed" in line and "tidy" in line


async def test_without_unicode_everything_is_ascii(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="journal", ascii=True) as eyes:
        await eyes.until("in touch")
        happen(daemon, 1, state="failed")
        await eyes.until("x failed")
        await eyes.until("* following")


async def paused(socket: Path) -> bool:
    async with Client(str(socket)) as client:
        return (await client.ask(queues.one("default"))).paused_at is not None


def _ids(eyes: Eyes) -> list[int]:
    return [row.event.facts.get("id") for row in tail(eyes).table.rows]


def _last(eyes: Eyes) -> int | None:
    """The run of the last line, which is chosen and in view."""
    row = tail(eyes).table.row
    found = row.event.facts.get("id") if row is not None else None
    return found if found is not None and str(found) in eyes.text else None


def _harmless(eyes: Eyes) -> None:
    assert not [
        character for character in eyes.text if character != "\n" and (character < " " or "\x7f" <= character <= "\x9f")
    ]
    assert not {"\u202e", "\ufeff"} & set(eyes.text)
