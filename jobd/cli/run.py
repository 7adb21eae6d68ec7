"""`jobd run`: the daemon."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from jobd.cli.which_file import takes_file

if TYPE_CHECKING:
    from jobd.config import Report

STRAGGLERS_SECONDS = 1.0

EXAMPLES = """examples:
  jobd run                               with $JOBD_CONFIG, ./jobd.toml or /etc/jobd/jobd.toml
  jobd run /srv/app/jobd.toml            the same: --config /srv/app/jobd.toml
  JOBD_DAEMON__WORKERS=2 jobd run        any key from the environment
  systemctl start jobd                   as a service (see docs/operations.md)
"""


def add(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = sub.add_parser(
        "run",
        help="run the daemon",
        description="Run the daemon in the foreground. SIGTERM drains and stops, a second one hurries, a third exits.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_file(parser)


def run(args: argparse.Namespace) -> int:
    # A SIGTERM while the imports below are under way is an orderly stop of a daemon that did nothing yet.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from jobd.config import examine

    return serve_config(examine(args.config))


def serve_config(report: Report) -> int:
    """Run the daemon on what was read until it is told to stop; its exit status.

    Raises:
        ConfigError: it cannot be used.
    """
    from jobd import logs
    from jobd.cli.memory import keep_private
    from jobd.config import known_secrets, taken
    from jobd.daemon import serve
    from jobd.engine.context import bound_facts
    from jobd.model.settings import Environment
    from jobd.stop import Stop

    if report.config is not None:  # before what deserves a warning is logged
        logs.set_up(report.config.daemon.log_level, report.config.daemon.log_format, bound_facts)
        logs.keep_from(known_secrets(report.config).without)
    config = taken(report)
    if config.daemon.environment is Environment.PRODUCTION:
        keep_private()

    async def main() -> None:
        stop = Stop()
        stop.listen()
        await serve(config, stop)
        await leave_stragglers()

    run_loop(main())
    return 0


async def leave_stragglers() -> None:
    """End the process at once when tasks are left that ignore their cancellation: their runs were handed back.

    asyncio.run would wait for them for ever.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks and (await asyncio.wait(tasks, timeout=STRAGGLERS_SECONDS))[1]:
        os._exit(0)


def run_loop(main: Any) -> None:
    """asyncio.run on uvloop where that exists."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
