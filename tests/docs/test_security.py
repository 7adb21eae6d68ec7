"""The table of threats in SECURITY.md names tests that are there and run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "SECURITY.md").read_text().partition("## Threats")[2]
ROWS = re.findall(r"^\| (?!threat|---)(.+?) \| (.+?) \| (.+?) \|$", TABLE, flags=re.MULTILINE)


def collected(path: Path) -> list[str]:
    """The tests that pytest collects there."""
    tree = ast.parse(path.read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function.name for function in found if function.name.startswith("test_")]


@pytest.mark.parametrize(("threat", "named"), [(threat, named) for threat, _, named in ROWS])
def test_every_threat_has_tests_that_are_there(threat: str, named: str) -> None:
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", named)
    assert links and ", ".join(f"[{name}]({path})" for name, path in links) == named, threat
    for name, path in links:
        assert path == f"tests/{name}"
        assert (ROOT / path).name.startswith("test_") and collected(ROOT / path), path


def test_no_row_of_the_table_is_overlooked() -> None:
    assert len(ROWS) == TABLE.count("\n| ") - 2 > 10
