"""python -m benchmarks [--quick] [--json] [--only NAME …] [--rounds N]"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import uvloop

from benchmarks.bench import opened
from benchmarks.figure import FULL, QUICK, Broken, Figure
from benchmarks.figures import FIGURES
from benchmarks.meters import machine
from benchmarks.report import as_json, table
from benchmarks.rounds import Results, take
from jobd.errors import JobdError
from jobd.testing.postgres import open_directory

ROUNDS = 3
NAMES = tuple(figure.name for figure in FIGURES)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures jobd on a Postgres of its own with durable settings, each figure beside a floor of plain "
        "asyncpg taken in the same round.",
    )
    parser.add_argument("--quick", action="store_true", help="small counts, one round, without the slow figures: a smoke test")
    parser.add_argument("--json", action="store_true", help="one JSON object of medians as the last line")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often each is taken (default {ROUNDS}; 1 with --quick)")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where the data lie (default: the temporary directory)")
    args = parser.parse_args(words)
    args.rounds = args.rounds or (1 if args.quick else ROUNDS)
    return args


def chosen(args: argparse.Namespace) -> list[Figure]:
    """The figures that were asked for; naming a slow one brings it into --quick, too."""
    if args.only:
        return [figure for figure in FIGURES if figure.name in args.only]
    return [figure for figure in FIGURES if not (args.quick and figure.slow)]


async def measured(args: argparse.Namespace, figures: Sequence[Figure], directory: Path) -> Results:
    async with opened(directory, QUICK if args.quick else FULL) as bench:
        return await take(bench, figures, args.rounds, shared_floors=args.quick)


def main() -> int:
    """Measure and print; 1 when a figure broke."""
    args = arguments()
    figures = chosen(args)
    with nullcontext(args.directory.resolve()) if args.directory else open_directory() as directory:
        facts = machine(directory)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                results = runner.run(measured(args, figures, directory))
            except (Broken, JobdError) as error:
                print(f"benchmarks: {error}", file=sys.stderr)
                return 1
    print(table(results, figures, facts))
    if args.json:
        print(as_json(results, facts))
    return 1 if results.broken else 0


if __name__ == "__main__":
    sys.exit(main())
