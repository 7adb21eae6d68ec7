"""The dashboard, in the terminal of the demo: a process of its own that looks at the demo's daemon."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path


def has_terminal() -> bool:
    """True when somebody can see a dashboard here and press keys."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def dashboard(socket: Path, seconds: float) -> int:
    """Show it until it is left, or for so long; its exit code. It gives the terminal back in either case."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobd.jobctl.cli", "top", "--socket", str(socket))
    )
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        return 0
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
