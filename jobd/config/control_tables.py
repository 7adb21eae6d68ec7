"""The tables of `jobd.toml` about who may ask this daemon, where it listens, and what it shows to nobody."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jobd.config.tables import Table
from jobd.config.values import FilePath
from jobd.model.settings import ApiSettings

_api = ApiSettings()

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


class PrivacyTable(Table):
    """What is shown to nobody, whoever asks."""

    redact: list[Annotated[str, Field(pattern=SHOWN)]] = Field(
        default_factory=list,
        description='Paths such as "args.password", "result.*.iban", "mail.text"; `*` is any one name.',
    )


