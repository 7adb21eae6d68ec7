"""The tables of `jobd.toml` about who may ask this daemon, where it listens, and what it shows to nobody."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jobd.config.tables import Table
from jobd.config.values import URL_PATH, FilePath, Length, at_least
from jobd.model.settings import ApiSettings, DashboardSettings

_api, _dashboard = ApiSettings(), DashboardSettings()

NETWORK = r"^([0-9.]+|localhost|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"
HOST = r"^[A-Za-z0-9.-]{1,253}$"
SHOWN = r"^(args|result|progress|mail)(\.([A-Za-z0-9_-]+|\*)){0,8}$"

Account = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}\$?$")]


class RolesTable(Table):
    """Names or numbers by role. Each role may all that the ones before it may."""

    viewer: list[Account] = Field(default_factory=list, description="May read everything but settings.")
    operator: list[Account] = Field(default_factory=list, description="May also trigger, cancel, retry and pause.")
    admin: list[Account] = Field(default_factory=list, description="May also change and read what is configured.")


class ControlTable(Table):
    """Who may what on the Unix socket. Root and the daemon's own user are admins."""

    users: RolesTable = Field(default_factory=RolesTable, description="Users of this machine.")
    groups: RolesTable = Field(default_factory=RolesTable, description="Groups; all of a user's groups count.")


class ApiTable(Table):
    """The same API on TCP, by bearer tokens (`jobd token add`)."""

    listen: Annotated[str, Field(pattern=NETWORK)] | None = Field(
        None, description="Address and port, `127.0.0.1:8646`. Absent: no TCP. Beyond loopback only with TLS."
    )
    tls_certificate: FilePath | None = Field(None, description="The certificate and its chain, PEM.")
    tls_key_file: FilePath | None = Field(None, description="Its private key, PEM.")
    hosts: list[Annotated[str, Field(pattern=HOST)]] = Field(
        default_factory=list,
        description="Names in the Host header beside localhost and addresses; others are refused (DNS rebinding).",
    )
    rate: float = Field(
        _api.rate, gt=0, le=100_000, allow_inf_nan=False, description="Requests a second of one address or token."
    )


class DashboardTable(Table):
    """The dashboard in a browser."""

    enabled: bool = Field(_dashboard.enabled, description="`false`: there is none.")
    path: Annotated[str, Field(pattern=URL_PATH)] = Field(
        _dashboard.path, description="Where on the address it stands, such as `/jobs`."
    )
    require_authentication: bool = Field(
        _dashboard.require_authentication,
        description="Visitors show a bearer token, and may what it may. `false` is for a trial on loopback.",
    )
    listen: Annotated[str, Field(pattern=NETWORK)] = Field(
        _dashboard.listen, description="Address and port, on loopback: a proxy in front of it does TLS."
    )


class PrivacyTable(Table):
    """What is shown to nobody, whoever asks."""

    redact: list[Annotated[str, Field(pattern=SHOWN)]] = Field(
        default_factory=list,
        description='Paths such as "args.password", "result.*.iban", "mail.text"; `*` is any one name.',
    )
    keep: Annotated[Length, at_least("1h")] | None = Field(
        None,
        description="So long after the end of a run or message, what `redact` names is overwritten in the database. "
        "Absent: it stays as long as the run or message.",
    )


