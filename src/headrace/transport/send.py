"""The one place that speaks to the HTTP library: a `Sendable` out, a status, headers and a whole body back.

HTTP/1.1 with keep-alive, certificates verified. Redirects are not followed here, cookies not kept, nothing retried.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed leaves it out

import aiohttp
import msgspec
from yarl import URL

from headrace.transport.content import too_large, unpacked
from headrace.transport.fault import Fault
from headrace.transport.prepare import Sendable

_READ_BUFFER = 1 << 20
_HEADER_LINE = 1 << 16  # long cursors and Link headers: the library's own 8 KiB is short
_NO_TEXT = re.compile("[\udc80-\udcff]")
_MUST_HAVE_A_BODY = frozenset({200, 201, 202, 203})
_PROXY = "check the proxy that the environment names"
_SLOW = "state a longer `retry.timeout_s`, or run again later"
_TO_CONNECT = 0.9  # of the time that is stated for an attempt: a host that is not there is told from a slow one
_OFF_THE_LOOP = 1 << 20  # a packed body from this size on is unpacked in a thread


class Timeouts(msgspec.Struct, frozen=True):
    """Limits in seconds: `connect` and `read` (between two pieces of a body) and `total` for each attempt.

    `longest_wait_s` is how long a fetch may be held back at once because the API asks for it.
    """

    connect_s: float = 15.0
    read_s: float = 60.0
    total_s: float = 600.0
    longest_wait_s: float = 3600.0


class Received(msgspec.Struct, frozen=True):
    """A whole response; header names in lower case, values of the same name joined with commas (RFC 9110 §5.3)."""

    status: int
    headers: dict[str, str]
    body: bytes


class Sender:
    """Sends over one pool of connections."""

    def __init__(
        self, session: aiohttp.ClientSession, timeouts: Timeouts, *, max_body_bytes: int, proxies: Mapping[str, str]
    ) -> None:
        self._session = session
        self._timeouts = timeouts
        self._max_body_bytes = max_body_bytes
        self._proxies = proxies

    async def send(self, sendable: Sendable, timeout_s: float | None = None) -> Received:
        """One request, one response, within `timeout_s`; None: within the limits that hold for all.

        Raises:
            Fault: no whole response came.
        """
        try:
            async with self._session.request(
                sendable.method,
                URL(sendable.url, encoded=True),
                headers=sendable.headers,
                data=sendable.body,
                allow_redirects=False,
                timeout=_limits(self._timeouts, timeout_s),
                proxy=self._proxy(sendable.url) if self._proxies else None,
            ) as response:
                body = await self._body(response)
                headers = _joined(response)
                status = response.status
                if not body and status in _MUST_HAVE_A_BODY and not _framed(response):
                    raise Fault("truncated", "the connection was closed before the body began")
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(error) from error
        encoding = headers.get("content-encoding")
        if encoding and body:
            body = await self._unpacked(body, encoding)
        return Received(status, headers, body)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._max_body_bytes
        stated = response.content_length
        if stated is not None:
            if stated > limit:
                raise too_large(limit)
            return await response.read()
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise too_large(limit)
        return b"".join(pieces)

    async def _unpacked(self, body: bytes, encoding: str) -> bytes:
        if len(body) < _OFF_THE_LOOP:
            return unpacked(body, encoding, self._max_body_bytes)
        return await asyncio.to_thread(unpacked, body, encoding, self._max_body_bytes)

    def _proxy(self, url: str) -> str | None:
        parts = urlsplit(url)
        if parts.hostname in ("localhost", "127.0.0.1", "::1"):
            return None
        if proxy_bypass_environment(parts.netloc, self._proxies):
            return None
        proxy = self._proxies.get(parts.scheme)
        if not proxy or "://" not in proxy:
            return f"http://{proxy}" if proxy else None
        if not proxy.lower().startswith(("http://", "https://")):
            raise Fault("bad_request", f"the proxy for {parts.scheme} is no HTTP proxy", mend=_PROXY)
        return proxy


@asynccontextmanager
async def open_sender(timeouts: Timeouts, *, max_body_bytes: int, proxies: Mapping[str, str]) -> AsyncIterator[Sender]:
    """A sender whose connections live as long as the context. How many are open is the governor's affair."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=_READ_BUFFER,
        max_line_size=_HEADER_LINE,
        max_field_size=_HEADER_LINE,
        max_headers=1000,
        skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
    )
    # The library asks a second time by itself when a kept connection is found closed. Each request has to be
    # paid from the budget and counted, so the retry is left to `retry`. There is no public switch.
    assert hasattr(session, "_retry_connection"), "aiohttp asks again in another way now"  # noqa: S101
    session._retry_connection = False  # noqa: SLF001
    async with session:
        yield Sender(session, timeouts, max_body_bytes=max_body_bytes, proxies=proxies)


