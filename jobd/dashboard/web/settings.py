"""What `jobctl web` was told, and what the daemon's configuration says about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from jobd.errors import JobdError
from jobd.model.hosts import is_loopback
from jobd.model.me import DashboardReport, Me

MOST_VISITORS = 32
"""The daemon gives one user 64 connections, and a dashboard takes two at the least."""

_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*/?")
"""As `[dashboard] path`."""


class NotServed(JobdError):
    """The dashboard is not, or no longer, to be served like this; the message names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How the dashboard is served; refused where that would be a door without a lock."""

    socket: str
    """Of the daemon."""
    listen: str
    path: str = "/"
    login: bool = True
    """False: whoever reaches it acts with the rights of whoever started it."""
    visitors: int = 8
    """Dashboards at once: each is a process of some 60 MB."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    """X-Forwarded-For and X-Forwarded-Proto are believed."""
    check_seconds: float = 60.0
    """How often sessions and settings are looked at again."""

    def __post_init__(self) -> None:
        host, port = self.address
        if not 0 <= port < 65_536:
            raise NotServed(f"--listen {self.listen}: {port} is no port; write it like 127.0.0.1:8647")
        if not self.path.startswith("/") or not _PATH.fullmatch(self.path):
            raise NotServed(f"--path {self.path}: it begins with / and holds letters, digits and dashes, like /jobs")
        if not 0 < self.visitors <= MOST_VISITORS:
            raise NotServed(f"--visitors {self.visitors}: 1 to {MOST_VISITORS}")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise NotServed("--tls-certificate and --tls-key belong together; give both")
        if not is_loopback(host) and not self.login:
            raise NotServed(f"--listen {self.listen}: without a login it stays on 127.0.0.1; {_LOGIN}")
        if not is_loopback(host) and not self.behind_proxy and self.tls_certificate is None:
            what = "can be reached from other machines, and tokens would cross the network in clear"
            raise NotServed(f"--listen {self.listen}: {what}; give --tls-certificate and --tls-key, or --behind-proxy")
        if self.behind_proxy and not self.login:
            raise NotServed(f"--behind-proxy: whoever reaches the proxy would get in; {_LOGIN}")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            NotServed: it is none.
        """
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdecimal():
            raise NotServed(f"--listen {self.listen}: write it like 127.0.0.1:8647 or [::1]:8647")
        return host.strip("[]"), int(port)

    @property
    def base(self) -> str:
        """The path without a slash at its end; empty for the whole address."""
        return self.path.rstrip("/")

    @property
    def tls(self) -> bool:
        return self.tls_certificate is not None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return f"{'https' if self.tls else 'http'}://{self.listen}{self.base}/"

    def at(self, port: int) -> WebSettings:
        """The same on this port."""
        return replace(self, listen=f"{self.listen.rpartition(':')[0]}:{port}")


_LOGIN = "[dashboard] require_authentication = true in jobd.toml"


def check_allowed(me: Me, *, login: bool) -> DashboardReport:
    """What the daemon says about its dashboard.

    Raises:
        NotServed: it says that there is none, or none without a login.
    """
    said = me.dashboard
    if not said.enabled:
        raise NotServed("the dashboard is switched off: [dashboard] enabled in jobd.toml, then jobctl reload")
    if not login and (said.require_authentication or me.environment == "production"):
        raise NotServed(f"nobody looks without a login here; {_LOGIN}, and start jobctl web again")
    return said
