"""Every mistake is reported at once, at its place, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jobd.config import load_text
from jobd.errors import ConfigError, Problem

JOB = '[jobs.tidy]\nrun = "myapp.jobs:tidy"\n'


def problems(text: str, environ: Mapping[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_text(text, environ=environ or {})
    return caught.value.problems


def only(text: str, environ: Mapping[str, str] | None = None) -> Problem:
    found = problems(text, environ)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "line", ['run = ["sleep", "900"]', 'run = "sleep 900"', 'command = "sleep 900"']
)
def test_a_program_in_the_place_of_a_function_is_told_how_it_is_written(line: str) -> None:
    found = only(f"[jobs.tidy]\n{line}\n")
    assert 'command = ["program", "argument"]' in (found.hint or "")


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = """[daemon]
workers = "4"
wrkers = 3
[jobs.tidy]
run = "myapp.jobs"
queue = "lo"
cron = "0 25 * * *"
timezone = "Africa/Ciro"
[schedules.more]
job = "tody"
[mial]
"""
    found = problems(text)
    assert [(p.line, p.column, p.key) for p in found] == [
        (2, 11, "daemon.workers"),
        (3, 1, "daemon.wrkers"),
        (5, 7, "jobs.tidy.run"),
        (6, 9, "jobs.tidy.queue"),
        (7, 11, "jobs.tidy.cron"),
        (8, 12, "jobs.tidy.timezone"),
        (9, 12, "schedules.more"),
        (10, 7, "schedules.more.job"),
        (11, 2, "mial"),
    ]
    assert [p.hint for p in found if p.problem == "unknown key"] == [
        'did you mean "workers"?',
        'did you mean "mail"?',
    ]


def test_a_problem_reads_as_one_line_with_place_key_and_hint() -> None:
    problem = only(JOB + 'cronn = "0 * * * *"')
    assert str(problem) == 'jobd.toml:3:1: jobs.tidy.cronn: unknown key; did you mean "cron"?'


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a = ", 1, 5, "Invalid value"),
        ("[daemon]\nworkers = 4\nworkers = 5", 3, 12, "Cannot overwrite"),
        ("[daemon\n", 1, 8, "Expected ']'"),
        ('a = """never closed', 1, 20, "Unterminated string"),
        ("a = 1\r\n\r\nb = \x01", 3, 5, "Invalid value"),
    ],
)
def test_a_syntax_error_has_its_place(text: str, line: int, column: int, says: str) -> None:
    problem = only(text)
    assert (problem.line, problem.column) == (line, column)
    assert says in problem.problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("a" + ".a" * 200 + " = 1", "nested too deep"),
        ("a = " + "9" * 5000, "not TOML"),
        ("a = '\ud800'", "not UTF-8"),
    ],
)
def test_a_hostile_text_is_a_problem_and_not_a_crash(text: str, says: str) -> None:
    assert says in only(text).problem


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[daemon]\nworkers = 0", "daemon.workers", "at least 1"),
        ("[daemon]\nworkers = true", "daemon.workers", "got true or false"),
        ("[daemon]\nenabled = 1", "daemon.enabled", "expected true or false"),
        ("[daemon]\nenvironment = 'prod'", "daemon.environment", "development, production"),
        ("[daemon]\ngrace = '30 parsecs'", "daemon.grace", "not a length of time"),
        ("[daemon]\nlease = '1s'", "daemon.lease", "at least 5s"),
        ("[daemon]\nname = 'a b'", "daemon.name", "letters, digits"),
        ("daemon = 3", "daemon", "expected a table"),
        ("jobs = 3", "jobs", "expected a table"),
        ("jobs.tidy = 3", "jobs.tidy", "expected a table"),
        ("[queues.low]\nweight = 0\n[queues.default]", "queues.low.weight", "at least 1"),
        (
            "[queues.low]\nreserve = 6\n[queues.high]\nreserve = 4",
            "queues.low.reserve",
            "10 workers are reserved",
        ),
        ("[queues.Low]", "queues.Low", "a name has"),
        ("[jobs.'a b']\nrun = 'a:b'", 'jobs."a b"', "a name has"),
        ("[jobs.tidy]", "jobs.tidy", "neither run nor command"),
        (JOB + "command = ['x']", "jobs.tidy", "both run and command"),
        ("[jobs.tidy]\ncommand = []", "jobs.tidy.command", "at least 1 element"),
        ("[jobs.tidy]\ncommand = 'rm -rf'", "jobs.tidy.command", "expected an array"),
        ("[jobs.tidy]\ncommand = ['x', 3]", "jobs.tidy.command[1]", "expected a string"),
        (JOB + "cwd = '/'", "jobs.tidy.cwd", "for commands only"),
        (JOB + "priority = 101", "jobs.tidy.priority", "at most 100"),
        (JOB + "retries = -1", "jobs.tidy.retries", "at least 0"),
        (JOB + "timeout = '-1s'", "jobs.tidy.timeout", "negative"),
        (JOB + "jitter = 1.5", "jobs.tidy.jitter", "at most 1"),
        (JOB + "retry_delay = '2h'\nmax_retry_delay = '1h'", "jobs.tidy.max_retry_delay", "longer than"),
        (
            "[defaults]\nretry_delay = '2h'\nmax_retry_delay = '1h'\n" + JOB,
            "defaults.max_retry_delay",
            "longer than",
        ),
        (JOB + "queue = 'lwo'", "jobs.tidy.queue", "unknown queue"),
        (JOB + "[queues.low]", "jobs.tidy", "unknown queue 'default'"),
        (JOB + "cron = '* * * *'", "jobs.tidy.cron", ""),
        (JOB + "cron = '@daily'\nevery = '1h'", "jobs.tidy.every", "cron and every"),
        (JOB + "every = '10ms'", "jobs.tidy.every", "at least 1s"),
        (JOB + "at = 2027-01-31", "jobs.tidy.at", "expected a date and time"),
        (JOB + "at = 'tomorrow'", "jobs.tidy.at", "not a date and time"),
        (JOB + "at = 2027-03-28T02:30:00\ntimezone = 'Europe/Berlin'", "jobs.tidy.at", "does not exist"),
        (JOB + "timezone = 'UTC'", "jobs.tidy.timezone", "has no effect"),
        (JOB + "requires = ['users; drop']", "jobs.tidy.requires[0]", "plain name"),
        (JOB + "unique = { within = 0 }", "jobs.tidy.unique.within", "longer than nothing"),
        (JOB + "unique = 3", "jobs.tidy.unique", "expected a table"),
        (JOB + "concurrency = { max = 2 }", "jobs.tidy.concurrency.key", "is missing"),
        (JOB + "[schedules.more]\njob = 'tidy'", "schedules.more", "never due"),
        (JOB + "[schedules.more]\ncron = '@daily'", "schedules.more.job", "is missing"),
        (
            JOB + "every = '1h'\n[schedules.tidy]\njob = 'tidy'\nevery = '2h'",
            "schedules.tidy",
            "has a schedule of",
        ),
        ("[database]\nurl = 'mysql://x'", "database.url", "postgresql://"),
        ("[database]\nurl = 'postgresql://[::1'", "database.url", "not a URL"),
        ("[paymob]\nbase_url = 'http://example.org'\napi_key = 'k'", "paymob.base_url", "https"),
        ("[paymob]\nauth = 'intention'\napi_key = 'k'", "paymob", "needs secret_key"),
        ("[mail]\ntls = 'off'\nhost = 'mx.example.org'\nuser = 'a'\npassword = 'b'", "mail.tls", "in clear"),
        ("[mail]\npassword = 'b'", "mail.password", "without user"),
        ("[mail]\nsender = 'nobody'", "mail.sender", "mail address"),
        ("[mail.in_doubt]\nreceipt = 'drop'", "mail.in_doubt.receipt", "resend, hold"),
        ("[mail]\nworkers = 3", "mail.workers", "unknown key"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key(text: str, key: str, says: str) -> None:
    problem = only(text)
    assert problem.key == key
    assert says in problem.problem
    assert problem.line > 0
    assert problem.column > 0


def test_a_key_of_another_table_is_sent_there() -> None:
    assert only("[app]\nworkers = 3").hint == "it belongs in [daemon]"


@pytest.mark.parametrize(
    ("args", "key", "says"),
    [
        ("since = 2027-01-31", "jobs.tidy.args.since", "no dates"),
        ("at = [1, 08:00:00]", "jobs.tidy.args.at[1]", "no dates"),
        ("deep = { x = [{ y = nan }] }", "jobs.tidy.args.deep.x[0].y", "no nan"),
        ("many = 9223372036854775808", "jobs.tidy.args.many", "64 bits"),
        ('text = "a\\u0000b"', "jobs.tidy.args.text", "NUL"),
        ('"a\\u0000b" = 1', 'jobs.tidy.args."a\\x00b"', "NUL"),
    ],
)
def test_arguments_that_json_or_postgres_would_refuse_are_named(args: str, key: str, says: str) -> None:
    problem = only(JOB + f"args = {{ {args} }}")
    assert problem.key == key
    assert says in problem.problem


def test_a_wrong_variable_is_named_instead_of_a_place() -> None:
    problem = only("", {"JOBD_DAEMON__WORKERS": "many"})
    assert str(problem) == (
        "environment variable JOBD_DAEMON__WORKERS: daemon.workers: expected a whole number, got a string"
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[mail]\nenabled = true\ntls = 'off'\nhost = 'mx.example.org'\nsender = 'a@b.org'", "mail.tls"),
        ("[mail]\nenabled = true", "mail.sender"),
        ("[paymob]\napi_key = 'k'\nlive = false", "paymob.live"),
    ],
)
def test_production_refuses_what_a_trial_may_do(text: str, key: str) -> None:
    load_text(text)
    assert only(text, {"JOBD_DAEMON__ENVIRONMENT": "production"}).key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[queues.low]\nmax = 11\n[queues.default]", "queues.low.max"),
        ("[database]\nurl = 'postgresql://h/d'\n[database.embedded]\nuser = 'x'", "database.embedded"),
        (JOB + "cron = '0 0 30 2 *'", "jobs.tidy.cron"),
        ("[daemon]\nsocket = '/" + "x" * 200 + "'", "daemon.socket"),
    ],
)
def test_what_is_allowed_but_seldom_meant_is_a_warning(text: str, key: str) -> None:
    assert [warning.key for warning in load_text(text).warnings] == [key]
