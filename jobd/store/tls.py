"""How a connection to Postgres is encrypted: as its URL says; beyond this machine, when it says nothing, verify-full.

The driver's own default falls back to clear text when somebody in between says that there is no TLS.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.hosts import is_loopback

VERIFIED = "verify-full"
SAFE = ("require", "verify-ca", VERIFIED)
SYSTEM = "system"
"""Of sslrootcert, as libpq has it: the authorities that this machine trusts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What a URL comes to. Holds no user and no password."""

    hosts: tuple[str, ...]
    """As written, ports included; empty: the driver's own places, Unix sockets first."""
    mode: str | None
    """The sslmode in force; absent where only the driver knows it: by a service file."""
    stated: bool
    """The URL or PGSSLMODE says so; else it is the default."""
    remote: bool
    """A host is neither this machine nor a Unix socket."""
    root: str | None = None
    certificate: str | None = None
    key: str | None = None

    @property
    def place(self) -> str:
        return ", ".join(self.hosts) or "local"

    @property
    def text(self) -> str:
        """In words: where, and how."""
        if not self.remote:
            return f"{self.place}, on this machine"
        if self.mode is None:
            return f"{self.place}, sslmode by its service file"
        return f"{self.place}, sslmode={self.mode}{'' if self.stated else ' (the default beyond this machine)'}"

    @property
    def clear(self) -> bool:
        """What is sent could be read on its way through a network."""
        return self.remote and self.mode is not None and self.mode not in SAFE


def tls_of(url: str, environ: Mapping[str, str] = os.environ) -> Tls:
    """How connections to `url` are encrypted."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    hosts = parts.netloc.rpartition("@")[2] or query.get("host") or environ.get("PGHOST") or ""
    named = tuple(unquote(host) for host in hosts.split(",") if host)
    remote = any(not host.startswith("/") and not is_loopback(_name(host)) for host in named)
    stated = query.get("sslmode") or environ.get("PGSSLMODE") or None
    by_service = "service" in query or "PGSERVICE" in environ
    return Tls(
        hosts=named,
        mode=stated or (None if by_service else VERIFIED if remote else "prefer"),
        stated=stated is not None,
        remote=remote,
        root=query.get("sslrootcert") or environ.get("PGSSLROOTCERT") or None,
        certificate=query.get("sslcert") or environ.get("PGSSLCERT") or None,
        key=query.get("sslkey") or environ.get("PGSSLKEY") or None,
    )


def secured(url: str) -> dict[str, Any]:
    """What the driver has to be told beside `url`; nothing where it reads all of it there.

    Raises:
        StoreRefused: a file that the URL names cannot be read.
    """
    tls = tls_of(url)
    if tls.mode != VERIFIED:
        return {}
    own = Path("~/.postgresql/root.crt").expanduser()
    if tls.root not in (None, SYSTEM) or (tls.root is None and own.exists()):
        _readable("sslrootcert", tls.root)
        return {"ssl": VERIFIED}  # the driver reads that file, and the client's certificate
    context = ssl.create_default_context()
    if tls.certificate is not None:
        _readable("sslcert", tls.certificate)
        context.load_cert_chain(tls.certificate, tls.key)
    context.set_alpn_protocols(["postgresql"])  # sslnegotiation=direct wants it
    return {"ssl": context}


@contextmanager
def told(url: str) -> Iterator[None]:
    """Says in words, without any secret, why no safe connection to `url` came about.

    Raises:
        StoreUnavailable: no TLS, or a certificate that is not theirs: nothing was sent, and it may be mended.
    """
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate is not accepted ({error.verify_message})"
        mend = "name its authority by sslrootcert=FILE in [database] url, and the host as the certificate does"
        raise StoreUnavailable(f"Postgres at {tls_of(url).place}: {why}: {mend}") from error
    except ConnectionError as error:
        if "rejected SSL upgrade" not in str(error):
            raise
        tls = tls_of(url)
        why = f"it offers no TLS, sslmode={tls.mode} asks for it, and nothing is sent in the clear"
        mend = "set ssl = on there; only where the network between is trusted, sslmode=disable in [database] url"
        raise StoreUnavailable(f"Postgres at {tls.place}: {why}: {mend}") from error


def _name(host: str) -> str:
    """The host without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _readable(key: str, file: str | None) -> None:
    if file is not None and not os.access(file, os.R_OK):
        raise StoreRefused(f"{key}={file} of [database] url cannot be read: is it there, and for this user?")
