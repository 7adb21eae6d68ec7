"""The settings of one daemon, as the rest of the code sees them; `config/` builds them from TOML.

Lengths are `timedelta`, sizes are bytes. Defaults here are the defaults of `jobd.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """`[daemon]`: this process."""

    name: str = "jobd"
    environment: Environment = Environment.DEVELOPMENT
    enabled: bool = True
    """False: nothing fires and nothing runs; the socket answers."""
    workers: int = 10
    grace: timedelta = timedelta(seconds=30)
    """How long a stop waits for running attempts before it cancels them."""
    timezone: str = "UTC"
    poll: timedelta = timedelta(seconds=1)
    """How often the database is asked what is due; notifications make it faster, never slower."""
    lease: timedelta = timedelta(seconds=15)
    state_directory: Path = Path("state")
    socket: Path = Path("state/jobd.sock")
    log_level: str = "info"
    log_format: str = "text"
    """`text` for people, `json` for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSettings:
    """`[database.embedded]`: jobd's own Postgres, used when no URL is given."""

    directory: Path | None = None
    """The data directory; absent means `postgres` under the state directory."""
    user: str | None = None
    """As root: the existing user that Postgres runs as. Absent as root is refused, except by the demo."""
    binaries: Path | None = None
    """A directory with `postgres` and `initdb`; absent means the wheel's, then the system's."""
    settings: dict[str, str] = field(default_factory=dict)
    """Further lines for postgresql.conf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """`[database]`."""

    url: str | None = field(default=None, repr=False)
    """Absent: jobd's own Postgres. Never printed, for it may hold a password."""
    connections: int = 10
    """Connections for jobs, the API and duties; claims, endings, listening and the heartbeat have their own."""
    statement_timeout: timedelta = timedelta(seconds=30)
    notify: bool = True
    """False: poll only (behind a transaction pooler)."""
    embedded: EmbeddedSettings = EmbeddedSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """`[app]`: where the application's own tables are."""

    schema: str = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSettings:
    """`[keep]`: how long ended runs stay in history, by state, and what else grows."""

    succeeded: timedelta = timedelta(days=14)
    failed: timedelta = timedelta(days=90)
    cancelled: timedelta = timedelta(days=30)
    skipped: timedelta = timedelta(days=14)
    mail: timedelta = timedelta(days=30)
    """Delivered, bounced and dead messages of the outbox."""
    audit: timedelta = timedelta(days=365)
    """Lines of the journal."""
    bulk: timedelta = timedelta(days=30)
    """Bulks that are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Users or groups by the role that they have; each a name or a number."""

    viewer: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSettings:
    """`[control]`: who may what on the Unix socket."""

    users: Names = Names()
    groups: Names = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """`[api]`: the API on TCP."""

    listen: str | None = None
    """host:port; absent: no TCP."""
    tls_certificate: Path | None = None
    tls_key_file: Path | None = None
    hosts: tuple[str, ...] = ()
    rate: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardSettings:
    """`[dashboard]`: the dashboard in a browser."""

    enabled: bool = True
    path: str = "/"
    require_authentication: bool = True
    """False: whoever reaches it acts with the rights of whoever started it."""
    listen: str = "127.0.0.1:8647"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """`[privacy]`: what is shown to nobody."""

    redact: tuple[str, ...] = ()
    keep: timedelta | None = None
    """How long what `redact` names stays in the database after the end of its run; absent: as long as the run."""


class TlsMode(StrEnum):
    REQUIRED = "required"  # STARTTLS or refuse
    IMPLICIT = "implicit"  # TLS from the first byte (port 465)
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """`[mail]`: how the outbox reaches people."""

    enabled: bool = False
    """False: messages stay `held` in the outbox and `jobctl status` says so."""
    host: str = "localhost"
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsMode = TlsMode.REQUIRED
    sender: str = "jobd@localhost"
    reply_to: str | None = None
    connections: int = 4
    rate: float = 20.0
    """Messages a second over all connections of this node; 0 is unlimited."""
    timeout: timedelta = timedelta(seconds=30)
    retry_delay: timedelta = timedelta(minutes=1)
    """Before the second try after a temporary refusal; doubles each time up to an hour, with jitter."""
    give_up_after: timedelta = timedelta(days=3)
    in_doubt: dict[str, str] = field(default_factory=dict)
    """kind → "resend" (the default) or "hold", for a message whose answer was lost after the final dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymobSettings:
    """`[paymob]`: the payment gateway that reconcile-payments asks."""

    base_url: str = "https://accept.paymob.com"
    api_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    auth: str = "body"
    """Where the inquiry call carries its credential: body, bearer, query, secret or intention."""
    integration_ids: tuple[int, ...] = ()
    """Accepted integrations; empty accepts all."""
    live: bool | None = None
    """Accept only live (true) or only test (false) transactions; absent accepts both."""
    rate: float = 5.0
    parallel: int = 4
    throttle_limit: int = 5
    """After so many 429 answers in one run the rest is left for the next run."""
    token_ttl: timedelta = timedelta(minutes=55)
    timeout: timedelta = timedelta(seconds=20)
    connect_timeout: timedelta = timedelta(seconds=5)
    max_body_bytes: int = 1_048_576
    timezone: str = "Africa/Cairo"
    """The zone of the gateway's timestamps that carry no offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a job may know of the configuration (`ctx.settings`)."""

    app: AppSettings = AppSettings()
    mail: MailSettings = MailSettings()
    paymob: PaymobSettings | None = None
    """Absent when `jobd.toml` has no `[paymob]` table."""
