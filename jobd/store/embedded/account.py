"""The account that Postgres runs as: our own, or as root the one that the operator names."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings

_KEY = "[database.embedded] user"
_DEMO_USER = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An existing user; jobd creates none."""

    name: str
    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        """True when jobd is root and has to step down to this user."""
        return self.uid != os.geteuid()


def account_for(settings: EmbeddedSettings, *, demo: bool) -> Account:
    """The account for these settings; only the demo may pick one by itself.

    Raises:
        EmbeddedPostgresError: root without a named user, a user unknown here, or one that we cannot become.
    """
    if os.geteuid() == 0:
        return _named(settings.user or (_DEMO_USER if demo else None))
    own = _own()
    if settings.user not in (None, own.name):
        raise EmbeddedPostgresError(
            f"jobd runs as {own.name} and cannot run Postgres as {settings.user}: "
            f"remove {_KEY} or start jobd as {settings.user}"
        )
    return own


def peers() -> list[str]:
    """The system users that get in as role `jobd`: ourselves and root."""
    return sorted({_own().name, pwd.getpwuid(0).pw_name})


def _named(user: str | None) -> Account:
    if user is None:
        raise EmbeddedPostgresError(
            f"Postgres refuses to run as root: set {_KEY} to an existing user, "
            "start jobd as a plain user, or give [database] url"
        )
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise EmbeddedPostgresError(f"{_KEY}: there is no user {user!r} here; name an existing one") from None
    if entry.pw_uid == 0:
        raise EmbeddedPostgresError(f"{_KEY}: Postgres refuses to run as root; name another existing user")
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _own() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedPostgresError(
            f"uid {os.geteuid()} has no name on this system, which Postgres needs: "
            "run jobd as a user of /etc/passwd, or give [database] url"
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
