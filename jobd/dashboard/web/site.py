"""The paths of `jobctl web`, and who may have them: nothing but the login page is for whoever is not logged in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, web

from jobd.dashboard.web.login import Login
from jobd.dashboard.web.origin import local_name, own_page
from jobd.dashboard.web.packets import within
from jobd.dashboard.web.pages import HEADERS, OWN, page, terminal_files
from jobd.dashboard.web.sessions import Session, Sessions
from jobd.dashboard.web.settings import WebSettings
from jobd.dashboard.web.visit import Visit, environment

log = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024
LONGEST_NAME = 255
"""What a file can be called at the most; a longer one is no question for the disk."""
LARGEST_MESSAGE = 1024 * 1024
"""Of the browser: what somebody pastes."""
PING_SECONDS = 15.0
ROOM_SECONDS = 2.0
"""How long who comes when all places are taken is kept waiting for one."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """The application, and the visits that are under way."""

    def __init__(self, settings: WebSettings, sessions: Sessions, login: Login) -> None:
        self._settings, self._sessions, self._login = settings, sessions, login
        self.visits: set[Visit] = set()
        self._left = asyncio.Event()
        """Set when one of them has ended."""

    def application(self) -> web.Application:
        """Raises NotServed when the files for the browser are missing."""
        app = web.Application(middlewares=[self._guard], client_max_size=LARGEST_BODY)
        base = self._settings.base
        app.router.add_static(f"{base}/terminal/", terminal_files(), name="terminal")
        app.router.add_static(f"{base}/page/", OWN / "files", name="page")
        app.router.add_get(f"{base}/", self._page)
        app.router.add_get(f"{base}/socket", self._visited)
        if base:
            app.router.add_get(base, self._slash)
        if self._settings.login:
            app.router.add_get(f"{base}/login", self._login.shown)
            app.router.add_post(f"{base}/login", self._login.given)
            app.router.add_post(f"{base}/logout", self._login.ended)
        app.on_response_prepare.append(_dress)
        app.on_shutdown.append(self._leave)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Whoever is not logged in does not even hear which paths exist."""
        base = self._settings.base
        if not self._settings.login:
            if not local_name(request):
                return web.Response(status=421, text="without a login the dashboard is served to this machine only\n")
        elif request.path != f"{base}/login" and self._login.session(request) is None:
            if request.method == "GET" and request.path in (base, f"{base}/"):
                raise web.HTTPSeeOther("login" if request.path.endswith("/") else f"{_last(base)}/login")
            return web.Response(status=401, text=f"log in first, at {base}/login\n")
        if len(_last(request.path)) > LONGEST_NAME:
            raise web.HTTPNotFound
        return await handler(request)

    async def _slash(self, request: web.Request) -> web.Response:
        """The page's own links are relative, so that a proxy may put it anywhere."""
        raise web.HTTPSeeOther(f"{_last(self._settings.base)}/")

    async def _page(self, request: web.Request) -> web.Response:
        session = self._login.session(request)
        who = f"{session.who.name} · {session.who.role}" if session is not None else "no login"
        text = page("dashboard.html", who=who, hidden="" if session is not None else "hidden")
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _visited(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket: a dashboard for as long as it is open."""
        if not own_page(request):
            return web.Response(status=403, text="another page asks for this dashboard\n")
        session = self._login.session(request)
        if session is not None and not await self._sessions.still(session):
            return web.Response(status=401, text="log in again\n")
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS, timeout=2.0, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        visit = Visit(socket, self._environment(request, session))
        room = await self._room()
        if session is not None and not self._sessions.has(session):
            await visit.close("You logged out.")
        elif not room:
            full = f"{len(self.visits)} dashboards are open, and no more are allowed (--visitors). Try again later."
            await visit.close(full, WSCloseCode.TRY_AGAIN_LATER)
        else:
            await self._visit(visit, session)
        return socket

    async def _room(self) -> bool:
        """A page that is loaded anew asks before its dashboard of before has ended: that one is waited for."""
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                while len(self.visits) >= self._settings.visitors:
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            return False
        return True

    async def _visit(self, visit: Visit, session: Session | None) -> None:
        """The visit is one of all, and of its session, as long as it lasts."""
        counted = [self.visits, *([session.visits] if session is not None else [])]
        for visits in counted:
            visits.add(visit)
        who = {"by": session.who.name if session is not None else "no login"}
        log.info("dashboard opened", extra=who)
        try:
            await visit.run()
        finally:
            for visits in counted:
                visits.discard(visit)
            self._left.set()
            log.info("dashboard closed", extra=who)

    def _environment(self, request: web.Request, session: Session | None) -> dict[str, str]:
        columns, rows = within(_number(request, "width", 80), _number(request, "height", 24))
        return environment(self._settings.socket, session.token if session is not None else None, columns, rows)

    async def _leave(self, app: web.Application) -> None:
        async with asyncio.TaskGroup() as leaving:
            for visit in self.visits:
                closing = visit.close("jobctl web was stopped.", WSCloseCode.GOING_AWAY)
                leaving.create_task(closing, name="visit: close")


async def _dress(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else otherwise


def _last(path: str) -> str:
    return path.rpartition("/")[2]
