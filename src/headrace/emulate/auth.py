"""How the vendor reads an Authorization header: the key is the user name, the colon after it must be there."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Literal

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def key_of(header: str | None, parsing: Literal["lenient", "strict"] = "lenient") -> str | None:
    """The key in a Basic header, or None if there is none to be read.

    Lenient takes what a production client sends: junk after the base64 and any password. Strict takes neither.
    A key encoded without its colon, or encoded twice, is None either way.
    """
    scheme, _, rest = (header or "").strip().partition(" ")
    rest = rest.strip()
    found = _BASE64.match(rest)
    if scheme.lower() != "basic" or found is None or (parsing == "strict" and found.end() != len(rest)):
        return None
    key, colon, password = _decoded(found.group()).partition(":")
    if not colon or not key or (parsing == "strict" and password) or _decoded(key).endswith(":"):
        return None
    return key


def _decoded(text: str) -> str:
    """The text behind base64, "" for what is no base64 or no printable text."""
    try:
        decoded = b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded if decoded.isprintable() else ""
