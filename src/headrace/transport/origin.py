"""Which origins credentials may go to, which others may be asked without them, and which not at all (RFC 6454)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from headrace.errors import ConfigError, ForeignOrigin

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=1024)
def origin_of(url: str) -> str | None:
    """`scheme://host[:port]` in lower case, without a default port; None if the URL is not absolute http or https."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    if ":" in host:
        host = f"[{host}]"
    elif not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    host = host.removesuffix(".")
    return f"{parts.scheme}://{host}" if port in (None, _PORTS[parts.scheme]) else f"{parts.scheme}://{host}:{port}"


def _listed(text: str) -> Iterable[str]:
    """The origins that one entry of an allow list means: without a scheme, that host by https and by http."""
    for candidate in (text,) if "://" in text else (f"https://{text}", f"http://{text}"):
        origin = origin_of(candidate)
        if origin is None:
            raise ConfigError(f"The allowed origin {text!r} is not an origin; write it as https://host[:port]")
        yield origin


@dataclass(frozen=True, slots=True)
class Origins:
    """`home` gets credentials (None: each resource's first request decides); `allowed` may be asked without them."""

    home: str | None
    allowed: frozenset[str]

    @classmethod
    def of(cls, base_url: str, allowed: Iterable[str]) -> Origins:
        """The rule for a client. An empty `base_url` leaves the home open; one that is no URL is a ConfigError."""
        home = origin_of(base_url)
        if home is None and base_url:
            raise ConfigError(f"The base URL {base_url!r} is not an absolute http or https URL; set it with --base-url")
        return cls(home, frozenset(origin for text in allowed for origin in _listed(text)))

    def trusts(self, origin: str, *, home: str, via: str) -> bool:
        """Whether credentials go along. `via` is what led there ("a next link", "a redirect"), for the error.

        Raises:
            ForeignOrigin: neither the home nor an allowed origin.
        """
        if origin == home:
            return True
        if origin in self.allowed:
            return False
        mend = f"allow it with --allow-origin {origin} (no credentials are sent there)"
        if origin == home.replace("http://", "https://", 1):
            mend = f"set the base URL to {origin}, or {mend}"
        raise ForeignOrigin(f"{via} leads from {home} to {origin}, which is not allowed; {mend}.", url=origin)
