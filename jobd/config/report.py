"""A problem as people read it: what, where, the line with a caret, and what to do.

The line is part of a file that may hold secrets, so what stands behind an equals sign is shown only when
neither its name nor the line sounds secret. Of an unknown key, which may be a secret's name misspelt, only a number,
true, false or a length of time is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jobd.config.nearest import nearest
from jobd.config.secrets import MASK, sounds_secret
from jobd.errors import Problem

WIDEST = 160

_KEY = re.compile(r"""\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*\s*=""")
_HEADER = re.compile(r"\s*\[")
_SECRET_LINE = re.compile(r"\burl\b|\benv\b|://[^/\s\"']*@", re.IGNORECASE)
_SECRET_KEYS = ("password", "url", "api_key", "secret_key", "token")
_TOKEN = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|[^\s,\]}=#"']+|.""")
_PLAIN = re.compile(r"""\s*(?:true|false|-?[\d_.]{1,9}|(["'])(?:\d{1,6}(?:ms|s|m|h|d|w)\s?){1,4}\1)\s*""")
"""What is no secret: a longer number could be one."""


def rendered(problem: Problem, texts: Mapping[str, str], *, severity: str = "error") -> str:
    """The problem in three to six lines; `texts` holds the files by name."""
    key = f"{problem.key}: " if problem.key else ""
    lines = [f"{severity}: {_printable(key + problem.problem)}"]
    place = f":{problem.line}:{problem.column}" if problem.line else ""
    lines.append(f" --> {_printable(problem.file)}{place}")
    if problem.line and problem.file in texts:
        lines += _excerpt(problem, texts[problem.file])
    if problem.hint:
        lines.append(f"help: {_printable(problem.hint)}")
    return "\n".join(lines)


def _excerpt(problem: Problem, text: str) -> list[str]:
    all_lines = text.replace("\r\n", "\n").split("\n")
    if problem.line > len(all_lines):
        return []
    shown = _safe(problem, all_lines[problem.line - 1])
    if shown is None or problem.column > WIDEST:
        return []
    number = str(problem.line)
    margin = " " * len(number)
    token = _TOKEN.match(shown, problem.column - 1)
    width = len(token[0]) if token else 1
    caret = " " * (problem.column - 1) + "^" * max(1, min(width, WIDEST - problem.column))
    return [f"{margin} |", f"{number} | {_printable(shown[:WIDEST])}", f"{margin} | {caret}"]


def _safe(problem: Problem, line: str) -> str | None:
    """`line` as it may be shown, its value masked where it could be a secret; None when nothing may."""
    key = _KEY.match(line)
    if key is None:
        syntax = not problem.key
        harmless = _HEADER.match(line) or not (syntax or _sounds_secret(line) or _is_environment(problem))
        return line if harmless else None
    last_name = re.split(r"[.\"']", key[0].rstrip("= \t").rstrip("\"'"))[-1].strip()
    hidden = (
        (problem.problem == "unknown key" and not _PLAIN.fullmatch(line, key.end()))
        or _is_environment(problem)
        or _sounds_secret(line)
        or nearest(last_name, _SECRET_KEYS) is not None
    )
    return f"{key[0]} {MASK}" if hidden else line


def _sounds_secret(line: str) -> bool:
    return bool(_SECRET_LINE.search(line)) or any(sounds_secret(word) for word in re.findall(r"[\w-]+", line))


def _is_environment(problem: Problem) -> bool:
    return ".env." in f"{problem.key}."


def _printable(text: str) -> str:
    """`text` without anything that could move a terminal's cursor; one character stays one column."""
    return "".join(character if character.isprintable() else " " if character == "\t" else "�" for character in text)
