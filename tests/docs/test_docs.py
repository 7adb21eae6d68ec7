"""What the documentation says is there: links, commands, code."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from jobd import cli
from jobd.jobctl import cli as jobctl

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")],
    key=lambda page: page.as_posix(),
)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return ["".join(line.removeprefix(indent) for line in body.splitlines(keepends=True)) for indent, body in found]


def anchors(page: Path) -> set[str]:
    """What a link may name after `#`: the headings, as they are turned into ids."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def code(page: Path) -> Iterator[str]:
    """Everything on a page that stands as code, by line."""
    yield from re.findall(r"`([^`\n]+)`", prose(page))
    for language in ("sh", "python", "toml", "text", "ini"):
        for block in blocks(page, language):
            yield from block.replace("\\\n", " ").splitlines()


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target}: nothing there"
        assert there.is_relative_to(ROOT), f"{target}: outside the repository"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


def invocations(page: Path, program: str) -> Iterator[tuple[str, list[str]]]:
    """Each call of `program` that stands as code: its verb, and the options that follow before a pipe or a bracket."""
    for line in code(page):
        if re.match(r"(from|import) ", line):
            continue
        for call in re.split(rf"(?:^|(?<=[\s/$(`])){program}(?= )", line)[1:]:
            words = re.split(r"[|>)#;&]", call)[0].split()
            while words and words[0].startswith("-"):  # global options, each with a value
                words = words[2:]
            if words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
                yield words[0], [word for word in words[1:] if word.startswith("--")]


@every_page
def test_every_command_that_is_named_exists(page: Path) -> None:
    for verb, options in invocations(page, "jobctl"):
        assert verb in dict(jobctl.COMMANDS), f"jobctl {verb}"
        module = import_module(f"jobd.jobctl.{verb}")
        parsers = [jobctl.verb_parser(verb, module, action) for action in (None, *jobctl.actions_of(module))]
        known = {option for parser in parsers for option in parser._option_string_actions}
        assert not [option for option in options if option not in known], f"jobctl {verb} {options}"
    for verb, options in invocations(page, "jobd"):
        assert verb in cli.COMMANDS, f"jobd {verb}"
        known = {option for parser in subcommands(verb) for option in parser._option_string_actions}
        assert not [option for option in options if option not in known], f"jobd {verb} {options}"


def subcommands(verb: str) -> Iterator[argparse.ArgumentParser]:
    """The parser of one command of jobd, and those of its verbs."""
    sub = argparse.ArgumentParser().add_subparsers()
    cli.command(verb).add(sub)
    yield sub.choices[verb]
    for action in sub.choices[verb]._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def test_commands_are_found_where_they_stand() -> None:
    page = ROOT / "docs" / "operations.md"
    assert {"status", "runs", "show", "retry", "jobs", "queues"} <= {verb for verb, _ in invocations(page, "jobctl")}
    assert {"check", "adopt", "migrate", "run", "init"} <= {verb for verb, _ in invocations(page, "jobd")}
    assert ("runs", ["--state", "--job"]) in list(invocations(page, "jobctl"))


@every_page
def test_python_and_toml_parse(page: Path) -> None:
    for block in blocks(page, "python"):
        ast.parse(block)
    for block in blocks(page, "toml"):
        tomllib.loads(block)


@every_page
def test_shell_commands_parse(page: Path) -> None:
    for block in blocks(page, "sh"):
        checked = subprocess.run(["sh", "-n"], input=block, text=True, capture_output=True, timeout=30, check=False)
        assert checked.returncode == 0, checked.stderr
        shlex.split(block, comments=True)


@every_page
def test_every_file_that_is_named_by_its_path_exists(page: Path) -> None:
    rooms = "jobd|tests|docs|systemd|examples"
    for line in re.findall(r"`([^`\n]+)`", prose(page)):
        for path in re.findall(rf"^(?:{rooms})/[\w./]+$", line):
            assert (ROOT / path).exists(), path


def test_the_readme_has_the_two_commands() -> None:
    demo, tests = (block.strip() for block in blocks(ROOT / "README.md", "sh"))
    assert demo == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/jobd demo"
    assert tests == "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"


def test_the_runbook_has_every_notice_and_no_other() -> None:
    told = set(re.findall(r'code="(\w+)"', (ROOT / "jobd" / "notices.py").read_text()))
    page = (ROOT / "docs" / "operations.md").read_text().partition("## What jobd says")[2].partition("###")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)) == told


def test_every_room_of_the_house_is_shown() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.name for path in (ROOT / "jobd").iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(re.findall(r"^\| \[(\w+)/\]", page, flags=re.MULTILINE))


def test_every_business_job_and_argument_is_documented() -> None:
    jobs = tomllib.loads((ROOT / "jobd.toml").read_text())["jobs"]
    page = (ROOT / "docs" / "business-jobs.md").read_text()
    for name, job in jobs.items():
        section = re.search(rf"^## [^\n]*{name}\b.*?(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
        assert section, f"{name} has no section"
        module, _, function = job["run"].partition(":")
        takes = getattr(import_module(module), function).__annotations__
        for argument in takes.keys() - {"ctx", "return"}:
            assert f"`{argument}`" in section[0], f"{name}: {argument}"
