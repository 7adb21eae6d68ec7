"""`jobd doctor`: what a daemon would find here, told without one."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from jobd.cli.which_file import configured, takes_file

if TYPE_CHECKING:
    from jobd.config import Config
    from jobd.model.finding import Finding

EXAMPLES = """examples:
  jobd doctor                        before the first start, or when it does not start
  jobd doctor --config FILE
  jobd doctor --json | jq '.[] | select(.verdict == "error")'
  jobctl doctor                      the same, seen by a running daemon
"""
DONE, WRONG = 0, 1


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "doctor",
        help="examine database, clock, disk, mail and gateway",
        description="Try everything that the daemon needs from the outside, and say how to mend what is not well. "
        "Exit status: 0 well, 1 something is not, 9 the configuration is wrong.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_file(parser)
    parser.add_argument("--json", action="store_true", help="one JSON list for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from jobd.model.display import display_safe
    from jobd.model.finding import well

    findings = asyncio.run(_examined(configured(args)))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(display_safe(f"{finding.verdict:<8} {finding.name:<10} {finding.text}"))
            if finding.mend:
                print(display_safe(f"{'':<20}→ {finding.mend}"))
    return DONE if well(findings) else WRONG


async def _examined(config: Config) -> list[Finding]:
    """The findings; jobd's own Postgres is started for them, and never made for them."""
    from jobd.daemon import database_url
    from jobd.doctor import examine, examine_surroundings
    from jobd.errors import EmbeddedPostgresError
    from jobd.model.finding import Verdict, error, skipped

    own = config.database.embedded.directory or config.daemon.state_directory / "postgres"
    if config.database.url is None and not own.exists():
        untold = skipped("database", f"jobd's own Postgres is made at the first start ({own})")
        return [untold, *await examine_surroundings(config)]
    try:
        async with database_url(config) as url:
            return await examine(config, url)
    except EmbeddedPostgresError as trouble:
        rest = await examine_surroundings(config)
        if any(finding.name == "socket" and finding.verdict is Verdict.OK for finding in rest):
            return [skipped("database", "a daemon runs on it: jobctl doctor asks that one"), *rest]
        return [error("database", str(trouble), "jobctl doctor asks a daemon that runs on it"), *rest]
