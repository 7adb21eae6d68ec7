"""systemd's own tools, for the tests of what is in systemd/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)


def shipped(service: str, program: str, directory: Path) -> Path:
    """The unit as it is shipped, with the `program` of this Python for the installed one: verify looks for it."""
    text, installed = (SYSTEMD / service).read_text(), f"/opt/jobd/bin/{program}"
    assert text.count(installed) == 1
    path = directory / service
    path.write_text(text.replace(installed, str(Path(sys.executable).with_name(program))))
    return path
