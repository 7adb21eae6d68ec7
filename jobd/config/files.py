"""Configuration files, found and read without trusting what lies there.

A drop-in decides what runs as the daemon's user, so a file that somebody else could have written is refused;
the main file is the one the operator named.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobd.errors import ConfigError, Problem

LARGEST = 1_048_576
DROP_IN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.toml")
ELSEWHERE = Path("/etc/jobd/jobd.toml")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read; `mode` are its permission bits."""

    path: Path
    content: bytes
    mode: int


class Unsafe(Exception):
    """A file that is not read; the message says why."""


def find(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The main file: `path`, or the first of $JOBD_CONFIG, ./jobd.toml and /etc/jobd/jobd.toml.

    Raises:
        ConfigError: none of them is there.
    """
    if path is not None:
        return path
    if named := environ.get("JOBD_CONFIG"):
        return Path(named)
    here = Path("jobd.toml")
    for candidate in (here, ELSEWHERE):
        if candidate.exists():
            return candidate
    raise ConfigError(
        [
            Problem(
                file=str(here),
                problem=f"no configuration: neither $JOBD_CONFIG nor {here} nor {ELSEWHERE} is there",
                hint="write one with: jobd init",
            )
        ]
    )


def read_all(main: Path) -> tuple[list[SourceFile], list[Problem]]:
    """The main file and then its drop-ins by name, with a problem for each that is not read."""
    sources, problems = [], []
    try:
        with _opened(main) as (descriptor, status):
            sources.append(SourceFile(main, _content(descriptor, status), stat.S_IMODE(status.st_mode)))
    except (OSError, Unsafe) as error:
        problems.append(Problem(file=str(main), problem=_reason(error), hint=_next_step(main, error)))
    for source in drop_ins(main):
        (problems if isinstance(source, Problem) else sources).append(source)  # type: ignore[arg-type]
    return sources, problems


def drop_ins(main: Path) -> Iterator[SourceFile | Problem]:
    """The files `NAME.toml` in the directory beside `main` that ends in `.d` (jobd.toml → jobd.d)."""
    directory = main.with_suffix(".d")
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Problem(file=str(directory), problem=f"is not a directory that can be read: {error.strerror}")
        return
    try:
        _only_ours(os.fstat(handle))
        for name in sorted(os.listdir(handle)):  # noqa: PTH208 - pathlib cannot list a descriptor
            if name.endswith(".toml") and not name.startswith("."):  # editors leave .x.toml.swp and x.toml~
                yield _drop_in(handle, directory / name)
    except Unsafe as error:
        yield Problem(file=str(directory), problem=str(error))
    finally:
        os.close(handle)


def _drop_in(directory: int, path: Path) -> SourceFile | Problem:
    try:
        if not DROP_IN.fullmatch(path.name):
            raise Unsafe("a drop-in's name has only letters, digits, dot, dash and underscore")
        with _opened(path.name, os.O_NOFOLLOW, directory) as (descriptor, status):
            _only_ours(status)
            return SourceFile(path, _content(descriptor, status), stat.S_IMODE(status.st_mode))
    except (OSError, Unsafe) as error:
        return Problem(file=ascii(str(path))[1:-1], problem=_reason(error))


def read_secret(path: Path) -> str:
    """The text of a secret's file, without one newline at its end.

    Raises:
        Unsafe: missing, a link, no regular file, writable by others or not text; never says what is in it.
    """
    try:
        with _opened(path, os.O_NOFOLLOW) as (descriptor, status):
            if status.st_mode & 0o022:
                raise Unsafe("others may write it")
            text = _content(descriptor, status).decode()
    except OSError as error:
        raise Unsafe(_reason(error)) from None
    except UnicodeDecodeError:
        raise Unsafe("is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


@contextmanager
def _opened(path: Path | str, flags: int = 0, directory: int | None = None) -> Iterator[tuple[int, os.stat_result]]:
    # O_NONBLOCK: opening a FIFO must not wait for its writer
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=directory)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unsafe("is not a regular file")
        yield descriptor, status
    finally:
        os.close(descriptor)


def _content(descriptor: int, status: os.stat_result) -> bytes:
    if status.st_size > LARGEST:
        raise Unsafe(f"is larger than {LARGEST // 1024} KiB")
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:  # it grew while we read
        raise Unsafe(f"is larger than {LARGEST // 1024} KiB")
    return content


def _only_ours(status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise Unsafe("belongs to another user: only root's and our own are read")
    if status.st_mode & 0o022:
        raise Unsafe("others may write it: chmod go-w")


def _reason(error: OSError | Unsafe) -> str:
    if isinstance(error, Unsafe):
        return str(error)
    if error.errno == errno.ELOOP:  # what O_NOFOLLOW says
        return "is a symbolic link"
    return f"cannot be read: {error.strerror}"


def _next_step(main: Path, error: OSError | Unsafe) -> str | None:
    if not isinstance(error, FileNotFoundError):
        return None
    begun = f"jobd init {ascii(str(main.parent))[1:-1]}"
    return f"write one with: {begun}" if main.name == "jobd.toml" else f"is that its name? {begun} writes a jobd.toml"
