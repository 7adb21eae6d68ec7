"""What is taken out of errors, tracebacks and log lines, and what is left."""

from __future__ import annotations

import json
import time

import pytest

from jobd.model.secrets import Secrets, without_likely

CANARY = "c4n4ry-hunter2"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"cannot reach postgresql://app:{CANARY}@db/app", "cannot reach postgresql://app:********@db/app"),
        (f"https://:{CANARY}@pay.example/x", "https://:********@pay.example/x"),
        (f"Authorization: Bearer {CANARY}", "Authorization: Bearer ********"),
        (f"authorization={CANARY}", "authorization=********"),
        (f"{{'Authorization': 'Basic {CANARY}', 'x': 1}}", "{'Authorization': 'Basic ********', 'x': 1}"),
        (f"GET /v1?api_token={CANARY}&page=2", "GET /v1?api_token=********&page=2"),
        (f"smtp_password='{CANARY} x', n=3", "smtp_password=********, n=3"),
        (f"CLIENT_SECRET_ID={CANARY}", "CLIENT_SECRET_ID=********"),
        (f'{{"api_key": "{CANARY}", "n": 1}}', '{"api_key": ********, "n": 1}'),
        (f"{{'password': '{CANARY}'}}", "{'password': ********}"),
    ],
)
def test_what_looks_like_a_secret_is_masked(said: str, left: str) -> None:
    assert without_likely(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "SyntaxError: unexpected token: ')'",
        "max_tokens=100",
        'password = args["password"]',
        "login(password=(yield))",
        "http://127.0.0.1:8080/a@b",
        "no Authorization",
        "the secret is out",
    ],
)
def test_what_only_sounds_like_one_is_left(said: str) -> None:
    assert without_likely(said) == said


@pytest.mark.parametrize("value", [CANARY, "sch'ön\"er\\ tag und nacht", "100 % & more/than + that"])
def test_a_known_value_is_found_as_python_and_json_write_it(value: str) -> None:
    secrets = Secrets([value])
    for form in (value, repr(value), json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert value not in secrets.without(f"it was {form}!")
        assert secrets.without(f"it was {form}!").replace('"', "").replace("'", "") == "it was ********!"


def test_a_short_value_is_masked_as_a_word_only_and_the_longest_value_first() -> None:
    secrets = Secrets(["test", "abc", "test-of-the-longer-one"])
    assert secrets.without("latest test, abc") == "latest ********, abc"
    assert secrets.without("test-of-the-longer-one") == "********"


def test_a_key_of_many_lines_is_found_when_it_is_indented() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----"
    assert "MIIEvQ" not in Secrets([key]).without("\n".join(f"    {line}" for line in key.splitlines()))


@pytest.mark.parametrize("piece", ["secret", "://a:", "authorization: ", "password=", "a", "token='"])
def test_megabytes_of_anything_are_looked_through_at_once(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    without_likely(text)
    assert time.process_time() - began < 5.0
