"""The documents name every path, role, verb and exit code that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobd.api import feed
from jobd.api.refusals import _TABLE
from jobd.api.routes import ROUTES, Route
from jobd.jobctl import failures
from jobd.jobctl.cli import COMMANDS
from jobd.model import filter as filters
from jobd.model.change import Action

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_documented_with_its_role(route: Route):
    path = re.sub(r"\{(\w+):[^/]*\}(?=/|$)", r"{\1}", route.path)
    rows = [line for line in (DOCS / "api.md").read_text().splitlines() if line.startswith("|")]
    named = [row for row in rows if re.search(rf"`{route.method} {re.escape(path)}(\?[^`]*)?`", row)]
    assert len(named) == 1
    assert f"| {route.role} |" in named[0]


def test_every_error_of_the_api_is_documented():
    text = (DOCS / "api.md").read_text()
    source = "".join(path.read_text() for path in (DOCS.parent / "jobd" / "api").glob("*.py"))
    codes = {code for _, status, code, _ in _TABLE if status < 500 or status == 503}
    codes |= set(re.findall(r'(?:Refused|error_response)\(\s*\d+, "(\w+)"', source))
    assert len(codes) > 10
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_every_event_metric_and_term_of_a_filter_is_documented():
    text = (DOCS / "api.md").read_text()
    metrics = set(re.findall(r'MetricFamily\(\s*"(jobd_\w+)"', (DOCS.parent / "jobd/api/metrics.py").read_text()))
    assert len(metrics) > 10
    names = [*(f"`{kind}`" for kind in feed.KINDS), *(f"`{key}:`" for key in filters.KEYS if key != "arg.")]
    assert [name for name in [*names, *metrics] if name not in text] == []


def test_every_action_of_the_journal_is_documented():
    text = (DOCS / "api.md").read_text()
    assert [action for action in Action if f"`{action}`" not in text] == []


@pytest.mark.parametrize("verb", [name for name, _ in COMMANDS])
def test_every_verb_is_documented(verb: str):
    assert re.search(rf"^\| `{verb}\b", (DOCS / "jobctl.md").read_text(), re.MULTILINE)


def test_every_exit_code_is_documented():
    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    assert len(codes) == 11
    text = (DOCS / "jobctl.md").read_text()
    assert [code for code in sorted(codes) if not re.search(rf"^\| {code} \|", text, re.MULTILINE)] == []
