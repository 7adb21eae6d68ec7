"""Checks of what the daemon talks to: database, mail server and gateway; production allows less than a trial.

The secrets are passed in as they were resolved; no message repeats one, nor a part of a URL.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from jobd.config.control_tables import ApiTable, DashboardTable
from jobd.config.layers import Merged
from jobd.config.resolve import Resolved
from jobd.config.secrets import exposed
from jobd.config.tables import MailTable, PaymobTable
from jobd.config.validated import Tables
from jobd.errors import Problem
from jobd.model.hosts import is_loopback

SCHEMES = ("postgresql", "postgres")
_BARE = ("off", "opportunistic")


def check_outside(tables: Tables, merged: Merged, resolved: Resolved) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with database, mail server and gateway, and what only deserves a warning."""
    production = tables.daemon.environment == "production"
    problems = [
        *check_database(merged, resolved.url),
        *check_mail(merged, tables.mail, resolved.password, production=production),
    ]
    problems += check_api(merged, tables.api)
    problems += check_dashboard(merged, tables.dashboard, production=production)
    warnings = []
    if tables.paymob:
        problems += check_gateway(merged, tables.paymob, production=production)
        if production and tables.paymob.live is None:
            what = "payments by test cards count too while live is not set"
            warnings.append(merged.problem(("paymob",), what, "add live = true", at_key=True))
    refused, noted = check_exposure(merged, production=production)
    return [*problems, *refused], [*warnings, *noted]


def check_database(merged: Merged, url: str | None) -> Iterator[Problem]:
    """What keeps `url` from naming a Postgres database."""
    path = ("database", "url") if merged.get(("database", "url")) is not None else ("database", "url_file")
    if url is None:
        return
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        yield merged.problem(path, "is not a URL", "an IPv6 host stands in brackets")
        return
    if scheme not in SCHEMES or "://" not in url:
        yield merged.problem(path, "must begin with postgresql:// or postgres://")
    elif any(not character.isprintable() or character == " " for character in url):
        yield merged.problem(path, "holds a space or a control character", "write it percent-encoded")


def check_api(merged: Merged, api: ApiTable) -> Iterator[Problem]:
    """What is wrong between the keys of `[api]`: half a key pair, or tokens in clear over a network."""
    if (api.tls_certificate is None) != (api.tls_key_file is None):
        given, lacks = ("tls_certificate", "tls_key_file")[:: 1 if api.tls_certificate else -1]
        yield merged.problem(("api", given), f"is given without {lacks}", f'add {lacks} = "…"')
    if api.listen is None:
        return
    host, _, port = api.listen.rpartition(":")
    if not 0 < int(port) < 65536:
        yield merged.problem(("api", "listen"), f"{port} is no port", "1 to 65535")
    elif not is_loopback(host.strip("[]")) and api.tls_certificate is None:
        what = f"{host} can be reached from other machines, and tokens would cross the network in clear"
        yield merged.problem(("api", "listen"), what, "give tls_certificate and tls_key_file, or listen on 127.0.0.1")


def check_dashboard(merged: Merged, dashboard: DashboardTable, *, production: bool) -> Iterator[Problem]:
    """What is wrong between the keys of `[dashboard]`: a door without a lock, or tokens in clear over a network."""
    if production and not dashboard.require_authentication:
        what = "false would let everybody in who reaches it"
        yield merged.problem(("dashboard", "require_authentication"), what, "jobd token add NAME --role viewer")
    host, _, port = dashboard.listen.rpartition(":")
    if not 0 < int(port) < 65536:
        yield merged.problem(("dashboard", "listen"), f"{port} is no port", "1 to 65535")
    elif not is_loopback(host):
        what = f"{host} can be reached from other machines, and tokens would cross the network in clear"
        yield merged.problem(("dashboard", "listen"), what, "listen on 127.0.0.1, behind a proxy that does TLS")


def check_mail(merged: Merged, mail: MailTable, password: str | None, *, production: bool) -> Iterator[Problem]:
    """What is wrong between the keys of `[mail]`."""
    tls = ("mail", "tls")
    if password is not None and mail.user is None:
        yield merged.problem(("mail", "password"), "is given without user", 'add user = "…"')
    if mail.user is not None and password is None and not _names_password(merged):
        yield merged.problem(("mail", "user"), "is given without a password", 'add password_file = "…"')
    if mail.tls in _BARE and not is_loopback(mail.host):
        if mail.user is not None:
            yield merged.problem(tls, f'"{mail.tls}" could send the password in clear', 'use "required" or "implicit"')
        elif production and mail.enabled:
            yield merged.problem(tls, f'"{mail.tls}" is for trials: mail could leave in clear', 'use "required"')
    if mail.enabled and production and mail.sender.endswith("@localhost"):
        yield merged.problem(
            ("mail", "sender"), "no server takes mail from @localhost", "write the address of your own"
        )


def check_gateway(merged: Merged, paymob: PaymobTable, *, production: bool) -> Iterator[Problem]:
    """What is wrong between the keys of `[paymob]`."""
    path = ("paymob", "base_url")
    try:
        url = urlsplit(paymob.base_url)
        host, _ = url.hostname or "", url.port
    except ValueError:
        yield merged.problem(path, "is not a URL", 'write it like "https://accept.paymob.com"')
        return
    if url.scheme not in ("http", "https") or not host or url.username or url.query or url.fragment:
        yield merged.problem(path, "must be https:// and a host", 'write it like "https://accept.paymob.com"')
    elif url.scheme == "http" and not is_loopback(host):
        yield merged.problem(path, "must be https: credentials would leave in clear", "http is for loopback only")
    needed = "secret_key" if paymob.auth in ("secret", "intention") else "api_key"
    if not {needed, f"{needed}_file"} & merged.table(("paymob",)).keys():
        yield merged.problem(("paymob",), f'auth = "{paymob.auth}" needs {needed}', f'add {needed}_file = "…"')
    if production and paymob.live is False:
        yield merged.problem(("paymob", "live"), "false would complete orders by test cards", "set it to true")


def check_exposure(merged: Merged, *, production: bool) -> tuple[list[Problem], list[Problem]]:
    """Secrets in files that all may read: problems in production, warnings elsewhere."""
    found = [
        merged.problem(path, "stands in a file that every user may read", "chmod o-r it, or use a `_file`", at_key=True)
        for path in exposed(merged)
    ]
    return (found, []) if production else ([], found)


def gateway_url(base_url: str) -> str:
    """`base_url` as requests are built on it: without a trailing slash and without `/api`."""
    return base_url.rstrip("/").removesuffix("/api").rstrip("/")


def _names_password(merged: Merged) -> bool:
    return bool({"password", "password_file"} & merged.table(("mail",)).keys())
