"""What a configuration comes to: values, layers, origins, directories."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobd.config import Config, current_digest, load, load_text
from jobd.errors import ConfigError
from jobd.model.job import Unique
from jobd.model.queue import Charge
from jobd.model.retry import Backoff, RetryPolicy
from jobd.model.settings import AppSettings, DaemonSettings, KeepSettings, MailSettings, Settings

JOB = '[jobs.tidy]\nrun = "myapp.jobs:tidy"\n'


def written(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.parent.mkdir(mode=0o755, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


def test_an_empty_file_is_the_defaults_of_the_model() -> None:
    config = load_text("", environ={"STATE_DIRECTORY": "/s"})
    state = Path("/s")
    assert config.daemon == DaemonSettings(state_directory=state, socket=state / "jobd.sock")
    assert (config.app, config.keep, config.mail) == (AppSettings(), KeepSettings(), MailSettings())
    assert config.database.url is None
    assert config.paymob is None
    assert not config.jobs
    assert not config.schedules
    assert config.settings == Settings()


def test_without_queues_those_of_the_specification_are_served() -> None:
    weights = {name: queue.weight for name, queue in load_text("").queues.items()}
    assert weights == {"critical": 8, "normal": 4, "default": 2, "low": 1}


def test_written_queues_replace_them() -> None:
    config = load_text("[queues]\nslow = { weight = 3, max = 2, charge = 'starts', strict = true }")
    assert set(config.queues) == {"slow"}
    slow = config.queues["slow"]
    assert (slow.weight, slow.max, slow.charge, slow.strict) == (3, 2, Charge.STARTS, True)


def test_a_job_takes_what_it_does_not_say_from_the_defaults() -> None:
    config = load_text(
        "[defaults]\nretries = 5\nretry_delay = '1m'\ntimeout = '2m'\n"
        + JOB
        + "[jobs.own]\ncommand = ['true']\nretries = 0\ntimeout = 'off'\nbackoff = 'exponential'\n"
        + "retry_delay = '12h'"
    )
    tidy, own = config.jobs["tidy"], config.jobs["own"]
    assert tidy.retry == RetryPolicy(retries=5, delay=timedelta(minutes=1))
    assert tidy.timeout == timedelta(minutes=2)
    assert own.timeout is None
    assert own.retry == RetryPolicy(
        retries=0,
        delay=timedelta(hours=12),
        backoff=Backoff.EXPONENTIAL,
        max_delay=timedelta(hours=12),
        jitter=1.0,
    )


@pytest.mark.parametrize("off", ["0", "'off'", "'0s'", "'none'"])
def test_a_timeout_can_be_switched_off(off: str) -> None:
    assert load_text(f"[defaults]\ntimeout = {off}\n{JOB}").jobs["tidy"].timeout is None


def test_the_times_of_a_job_are_a_schedule_of_its_name() -> None:
    config = load_text(
        "[daemon]\ntimezone = 'Africa/Cairo'\n"
        + JOB
        + "cron = '0 2 * * *'\ncatch_up_window = '2h'\n"
        + "[schedules.once]\njob = 'tidy'\nat = 2027-01-31T08:00:00\nargs = { days = 3 }\nenabled = false"
    )
    tidy, once = config.schedules["tidy"], config.schedules["once"]
    assert (tidy.job, tidy.cron, tidy.timezone) == ("tidy", "0 2 * * *", "Africa/Cairo")
    assert (tidy.catch_up_window, tidy.enabled, tidy.place) == (timedelta(hours=2), True, "jobd.toml:5")
    assert once.at == datetime(2027, 1, 31, 6, tzinfo=UTC)
    assert (once.args, once.enabled, once.catch_up_window) == ({"days": 3}, False, timedelta(hours=1))
    assert config.jobs["tidy"].place == "jobd.toml:3"


def test_an_instant_with_an_offset_keeps_it() -> None:
    schedule = load_text(JOB + "at = 2027-01-31T08:00:00+02:00").schedules["tidy"]
    assert schedule.at == datetime(2027, 1, 31, 6, tzinfo=UTC)


def test_unique_and_concurrency_name_arguments_with_or_without_their_prefix() -> None:
    config = load_text(
        JOB
        + "unique = true\nconcurrency = { key = 'args.user.id', max = 2 }\n"
        + "[jobs.b]\nrun = 'a:b'\nunique = { key = 'args.to', within = '1h' }\n"
        + "[jobs.c]\nrun = 'a:b'\nunique = { key = ['to', 'args.kind'] }\n[jobs.d]\nrun = 'a:b'\nunique = false"
    )
    jobs = config.jobs
    assert jobs["tidy"].unique == Unique()
    assert jobs["tidy"].concurrency is not None
    assert (jobs["tidy"].concurrency.key, jobs["tidy"].concurrency.max) == ("user.id", 2)
    assert jobs["b"].unique == Unique(key=("to",), within=timedelta(hours=1))
    assert jobs["c"].unique == Unique(key=("to", "kind"))
    assert jobs["d"].unique is None


@pytest.mark.parametrize("tail", ["", "/", "/api", "/api/"])
def test_the_gateway_may_be_written_with_or_without_its_api_path(tail: str) -> None:
    config = load_text(f"[paymob]\nbase_url = 'https://pay.example{tail}'\napi_key = 'k'")
    assert config.paymob is not None
    assert config.paymob.base_url == "https://pay.example"


def test_the_gateway_may_be_bare_http_on_loopback_only() -> None:
    for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
        config = load_text(f"[paymob]\nbase_url = 'http://{host}/api'\napi_key = 'k'")
        assert config.paymob is not None
        assert config.paymob.base_url == f"http://{host}"


def test_the_file_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = written(tmp_path, "named.toml", "[daemon]\nname = 'named'\n")
    with pytest.raises(ConfigError, match="jobd init"):
        load(environ={"JOBD_CONFIG": str(tmp_path / "missing.toml")})
    written(tmp_path, "jobd.toml", "[daemon]\nname = 'here'\n")
    assert load(environ={}).daemon.name == "here"
    assert load(environ={"JOBD_CONFIG": str(named)}).daemon.name == "named"
    assert load(named, environ={"JOBD_CONFIG": "/nowhere"}).daemon.name == "named"


def test_the_digest_changes_with_any_file_and_only_then(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", JOB)
    before = load(main, environ={}).digest
    assert before == load(main, environ={"JOBD_DAEMON__WORKERS": "3"}).digest == current_digest(main)
    written(tmp_path, "jobd.d/more.toml", "[daemon]\n")
    assert current_digest(main) != before
    assert current_digest(main) == load(main, environ={}).digest


def test_paths_are_relative_to_the_main_file(tmp_path: Path) -> None:
    main = written(tmp_path, "jobd.toml", "[daemon]\nstate_directory = 'state'\n[jobs.b]\ncommand = ['x']\ncwd = '.'\n")
    written(tmp_path, "jobd.d/own.toml", "[database.embedded]\ndirectory = 'pg'\n")
    config = load(Path(os.path.relpath(main)), environ={})
    assert config.daemon.state_directory.resolve() == tmp_path / "state"
    assert config.daemon.socket.resolve() == tmp_path / "state/jobd.sock"
    assert config.daemon.socket.is_absolute()
    assert config.database.embedded.directory is not None
    assert config.database.embedded.directory.resolve() == tmp_path / "pg"
    assert Path(config.jobs["b"].cwd or "").resolve() == tmp_path


def test_systemd_says_where_state_and_socket_are() -> None:
    config = load_text("", environ={"STATE_DIRECTORY": "/var/lib/jobd:/other", "RUNTIME_DIRECTORY": "/run/jobd"})
    assert config.daemon.state_directory == Path("/var/lib/jobd")
    assert config.daemon.socket == Path("/run/jobd/jobd.sock")


def test_without_systemd_the_state_is_the_systems_or_the_users(tmp_path: Path) -> None:
    state = load_text("", environ={"HOME": str(tmp_path)}).daemon.state_directory
    system = os.geteuid() == 0 or os.access("/var/lib/jobd", os.W_OK)
    assert state == (Path("/var/lib/jobd") if system else tmp_path / ".local/state/jobd")


def test_a_configuration_cannot_be_changed() -> None:
    config: Config = load_text(JOB + "args = { a = 1 }")
    with pytest.raises(TypeError):
        config.jobs["tidy"].args["a"] = 2  # type: ignore[index]
    with pytest.raises(AttributeError):
        config.digest = ""  # type: ignore[misc]
