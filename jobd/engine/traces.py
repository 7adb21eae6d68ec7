"""Where an attempt went wrong: the lines of a user's function, or a command and its place in jobd.toml."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from jobd.engine.command import CommandFailed
from jobd.engine.loader import Kind, LoadedJob
from jobd.model.job import Job

_ENGINE = str(Path(__file__).parent)
_OURS = (_ENGINE, str(Path(asyncio.__file__).parent))
LONGEST_COMMAND = 500
"""Characters of a command line that are shown."""


def where(loaded: LoadedJob, error: BaseException, *, told: bool) -> str:
    """What is kept beside the words of an error, without jobd's own frames; empty where no line of a user's is known.

    Of an attempt that was `told` to end, and did, it says where it stood then.
    """
    told = told and isinstance(error, asyncio.CancelledError)
    if loaded.kind is Kind.COMMAND and (told or isinstance(error, CommandFailed)):
        return "\n".join([_place(loaded.job), *_notes(error)])
    if told:
        stood = _lines(traceback.extract_tb(error.__traceback__))
        return "\n".join([*([stood] if stood else []), *_notes(error)])
    return trace(error)


def trace(error: BaseException) -> str:
    """The traceback of a function's exception, without jobd's own frames."""
    try:
        lines = traceback.format_exception(type(error), error, _users_frames(error))
    except BaseException:  # noqa: BLE001 - formatting calls the user's __str__ and __repr__
        lines = ["(the traceback could not be made)"]
    return "".join(lines)


def stack_of(thread: threading.Thread) -> str:
    """The user's lines in which `thread` stands; empty once it has ended."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return ""
    frames = traceback.extract_stack(frame)
    began = next((n for n, one in enumerate(frames) if one.filename.startswith(_ENGINE)), -1)
    return _lines(frames[began + 1 :])


def _place(job: Job) -> str:
    """As a traceback names a place, so that failures are told apart by it."""
    file, _, line = job.place.rpartition(":")
    table = f"[jobs.{job.name}]"
    place = f'File "{file}", line {line}, in {table}' if re.fullmatch("[0-9]+", line) else table
    command = json.dumps(job.command, ensure_ascii=False)
    cut = "…" if len(command) > LONGEST_COMMAND else ""
    return f"  {place}\n    command = {command[:LONGEST_COMMAND]}{cut}"


def _notes(error: BaseException) -> list[str]:
    return [str(note) for note in getattr(error, "__notes__", ())]


def _lines(frames: list[traceback.FrameSummary]) -> str:
    users = [frame for frame in frames if not frame.filename.startswith(_OURS)]
    return "".join(traceback.format_list(users)).rstrip()


def _users_frames(error: BaseException) -> Any:
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_engine(frames):
        frames = frames.tb_next
    return frames


def _is_engine(frames: Any) -> bool:
    return str(frames.tb_frame.f_code.co_filename).startswith(_ENGINE)
