"""Which names are those of a credential: of a header, a parameter, a field of a body, or a setting."""

from __future__ import annotations

import re
from typing import Final

from headrace.model.plan import Text

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET: Final = frozenset((
    "auth", "authorization", "cookie", "credential", "credentials", "pass", "passphrase", "passwd", "password", "pwd",
    "secret", "sig", "signature",
))  # fmt: skip
_RUN_TOGETHER: Final = re.compile(
    r"(?!(?:page|next|sync|continuation)token).+(?:apikey|accesskey|token|secret|password)|apikey"
)
_SURE: Final = frozenset(("access", "api", "bearer", "client", "private", "refresh", "session"))
"""What stands beside `token` or `key` where it is a credential, whatever else stands there."""
_PLACES: Final = frozenset(("page", "next", "continuation", "cursor", "sync", "sort", "order", "primary", "foreign"))
"""What stands beside them where it is a place in a list, or names a field."""
_ABOUT: Final = frozenset(("type", "url", "uri", "method", "mode", "expires", "expiry", "expiration"))
"""The last word of what is said about a credential."""


def carries_credential(name: str, value: Text) -> bool:
    """Whether a header or a parameter of a document is a credential, by its name or by where its value is kept."""
    return names_credential(name) or any(ref.kind == "secret" for ref in value.refs)


def names_credential(name: str) -> bool:
    """Whether what a person sets to this name is a credential: `api_key`, `X-Auth-Token-V2`, `accessToken`, `pwd`.

    `page_token`, `sort_key` and their kin are none. An API's own names are less sure: see `transport.redact`.
    """
    words = [word for word in (found.lower() for found in _WORDS.findall(name)) if word != "v"]
    if not words or words[-1] in _ABOUT:
        return False
    if not _SECRET.isdisjoint(words) or any(map(_RUN_TOGETHER.fullmatch, words)):
        return True
    is_sure = not _SURE.isdisjoint(words)
    if "token" in words or "key" in words:
        return is_sure or (_PLACES.isdisjoint(words) and ("token" in words or words[-1] == "key"))
    return False
