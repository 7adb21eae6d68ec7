"""`[dashboard]`: what is written holds, and a door without a lock is refused."""

from __future__ import annotations

import pytest

from jobd.config import load_text
from jobd.config.schema import schema
from jobd.errors import ConfigError, Problem
from jobd.model.settings import DashboardSettings


def only(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    (found,) = caught.value.problems
    return found


def test_without_a_word_it_is_on_with_authentication_and_on_loopback() -> None:
    assert load_text("").dashboard == DashboardSettings(
        enabled=True, path="/", require_authentication=True, listen="127.0.0.1:8647"
    )
    shown = {key: value for key, value, _ in load_text("").shown}
    assert shown["dashboard.listen"] == '"127.0.0.1:8647"'


@pytest.mark.parametrize("path", ["/", "/jobs", "/ops/jobs/", "/~me/jobs-2.0", "/a_b"])
def test_a_path_is_taken_as_it_is_written(path: str) -> None:
    assert load_text(f'[dashboard]\npath = "{path}"').dashboard.path == path


@pytest.mark.parametrize(
    "path",
    ["", "jobs", "/../etc", "/a/../b", "/..", "/.hidden", "//evil.example", "/a//b", "/a?b=c", "/a#b", "/a b", "/ü",
     "/%2e%2e", "/a\\\\b", "/a\\u0000", "/a\\n", "https://x/"],
)  # fmt: skip
def test_a_path_that_is_none_or_leads_elsewhere_is_refused(path: str) -> None:
    problem = only(f'[dashboard]\npath = "{path}"')
    assert (problem.line, problem.key) == (2, "dashboard.path") and 'begin with "/"' in problem.problem


def test_production_refuses_to_let_everybody_in() -> None:
    text = "[dashboard]\nrequire_authentication = false"
    assert load_text(text).dashboard.require_authentication is False
    problem = only(f'[daemon]\nenvironment = "production"\n{text}')
    assert (problem.line, problem.key) == (4, "dashboard.require_authentication")


@pytest.mark.parametrize("listen", ["0.0.0.0:8647", "[::]:8647", "192.0.2.7:80", "127.0.0.1:0", "127.0.0.1:65536"])
def test_an_address_beyond_loopback_or_no_port_is_refused(listen: str) -> None:
    problem = only(f'[dashboard]\nlisten = "{listen}"')
    assert (problem.line, problem.key) == (2, "dashboard.listen") and problem.hint


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:9000", "[::1]:8647"])
def test_an_address_on_loopback_is_taken(listen: str) -> None:
    assert load_text(f'[dashboard]\nlisten = "{listen}"').dashboard.listen == listen


def test_the_schema_for_editors_knows_the_table() -> None:
    assert set(schema()["definitions"]["DashboardTable"]["properties"]) == {
        "enabled", "path", "require_authentication", "listen",
    }  # fmt: skip
