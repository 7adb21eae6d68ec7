"""Tokens: who may see them, how one is made, shown once and copied, and that a revoked one opens nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from serving import HOSTILE, SmallDaemon, served
from support.dashboards import Eyes, looking
from support.visitors import web

from jobd.api import bearers
from jobd.api.bearers import Bearers
from jobd.client import NotPermitted
from jobd.client.asks import me, tokens
from jobd.client.client import Client
from jobd.dashboard.changes.tokens import revoke
from jobd.dashboard.live.link import Link
from jobd.dashboard.screens.tokens import TokensPage
from jobd.dashboard.web.settings import WebSettings
from jobd.dashboard.widgets.token_text import TokenText
from jobd.model.change import Actor
from jobd.model.me import Me
from jobd.model.roles import Role
from jobd.store.tokens import Tokens

ADA = Actor(name="uid:1000 (ada)", uid=1000)
KEPT = bearers.KEPT_SECONDS


@pytest.fixture
async def store(daemon: SmallDaemon) -> Tokens:
    return Tokens(daemon.database)


@pytest.fixture
async def door(daemon: SmallDaemon, store: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a socket that knows tokens is to be; it asks Postgres about each of them."""
    monkeypatch.setattr(bearers, "KEPT_SECONDS", -1.0)
    return tmp_path / "door.sock"


@pytest.fixture
async def admin(daemon: SmallDaemon, store: Tokens, door: Path) -> AsyncIterator[Path]:
    async with served(daemon, door, tokens=Bearers(store.valid)):
        yield door


async def who(at: Path, secret: str) -> Me:
    async with Client(str(at), token=secret) as client:
        return await client.ask(me.shown())


def row(eyes: Eyes, name: str) -> str:
    return next(line for line in eyes.text.splitlines() if name in line)


async def made(eyes: Eyes, name: str, *moves: str) -> str:
    """The text of a new token, whose dialog is open then; `moves` are keys after its name."""
    await eyes.press("n")
    await eyes.until("New token")
    await eyes.type(name)
    await eyes.press(*moves, "enter")
    await eyes.until("Shown this once")
    await eyes.until("jobd_")
    assert isinstance(eyes.app.screen, TokenText)
    return next(word for word in eyes.flat.split() if word.startswith("jobd_"))


async def test_every_token_stands_with_role_state_end_and_who_made_it(store: Tokens, admin: Path) -> None:
    await store.add("grafana", Role.VIEWER, ADA)
    await store.add("deploy", Role.OPERATOR, ADA, lasts=timedelta(days=12, hours=1))
    await store.add("laptop", Role.ADMIN, ADA, lasts=timedelta(days=3, hours=1))
    await store.add("a-done", Role.OPERATOR, ADA, lasts=timedelta(0))
    await store.add("a-gone", Role.ADMIN, ADA)
    await store.revoke("a-gone", Actor(name="uid:1001 (bob)", uid=1001))
    async with looking(admin, screen="tokens", size=(140, 45)) as eyes:
        await eyes.until("a-gone")
        listed = [name for line in eyes.text.splitlines() for name in ORDERED if f" {name} " in line]
        assert listed == list(ORDERED)
        for word in ("● valid", "viewer", "never", "uid:1000 (ada)"):
            assert word in row(eyes, "grafana")
        assert " in 12d" in row(eyes, "deploy") and "!" not in row(eyes, "deploy")
        assert "! in 3d" in row(eyes, "laptop") and "admin" in row(eyes, "laptop")
        assert "○ expired" in row(eyes, "a-done") and "⊘ revoked" in row(eyes, "a-gone")
        await eyes.press("G", "enter")
        await eyes.until("by uid:1001 (bob)")
        await eyes.until("nobody can look it up")
        await eyes.press("escape")
        await eyes.until_gone("nobody can look it up")


ORDERED = ("deploy", "grafana", "laptop", "a-done", "a-gone")
"""Those that open a door, then the expired, then the revoked ones."""


