"""Which origins credentials may go to, which others may be asked without them, and which not at all (RFC 6454)."""

from __future__ import annotations

import re
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
    if parts.scheme not in _PORTS or not host or any(map(str.isspace, host)):
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
    """`named` by the configuration, which get credentials; `allowed`, which may be asked without them."""

    named: frozenset[str]
    allowed: frozenset[str]

    @classmethod
    def of(cls, named: Iterable[str], allowed: Iterable[str]) -> Origins:
        """The rule for a client; `named` are URLs. A bad one is a ConfigError."""
        homes = set()
        for url in named:
            home = origin_of(url)
            if home is None:
                raise ConfigError(
                    f"The base URL {_shown(url)!r} is not an absolute http or https URL; set it with --base-url"
                )
            homes.add(home)
        return cls(frozenset(homes), frozenset(origin for text in allowed for origin in _listed(text)))

    def trusts(self, origin: str, *, via: str) -> bool:
        """Whether credentials go along. `via` is what led there ("a next link", "a redirect"), for the error.

        Raises:
            ForeignOrigin: neither named nor allowed.
        """
        if origin in self.named:
            return True
        if origin in self.allowed:
            return False
        homes = ", ".join(sorted(self.named))
        mend = f"allow it with --allow-origin {origin} (no credentials are sent there)"
        if any(origin == home.replace("http://", "https://", 1) for home in self.named):
            mend = f"set the base URL to {origin}, or {mend}"
        raise ForeignOrigin(f"{via} leads from {homes} to {origin}, which is not allowed; {mend}.", url=origin)


def _shown(url: str) -> str:
    """The URL without a user and password that may be in it."""
    return re.sub(r"//[^/@]*@", "//", url)
