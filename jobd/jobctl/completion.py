"""Completion for a shell, made from the same parsers that read the command line. Names come from the daemon."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  source <(jobctl completion bash)
  jobctl completion zsh > ~/.zfunc/_jobctl
  jobctl completion fish > ~/.config/fish/completions/jobctl.fish
  jobctl completion bash > /etc/bash_completion.d/jobctl
"""
forms = ("table",)
SHELLS = ("bash", "zsh", "fish")
NAMES = {"queues": "QUEUE", "schedules": "SCHEDULE", "jobs": "JOB", "trigger": "JOB", "why": "JOB", "nodes": "NODE"}
"""Verbs whose next word is the name of something, and what lists it."""
LISTS = {"QUEUE": "queues", "SCHEDULE": "schedules", "JOB": "jobs", "NODE": "nodes"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    verbs = described()
    output.text({"bash": bash, "zsh": zsh, "fish": fish}[options.shell](verbs))
    return DONE


class Verb:
    """What can follow a verb: its actions and its options, each with words, and what it names."""

    def __init__(self, name: str, words: str, actions: dict[str, str], options: dict[str, str]) -> None:
        self.name, self.words, self.actions, self.options = name, words, actions, options
        self.names = LISTS.get(NAMES.get(name, ""))


def described() -> list[Verb]:
    """Every verb, from its parser."""
    from importlib import import_module

    from jobd.jobctl.cli import COMMANDS, actions_of, verb_parser

    verbs = []
    for name, words in COMMANDS:
        module = import_module(f"jobd.jobctl.{name}")
        parsers = [verb_parser(name, module), *(verb_parser(name, module, one) for one in actions_of(module))]
        taken = [action for parser in parsers for action in parser._actions]
        options = {text: action.help or "" for action in taken for text in action.option_strings}
        verbs.append(Verb(name, words, {one.name: one.words for one in actions_of(module)}, options))
    return verbs


def bash(verbs: list[Verb]) -> str:
    """For bash."""
    cases = "\n".join(
        f"    {verb.name}) words='{' '.join([*verb.actions, *verb.options])}'; list='{verb.names or ''}' ;;"
        for verb in verbs
    )
    return f"""\
# bash completion for jobctl: source <(jobctl completion bash)
_jobctl() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} words= list=
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=( $(compgen -W '{" ".join(verb.name for verb in verbs)}' -- "$cur") )
    return
  fi
  case $verb in
{cases}
  esac
  if [[ -n $list && $cur != -* ]]; then
    words="$words $(jobctl "$list" -o id 2>/dev/null)"
  fi
  COMPREPLY=( $(compgen -W "$words" -- "$cur") )
}}
complete -F _jobctl jobctl"""


def zsh(verbs: list[Verb]) -> str:
    """For zsh."""
    listed = "\n".join(f"    '{verb.name}:{_plain(verb.words)}'" for verb in verbs)
    cases = "\n".join(
        f"    {verb.name}) candidates=({' '.join([*verb.actions, *verb.options])}); list='{verb.names or ''}' ;;"
        for verb in verbs
    )
    return f"""\
#compdef jobctl
_jobctl() {{
  local -a verbs candidates
  local list
  verbs=(
{listed}
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  case $words[2] in
{cases}
  esac
  [[ -n $list ]] && candidates+=(${{(f)"$(jobctl $list -o id 2>/dev/null)"}})
  compadd -a candidates
}}
_jobctl "$@\""""


def fish(verbs: list[Verb]) -> str:
    """For fish."""
    lines = ["# fish completion for jobctl", "complete -c jobctl -f"]
    for verb in verbs:
        lines.append(f"complete -c jobctl -n __fish_use_subcommand -a {verb.name} -d '{_plain(verb.words)}'")
        seen = f"-n '__fish_seen_subcommand_from {verb.name}'"
        lines += [f"complete -c jobctl {seen} -a {name} -d '{_plain(words)}'" for name, words in verb.actions.items()]
        lines += [
            f"complete -c jobctl {seen} -l {option[2:]} -d '{_plain(words)}'"
            for option, words in verb.options.items()
            if option.startswith("--")
        ]
        if verb.names:
            lines.append(f"complete -c jobctl {seen} -a '(jobctl {verb.names} -o id 2>/dev/null)'")
    return "\n".join(lines)


def _plain(words: str) -> str:
    """Words that stand between single quotes in every shell."""
    return words.replace("'", "’").replace(":", ",").replace("%", "")
