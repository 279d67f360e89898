"""The text of a cursor: base64 of a small JSON object that a client must not look into."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode

import msgspec


class Keyset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The last record of the page before. `rested` marks that an empty page was already put in at this place."""

    sortValue: str  # noqa: N815 - the vendor's spelling
    lastId: str  # noqa: N815 - the vendor's family of spelling
    rested: bool = False


class Offset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many records were read before: repeats and gaps when records move, kept as a negative test."""

    offset: int


Cursor = Keyset | Offset


def encode(cursor: Cursor) -> str:
    """Padded base64 of compact JSON; holds `=`, at times `+` and `/`, so it must be percent-encoded in a query."""
    return b64encode(msgspec.json.encode(cursor)).decode()


def decode(text: str, kind: str) -> Cursor | None:
    """Read a cursor of the kind `keyset` or `offset`; None for anything that `encode` did not make."""
    try:
        body = b64decode(text, validate=True)
        if kind == "offset":
            found = msgspec.json.decode(body, type=Offset)
            return found if found.offset >= 0 else None
        return msgspec.json.decode(body, type=Keyset)
    except (binascii.Error, ValueError):
        return None
