"""`doctor`: everything that a daemon needs from the outside, tried once, each with a line on how to mend it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import stat
from pathlib import Path
from urllib.parse import urlsplit

from jobd.clients.smtp.connection import NoConnection
from jobd.clients.smtp.connection import connect as connect_smtp
from jobd.config import Config
from jobd.config.directories import listening
from jobd.model.finding import Finding, error, ok, skipped, warning
from jobd.store.doctor import examine_database

PATIENCE_SECONDS = 5.0
LITTLE_BYTES = 1 << 30
LITTLE_SHARE = 0.05


async def examine(config: Config, url: str) -> list[Finding]:
    """All findings, in a fixed order; within some ten seconds whatever does not answer."""
    database, rest = await asyncio.gather(examine_database(url), examine_surroundings(config))
    return [*database, *rest]


async def examine_surroundings(config: Config) -> list[Finding]:
    """All but the database."""
    mail, gateway = await asyncio.gather(_mail(config), _gateway(config))
    state = config.daemon.state_directory
    return [_socket(listening(config.daemon.socket, state)), _disk(state), mail, gateway]


def _socket(path: Path) -> Finding:
    """The control socket: whoever may write where it is could put their own there."""
    try:
        directory, info = path.parent.stat(), path.lstat()
    except FileNotFoundError:
        return skipped("socket", f"no daemon has one at {path}")
    except PermissionError:
        return error("socket", f"{path} is out of reach for uid {os.geteuid()}", "ask as root or as the daemon's user")
    if not stat.S_ISSOCK(info.st_mode):
        return error("socket", f"{path} is no socket", "move it away, or set [daemon] socket elsewhere")
    if directory.st_mode & 0o022:
        mode = f"{stat.S_IMODE(directory.st_mode):04o}"
        return error("socket", f"{path.parent} may be written by others ({mode})", f"chmod 0750 {path.parent}")
    if info.st_mode & 0o007:
        text = f"{path} may be used by everybody ({stat.S_IMODE(info.st_mode):04o})"
        return error("socket", text, f"chmod 0660 {path}")
    if not _answers(path):
        return error("socket", f"nobody listens at {path}", "systemctl start jobd, or jobd run")
    return ok("socket", f"{path} answers (uid {info.st_uid}, mode {stat.S_IMODE(info.st_mode):04o})")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True


def _disk(state: Path) -> Finding:
    place = next((path for path in (state.absolute(), *state.absolute().parents) if path.exists()), Path("/"))
    usage = shutil.disk_usage(place)
    free = f"{usage.free / (1 << 30):.1f} GiB ({usage.free / usage.total:.0%}) free at {place}"
    if usage.free < LITTLE_BYTES or usage.free < LITTLE_SHARE * usage.total:
        mend = "make room: a full disk stops Postgres; [keep] says how long history stays"
        return warning("disk", free, mend)
    return ok("disk", free)


async def _mail(config: Config) -> Finding:
    mail = config.mail
    if not mail.enabled:
        return skipped("mail", "is disabled ([mail] enabled = false): messages are held in the outbox")
    where = f"{mail.host}:{mail.port}"
    try:
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            smtp = await connect_smtp(mail)
            smtp.close()
    except TimeoutError:
        return error("mail", f"{where} does not answer", "a firewall? see [mail] host and port")
    except NoConnection as refused:
        return error("mail", f"{where}: {refused.result.reply}", "see [mail] host, port, tls, user and password")
    login = f", logged in as {mail.user}" if mail.user else ""
    return ok("mail", f"{where} takes mail (tls = {mail.tls.value}{login})")


async def _gateway(config: Config) -> Finding:
    """A connection and no request: nothing is asked and no credential leaves."""
    if config.paymob is None:
        return skipped("gateway", "no [paymob] table")
    url = urlsplit(config.paymob.base_url)
    host, secure = url.hostname or "", url.scheme == "https"
    port = url.port or (443 if secure else 80)
    context = ssl.create_default_context() if secure else None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.close()
    except TimeoutError:
        return error("gateway", f"{host}:{port} does not answer", "a firewall? see [paymob] base_url")
    except (OSError, ssl.SSLError) as trouble:
        mend = "see [paymob] base_url; is there a way out?"
        return error("gateway", f"{host}:{port}: {trouble.strerror or trouble}", mend)
    return ok("gateway", f"{host}:{port} answers{' with a valid certificate' if secure else ''}")
