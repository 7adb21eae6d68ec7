"""One request and its whole answer: bounded in time and size, never redirected, every failure with a name."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.hdrs import ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, RETRY_AFTER

from jobd.clients.paymob.errors import GatewayUnavailable, GatewayUnreadable
from jobd.clients.paymob.pace import Pace
from jobd.model.settings import PaymobSettings

_CHUNK = 16 * 1024
_AUTOMATIC = zlib.MAX_WBITS | 32
"""zlib reads gzip and zlib alike, by their first bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from below 500 and was neither 429 nor a redirect; `body` is decompressed."""

    status: int
    body: bytes


class Transport:
    """The gateway's address and one HTTP session; safe for any number of callers."""

    def __init__(self, settings: PaymobSettings, pace: Pace) -> None:
        self._base = settings.base_url.rstrip("/").removesuffix("/api")
        self._limit = settings.max_body_bytes
        self._pace = pace
        self._deadlines = aiohttp.ClientTimeout(
            total=settings.timeout.total_seconds(),
            connect=settings.connect_timeout.total_seconds(),
            sock_read=settings.timeout.total_seconds(),
        )
        self._parallel = settings.parallel
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the session; a later request opens another."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request at the agreed pace and read its answer.

        Raises:
            GatewayThrottled: 429, or it lately asked for a long silence.
            GatewayUnavailable: no answer in time, 5xx, a redirect, or a page instead of JSON.
            GatewayUnreadable: the body is truncated, damaged or larger than `max_body_bytes`.
        """
        async with self._pace.turn():
            try:
                async with self._open().request(
                    method, self._base + path, json=json, params=query, headers=headers, allow_redirects=False
                ) as response:
                    self._check(response)
                    answer = Answer(status=response.status, body=await self._read(response))
            except aiohttp.ClientPayloadError:
                raise GatewayUnreadable("the answer broke off") from None
            except TimeoutError:
                raise GatewayUnavailable("no answer in time") from None
            except (aiohttp.ClientError, OSError) as lost:
                raise GatewayUnavailable(f"no connection ({type(lost).__name__})") from None
        self._pace.answered()
        return answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._deadlines,
                auto_decompress=False,  # aiohttp would unpack a whole chunk, however large it grows
                headers={ACCEPT: "application/json", ACCEPT_ENCODING: "gzip"},
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=self._parallel),
            )
        return self._session

    def _check(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status == 429:
            raise self._pace.throttled(response.headers.get(RETRY_AFTER))
        if status >= 500:
            raise GatewayUnavailable(f"the gateway answered {status}", status=status)
        if 300 <= status < 400:
            # a redirect would carry the token to wherever it points
            raise GatewayUnavailable(f"the gateway answered with a redirect ({status})", status=status)
        if response.content_type != "application/json" and status != 401:
            raise GatewayUnavailable(f"a page instead of JSON ({response.content_type})", status=status)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        unpack = _unpacker(response.headers.get(CONTENT_ENCODING, ""))
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk if unpack is None else _unpacked(unpack, chunk, self._limit + 1 - len(body))
            if len(body) > self._limit:
                raise GatewayUnreadable(f"the answer is larger than {self._limit} bytes")
        if unpack is not None and not unpack.eof:
            raise GatewayUnreadable("the compressed answer broke off")
        return bytes(body)


def _unpacker(encoding: str) -> zlib._Decompress | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "deflate":
            return zlib.decompressobj(_AUTOMATIC)
        case other:
            raise GatewayUnreadable(f"the answer is compressed as {other[:20]!r}, which was not asked for")


def _unpacked(unpack: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    """At most `room` bytes; more stays packed, for the caller gives up before it would be asked for."""
    try:
        return unpack.decompress(chunk, room)
    except zlib.error:
        raise GatewayUnreadable("the compressed answer is damaged") from None
