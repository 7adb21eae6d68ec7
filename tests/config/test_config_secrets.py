"""Secrets are found wherever they may stand, and are told to nobody."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from jobd.config import examine, known_secrets, load, load_text, show
from jobd.config.report import rendered
from jobd.errors import ConfigError

CANARY = "c4n4ry-hunter2"
URL = f"postgresql://app:{CANARY}@db.example/app"


def secret_file(path: Path, content: str = CANARY + "\n", mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


def refusal(text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_text(text, environ=environ or {})
    return str(caught.value)


def test_a_secret_may_be_literal_referenced_or_in_a_file(tmp_path: Path) -> None:
    secret_file(tmp_path / "token")
    environ = {"GATEWAY": CANARY, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    config = load_text(
        f"[database]\nurl = 'postgresql://app:${{env:GATEWAY}}@db.example/app'\n"
        f"[mail]\nuser = 'jobs'\npassword_file = '{tmp_path}/token'\n"
        f"[paymob]\napi_key = '${{credential:token}}'\nsecret_key = '{CANARY}'\n"
        "[jobs.a]\ncommand = ['x']\nenv = { PGPASSWORD = '${env:GATEWAY}', PLAIN = 'y' }",
        environ=environ,
    )
    assert config.database.url == URL
    assert config.mail.password == CANARY
    assert config.paymob is not None
    assert (config.paymob.api_key, config.paymob.secret_key) == (CANARY, CANARY)
    assert config.jobs["a"].env == {"PGPASSWORD": CANARY, "PLAIN": "y"}


def test_only_one_newline_is_taken_from_a_file(tmp_path: Path) -> None:
    secret_file(tmp_path / "p", " two\n\n")
    config = load_text("[mail]\nuser = 'a'\npassword_file = 'p'", directory=tmp_path)
    assert config.mail.password == " two\n"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("${env:MISSING}", "'MISSING' is not set"),
        ("${credential:x}", "systemd gave us none"),
        ("${file:x}", "only ${env:NAME} and ${credential:NAME}"),
        ("${enf:X}", 'did you mean "env"'),
    ],
)
def test_a_reference_to_nothing_is_refused(reference: str, says: str) -> None:
    message = refusal(f"[mail]\nuser = 'a'\npassword = '{CANARY}{reference}'")
    assert says in message
    assert CANARY not in message


@pytest.mark.parametrize("name", ["../token", ".hidden", "a/b", ""])
def test_a_credential_is_a_plain_name(tmp_path: Path, name: str) -> None:
    message = refusal(
        f"[mail]\nuser = 'a'\npassword = '${{credential:{name}}}'", {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    )
    assert "is not a name of a credential" in message


def test_a_file_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    secret_file(tmp_path / "group", mode=0o620)
    secret_file(tmp_path / "good")
    (tmp_path / "link").symlink_to(tmp_path / "good")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "bytes").write_bytes(b"\xff" + CANARY.encode())
    secret_file(tmp_path / "large", CANARY * 100_000)
    expected = {
        "group": "others may write it",
        "link": "symbolic link",
        "fifo": "not a regular file",
        "bytes": "not UTF-8",
        "large": "larger than 1024 KiB",
        "missing": "No such file",
    }
    for name, says in expected.items():
        message = refusal(f"[mail]\nuser = 'a'\npassword_file = '{tmp_path}/{name}'")
        assert says in message
        assert CANARY not in message


def test_a_secret_and_its_file_together_are_refused() -> None:
    message = refusal(f"[mail]\nuser = 'a'\npassword = '{CANARY}'\npassword_file = 'x'")
    assert "stands beside password" in message
    assert CANARY not in message


def test_no_view_of_a_configuration_holds_a_secret() -> None:
    config = load_text(
        f"[database]\nurl = '{URL}'\n[mail]\nuser = 'a'\npassword = '{CANARY}'\n"
        f"[paymob]\napi_key = '{CANARY}'\nsecret_key = '{CANARY}'\n"
        f"[jobs.a]\ncommand = ['x']\nenv = {{ NAME = '{CANARY}' }}\n"
        f"[jobs.b]\nrun = 'a:b'\nargs = {{ api_token = '{CANARY}', plain = {{ password = '{CANARY}' }} }}"
    )
    settings = show(config)
    assert ("mail.password", "********", "jobd.toml:5") in settings
    assert CANARY not in str(settings)
    public = (config.daemon, config.database, config.mail, config.paymob, config.settings, config.warnings)
    assert CANARY not in repr(public)
    assert CANARY not in repr(config.origins)
    assert CANARY not in repr(config.jobs["a"])


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("args", '"********"'),
        ("args.*", '{"name": "********", "n": "********"}'),
        ("args.name", '{"name": "********", "n": 7}'),
        ("args.name.first", '{"name": {"first": "********"}, "n": 7}'),
    ],
)
def test_no_view_of_a_configuration_holds_an_argument_that_is_redacted(path: str, told: str) -> None:
    args = f"args = {{ name = {{ first = '{CANARY}' }}, n = 7 }}"
    config = load_text(
        f"[privacy]\nredact = ['{path}']\n[jobs.a]\ncommand = ['x']\n{args}\n"
        f"[schedules.nightly]\njob = 'a'\ncron = '0 4 * * *'\n{args}\n"
    )
    settings = {key: value for key, value, _ in show(config)}
    assert (settings["jobs.a.args"], settings["schedules.nightly.args"]) == (told, told)
    assert CANARY not in str(settings)
    assert config.jobs["a"].args["name"] == {"first": CANARY}, "the job itself is given what is written"


@pytest.mark.parametrize(
    "text",
    [
        f"[mail]\npasswrd = '{CANARY}'",
        f"[mail]\nhostt = '{CANARY}'",
        f"[mail]\npassword = ['{CANARY}']",
        f"[mail]\npassword = '{CANARY}",
        f"[mail]\npasword = '{CANARY}",
        f"[mail]\npassword = '''\n{CANARY}",
        f"[mail]\npassword = [\n'{CANARY}',\n",
        f"mail = {{ password = '{CANARY}', prot = 3 }}",
        f"[database]\nurl = 'mysql://app:{CANARY}@h/d'",
        f"[database]\nurl = 'postgresql://app:{CANARY}@[/d'",
        f"[database]\nurl = 'postgresql://app:{CANARY} @h/d'",
        f"[database]\nurll = 'postgresql://app:{CANARY}@h/d'",
        f"[paymob]\napi_key = {{ x = '{CANARY}' }}",
        f"[paymob]\napi_key = '{CANARY}'\nbase_url = 'https://user:{CANARY}@pay.example'",
        f"[jobs.a]\ncommand = ['x']\nenv = {{ 'A B' = '{CANARY}' }}",
        f"[jobs.a]\ncommand = ['x']\n[jobs.a.env]\n'A B' = '{CANARY}'",
        f"[jobs.a]\nrun = 'a:b'\n[jobs.a.env]\nNAME = '{CANARY}'",
        f"[jobs.a]\ncommand = ['x']\nenv = {{ NAME = '{CANARY}\\u0000' }}".replace("'", '"'),
    ],
)
def test_no_problem_and_no_excerpt_holds_a_secret(tmp_path: Path, text: str) -> None:
    main = tmp_path / "jobd.toml"
    main.write_text(text)
    report = examine(main, environ={})
    assert report.problems
    assert CANARY not in str(ConfigError(report.problems))
    assert CANARY not in "".join(rendered(problem, report.texts) for problem in report.problems)


@pytest.mark.parametrize(
    ("literal", "exposed"),
    [
        (f"[database]\nurl = '{URL}'", True),
        (f"[mail]\nuser = 'a'\npassword = '{CANARY}'", True),
        ("[database]\nurl = 'postgresql:///app'", False),
        ("[database]\nurl = 'postgresql://app:${env:PASSWORD}@h/app'", False),
        ("[mail]\nuser = 'a'\npassword = '${env:PASSWORD}'", False),
    ],
)
def test_a_literal_secret_that_all_may_read_is_a_warning_and_in_production_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, literal: str, exposed: bool
) -> None:
    main = tmp_path / "jobd.toml"
    main.write_text(literal)
    main.chmod(0o644)
    environ = {"PASSWORD": CANARY}
    with caplog.at_level(logging.WARNING):
        assert bool(load(main, environ=environ).warnings) is exposed
    assert bool(caplog.records) is exposed
    assert CANARY not in caplog.text + str([record.__dict__ for record in caplog.records])
    production = environ | {"JOBD_DAEMON__ENVIRONMENT": "production"}
    assert bool(examine(main, environ=production).problems) is exposed
    main.chmod(0o640)
    assert not load(main, environ=production).warnings


def test_the_secrets_that_logs_and_errors_must_not_repeat_are_known() -> None:
    config = load_text(
        "[database]\nurl = 'postgresql://app:p%40ss@h/db'\n[mail]\nuser = 'a'\npassword = 'of the/mail'\n"
        "[paymob]\napi_key = 'ap1-key'\nsecret_key = 's3cret'\n"
        "[jobs.a]\ncommand = ['x']\nenv = { API_TOKEN = 't0ken', MODE = 'production', TOKEN_FILE = '/x' }\n"
        "[jobs.b]\ncommand = ['x']\nenv = { DATABASE = 'postgresql:///db?user=a&password=geheim&x=1' }"
    )
    ours = {"p%40ss", "p%2540ss", "p@ss", "of the/mail", "of%20the%2Fmail", "ap1-key", "s3cret"}
    assert known_secrets(config).values == ours | {"t0ken", "geheim"}
