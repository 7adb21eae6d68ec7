"""`jobd token`: who may ask this daemon over TCP ([api] listen)."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jobd.cli.which_file import configured

EXAMPLES = """examples:
  jobd token add grafana --role viewer           prints the token, once
  jobd token add deploy --role operator --lasts 90d
  jobd token list
  jobd token revoke grafana
  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8646/v1/status
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "token",
        help="make, list and revoke tokens for the API on TCP",
        description="A token is a name and a role. Its text is printed once, and only a hash of it is kept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser("add", help="make one and print its text")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--role", choices=("viewer", "operator", "admin"), required=True)
    new.add_argument("--lasts", type=_lasting, metavar="LENGTH", help="such as 90d; without it: until it is revoked")
    verbs.add_parser("list", help="all of them, without their texts")
    end = verbs.add_parser("revoke", help="close the door")
    end.add_argument("name", metavar="NAME")
    for verb in (new, end):
        verb.add_argument("--reason", metavar="TEXT", help="kept in the journal (jobctl audit)")
    for verb in verbs.choices.values():
        verb.add_argument("--config", type=Path, metavar="FILE", help="jobd.toml to use")


def run(args: argparse.Namespace) -> int:
    """Asks the daemon where one runs, for it may hold the embedded database; else the database itself."""
    from jobd.config.directories import listening
    from jobd.errors import JobdError
    from jobd.jobctl.failures import NO_DAEMON, Failure
    from jobd.jobctl.transport import Daemon

    config = configured(args)
    try:
        answer = _asked(Daemon(str(listening(config.daemon.socket, config.daemon.state_directory))), args)
    except Failure as failure:
        if failure.exit_code != NO_DAEMON:
            raise JobdError(failure.message) from None
        answer = asyncio.run(_done(config, args))
    _print(answer)
    return 0


def _lasting(text: str) -> str:
    from jobd.model.token import lifetime

    try:
        lifetime(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _asked(daemon: Any, args: argparse.Namespace) -> Any:
    from jobd.jobctl.transport import quoted
    from jobd.jobctl.wishes import said

    match args.verb:
        case "add":
            wanted = {"name": args.name, "role": args.role, "lasts": args.lasts, "reason": args.reason}
            return daemon.post("/v1/tokens", said(wanted))
        case "revoke":
            return daemon.ask("DELETE", f"/v1/tokens/{quoted(args.name)}", said({"reason": args.reason}))
    return daemon.get("/v1/tokens")


async def _done(config: Any, args: argparse.Namespace) -> Any:
    from jobd.daemon import database_url
    from jobd.model.change import Actor
    from jobd.model.duration import parse_duration
    from jobd.model.roles import Role
    from jobd.store.database import open_database
    from jobd.store.migrate import migrate
    from jobd.store.tokens import Tokens

    who = Actor.program("jobd token", uid=os.geteuid(), pid=os.getpid())
    async with database_url(config) as url:
        await migrate(url)
        async with open_database(url, connections=1) as database:
            tokens = Tokens(database)
            match args.verb:
                case "add":
                    lasts = parse_duration(args.lasts) if args.lasts else None
                    secret = await tokens.add(args.name, Role[args.role.upper()], who, lasts=lasts, reason=args.reason)
                    return {"name": args.name, "token": secret}
                case "revoke":
                    await tokens.revoke(args.name, who, args.reason)
                    return {"name": args.name, "revoked": True}
            return {"tokens": [asdict(one) for one in await tokens.all()]}


def _print(answer: dict[str, Any]) -> None:
    if "token" in answer:
        print(answer["token"])
    elif "tokens" in answer:
        for one in answer["tokens"]:
            ended = "revoked" if one.get("revoked_at") else one.get("expires_at") or ""
            print(f"{one['name']:<24} {one['role']:<10} {ended}".rstrip())
    else:
        print(f"revoked {answer['name']}")
