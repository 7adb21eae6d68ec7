"""`jobd adopt`: say that this copy of the database is the one to work on."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

EXAMPLES = """examples:
  jobd adopt                        after a restore on a new server
  jobd adopt --config FILE
  jobctl status                     says whether the daemon is paused, and why
  systemctl restart jobd            afterwards
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "adopt",
        help="work on this copy of the database from now on",
        description="A daemon that finds itself on a restored or copied database starts paused, so that a copy of "
        "production mails nobody. This says that the copy is meant; restart the daemon afterwards.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="jobd.toml to use")


def run(args: argparse.Namespace) -> int:
    from jobd.config import load
    from jobd.daemon import database_url
    from jobd.store.database import open_database
    from jobd.store.jobs import Jobs

    config = load(args.config)

    async def main() -> None:
        async with database_url(config) as url, open_database(url, connections=1) as database:
            await Jobs(database).adopt(config.daemon.environment)

    asyncio.run(main())
    print(f"adopted as {config.daemon.environment.value}; restart the daemon (systemctl restart jobd)")
    return 0
