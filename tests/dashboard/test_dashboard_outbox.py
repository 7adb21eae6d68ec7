"""The outbox: what waits and what became of the rest, one message whole, and what a person may decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from serving import HOSTILE, SmallDaemon
from support.dashboards import Eyes, looking

from jobd.dashboard.words.plain_html import plain
from jobd.model.health import Level, Notice
from jobd.model.run import NewRun

DISABLED = Notice(level=Level.INFO, code="mail_disabled", message="mail is disabled: messages are held in the outbox")


async def added(daemon: SmallDaemon, state: str = "pending", **facts: Any) -> int:
    """A message in that state; its id."""
    told = {"to": "ada@example.com", "subject": "Your invoice", "kind": "invoice", "text": "Dear Ada"} | facts
    return int(
        await daemon.database.fetchval(
            "insert into jobd.outbox (state, phase, node, finished_at, run_id, job, kind, key, sender, recipient, "
            "subject, message_id, reply, headers, text, html, tries, doubts) values ($1, "
            "case $1 when 'sending' then 'before_dot' end, case $1 when 'sending' then 7 end, "
            "case when $1 in ('sent', 'bounced', 'dead') then now() - interval '5 min' end, "
            "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15) returning id",
            state, told.get("run"), told.get("job", "bill"), told["kind"], told.get("key"),
            told.get("sender", "Shop <shop@example.com>"), told["to"], told["subject"],
            told.get("message_id", "<1.jobd@example.com>"), told.get("reply"),
            json.dumps(told["headers"]) if "headers" in told else None, told["text"], told.get("html"),
            told.get("tries", 0), told.get("doubts", 0),
        )
    )  # fmt: skip


async def state(daemon: SmallDaemon, message: int) -> str:
    return str(await daemon.database.fetchval("select state from jobd.outbox where id = $1", message))


def harmless(eyes: Eyes) -> bool:
    return all(character == "\n" or character.isprintable() for character in eyes.text)


async def test_messages_are_told_with_state_recipient_and_reply(daemon: SmallDaemon, socket: Path) -> None:
    await added(daemon, "bounced", reply="550 5.1.1 no such user", tries=3)
    await added(daemon, "held", to="bob@example.com", subject="Hello Bob", kind="greeting")
    async with looking(socket, screen="outbox", size=(140, 40)) as eyes:
        await eyes.until("550 5.1.1 no such user")
        (line,) = (line for line in eyes.text.split("\n") if "ada@example.com" in line)
        for fact in ("✗ bounced", "Your invoice", "invoice", "bill", " 3 ", "5m ago"):
            assert fact in line, fact
        await eyes.until("⊘ held")
        await eyes.until("Hello Bob")
        await eyes.until("held 1")
        await eyes.until("bounced 1")


async def test_the_next_state_shows_its_messages_alone(daemon: SmallDaemon, socket: Path) -> None:
    await added(daemon, "pending", subject="first")
    await added(daemon, "in_doubt", subject="second", doubts=1)
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("second")
        await eyes.press("tab")
        await eyes.until_gone("second")
        await eyes.until("first")
        await eyes.press("right_square_bracket")
        await eyes.until("nothing is in a node's hand")
        await eyes.press("tab", "tab")
        await eyes.until("? in doubt")
        assert "first" not in eyes.text


async def test_the_list_goes_on_as_far_as_somebody_scrolls(daemon: SmallDaemon, socket: Path) -> None:
    await added(daemon, subject="the oldest one")
    await daemon.database.execute(
        "insert into jobd.outbox (job, kind, sender, recipient, subject, message_id, text) "
        "select 'bill', 'k', 'a@example.com', 'b@example.com', 'one of many', 'm', 't' from generate_series(1, 250)"
    )
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("one of many")

        async def at_the_end() -> bool:
            await eyes.press("G")
            return "the oldest one" in eyes.text

        while not await at_the_end():
            await eyes.until(lambda: not eyes.app.announced.is_set())
        assert len(eyes.page.query_one("#messages").rows) == 251


async def test_one_message_shows_every_fact_and_both_bodies(daemon: SmallDaemon, socket: Path) -> None:
    run, _ = await daemon.enqueue(NewRun(job="mail"))
    message = await added(
        daemon,
        "deferred",
        run=run,
        key="42 2026-11",
        reply="451 greylisted",
        tries=4,
        doubts=2,
        headers={"List-Unsubscribe": "<https://example.com/u>"},
        text="plain words",
        html="<style>p {color: red}</style><p>rich &amp; <b>bold</b></p><a href='https://example.com/x'>here</a>",
    )
    async with looking(socket, screen="outbox", size=(140, 45)) as eyes:
        await eyes.until("Your invoice")
        await eyes.press("enter")
        await eyes.until("plain words")
        for fact in (
            "↻ deferred",
            "tried again now",
            "Shop <shop@example.com>",
            "<1.jobd@example.com>",
            "key 42 2026-11",
        ):
            await eyes.until(fact)
        for fact in (
            "List-Unsubscribe",
            "451 greylisted",
            "4, 2 answers lost",
            "rich & bold",
            "<https://example.com/x>",
        ):
            await eyes.until(fact)
        assert "color: red" not in eyes.text and "<b>" not in eyes.text
        await eyes.press("v")
        await eyes.until("<b>bold</b>")
        await eyes.press("y")
        assert eyes.app.clipboard == str(message)
        await eyes.press("o")
        await eyes.until(f"Run {run}")
        await eyes.press("escape", "escape")
        await eyes.until("REPLY")


async def test_a_message_is_held_and_released(daemon: SmallDaemon, socket: Path) -> None:
    message = await added(daemon)
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("○ pending")
        await eyes.press("h")
        await eyes.until(f"jobctl outbox hold {message}")
        await eyes.until("⊘ held")
        assert await state(daemon, message) == "held"
        await eyes.press("l")
        await eyes.until("○ pending")
        assert await state(daemon, message) == "pending"


async def test_a_message_is_sent_again_only_when_it_is_confirmed(daemon: SmallDaemon, socket: Path) -> None:
    message = await added(daemon, "dead")
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("✗ dead")
        await eyes.press("R")
        await eyes.until("Who got it already gets it twice.")
        await eyes.press("enter")
        await eyes.until_gone("gets it twice")
        assert await state(daemon, message) == "dead"
        await eyes.press("R")
        await eyes.until("gets it twice")
        await eyes.press("right", "enter")
        await eyes.until(f"jobctl outbox resend {message}")
        assert await state(daemon, message) == "pending"


async def test_what_is_marked_is_changed_together(daemon: SmallDaemon, socket: Path) -> None:
    held = [await added(daemon, "held") for _ in range(2)]
    other = await added(daemon, "held")
    sent = await added(daemon, "sent")
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("✓ sent")
        await eyes.press("space", "j", "space", "space", "l")
        await eyes.until("2 of 2 changed")
        assert [await state(daemon, one) for one in (*held, other, sent)] == ["pending", "pending", "held", "sent"]
        await eyes.until(lambda: not eyes.page.query_one("#messages").marked)


async def test_a_change_that_its_state_does_not_allow_is_refused_with_the_reason(
    daemon: SmallDaemon, socket: Path
) -> None:
    message = await added(daemon, "sent")
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("✓ sent")
        await eyes.press("l")
        await eyes.until(f"message {message} is sent: in no state for release")


async def test_one_message_is_held_from_its_own_screen(daemon: SmallDaemon, socket: Path) -> None:
    message = await added(daemon)
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("Your invoice")
        await eyes.press("enter")
        await eyes.until("Dear Ada")
        await eyes.press("h")
        await eyes.until("waits for a person: l lets it go out")
        assert await state(daemon, message) == "held"


async def test_a_message_that_is_deleted_meanwhile_stays_and_says_so(daemon: SmallDaemon, socket: Path) -> None:
    message = await added(daemon)
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("Your invoice")
        await eyes.press("enter")
        await eyes.until("Dear Ada")
        await daemon.database.execute("delete from jobd.outbox")
        await eyes.loaded()
        await eyes.until(f"there is no message {message}")
        await eyes.until("Dear Ada")


async def test_disabled_mail_is_said(daemon: SmallDaemon, socket: Path) -> None:
    daemon.notices = (DISABLED,)
    await added(daemon, "held")
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("mail is disabled: messages are held")
        await eyes.until("⊘ held")
        await eyes.press("enter")
        await eyes.until("Dear Ada")
        await eyes.until("mail is disabled: messages are held")


async def test_who_may_only_look_decides_nothing(daemon: SmallDaemon, viewer_socket: Path) -> None:
    message = await added(daemon)
    async with looking(viewer_socket, screen="outbox") as eyes:
        await eyes.until("READ ONLY")
        await eyes.until("○ pending")
        for screen in ("list", "message"):
            for word in ("Resend", "Hold", "Release"):
                assert word not in eyes.text, screen
            await eyes.press("h")
            await eyes.loaded()
            assert await state(daemon, message) == "pending"
            await eyes.press("enter")


async def test_without_mail_it_says_where_mail_comes_from(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="outbox") as eyes:
        await eyes.until("no mail yet: jobs add messages with ctx.mail")


async def test_hostile_mail_does_nothing(daemon: SmallDaemon, socket: Path) -> None:
    words = f"{HOSTILE}[b]x[/b]"
    await added(
        daemon,
        "bounced",
        **dict.fromkeys(("to", "subject", "kind", "job", "sender", "message_id", "reply", "key", "text"), words),
        headers={"X-Evil": words},
        html=f"<p>{words}&#27;]0;owned&#7;</p>",
    )
    async with looking(socket, screen="outbox", size=(140, 45)) as eyes:
        await eyes.until("owned")
        assert harmless(eyes)
        await eyes.press("enter")
        await eyes.until("HTML as text")
        await eyes.until("[b]x[/b]")
        assert harmless(eyes)
        await eyes.press("v")
        await eyes.until("its source")
        assert harmless(eyes)


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_small_terminal_shows_state_recipient_and_subject(
    daemon: SmallDaemon, socket: Path, size: tuple[int, int]
) -> None:
    await added(daemon, "dead")
    async with looking(socket, screen="outbox", size=size, ascii=True) as eyes:
        await eyes.until("x dead")
        await eyes.until("ada@example.com")
        await eyes.until("Your invoice")
        assert eyes.text.isascii()
        await eyes.press("left_square_bracket")
        await eyes.until("dead 1")


def test_html_becomes_the_text_that_a_reader_sees() -> None:
    source = (
        "<html><head><title>t</title></head><body><h1>Hi</h1>\n<p>one\ntwo&nbsp;three<br>four</p><ul><li>a<li>b</ul>"
    )
    assert plain(source) == "Hi\n\none two three\nfour\n\n- a\n- b"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<script>alert('x')</script>left", "left"),
        ("<a href=https://example.com/1>pay</a>", "pay <https://example.com/1>"),
        ("<img alt=Logo src=x><img src=y>", "[Logo]"),
        ("<b>un<i>closed", "unclosed"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
        ("</style></p>still here", "still here"),
        ("", ""),
    ],
)
def test_broken_and_hidden_html_loses_no_words(source: str, text: str) -> None:
    assert plain(source) == text


async def test_what_an_empty_outbox_means_is_read_whole_at_every_width(daemon: SmallDaemon, socket: Path) -> None:
    for size in ((60, 20), (80, 24), (140, 45)):
        async with looking(socket, screen="outbox", size=size) as eyes:
            await eyes.until("no mail yet")
            assert "they are sent once the run's changes are committed" in " ".join(eyes.text.split())
