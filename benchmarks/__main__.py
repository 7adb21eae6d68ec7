"""python -m benchmarks [--quick] [--json] [--only NAME …] [--rounds N]"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop

from benchmarks.bench import opened
from benchmarks.figure import FULL, QUICK, Broken, Figure
from benchmarks.figures import FIGURES
from benchmarks.meters import machine
from benchmarks.report import as_json, table
from benchmarks.rounds import Results, take
from jobd.errors import JobdError

ROUNDS = 3
NAMES = tuple(figure.name for figure in FIGURES)
ABOUT = """Measures jobd on a durable Postgres of its own, each figure beside a floor of plain asyncpg that
is taken in the same round. Use it on a quiet machine: whatever else runs there is measured, too."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=ABOUT)
    add = parser.add_argument
    add("--quick", action="store_true", help="small counts, one round, no slow figures: a smoke test")
    add("--json", action="store_true", help="one JSON object of medians as the last line")
    add("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"of: {', '.join(NAMES)}")
    add("--rounds", type=int, metavar="N", help=f"how often each is taken (default {ROUNDS}, with --quick 1)")
    add("--directory", type=Path, metavar="DIR", help="where the data lie (default: the temporary directory)")
    args = parser.parse_args(words)
    if args.rounds is None:
        args.rounds = 1 if args.quick else ROUNDS
    if args.rounds < 1:
        parser.error("--rounds: at least 1")
    return args


def chosen(args: argparse.Namespace) -> list[Figure]:
    """The figures that were asked for; naming a slow one brings it into --quick, too."""
    if args.only:
        return [figure for figure in FIGURES if figure.name in args.only]
    return [figure for figure in FIGURES if not (args.quick and figure.slow)]


@contextmanager
def place(parent: Path | None) -> Iterator[Path]:
    """A directory for the length of the block, which other users may pass: as root, Postgres is another user."""
    directory = Path(tempfile.mkdtemp(prefix="jobd-benchmarks-", dir=parent)).resolve()
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def measured(args: argparse.Namespace, directory: Path) -> tuple[Results, dict[str, str | float]]:
    """What was found, and on what."""
    async with opened(directory, QUICK if args.quick else FULL) as bench:
        facts = machine(directory, bench.version)
        if facts["filesystem"] == "tmpfs":
            print("the data lie in memory, where a commit costs nothing: use --directory", file=sys.stderr)
        return await take(bench, chosen(args), args.rounds, shared_floors=args.quick), facts


def main() -> int:
    """Measure and print; 1 when a figure broke."""
    args = arguments()
    with place(args.directory) as directory, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            results, facts = runner.run(measured(args, directory))
        except (Broken, JobdError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
    print(table(results, chosen(args), facts))
    if args.json:
        print(as_json(results, facts))
    return 1 if results.broken else 0


if __name__ == "__main__":
    sys.exit(main())
