"""The emulator as a process of its own: `python -m jobd.testing.paymob --script FILE --port-file FILE`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path

from jobd.testing.paymob.emulator import PaymobEmulator
from jobd.testing.paymob.scenario import Scenario, Story, read_script


def main() -> int:
    """Serve the script's orders on loopback until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m jobd.testing.paymob", description=main.__doc__)
    parser.add_argument("--script", type=Path, required=True, help="JSON: order id to scenario")
    parser.add_argument("--port-file", type=Path, required=True, help="is told the port once it listens")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", default="emulated-api-key")
    parser.add_argument("--misbook", metavar="ORDER", help="tell something else about this order than the script")
    args = parser.parse_args()
    try:
        asyncio.run(serve(args.script, args.port_file, args.port, args.api_key, args.misbook))
    except (OSError, ValueError, KeyError) as problem:
        sys.stderr.write(f"error: {args.script}: {problem}\n")
        return 1
    return 0


async def serve(script: Path, port_file: Path, port: int, api_key: str, misbook: str | None = None) -> None:
    """Listen, say where, and serve until told to stop. The story of the order `misbook` is another than scripted."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = PaymobEmulator(api_key=api_key, port=port)
    gateway.orders.update(read_script(script))
    if misbook is not None:
        gateway.orders[misbook] = _misbooked(gateway.orders[misbook])
    async with gateway:
        _announce(port_file, gateway.url)
        sys.stdout.write(f"listening on {gateway.url}\n")
        sys.stdout.flush()
        await stop.wait()


def _misbooked(told: Scenario) -> Scenario:
    """The order with another end: a refund, or where that is the story anyway, none."""
    return replace(told, story=Story.SUCCESS if told.story is Story.REFUND else Story.REFUND)


def _announce(port_file: Path, url: str) -> None:
    """Write the port so that a reader sees all of it or nothing."""
    unfinished = port_file.with_name(port_file.name + ".new")
    unfinished.write_text(url.rpartition(":")[2], "ascii")
    unfinished.replace(port_file)


if __name__ == "__main__":
    sys.exit(main())
