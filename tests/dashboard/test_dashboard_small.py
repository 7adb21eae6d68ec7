"""What has to hold on a small screen: words do not cover it, and the way out is named."""

from __future__ import annotations

from pathlib import Path

from serving import SmallDaemon
from support.dashboards import looking
from textual.widgets import Input

from jobd.client.asks import queues
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.changing import MOST_WORDS
from jobd.dashboard.lists.run_tabs import TABS
from jobd.dashboard.widgets.field import Field
from jobd.dashboard.widgets.said import Said
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.trigger import Trigger


async def test_of_many_words_the_latest_two_stay_and_leave_the_command_to_be_read(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, size=(60, 20)) as eyes:
        await eyes.loaded()
        eyes.app.said = Deed(
            ask=queues.pause("low"), title="", command="jobctl pause low", done=str, undo="jobctl resume low"
        )
        eyes.page.query_one(Said).look()
        for number in range(5):
            eyes.app.say(f"word {number}")
        await eyes.until("word 4")
        await eyes.until_gone("word 2")
        assert "word 3" in eyes.text
        assert eyes.text.count("word ") == MOST_WORDS
        assert "$ jobctl pause low" in eyes.text


async def test_the_way_out_and_the_help_are_named_at_60_columns(daemon: SmallDaemon, socket: Path) -> None:
    for screen in ("home", "runs", "schedules"):
        async with looking(socket, screen=screen, size=(60, 20)) as eyes:
            await eyes.until("q Quit")
            assert "? Help" in eyes.text


async def test_the_chosen_tab_is_in_sight_at_60_columns(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket, screen="runs", size=(60, 20)) as eyes:
        tabs = eyes.page.query_one(Choices)
        for name in TABS:
            await eyes.until(lambda: tabs.chosen == name)  # noqa: B023
            await eyes.until(lambda: f" {name} " in str(tabs.content) and len(str(tabs.content)) <= 58)  # noqa: B023
            await eyes.press("tab")


async def test_a_long_title_does_not_take_the_other_screens_their_names_at_80_columns(
    daemon: SmallDaemon, socket: Path
) -> None:
    async with looking(socket, screen="schedules", size=(80, 24)) as eyes:
        await eyes.until("1Home")
        assert "2Runs 3Sched" in eyes.text


async def test_what_is_wrong_about_a_line_is_gone_once_it_is_another(daemon: SmallDaemon, socket: Path) -> None:
    async with looking(socket) as eyes:
        await eyes.until(lambda: eyes.app.snapshot.me is not None)
        eyes.app.push_screen(Trigger("tidy", {"batch": 3}))
        await eyes.until("the job's own")
        field = next(one for one in eyes.app.screen.query(Field) if one.line.name == "batch")
        field.query_one(Input).value = "abc"
        await eyes.press("enter")
        await eyes.until("batch: ")
        field.query_one(Input).value = "30"
        await eyes.until_gone("batch: ")
        assert not field.has_class("-wrong")