async def test_an_empty_list_says_what_a_token_is_for_and_what_to_press(admin: Path) -> None:
    async with looking(admin, screen="tokens", size=(80, 24)) as eyes:
        await eyes.until("no token yet")
        await eyes.until("without an account on this machine")
        await eyes.until("n makes one")


async def test_a_filter_leaves_the_tokens_that_hold_every_word(store: Tokens, admin: Path) -> None:
    await store.add("grafana", Role.VIEWER, ADA)
    await store.add("deploy", Role.OPERATOR, ADA)
    async with looking(admin, screen="tokens") as eyes:
        await eyes.until("grafana")
        await eyes.press("slash")
        await eyes.type("OPERATOR ada")
        await eyes.until_gone("grafana")
        await eyes.until("deploy")
        await eyes.type("x")
        await eyes.until("no token is found")
        await eyes.press("enter", "escape")
        await eyes.until("grafana")


async def test_a_new_token_opens_the_door_with_its_role_and_ends_when_it_was_said(
    daemon: SmallDaemon, admin: Path
) -> None:
    async with looking(admin, screen="tokens", size=(200, 45)) as eyes:
        await eyes.until("no token yet")
        await eyes.press("n")
        await eyes.until("looks at everything, changes nothing")
        await eyes.until("until it is revoked")
        await eyes.type("deploy")
        await eyes.until("$ jobd token add deploy --role viewer")
        await eyes.press("tab", "right")
        await eyes.until("triggers, cancels, retries, pauses")
        await eyes.press("tab")
        await eyes.type("90")
        await eyes.type("d")
        await eyes.until("$ jobd token add deploy --role operator --lasts 90d")
        await eyes.until("UTC $")  # the day on which it ends
        await eyes.press("enter")
        await eyes.until("Shown this once")
        await eyes.until("jobd_")
        secret = next(word for word in eyes.flat.split() if word.startswith("jobd_"))
        holder = await who(admin, secret)
        assert (holder.name, holder.role) == ("token:deploy", "operator")
        await eyes.press("escape")
        await eyes.until_gone("Shown this once")
        await eyes.until("$ jobd token add deploy --role operator --lasts 90d undo: jobd token revoke deploy")
    lasts = await daemon.database.fetchval("select expires_at - created_at from jobd.tokens where name = 'deploy'")
    assert lasts == timedelta(days=90)


