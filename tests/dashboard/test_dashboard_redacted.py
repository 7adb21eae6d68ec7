"""Every screen goes on, whatever `[privacy] redact` names, and shows all but that."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.dashboards import Eyes, looking
from support.redacted import HIDDEN, Scene, redacted

from jobd.dashboard.screens.message import OneMessage
from jobd.dashboard.screens.run import RunPage
from jobd.model.privacy import MASKED

SCREENS = {"1": "HOW IT GOES", "2": "SOURCE", "3": "nightly", "5": "ValueError: broken", "7": "sent"}
"""Key → what is read there in any case."""


async def read(eyes: Eyes, scene: Scene) -> str:
    """All that stands on the screens where something of this is told."""
    found = []
    for key, wanted in SCREENS.items():
        await eyes.press(key)
        await eyes.until(wanted)
        found.append(eyes.text)
    for page in (*(RunPage(run) for run in (scene.works, scene.done, scene.failed)), OneMessage(scene.message)):
        eyes.app.push_screen(page)
        await eyes.until("tidy")
        await eyes.loaded()
        found.append(eyes.text)
        await eyes.press("escape")
    return "\n".join(found)


PATHS = (
    ("args", "progress", "result", "mail"),
    ("args.*", "progress.*", "result.*", "mail.*"),
    ("args.note", "progress.note", "result.rows.token", "mail.headers"),
)


@pytest.mark.parametrize("paths", PATHS, ids=("whole", "each", "some"))
async def test_every_screen_shows_all_but_what_is_hidden(migrated_url: str, tmp_path: Path, paths: list[str]) -> None:
    async with redacted(migrated_url, tmp_path, *paths) as scene, looking(scene.socket, size=(160, 60)) as eyes:
        told = await read(eyes, scene)
    assert [word for path in paths for word in HIDDEN[path] if word in told] == []
    assert MASKED in told


async def test_arguments_that_are_all_hidden_are_typed_again(migrated_url: str, tmp_path: Path) -> None:
    async with redacted(migrated_url, tmp_path, "args") as scene, looking(scene.socket, size=(120, 50)) as eyes:
        eyes.app.push_screen(RunPage(scene.done))
        await eyes.until("Arguments")
        await eyes.press("t")
        await eyes.until("was hidden: type it again")
