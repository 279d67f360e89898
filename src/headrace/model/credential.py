"""Which names are those of a credential: of a header, a parameter, a field of a body, or a setting."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET: Final = frozenset((
    "auth", "authorization", "cookie", "credential", "credentials", "key", "passphrase", "passwd", "password", "pwd",
    "secret", "sig", "signature", "token",
))  # fmt: skip
_RUN_TOGETHER: Final = re.compile(r".*(?:apikey|token|secret|password)")
_PLACES: Final = frozenset(("page", "next", "continuation", "cursor", "sync", "sort", "order", "primary", "foreign"))
"""What stands before `token` or `key` where it is a place in a list, or names a field."""


def names_credential(name: str) -> bool:
    """Whether what a person sets to this name is a credential: `api_key`, `X-Auth-Token`, `accessToken`, `pwd`.

    `page_token`, `sort_key` and their kin are none. An API's own names are less sure: see `transport.redact`.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or not _PLACES.isdisjoint(words):
        return False
    return words[-1] in _SECRET or words[0] == "authorization" or _RUN_TOGETHER.fullmatch(words[-1]) is not None
