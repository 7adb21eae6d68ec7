"""A place in a configuration file, opened in the operator's own editor while the dashboard steps aside."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jobd.errors import JobdError

_PLACE = re.compile(r"(.+):([0-9]{1,9})")
_JOINED = frozenset({"hx", "helix", "subl", "zed"})
"""Editors that take FILE:LINE; code and its kin take it after --goto; all others take +LINE before FILE."""
_GOTO = frozenset({"code", "code-insiders", "codium"})


class CannotEdit(JobdError):
    """It cannot be edited from here; the message says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file on this machine that may be written."""

    file: Path
    line: int


def place_of(text: str, *, pid: int | None) -> Place:
    """The place that a daemon on this machine names; a relative one counts from where process `pid` works.

    Raises:
        CannotEdit: it is in no file, or not in one that this user may write.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise CannotEdit(f"it stands in no file: it comes from {text or 'another node'}")
    file = Path(found[1])
    if not file.is_absolute():
        with suppress(OSError):  # of another user
            file = Path(f"/proc/{pid}/cwd").readlink() / file
    if not file.is_file():
        raise CannotEdit(f"there is no {file} here; edit {text} where the daemon runs, then: jobctl reload")
    if not os.access(file, os.W_OK):
        raise CannotEdit(f"uid {os.geteuid()} may not write {file}: edit {text} as its owner, then: jobctl reload")
    return Place(file=file, line=int(found[2]))


def command(place: Place) -> list[str]:
    """$VISUAL, $EDITOR or vi, at that line.

    Raises:
        CannotEdit: the variable is no command line.
    """
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(chosen)
    except ValueError as error:
        raise CannotEdit(f"EDITOR is no command line: {error}") from None
    name = Path(words[0]).name if words else ""
    if name in _GOTO:
        return [*words, "--wait", "--goto", f"{place.file}:{place.line}"]
    if name in _JOINED:
        return [*words, f"{place.file}:{place.line}"]
    return [*words, f"+{place.line}", str(place.file)]


def edit(place: Place) -> bool:
    """True when the file is another one now. The terminal is the editor's until it ends, and nothing else goes on.

    Raises:
        CannotEdit: the editor cannot be started, or ended badly.
    """
    words, before = command(place), place.file.read_bytes()
    try:
        with _interrupts_are_the_editors():
            ended = subprocess.run(words, check=False).returncode
    except OSError as error:
        raise CannotEdit(f"{words[0]}: {error.strerror}; set EDITOR") from None
    changed = place.file.read_bytes() != before
    if ended and not changed:
        raise CannotEdit(f"{words[0]} ended with {ended}; nothing was changed")
    return changed


@contextmanager
def _interrupts_are_the_editors() -> Iterator[None]:
    """Ctrl-C in an editor reaches us too; a handler of our own, for one that ignores would be inherited."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
