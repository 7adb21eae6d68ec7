"""From an error to the answer that tells it: one table, one shape, {"error": {"code", "message", "hint"}}."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from jobd import __version__
from jobd.api.naming import hint_of
from jobd.api.wire import to_json
from jobd.errors import (
    ArgumentsRefused,
    ConfigError,
    Conflict,
    JobdError,
    NotFound,
    StoreRefused,
    StoreUnavailable,
    UnknownJob,
)
from jobd.model.storable import storable_text

log = logging.getLogger(__name__)

API_VERSION = "1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TABLE: tuple[tuple[type[JobdError], int, str, str | None], ...] = (
    (ArgumentsRefused, 400, "arguments_refused", None),
    (UnknownJob, 404, "unknown_job", None),
    (NotFound, 404, "not_found", None),
    (Conflict, 409, "conflict", None),
    (ConfigError, 422, "config_invalid", "jobd check shows each problem with its line"),
    (StoreUnavailable, 503, "store_unavailable", "jobd waits for Postgres and goes on by itself; try again"),
    (StoreRefused, 503, "store_refused", "waiting does not help; see the daemon's log"),
    (JobdError, 500, "error", None),
)


class Refused(JobdError):
    """A request that gets `status`; `close` ends the connection, for what follows on it cannot be trusted."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str | None = None, close: bool = False, **facts: object
    ) -> None:
        self.status, self.code, self.hint, self.close, self.facts = status, code, hint, close, facts
        super().__init__(message)


def error_response(status: int, code: str, message: str, hint: str | None = None, **facts: object) -> web.Response:
    """The one shape of bad news; `facts` are for programs. A text that quotes its caller need not be valid Unicode."""
    error = {"code": code, "message": storable_text(message), "hint": hint and storable_text(hint), **facts}
    headers = {"Retry-After": str(facts["retry_after"])} if "retry_after" in facts else None
    return web.Response(status=status, body=to_json({"error": error}), content_type="application/json", headers=headers)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as JSON; what nobody foresaw is 500, with the traceback in the log."""
    try:
        return await handler(request)
    except Refused as refused:
        response = error_response(refused.status, refused.code, str(refused), refused.hint, **refused.facts)
        if refused.close:
            response.force_close()
        return response
    except JobdError as error:
        status, code, hint = next(row[1:] for row in _TABLE if isinstance(error, row[0]))
        if status == 404:
            hint = await hint_of(request)
        return error_response(status, code, str(error), hint)
    except web.HTTPNotFound:
        return error_response(
            404, "no_such_path", f"there is no {request.path[:200]} here", "docs/api.md lists the paths"
        )
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        response = error_response(
            405, "method_not_allowed", f"{request.method} is not allowed here; allowed: {allowed}"
        )
        response.headers["Allow"] = allowed
        return response
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as error:  # a bug of ours, which must not look like another kind of answer
        log.exception("request failed", extra={"method": request.method, "path": request.path[:200]})
        return error_response(500, "error", f"{type(error).__name__} in jobd", "the daemon's log has the traceback")


async def stamp(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer says which API and which jobd it comes from."""
    response.headers["Server"] = "jobd"
    response.headers["Jobd-Api"] = API_VERSION
    response.headers["Jobd-Version"] = __version__
    response.headers["Cache-Control"] = "no-store"
