"""The login page, what becomes of the token that is typed there, and the way out."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from jobd.client import NotPermitted
from jobd.dashboard.web.attempts import Attempts
from jobd.dashboard.web.connection import BODY_SECONDS
from jobd.dashboard.web.origin import own_page, secure, sender
from jobd.dashboard.web.pages import page
from jobd.dashboard.web.sessions import SESSION_SECONDS, Session, Sessions
from jobd.dashboard.web.settings import WebSettings, check_allowed
from jobd.errors import JobdError
from jobd.model.me import Me

log = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"
LONGEST_TOKEN = 512


class Login:
    """Handlers, and `session`, which says who sends a request."""

    def __init__(self, settings: WebSettings, sessions: Sessions, attempts: Attempts) -> None:
        self._settings, self._sessions, self._attempts = settings, sessions, attempts

    def session(self, request: web.Request) -> Session | None:
        """Whose request this is; None for nobody's."""
        cookie = request.cookies.get(cookie_name(request), "")
        return self._sessions.find(cookie) if cookie else None

    async def shown(self, request: web.Request) -> web.Response:
        """The login page; who is logged in needs none."""
        if self.session(request) is not None:
            raise web.HTTPSeeOther("./")
        return _page(200, "")

    async def given(self, request: web.Request) -> web.Response:
        """A token was typed: a session for one that the daemon knows."""
        if not own_page(request):
            return _page(403, "This form was sent by another page.")
        address = sender(request, behind_proxy=self._settings.behind_proxy)
        if wait := self._attempts.begin(address):
            log.warning("login refused: too many failures", extra={"address": address})
            refused = _page(429, f"Too many failures from {address}: try again in {wait} s.")
            refused.headers["Retry-After"] = str(wait)
            return refused
        try:
            token = await _typed(request)
        except TimeoutError:
            return _page(408, "The form did not come in time.")
        except (ValueError, LookupError):  # of a form that no browser sends
            return _page(400, "This is not the form of this page.")
        try:
            who, cookie = await self._begin(token)
        except NotPermitted:
            log.warning("login refused: no valid token", extra={"address": address})
            return _page(401, "This token is not valid: it may be mistyped, expired or revoked.")
        except JobdError as error:
            self._attempts.worked(address)
            return _page(503, f"Nobody can say whether this token is valid: {error}")
        self._attempts.worked(address)
        log.info("logged in", extra={"by": who.name, "role": who.role, "address": address})
        return self._with_cookie(request, cookie)

    async def ended(self, request: web.Request) -> web.Response:
        """Out: the session ends, and every dashboard in it."""
        if not own_page(request):
            return _page(403, "This form was sent by another page.")
        if (session := self.session(request)) is not None:
            log.info("logged out", extra={"by": session.who.name})
            await self._sessions.end(session, "You logged out.")
        found = web.HTTPSeeOther("login")
        found.del_cookie(cookie_name(request), path=self._settings.base or "/")
        raise found

    async def _begin(self, token: str) -> tuple[Me, str]:
        if not 0 < len(token) <= LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
            raise NotPermitted("this is no token")
        who = await self._sessions.ask(token)
        check_allowed(who, login=True)
        return who, await self._sessions.begin(token, who)

    def _with_cookie(self, request: web.Request, cookie: str) -> web.Response:
        response = web.Response(status=303, headers={"Location": "./"})
        response.set_cookie(
            cookie_name(request),
            cookie,
            max_age=SESSION_SECONDS,
            path=self._settings.base or "/",
            httponly=True,
            samesite="Strict",
            secure=secure(request, behind_proxy=self._settings.behind_proxy),
        )
        return response


def cookie_name(request: web.Request) -> str:
    """With the port, which cookies know nothing of: two dashboards of one host must not log each other out."""
    port = request.headers.get("Host", "").rpartition(":")[2]
    return f"jobd_session_{port}" if port.isascii() and port.isdecimal() and len(port) < 6 else "jobd_session"


async def _typed(request: web.Request) -> str:
    """The token in the form.

    Raises:
        ValueError, LookupError: it is no such form.
        TimeoutError: it did not come.
    """
    if request.content_type != FORM:
        raise ValueError(request.content_type)
    async with asyncio.timeout(BODY_SECONDS):
        return str((await request.post()).get("token", "")).strip()


def _page(status: int, problem: str) -> web.Response:
    text = page("login.html", problem=problem)
    return web.Response(status=status, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})
