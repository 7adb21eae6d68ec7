"""`jobd migrate`: bring the schema up to date, or print what that would run."""

from __future__ import annotations

import argparse
import asyncio

from jobd.cli.which_file import configured, takes_file

EXAMPLES = """examples:
  jobd migrate                      what `jobd run` does at its start, and nothing else
  jobd migrate --sql > schema.sql   for a DBA to read and run
  jobd migrate --sql | psql app
  jobd migrate --roles | psql --single-transaction app   roles for the daemon, applications and readers
  jobd migrate --config /srv/app/jobd.toml
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "migrate",
        help="bring the database schema up to date",
        description="Apply the migrations of this version, in one transaction and under a lock.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_file(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--sql", action="store_true", help="print the SQL instead of running it")
    instead.add_argument("--roles", action="store_true", help="print the SQL that makes jobd's roles and grants")


def run(args: argparse.Namespace) -> int:
    from jobd.store.migrate import migrate, roles, script

    if args.sql or args.roles:
        print(script() if args.sql else roles(), end="")
        return 0
    from jobd.daemon import database_url

    config = configured(args)

    async def main() -> list[str]:
        async with database_url(config) as url:
            return await migrate(url)

    applied = asyncio.run(main())
    print("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")
    return 0
