"""`jobd adopt`: say that this copy of the database is the one to work on."""

from __future__ import annotations

import argparse
import asyncio
import os

from jobd.cli.which_file import configured, takes_file

EXAMPLES = """examples:
  jobd adopt                        after a restore on a new server
  jobd adopt --config FILE
  jobctl status                     says whether the daemon is paused, and why
  systemctl stop jobd; jobd adopt; systemctl start jobd
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "adopt",
        help="work on this copy of the database from now on",
        description="A daemon that finds itself on a restored or copied database starts paused, so that a copy of "
        "production mails nobody. This says that the copy is meant. Stop the daemon before, and start it "
        "again afterwards: jobd's own Postgres runs only with it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_file(parser)
    parser.add_argument("--reason", metavar="TEXT", help="kept in the journal (jobctl audit)")


def run(args: argparse.Namespace) -> int:
    from jobd.daemon import database_url
    from jobd.errors import EmbeddedPostgresHeld, JobdError
    from jobd.model.change import Actor
    from jobd.store.database import open_database
    from jobd.store.jobs import Adopted, Jobs

    config = configured(args)
    who = Actor.program("jobd adopt", uid=os.geteuid(), pid=os.getpid())

    async def main() -> Adopted | None:
        async with database_url(config) as url, open_database(url, connections=1) as database:
            return await Jobs(database).adopt(config.daemon.environment, who, args.reason)

    try:
        adopted = asyncio.run(main())
    except EmbeddedPostgresHeld as error:
        hint = "stop the daemon, adopt, and start it again: systemctl stop jobd; jobd adopt; systemctl start jobd"
        held = str(error).partition(":")[0]  # its own advice would end in a new and empty database
        raise JobdError(f"nothing was adopted: {held}; {hint}") from None
    if adopted is None:
        print("there is nothing to adopt: no daemon has worked on this database yet; the first takes it as it is")
        return 0
    print(f"adopted as {adopted.environment}: {adopted}; start the daemon again (systemctl restart jobd)")
    return 0
