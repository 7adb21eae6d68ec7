"""Which jobd.toml: the same two forms for every command that reads one, `FILE` or `--config FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def takes_file(parser: argparse.ArgumentParser) -> None:
    """Leaves it in `args.config`; None where neither form was used, and then `jobd.config.load` looks for one."""
    words = "jobd.toml to use (default: $JOBD_CONFIG, ./jobd.toml or /etc/jobd/jobd.toml)"
    either = parser.add_mutually_exclusive_group()
    either.add_argument("config", nargs="?", type=Path, metavar="FILE", action=_Given, help=words)
    either.add_argument("--config", type=Path, metavar="FILE", help="the same")


class _Given(argparse.Action):
    """An absent FILE does not take back what --config said."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        if values is not None:
            setattr(namespace, self.dest, values)
