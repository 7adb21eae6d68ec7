"""Man pages and tables of the documentation, made from the parsers that read the command lines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from jobd import __version__, cli
from jobd.config import reference
from jobd.jobctl import cli as jobctl

EVERYWHERE = frozenset({"help"} | {action.dest for action in jobctl.everywhere()._actions})
"""What every verb takes, told once."""
EXITS = {
    "jobctl": (
        (0, "done; with --wait, the run succeeded"),
        (1, "the run or the operation failed, or the doctor found something"),
        (2, "wrong use"),
        (3, "not found"),
        (4, "not permitted"),
        (5, "no daemon answers"),
        (6, "conflict: it is so already, it has ended, or the set has grown"),
        (7, "the waiting timed out; the run goes on"),
        (8, "the run was cancelled"),
        (9, "the configuration is wrong"),
        (130, "interrupted"),
    ),
    "jobd": (
        (0, "done, or stopped"),
        (1, "failed; the message says why"),
        (2, "wrong use"),
        (9, "the configuration is wrong"),
        (70, "the main loop stood still"),
    ),
}
"""Exit statuses, of which jobctl's failures are the code's side."""


def pages() -> dict[str, str]:
    """File name → the man page."""
    return {"jobd.8": jobd_page(), "jobctl.1": jobctl_page(), "jobd.toml.5": toml_page()}


def jobctl_page() -> str:
    """jobctl(1)."""
    lines = [
        *_head("jobctl", 1, "ask and tell a running jobd"),
        ".SH SYNOPSIS",
        r".B jobctl",
        r"[\fIOPTION\fR ...] \fIVERB\fR [\fIACTION\fR] \fR...",
        ".SH DESCRIPTION",
        "Talks to the daemon over its Unix socket. Results go to standard output, words about them to standard error.",
        ".SH OPTIONS",
        *_said(jobctl.everywhere()._actions),
        ".SH VERBS",
    ]
    for name, words in jobctl.COMMANDS:
        module = import_module(f"jobd.jobctl.{name}")
        lines += [f".SS {_safe(name)}", _safe(f"{words[0].upper()}{words[1:]}.")]
        lines += _options(jobctl.verb_parser(name, module))
        for action in jobctl.actions_of(module):
            parser = jobctl.verb_parser(name, module, action)
            lines += [".PP", rf"\fBjobctl {name} {action.name}\fR: {_safe(action.words)}", *_options(parser)]
        own = [f"  {action.example}" for action in jobctl.actions_of(module) if action.example]
        lines += [".PP", ".nf", *(_safe(example) for example in [*module.EXAMPLES.splitlines(), *own]), ".fi"]
    return _page([*lines, *_environment(), *_exits("jobctl"), *_see("jobd(8), jobd.toml(5)")])


def jobd_page() -> str:
    """jobd(8)."""
    lines = [
        *_head("jobd", 8, "the background-job daemon"),
        ".SH SYNOPSIS",
        r"\fBjobd\fR \fICOMMAND\fR ...",
        ".SH DESCRIPTION",
        "Runs cron schedules and queued jobs, and keeps every run in Postgres. A running one is asked with jobctl(1).",
        ".SH COMMANDS",
    ]
    for name in cli.COMMANDS:
        sub = argparse.ArgumentParser(prog="jobd").add_subparsers()
        cli.command(name).add(sub)
        parser = sub.choices[name]
        lines += [f".SS {_safe(name)}", _safe(parser.description or ""), *_options(parser)]
    signals = (
        ("SIGTERM, SIGINT", "stop: what runs gets the grace time; the same again hurries, a third time exits"),
        ("SIGHUP", "reload the configuration"),
    )
    lines += [".SH SIGNALS", *(line for name, words in signals for line in (".TP", rf"\fB{name}\fR", _safe(words)))]
    return _page([*lines, *_exits("jobd"), *_see("jobctl(1), jobd.toml(5)")])


def toml_page() -> str:
    """jobd.toml(5)."""
    lines = [
        *_head("jobd.toml", 5, "configuration of jobd"),
        ".SH DESCRIPTION",
        "TOML. Read from $JOBD_CONFIG, ./jobd.toml or /etc/jobd/jobd.toml, then from the files of jobd.d beside it",
        "by name, then from variables JOBD_TABLE__KEY. Checked by jobd check, taken over by jobctl reload.",
    ]
    last = None
    for table, key, kind, default, words in reference.rows():
        if table != last:
            lines.append(f'.SH "[{_safe(table)}]"')
            last = table
        shown = f"{kind} (default {default})" if default else kind
        lines += [".TP", rf"\fB{_safe(key)}\fR  {_safe(shown.replace('`', ''))}", _safe(words.replace("`", ""))]
    return _page([*lines, *_see("jobd(8), jobctl(1)")])


def verb_table() -> str:
    """The table of verbs and actions in docs/jobctl.md."""
    rows = ["| verb | does |", "| --- | --- |"]
    for name, words in jobctl.COMMANDS:
        module = import_module(f"jobd.jobctl.{name}")
        rows.append(f"| `{_usage(jobctl.verb_parser(name, module))}` | {words} |")
        others = [action for action in jobctl.actions_of(module) if action.arguments is not module.arguments]
        rows += [f"| `{_usage(jobctl.verb_parser(name, module, action))}` | {action.words} |" for action in others]
    return "\n".join(rows)


def exit_table() -> str:
    """The table of exit codes in docs/jobctl.md."""
    rows = [f"| {code} | {words} |" for code, words in EXITS["jobctl"]]
    return "\n".join(["| code | means |", "| --- | --- |", *rows])


def replaced(text: str, name: str, table: str) -> str:
    """`text` with `table` between its mark of that name and the next `end`."""
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    return f"{before}{mark}{table}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"


def _usage(parser: argparse.ArgumentParser) -> str:
    """The verb with its own arguments on one line: those of every verb are left out."""
    parts = [parser.prog.removeprefix("jobctl ")]
    for action in parser._actions:
        if action.dest in EVERYWHERE:
            continue
        parts.append(_argument(action))
    return " ".join(parts).replace("|", "\\|")


def _argument(action: Any) -> str:
    if not action.option_strings:
        name = action.metavar or (",".join(action.choices) if action.choices else action.dest.upper())
        many = f"{name}…" if action.nargs in ("+", "*") else name
        return f"[{many}]" if action.nargs in ("?", "*") else str(many)
    name = max(action.option_strings, key=len)
    value = "" if action.nargs == 0 else f" {action.metavar or '/'.join(action.choices or ()) or action.dest.upper()}"
    return f"{name}{value}" if action.required else f"[{name}{value}]"


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    return _said(action for action in parser._actions if action.dest not in EVERYWHERE)


def _said(actions: Iterable[argparse.Action]) -> Iterator[str]:
    for action in actions:
        names = ", ".join(action.option_strings) or str(action.metavar or action.dest.upper())
        valued = action.option_strings and action.metavar and action.nargs != 0
        value = f" {_safe(str(action.metavar))}" if valued else ""
        yield from (".TP", rf"\fB{_safe(names)}\fR{value}", _safe((action.help or "").replace("%%", "%")) or ".")


def _head(name: str, section: int, words: str) -> list[str]:
    title = f'.TH {name.upper()} {section} "" "jobd {__version__}"'
    return [r".\" Made from the parsers by python -m jobd.cli.manual", title, ".SH NAME", rf"{name} \- {words}"]


def _environment() -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    for name, words in jobctl.ENVIRONMENT:
        yield from (".TP", rf"\fB{name}\fR", _safe(words))


def _exits(name: str) -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, words in EXITS[name]:
        yield from (".TP", rf"\fB{code}\fR", _safe(words))


def _see(others: str) -> list[str]:
    return [".SH SEE ALSO", others]


def _page(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line) + "\n"


def _safe(text: str) -> str:
    """`text` as roff: no dash becomes a hyphen, no line a request."""
    escaped = re.sub(r"\s+", " ", text).strip() if not text.startswith("  ") else text
    escaped = escaped.replace("\\", r"\e").replace("-", r"\-").replace("→", "->").replace("…", "...")
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    from pathlib import Path

    docs = Path(__file__).parents[2] / "docs"
    (docs / "man").mkdir(exist_ok=True)
    for file, page in pages().items():
        (docs / "man" / file).write_text(page)
    text = (docs / "jobctl.md").read_text()
    for name, table in (("verbs", verb_table()), ("exits", exit_table())):
        text = replaced(text, name, table)
    (docs / "jobctl.md").write_text(text)