async def test_the_text_is_copied_and_stands_nowhere_else(admin: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with looking(admin, screen="tokens") as eyes:
            await eyes.until("no token yet")
            secret = await made(eyes, "ci")
            assert len(secret) == 48  # on a line of its own, whole
            for key in ("q", "n", "x", "full_stop", "1", "question_mark", "ctrl+c"):
                await eyes.press(key)
            assert secret in eyes.text, "only Escape and the buttons close it"
            await eyes.press("y")
            await eyes.until("copied the new token")
            assert eyes.app.clipboard == secret
            assert secret not in eyes.told
            await eyes.press("enter")
            await eyes.until_gone(secret)
            await eyes.until("valid ci viewer")
            assert eyes.app.said is not None and secret not in f"{eyes.app.said} {eyes.app.said.command}"
            await eyes.press("C")
            await eyes.until("copied the command")
            assert eyes.app.clipboard == "jobd token add ci --role viewer"
            await eyes.press("enter")
            await eyes.until("nobody can look it up")
            assert secret not in eyes.text
    assert secret not in caplog.text


async def test_one_enter_too_many_does_not_close_what_is_shown_once(admin: Path) -> None:
    async with looking(admin, screen="tokens", size=(60, 20)) as eyes:
        await eyes.until("no token yet")
        secret = await made(eyes, "ci")
        await eyes.press("enter")
        await eyes.until("copied the new token")
        assert secret in eyes.text, "words at the edge do not hide it, on the smallest terminal either"
        await eyes.press("enter")
        await eyes.until_gone(secret)


async def test_what_is_wrong_is_said_beside_what_was_typed_and_nothing_is_lost(store: Tokens, admin: Path) -> None:
    await store.add("taken", Role.VIEWER, ADA)
    async with looking(admin, screen="tokens", size=(60, 20)) as eyes:
        await eyes.until("taken")
        await eyes.press("n")
        await eyes.until("New token")
        await eyes.press("enter")
        await eyes.until("name: a token needs a name")
        await eyes.type("no name")
        await eyes.press("enter")
        await eyes.until("name: 'no name' is no name for a token")
        await eyes.press("ctrl+u")
        await eyes.type("taken")
        await eyes.press("tab", "tab")
        await eyes.type("soon")
        await eyes.until("write it like 90d")
        await eyes.press("enter")
        await eyes.until("lasts: 'soon' is not a length of time")
        await eyes.press("ctrl+u")
        await eyes.type("0s")
        await eyes.press("enter")
        await eyes.until("lasts: a token that lasts no time opens nothing")
        await eyes.press("ctrl+u", "enter")
        await eyes.until("there is a token taken; revoke it first")
        await eyes.press("shift+tab", "shift+tab", "end", "2", "enter")
        await eyes.until("Token taken2")
        await eyes.until("jobd_")


async def test_a_revoked_token_is_refused_and_the_question_wants_its_name(store: Tokens, admin: Path) -> None:
    secret = await store.add("deploy", Role.OPERATOR, ADA)
    assert (await who(admin, secret)).role == "operator"
    async with looking(admin, screen="tokens") as eyes:
        await eyes.until("● valid")
        await eyes.press("x")
        await eyes.until("Type deploy to go on:")
        await eyes.until("This cannot be undone.")
        await eyes.until("Within 5 s it opens nothing;")
        await eyes.until("$ jobd token revoke deploy")
        await eyes.type("deplo")
        await eyes.press("enter")
        assert (await who(admin, secret)).role == "operator"
        await eyes.type("y")
        await eyes.press("enter")
        await eyes.until("token deploy is revoked")
        await eyes.until("⊘ revoked")
        await eyes.press("x")
        await eyes.until("token deploy is revoked already")
    with pytest.raises(NotPermitted):
        await who(admin, secret)


def test_the_question_says_how_fast_it_holds() -> None:
    told = revoke("deploy", own=False).detail
    assert f"Within {KEPT:g} s " in told
    assert f"within {WebSettings(socket='s', listen='127.0.0.1:0').check_seconds:g} s." in told
    assert "your own" in revoke("deploy", own=True).detail


async def test_a_name_is_copied(store: Tokens, admin: Path) -> None:
    await store.add("grafana", Role.VIEWER, ADA)
    async with looking(admin, screen="tokens") as eyes:
        await eyes.until("grafana")
        await eyes.press("y")
        await eyes.until("copied name grafana")
        assert eyes.app.clipboard == "grafana"


async def test_a_token_that_others_make_is_seen(store: Tokens, admin: Path) -> None:
    async with looking(admin, screen="tokens") as eyes, Client(str(admin)) as client:
        await eyes.until("no token yet")
        await client.ask(tokens.add("elsewhere", "viewer"))
        await eyes.until("elsewhere")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_who_is_no_admin_sees_a_sentence_and_neither_list_nor_keys(
    daemon: SmallDaemon, store: Tokens, tmp_path: Path, role: Role
) -> None:
    await store.add("grafana", Role.VIEWER, ADA)
    async with (
        served(daemon, tmp_path / "other.sock", role_of=lambda uid, gid: role),
        looking(tmp_path / "other.sock", screen="tokens", size=(60, 20)) as eyes,
    ):
        await eyes.until("Tokens need the role admin")
        await eyes.until(f"your role is {role}")
        await eyes.loaded()
        await eyes.press("n", "x", "y", "slash")
        await eyes.loaded()
        for hidden in ("grafana", "STATE", "New token", "Revoke", "Copy name"):
            assert hidden not in eyes.text
        assert type(eyes.app.screen) is TokensPage


async def test_who_revokes_the_own_token_is_told_why_nothing_newer_comes(store: Tokens, admin: Path) -> None:
    mine = await store.add("mine", Role.ADMIN, ADA)
    async with looking(Link(socket=str(admin), token=mine), screen="tokens") as eyes:
        await eyes.until("● valid")
        await eyes.press("x")
        await eyes.until("It is your own")
        await eyes.type("mine")
        await eyes.press("enter")
        await eyes.until("LOST token:mine is let in no more: it is revoked or has expired")
        await eyes.until_gone("New token")  # no keys for who is nobody
        await eyes.until(" mine ")  # what was seen stays


async def test_who_revokes_the_own_token_in_a_browser_is_logged_out_with_the_reason(store: Tokens, admin: Path) -> None:
    mine = await store.add("mine", Role.ADMIN, ADA)
    async with web(admin, check_seconds=0.2) as visitor:
        assert await visitor.log_in(mine) == 303
        async with visitor.dashboard() as dashboard:
            await dashboard.until("ready")
            await dashboard.press(".")
            await dashboard.until("● valid")
            await dashboard.press("x")
            await dashboard.until("Type mine to go on:")
            await dashboard.press("mine\r")
            assert await dashboard.until_closed() == (1008, "Your token is not valid any more.")
        assert (await visitor.get())[0] == 303  # to the login


async def test_hostile_names_are_made_visible(store: Tokens, admin: Path) -> None:
    odd = f"[red]x[/red]{HOSTILE}"
    await store.add(odd, Role.ADMIN, Actor(name=f"[@click=app.quit]a[/]{HOSTILE}", uid=1))
    async with looking(admin, screen="tokens", size=(200, 45)) as eyes:
        await eyes.until("[red]x[/red]␛]0;owned")
        await eyes.until("[@click=app.quit]a[/]")
        for key in ("enter", "escape", "y", "x"):
            await eyes.press(key)
            assert not [one for one in eyes.text if one != "\n" and not one.isprintable()]
        await eyes.until("Revoke token [red]x[/red]␛")


async def test_a_small_terminal_shows_state_name_role_and_end(store: Tokens, admin: Path) -> None:
    await store.add("deployment-of-the-shop", Role.OPERATOR, ADA, lasts=timedelta(days=30, hours=1))
    async with looking(admin, screen="tokens", size=(60, 20)) as eyes:
        await eyes.until("deployment-of-the-shop")
        told = row(eyes, "deployment-of-the-shop")
        assert "● valid" in told and "operator" in told and "in 30d" in told


async def test_without_unicode_every_glyph_has_a_stand_in(store: Tokens, admin: Path) -> None:
    await store.add("grafana", Role.VIEWER, ADA)
    async with looking(admin, screen="tokens", ascii=True) as eyes:
        await eyes.until("* valid")
        await eyes.press("n")
        await eyes.until("New token")
        assert eyes.text.isascii()
        await eyes.press("escape")
        await made(eyes, "ci")
        dialog = eyes.app.screen.query_one(".dialog").region
        lines = eyes.text.splitlines()[dialog.y : dialog.bottom]
        assert all(line[dialog.x : dialog.right].isascii() for line in lines)


async def test_a_screen_for_few_is_left_out_of_a_line_without_room_and_has_its_key_there(admin: Path) -> None:
    async with looking(admin, screen="runs", size=(80, 24)) as eyes:
        await eyes.loaded()
        line = eyes.text.splitlines()[1]
        assert ",Conf" in line and "Tokens" not in line and "2Runs" in line
        await eyes.press("full_stop")
        await eyes.until(". Tokens")
        await eyes.until("no token yet")
