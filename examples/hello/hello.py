"""Two small jobs; jobd.toml beside this file says when they run."""

from __future__ import annotations

import time
from pathlib import Path

from jobd import Cancel, Context


async def greet(ctx: Context, *, name: str = "world") -> str:
    """The greeting. What a job returns is stored with its run."""
    ctx.log.info("greeting", extra={"to": name})
    return f"Hello, {name}!"


def tidy(ctx: Context, *, directory: str, older_than_days: float = 7) -> dict[str, int]:
    """How many files of `directory` were deleted, left out or kept.

    A plain function runs in a thread of its own, so it may block. It looks at `cancelled` between two files, so that
    `jobctl cancel` stops it at a clean point; what is left is done by the next run.
    """
    place = Path(directory)
    if not place.is_dir():
        raise Cancel(f"there is no directory {place}")
    limit, found = time.time() - older_than_days * 86_400, {"deleted": 0, "refused": 0, "kept": 0}
    files = sorted(path for path in place.iterdir() if path.is_file())
    for number, path in enumerate(files, 1):
        if ctx.cancelled:
            break
        found[_tidied(ctx, path, limit)] += 1
        ctx.progress(number, len(files), note=path.name)
    return found


def _tidied(ctx: Context, path: Path, limit: float) -> str:
    """One file's fate; one that cannot be deleted is counted and stops none of the others."""
    try:
        if path.stat().st_mtime >= limit:
            ctx.count(skipped=1)
            return "kept"
        path.unlink()
    except OSError as problem:
        ctx.count(failed=1)
        ctx.log.warning("file not deleted", extra={"file": path.name, "reason": problem.strerror})
        return "refused"
    ctx.count(done=1)
    return "deleted"
