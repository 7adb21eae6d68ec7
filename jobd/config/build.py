"""Validated tables → the settings of `jobd/model`. Called when no problem was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from jobd.config.control_tables import ApiTable, ControlTable
from jobd.config.directories import resolved, socket_path, state_directory
from jobd.config.layers import Merged
from jobd.config.outside import gateway_url
from jobd.config.positions import Path
from jobd.config.tables import DaemonTable, DatabaseTable, MailTable, PaymobTable, Table
from jobd.model.settings import (
    ApiSettings,
    ControlSettings,
    DaemonSettings,
    DatabaseSettings,
    EmbeddedSettings,
    Environment,
    MailSettings,
    Names,
    PaymobSettings,
    TlsMode,
)


def daemon_settings(table: DaemonTable, merged: Merged, environ: Mapping[str, str]) -> DaemonSettings:
    """`[daemon]`, with its directories found."""
    state = _path(merged, ("daemon", "state_directory"), table.state_directory) or state_directory(environ).absolute()
    socket = _path(merged, ("daemon", "socket"), table.socket) or socket_path(environ, state).absolute()
    return DaemonSettings(
        **same(table, "environment", "state_directory", "socket"),
        environment=Environment(table.environment),
        state_directory=state,
        socket=socket,
    )


def database_settings(table: DatabaseTable, merged: Merged, url: str | None) -> DatabaseSettings:
    """`[database]`, with its URL as it was resolved."""
    at = ("database", "embedded")
    embedded = EmbeddedSettings(
        **same(table.embedded, "directory", "binaries"),
        directory=_path(merged, (*at, "directory"), table.embedded.directory),
        binaries=_path(merged, (*at, "binaries"), table.embedded.binaries),
    )
    return DatabaseSettings(**same(table, "url", "url_file", "embedded"), url=url, embedded=embedded)


def mail_settings(table: MailTable, password: str | None) -> MailSettings:
    """`[mail]`, with its password as it was resolved."""
    return MailSettings(**same(table, "password", "password_file", "tls"), tls=TlsMode(table.tls), password=password)


def paymob_settings(table: PaymobTable, api_key: str | None, secret_key: str | None) -> PaymobSettings:
    """`[paymob]`, with its keys as they were resolved."""
    skipped = ("base_url", "api_key", "api_key_file", "secret_key", "secret_key_file", "integration_ids")
    return PaymobSettings(
        **same(table, *skipped),
        base_url=gateway_url(table.base_url),
        api_key=api_key or "",
        secret_key=secret_key or "",
        integration_ids=tuple(table.integration_ids),
    )


def control_settings(table: ControlTable) -> ControlSettings:
    """`[control]`."""
    users, groups = (
        Names(viewer=tuple(names.viewer), operator=tuple(names.operator), admin=tuple(names.admin))
        for names in (table.users, table.groups)
    )
    return ControlSettings(users=users, groups=groups)


def api_settings(table: ApiTable, merged: Merged) -> ApiSettings:
    """`[api]`, with its files found."""
    return ApiSettings(
        listen=table.listen,
        tls_certificate=_path(merged, ("api", "tls_certificate"), table.tls_certificate),
        tls_key_file=_path(merged, ("api", "tls_key_file"), table.tls_key_file),
        hosts=tuple(host.lower() for host in table.hosts),
        rate=table.rate,
    )


def same(table: Table, *but: str) -> dict[str, Any]:
    """The values of `table` that its settings take as they are."""
    names = {name: field.alias or name for name, field in type(table).model_fields.items()}
    return {alias: getattr(table, name) for name, alias in names.items() if alias not in but}


def _path(merged: Merged, path: Path, written: str | None) -> FilePath | None:
    return None if written is None else resolved(merged, path, written)
