"""Layers: files, drop-ins and variables, each over the one before it, and who gave what."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jobd.config import load, load_text, show
from jobd.errors import ConfigError

JOB = '[jobs.tidy]\nrun = "myapp.jobs:tidy"\n'


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.parent.mkdir(mode=0o755, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_later_layers_go_over_earlier_ones_and_origins_say_which(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", "[daemon]\nworkers = 1\ngrace = '1s'\npoll = '1s'\nname = 'a'\n")
    first = written(tmp_path, "jobd.d/10-first.toml", "[daemon]\ngrace = '2s'\npoll = '2s'\nname = 'b'\n")
    second = written(tmp_path, "jobd.d/20-second.toml", "[daemon]\n\npoll = '3s'\nname = 'c'\n")
    config = load(main, environ={"JOBD_DAEMON__NAME": "d"})
    assert (config.daemon.workers, config.daemon.name) == (1, "d")
    assert (config.daemon.grace, config.daemon.poll) == (timedelta(seconds=2), timedelta(seconds=3))
    assert config.files == (main, first, second)
    assert config.origins["daemon.workers"] == f"{main}:2"
    assert config.origins["daemon.grace"] == f"{first}:2"
    assert config.origins["daemon.poll"] == f"{second}:3"
    origins = {key: origin for key, _, origin in show(config)}
    assert origins["daemon.name"] == "environment"
    assert origins["daemon.lease"] == "default"


def test_a_problem_in_a_drop_in_names_that_file(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", JOB)
    drop_in = written(tmp_path, "jobd.d/tidy.toml", "[jobs.tidy]\ncron = 'never'\n")
    with pytest.raises(ConfigError) as caught:
        load(main, environ={})
    assert [(p.file, p.line, p.column) for p in caught.value.problems] == [(str(drop_in), 2, 8)]


def test_a_later_choice_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", "[database]\nurl_file = 'missing'\n" + JOB + "cron = '@daily'\n")
    written(tmp_path, "jobd.d/own.toml", "[jobs.tidy]\nevery = '15m'\n")
    config = load(main, environ={"JOBD_DATABASE__URL": "postgresql://h/d"})
    schedule = config.schedules["tidy"]
    assert (schedule.cron, schedule.every) == (None, timedelta(minutes=15))
    assert config.database.url == "postgresql://h/d"


def test_arguments_of_layers_are_merged(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", JOB + "args = { cron = 1, days = [1, 2] }\n")
    written(tmp_path, "jobd.d/own.toml", "[jobs.tidy.args]\nevery = 2\ndays = [3]\n")
    assert load(main, environ={}).jobs["tidy"].args == {"cron": 1, "every": 2, "days": [3]}


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("JOBD_DAEMON__WORKERS", "4", "daemon.workers", 4),
        ("JOBD_DAEMON__ENABLED", "false", "daemon.enabled", False),
        ("JOBD_DAEMON__ENABLED", "0", "daemon.enabled", False),
        ("JOBD_DAEMON__NAME", "7", "daemon.name", "7"),
        ("JOBD_DAEMON__GRACE", "00:00:15", "daemon.grace", timedelta(seconds=15)),
        ("JOBD_DAEMON__GRACE", "15", "daemon.grace", timedelta(seconds=15)),
        ("JOBD_MAIL__RATE", "2.5", "mail.rate", 2.5),
        ("JOBD_DATABASE__EMBEDDED__USER", "nobody", "database.embedded.user", "nobody"),
        (
            "JOBD_DATABASE__EMBEDDED__SETTINGS",
            '{work_mem = "8MB", fsync = true}',
            "database.embedded.settings",
            None,
        ),
    ],
)
def test_a_variable_is_read_as_its_key_needs_it(variable: str, text: str, path: str, value: object) -> None:
    found: object = load_text("", environ={variable: text})
    for name in path.split("."):
        found = getattr(found, name)
    assert found == (value if value is not None else {"work_mem": "8MB", "fsync": "on"})


def test_a_variable_finds_names_with_dashes() -> None:
    environ = {
        "JOBD_JOBS__SEND_EMAIL__ENABLED": "no",
        "JOBD_JOBS__SEND_EMAIL__ARGS__TO": "a@b",
        "JOBD_SOCKET": "/x",
    }
    job = load_text("[jobs.send-email]\nrun = 'a:b'", environ=environ).jobs["send-email"]
    assert not job.enabled
    assert job.args == {"to": "a@b"}


def test_a_variable_of_an_unknown_section_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"JOBD_DEAMON__WORKERS.*did you mean \"daemon\""):
        load_text("", environ={"JOBD_DEAMON__WORKERS": "4"})
