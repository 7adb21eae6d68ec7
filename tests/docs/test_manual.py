"""Man pages and generated tables are what the parsers say now: python -m jobd.cli.manual writes them anew."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jobd.cli import manual
from jobd.jobctl import failures

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["jobd.8", "jobctl.1", "jobd.toml.5"])
def test_the_man_page_is_current(name: str) -> None:
    assert (DOCS / "man" / name).read_text() == manual.pages()[name]


@pytest.mark.parametrize("name", ["jobd.8", "jobctl.1", "jobd.toml.5"])
@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_roff_without_a_warning(name: str) -> None:
    shown = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", str(DOCS / "man" / name)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert shown.stderr == ""
    text = re.sub(".\b", "", shown.stdout)  # bold is struck over
    assert "NAME" in text and "SEE ALSO" in text


@pytest.mark.parametrize(("mark", "table"), [("verbs", manual.verb_table()), ("exits", manual.exit_table())])
def test_the_tables_of_jobctl_are_current(mark: str, table: str) -> None:
    assert f"<!-- {mark} -->\n{table}\n<!-- end -->" in (DOCS / "jobctl.md").read_text()


def test_every_exit_code_has_its_words() -> None:
    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    assert {code for code, _ in manual.EXITS["jobctl"]} == codes
