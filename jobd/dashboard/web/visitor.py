"""Run as a process of its own for each visitor: the dashboard, drawn for a browser; its token is in the environment."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback

from rich.text import Text

from jobd.dashboard.app import Dashboard
from jobd.dashboard.live.link import Link
from jobd.model.display import display_safe

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class InBrowser(Dashboard):
    """The dashboard whose standard error is the log of `jobctl web`."""

    CSS_PATH = "../app.tcss"

    @property
    def local(self) -> bool:
        """Never: the daemon's files are here, but a visitor is not, and no editor is opened for them."""
        return False

    def _fatal_error(self) -> None:
        """Without the values of variables, which Textual would show: the visitor's token is one of them."""
        self.panic(Text(display_safe(traceback.format_exc(), lines=True)))


def main(parent: int) -> int:
    """Until the visitor leaves, or `jobctl web` (the process `parent`) goes."""
    _die_with(parent)
    app = InBrowser(Link(socket=os.environ["JOBD_SOCKET"], token=os.environ.pop("JOBD_TOKEN", None)))
    app.run()
    return app.return_code or 0


def _die_with(parent: int) -> None:
    """An orderly end when `jobctl web` goes, also after kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:
            sys.exit("jobctl web has gone")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
