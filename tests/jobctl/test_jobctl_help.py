"""Help that answers what was asked: an action shows its own examples, and a reason is said to be kept where it is."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

import pytest

from jobd.jobctl import cli

ACTIONS = [
    (verb, action)
    for verb, _ in cli.COMMANDS
    for action in cli.actions_of(import_module(f"jobd.jobctl.{verb}"))
]  # fmt: skip


def examples(shown: str) -> list[str]:
    return shown.partition("examples:\n")[2].splitlines()


@pytest.mark.parametrize(("verb", "action"), ACTIONS, ids=lambda one: getattr(one, "name", one))
def test_every_action_shows_examples_of_itself_and_no_others(verb: str, action):
    shown = examples(cli.verb_parser(verb, import_module(f"jobd.jobctl.{verb}"), action).format_help())
    assert shown
    assert [line for line in shown if f"jobctl {verb} {action.name}" not in line] == []


@pytest.mark.parametrize(("verb", "action"), ACTIONS, ids=lambda one: getattr(one, "name", one))
def test_every_example_of_an_action_is_a_command_that_it_takes(verb: str, action):
    parser = cli.verb_parser(verb, import_module(f"jobd.jobctl.{verb}"), action)
    for line in examples(parser.format_help()):
        call = re.sub(r"\$\(.*", "812", line.partition(f"jobctl {verb} {action.name}")[2])  # what ids a command finds
        parser.parse_args(shlex.split(re.split(r"\)| \| ", call)[0]))


async def test_an_action_is_helped_on_the_command_line(jobctl):
    ran = await jobctl("queues", "resume", "--help")
    assert (ran.code, examples(ran.out)) == (0, ["  jobctl queues resume low --reason 'the disk has room again'"])


async def test_help_names_the_socket_and_the_environment(jobctl):
    shown = (await jobctl("--help")).out
    assert "[--socket PATH]" in shown and "\nenvironment:\n  JOBD_SOCKET " in shown
    assert max(map(len, shown.splitlines())) <= 120


@pytest.mark.parametrize(
    ("verb", "said"),
    [("cancel", "kept with the run and in the audit"), ("why", "A --reason given to resume or cancel is kept")],
)
async def test_help_says_where_a_reason_is_kept(jobctl, verb: str, said: str):
    assert said in " ".join((await jobctl(verb, "--help")).out.split())


async def test_an_action_that_is_its_verb_is_helped_in_the_words_of_the_verb(jobctl):
    shown = (await jobctl("runs", "list", "--help")).out
    assert "\nA filter is made of words: id:811,812 state:failed" in shown
    assert "same as" not in shown.partition("options:")[0]
    assert "ended, or added where it has not, no longer ago than this" in " ".join(shown.split())
