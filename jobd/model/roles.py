"""What a caller may do: look, act, or rule. Each role may all that the ones before it may."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    VIEWER = 1  # read everything
    OPERATOR = 2  # trigger, cancel, retry, pause
    ADMIN = 3  # change what is configured

    def __str__(self) -> str:
        return self.name.lower()