def _limits(timeouts: Timeouts, timeout_s: float | None) -> aiohttp.ClientTimeout:
    """Of one attempt. One that is stated is for the whole answer, however slowly its pieces come."""
    if timeout_s is None:
        return aiohttp.ClientTimeout(total=timeouts.total_s, sock_connect=timeouts.connect_s, sock_read=timeouts.read_s)
    connect_s = min(timeouts.connect_s, _TO_CONNECT * timeout_s)
    return aiohttp.ClientTimeout(total=timeout_s, sock_connect=connect_s, sock_read=timeout_s)


def _joined(response: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        if lower == "set-cookie":
            continue  # cookies count as secrets, and cannot be joined with commas
        text = value if value.isascii() else _NO_TEXT.sub(_percent, value)
        headers[lower] = f"{headers[lower]}, {text}" if lower in headers else text
    return headers


def _percent(found: re.Match[str]) -> str:
    """A byte that is no UTF-8, as a URL would have it."""
    return f"%{ord(found[0]) - 0xDC00:02X}"


def _framed(response: aiohttp.ClientResponse) -> bool:
    """Whether the answer says where its body ends. One that ends with the connection may have been cut anywhere."""
    return bool(response.headers.keys() & {"Content-Length", "Transfer-Encoding"})


def _translated(error: Exception) -> Fault:  # noqa: C901, PLR0911, PLR0912 - a table of failures
    """What happened, in words of our own: the library's may hold the URL with its secrets."""
    match error:
        case (
            aiohttp.ClientConnectorCertificateError()
            | aiohttp.ClientConnectorSSLError()
            | ssl.SSLCertVerificationError()
        ):
            return _tls(error)
        case aiohttp.ClientHttpProxyError():
            return Fault("connect", f"the proxy answered {error.status}", mend=_PROXY)
        case aiohttp.ClientProxyConnectionError():
            return Fault("connect", f"no connection to the proxy ({_os_reason(error)})", mend=_PROXY)
        case aiohttp.ClientConnectorDNSError():
            return Fault("dns", f"the host {error.host} is not known to the name server")
        case aiohttp.ConnectionTimeoutError():
            return Fault("timeout", "no connection came about in time")
        case asyncio.TimeoutError():
            return Fault("timeout", "no whole answer came in time", mend=_SLOW, late=True)
        case aiohttp.ClientConnectorError():
            return Fault("connect", f"no connection to {error.host}:{error.port} ({_os_reason(error)})")
        case aiohttp.ClientPayloadError():
            return Fault("truncated", "the body was cut short")
        case aiohttp.ServerDisconnectedError() | ConnectionError() | aiohttp.ClientOSError():
            return Fault("reset", "the connection was closed before the answer was whole")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return Fault("bad_request", "the URL cannot be asked for")
        case aiohttp.ClientResponseError():
            return Fault("protocol", "the answer is not valid HTTP")
        case OSError():
            return Fault("reset", f"the connection failed ({_os_reason(error)})")
        case ValueError():
            return Fault("bad_request", "the request cannot be sent as it is")
        case _:
            return Fault("protocol", f"the exchange failed ({type(error).__name__})")


def _tls(error: Exception) -> Fault:
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Fault("tls", f"the server's certificate is not valid ({cause.verify_message})")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Fault("tls", "the server's certificate is not valid for this host")
    return Fault("connect", "no TLS connection came about")


def _os_reason(error: OSError) -> str:
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno).lower()  # asyncio's own words repeat the address
    return str(cause.strerror or type(cause).__name__).lower()
