"""What handlers share: the daemon behind them, the caller in front of them, and the answer's form."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from jobd.api.access import Caller
from jobd.api.control import Control
from jobd.api.wire import to_json

CONTROL: web.AppKey[Control] = web.AppKey("control")
CALLER = web.RequestKey("caller", Caller)


def control(request: web.Request) -> Control:
    """The daemon."""
    return request.app[CONTROL]


def caller(request: web.Request) -> Caller:
    """Who asks; the access middleware has seen to it that there is one."""
    return request[CALLER]


def answer(value: Any, status: int = 200) -> web.Response:
    """A model object, or a list or dict of them, as the JSON answer."""
    return web.Response(status=status, body=to_json(value), content_type="application/json")
