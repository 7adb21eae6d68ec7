"""The files that jobd writes for its Postgres at each start; initdb's own stay as they are and come first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from jobd.errors import EmbeddedPostgresError
from jobd.store.embedded import files
from jobd.store.embedded.account import Account

CONFIGURATION = "jobd.conf"
PORT = 5432  # of the socket's name only: nothing listens on the network

_HBA, _IDENT = "jobd_hba.conf", "jobd_ident.conf"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_OURS = {"config_file", "data_directory", "hba_file", "ident_file", "port", "unix_socket_directories"}
_HEADER = "# Written by jobd at each start: put your settings under [database.embedded.settings] in jobd.toml.\n"

# Everything not named here is Postgres's default, durability above all.
_CHOSEN = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "jobd",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",  # two lines every five minutes into a file that only we keep small
    "logging_collector": "off",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def write(
    data: Path,
    sockets: Path,
    account: Account,
    peers: list[str],
    settings: Mapping[str, str],
    *,
    durable: bool,
) -> None:
    """Write `jobd.conf` and the two files that say who gets in.

    Raises:
        EmbeddedPostgresError: a setting of the operator is no setting's name, or one that jobd decides.
    """
    placed = {"hba_file": str(data / _HBA), "ident_file": str(data / _IDENT), "port": str(PORT),
              "unix_socket_directories": str(sockets)}  # fmt: skip
    lines = {**_CHOSEN, **({} if durable else _CARELESS), **placed, **_allowed(settings)}
    text = "".join(f"{name} = {quoted(value)}\n" for name, value in lines.items())
    files.write(data, _HBA, f"{_HEADER}local all jobd peer map=jobd\nlocal replication jobd peer map=jobd\n", account)
    files.write(data, _IDENT, _HEADER + "".join(f'jobd "{peer}" jobd\n' for peer in peers), account)
    files.write(data, CONFIGURATION, f"{_HEADER}include 'postgresql.conf'\n{text}", account)


def quoted(value: str) -> str:
    """`value` as a string of postgresql.conf, where a backslash escapes and a line break would end it."""
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _allowed(settings: Mapping[str, str]) -> Mapping[str, str]:
    for name in settings:
        if not _NAME.fullmatch(name):
            raise EmbeddedPostgresError(f"[database.embedded.settings] {name!r} is no name of a Postgres setting")
        if name.lower() in _OURS:
            raise EmbeddedPostgresError(f"[database.embedded.settings] {name}: jobd decides this one; remove the line")
    return settings
