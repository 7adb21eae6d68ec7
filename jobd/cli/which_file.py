"""Which jobd.toml: the same two forms for every command that reads one, `FILE` or `--config FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobd.config import Config
    from jobd.errors import Problem


def takes_file(parser: argparse.ArgumentParser) -> None:
    """Leaves it in `args.config`; None where neither form was used, and then `jobd.config.load` looks for one."""
    words = "jobd.toml to use (default: $JOBD_CONFIG, ./jobd.toml or /etc/jobd/jobd.toml)"
    either = parser.add_mutually_exclusive_group()
    either.add_argument("config", nargs="?", type=Path, metavar="FILE", action=_Given, help=words)
    either.add_argument("--config", type=Path, metavar="FILE", help="the same")


def configured(args: argparse.Namespace) -> Config:
    """What stands in it; what deserves a warning is told on stderr, for no log is set up for this command.

    Raises:
        ConfigError: with all problems at once.
    """
    from jobd.config import load

    return load(args.config, told=_warned)


def _warned(warning: Problem) -> None:
    print(f"warning: {warning}", file=sys.stderr)


class _Given(argparse.Action):
    """An absent FILE does not take back what --config said."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        if values is not None:
            setattr(namespace, self.dest, values)
