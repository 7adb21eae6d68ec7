"""Who is logged in: in memory only, for half a day at most, and no longer than their token opens the daemon's door."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from dataclasses import dataclass, field

from jobd.client import Client, NotPermitted
from jobd.client.asks import me
from jobd.dashboard.web.visit import Visit
from jobd.errors import JobdError
from jobd.model.me import Me

log = logging.getLogger(__name__)

SESSION_SECONDS = 12 * 3600
MOST_SESSIONS = 1000
"""The oldest ends for the next one; each took a valid token to begin."""


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One login. `id_hash` is what is kept of the cookie."""

    id_hash: bytes = field(repr=False)
    token: str = field(repr=False)
    who: Me
    ends_at: float
    """On the monotonic clock."""
    visits: set[Visit] = field(default_factory=set)
    """Dashboards that are open in it."""


class Sessions:
    """The sessions of one `jobctl web`; the daemon behind `socket` says who is who."""

    def __init__(self, socket: str, lasts: float = SESSION_SECONDS) -> None:
        self._socket, self._lasts = socket, lasts
        self._open: list[Session] = []

    async def ask(self, token: str | None) -> Me:
        """Whom the daemon takes the holder of this token for; without one, this process.

        Raises:
            NotPermitted: for nobody.
            JobdError: it cannot say.
        """
        async with Client(self._socket, token=token) as client:
            return await client.ask(me.shown())

    async def begin(self, token: str, who: Me) -> str:
        """A new session; the text of its cookie, which is kept nowhere."""
        cookie = secrets.token_urlsafe(32)
        ends_at = time.monotonic() + self._lasts
        self._open.append(Session(id_hash=_hashed(cookie), token=token, who=who, ends_at=ends_at))
        if len(self._open) > MOST_SESSIONS:
            await self.end(self._open[0], "Too many people logged in after you.")
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of this cookie. Every hash is compared, each in constant time."""
        given, found = _hashed(cookie), None
        for session in self._open:
            if hmac.compare_digest(session.id_hash, given):
                found = session
        return found if found is not None and time.monotonic() < found.ends_at else None

    async def still(self, session: Session) -> bool:
        """Whether the token opens the door yet; ends the session where it does not.

        True also while the daemon cannot say: it lets nobody do anything meanwhile.
        """
        try:
            await self.ask(session.token)
        except NotPermitted:
            log.info("session ended", extra={"by": session.who.name, "reason": "the token is not valid any more"})
            await self.end(session, "Your token is not valid any more.")
            return False
        except JobdError:
            log.debug("the daemon does not say who is who", exc_info=True)
        return self.has(session)

    def has(self, session: Session) -> bool:
        """Whether it has not ended."""
        return session in self._open

    async def end(self, session: Session, reason: str) -> None:
        """Its cookie opens nothing from now on, and its dashboards close."""
        if session in self._open:
            self._open.remove(session)
        async with asyncio.TaskGroup() as leaving:
            for visit in session.visits:
                leaving.create_task(visit.close(reason), name="visit: close")

    async def look(self) -> None:
        """End what is over."""
        for session in list(self._open):
            if time.monotonic() >= session.ends_at:
                await self.end(session, "Half a day is over: please log in again.")
            else:
                await self.still(session)


def _hashed(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
