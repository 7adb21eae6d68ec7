"""A daemon in production holds passwords: its memory is for root alone, and never in a core file."""

from __future__ import annotations

import sys

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_private() -> None:
    """From now on neither a debugger nor /proc shows this process to other processes of its user; programs it starts
    are as ever. Elsewhere than on Linux nothing happens.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
