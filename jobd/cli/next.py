"""`jobd next "CRON"`: when an expression fires, on the clock of its zone and in UTC."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from jobd.model.cron import CronSpec, CronSyntaxError, parse

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DONE, NOTHING, WRONG_USE = 0, 1, 2
MOST = 10_000


def add(sub: Subparsers) -> None:
    """The command's arguments."""
    parser = sub.add_parser(
        "next",
        help="print when a cron expression fires",
        description="Print the next instants of a cron expression, local time and UTC.",
        epilog="Exit status: 0 printed, 1 it fires no more, 2 the expression or an argument is wrong.",
    )
    parser.add_argument("cron", metavar="CRON", help='the expression, quoted: "30 2 * * mon-fri"')
    parser.add_argument("--tz", metavar="ZONE", default="UTC", help="IANA time zone (default: UTC)")
    parser.add_argument(
        "--from",
        metavar="INSTANT",
        dest="start",
        help="start after this ISO 8601 instant, without an offset on the clock of ZONE (default: now)",
    )
    parser.add_argument("-n", metavar="N", type=_number, default=5, help="how many (default: 5)")
    parser.add_argument("--name", default="", help="the schedule's name, which H is hashed with")
    parser.add_argument("--json", action="store_true", help="one JSON object for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the slots; 0 printed, 1 there is none, 2 the expression, zone or instant is wrong."""
    try:
        spec = parse(args.cron, timezone=args.tz, name=args.name)
        slots = list(islice(_slots(spec, _start(args.start, spec)), args.n))
    except ValueError as error:
        print(f"jobd next: {error}", file=sys.stderr)
        if isinstance(error, CronSyntaxError) and error.column:
            print(_pointer(error), file=sys.stderr)
        return WRONG_USE
    for warning in spec.warnings:
        print(f"jobd next: warning: {warning}", file=sys.stderr)
    print(_json(spec, slots) if args.json else _table(spec, slots))
    return DONE if slots else NOTHING


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"{number} is not within 1-{MOST}")
    return number


def _start(text: str | None, spec: CronSpec) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--from {text!r} is not an ISO 8601 instant like 2026-11-23T08:00:00Z") from None
    return start if start.tzinfo else start.replace(tzinfo=spec.zone.info)


def _slots(spec: CronSpec, start: datetime) -> Iterator[datetime]:
    slot = spec.next_after(start)
    while slot is not None:
        yield slot
        slot = spec.next_after(slot)


def _pointer(error: CronSyntaxError) -> str:
    """The expression with the wrong piece underlined; control characters do not reach the terminal."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in error.expression)
    return f"  {shown}\n  {' ' * (error.column - 1)}{'^' * error.length}"


def _table(spec: CronSpec, slots: list[datetime]) -> str:
    lines = [spec.describe()]
    for slot in slots:
        local = slot.astimezone(spec.zone.info)
        line = f"{local:%a %Y-%m-%d %H:%M:%S %Z}"
        lines.append(f"{line:<34}{slot:%Y-%m-%d %H:%M:%S} UTC{_note(spec, slot)}".rstrip())
    return "\n".join(lines)


def _note(spec: CronSpec, slot: datetime) -> str:
    """Why a slot is not at the time that the expression names; empty when it is."""
    nominal = spec.nominal(slot)
    if nominal == slot.astimezone(spec.zone.info).replace(tzinfo=None):
        return ""
    return f"  ({nominal:%H:%M:%S} is skipped by the clock change)"


def _json(spec: CronSpec, slots: list[datetime]) -> str:
    answer: dict[str, Any] = {
        "expression": spec.expression,
        "timezone": spec.timezone,
        "description": spec.describe(),
        "never": spec.never,
        "warnings": spec.warnings,
        "next": [
            {
                "utc": f"{slot:%Y-%m-%dT%H:%M:%SZ}",
                "local": slot.astimezone(spec.zone.info).isoformat(),
                "zone": f"{slot.astimezone(spec.zone.info):%Z}",
                "nominal": spec.nominal(slot).isoformat(),
            }
            for slot in slots
        ],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False)
