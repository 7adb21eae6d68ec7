"""How each fault looks on the wire."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from functools import lru_cache

from aiohttp import web

from jobd.testing.paymob.scenario import Fault

BOMB_BYTES = 190 * 1024 * 1024
PAGE = "<html><body><h1>Bad Gateway</h1></body></html>"
JSON = "application/json"
_GZIP_HEADER = 10


async def failing(
    fault: Fault, request: web.Request, sound: bytes, retry_after: str | None, released: asyncio.Event
) -> web.StreamResponse:
    """The faulty answer to `request` that would have been `sound`; a hanging one waits for `released`."""
    match fault:
        case Fault.REVOKED:
            return web.json_response({"detail": "Authentication credentials were not provided."}, status=401)
        case Fault.THROTTLED:
            headers = {"Retry-After": retry_after} if retry_after is not None else {}
            return web.json_response({"detail": "Request was throttled."}, status=429, headers=headers)
        case Fault.ERROR_500:
            return web.json_response({"detail": "A server error occurred."}, status=500)
        case Fault.FORBIDDEN:
            return web.json_response({"detail": "You do not have permission."}, status=403)
        case Fault.HTML_502 | Fault.HTML_200:
            status = 502 if fault is Fault.HTML_502 else 200
            return web.Response(text=PAGE, content_type="text/html", status=status)
        case Fault.HANG:
            await released.wait()
            return web.Response(body=sound, content_type=JSON)
        case Fault.DRIP:
            return await _drip(request)
        case Fault.RESET:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Fault.TRUNCATED:
            return await _truncated(request, sound)
        case Fault.REDIRECT:
            return web.json_response({}, status=307, headers={"Location": "/stolen"})
        case Fault.GZIP_BOMB:
            return web.Response(body=_bomb(), content_type=JSON, headers={"Content-Encoding": "gzip"})
        case Fault.BROKEN_GZIP:
            unproven = gzip.compress(sound)[:-4]  # all of the text, and half of its checksum
            return web.Response(body=unproven, content_type=JSON, headers={"Content-Encoding": "gzip"})
        case _:
            return web.Response(body=_misread(fault, sound), content_type=JSON)


def _misread(fault: Fault, sound: bytes) -> bytes:
    fields = json.loads(sound)
    inner = fields.get("obj", fields)
    match fault:
        case Fault.NAN:
            inner["fees"] = float("nan")
        case Fault.FRACTION:
            inner["amount_cents"] = 0.5
        case Fault.HUGE:
            inner["padding"] = "x" * (4 * 1024 * 1024)
        case Fault.DEEP:
            return b'{"a":' * 10_000 + b"1" + b"}" * 10_000
        case Fault.DOUBLED_KEY:
            return sound[:-1] + b', "success": true, "success": true}'
    return json.dumps(fields).encode()


async def _drip(request: web.Request) -> web.StreamResponse:
    """Send a body that never ends, so slowly that no pause between two reads is long."""
    response = web.StreamResponse(headers={"Content-Type": JSON})
    await response.prepare(request)
    while True:  # until the client hangs up: then writing fails
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def _truncated(request: web.Request, sound: bytes) -> web.StreamResponse:
    """Promise the whole body, send half of it and hang up."""
    response = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": str(len(sound))})
    await response.prepare(request)
    await response.write(sound[: len(sound) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Some 200 KB that unpack to 190 MiB of spaces, without an end: nobody should read that far."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    piece = packer.compress(b" " * (1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    # after a full flush a piece refers to nothing before it, so it can be repeated
    return piece[:_GZIP_HEADER] + piece[_GZIP_HEADER:] * (BOMB_BYTES // (1024 * 1024))
