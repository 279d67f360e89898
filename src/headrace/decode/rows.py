"""What comes in: the record slices of one page, and the ten characters that lead back to that page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import msgspec

from headrace.model.table import PAGE_CHARS


class RecordPage(msgspec.Struct, frozen=True):
    """The records of page `number` of a walk, each the untouched JSON text of one record.

    `prefix` is what `page_prefix` made of the page. `walk` is only for rejects (empty: the resource's name).
    `numbers` are the places of the records in the page, where some of it were left out; None: 0, 1, 2 …
    """

    number: int
    prefix: str
    records: Sequence[bytes]
    walk: str = ""
    numbers: Sequence[int] | None = None


def page_prefix(journal_uid: str, run_id: str, walk: str, number: int, attempt: int = 1) -> str:
    """The first ten characters of every `_dlt_id` of the page: of BLAKE2b, base64url.

    Equal arguments give equal prefixes, on every machine; the parts are told apart by their lengths. A walk that is
    begun again is another `attempt`: rows of an earlier one may still be there.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (journal_uid, run_id, walk, str(number), *((str(attempt),) if attempt > 1 else ())):
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return base64.urlsafe_b64encode(digest.digest())[:PAGE_CHARS].decode("ascii")
