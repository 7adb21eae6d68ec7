"""`jobd init`: a commented starter configuration in a directory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DONE, FAILED, CONFLICT = 0, 1, 6


def add(sub: Subparsers) -> None:
    """The command's arguments."""
    parser = sub.add_parser(
        "init",
        help="write a commented starter configuration",
        description="Write jobd.toml and its JSON schema for editors. Nothing is ever overwritten.",
        epilog="Exit status: 0 written, 1 it cannot be written, 6 there is a jobd.toml already.",
    )
    parser.add_argument("directory", nargs="?", type=Path, default=Path(), help="where (default: here)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the starter; says on stdout what was written."""
    from jobd.config.starter import write_starter

    try:
        written = write_starter(args.directory)
    except FileExistsError as error:
        print(f"jobd init: {error.filename}: {error.strerror}; nothing was written", file=sys.stderr)
        return CONFLICT
    except OSError as error:
        print(f"jobd init: {error.filename}: {error.strerror}", file=sys.stderr)
        return FAILED
    for path in written:
        print(path)
    print(f"next: jobd check {args.directory / 'jobd.toml'}", file=sys.stderr)
    return DONE
