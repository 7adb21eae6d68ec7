"""Which hosts are this machine, and why one cannot listen on it."""

from __future__ import annotations

import errno
import os
from ipaddress import ip_address

_NEXT_STEPS = {
    errno.EADDRINUSE: "another program does; `ss -ltnp sport = :{}` tells which, or choose another port",
    errno.EADDRNOTAVAIL: "it is no address of this machine; `ip addr` lists them",
    errno.EACCES: "ports below 1024 are for root; choose another, or give it CAP_NET_BIND_SERVICE",
}


def is_loopback(host: str) -> bool:
    """True for localhost and for addresses that never leave this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def why_not_listening(error: OSError, port: str) -> str:
    """What kept a socket from listening on `port`, and what to do."""
    if error.errno in _NEXT_STEPS:
        return _NEXT_STEPS[error.errno].format(port)
    # asyncio's own sentence repeats the address; a name that is not known has no errno of the system
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
