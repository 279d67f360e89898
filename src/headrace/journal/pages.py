"""Pages as they go into frames and come back: what is kept of one, and what of it a ref tells."""

from __future__ import annotations

from pathlib import Path

import msgspec

from headrace.errors import JournalError
from headrace.journal import frame, read
from headrace.journal.layout import Location
from headrace.journal.rows import PageRow
from headrace.model import position
from headrace.model.page import Page, PageRef
from headrace.model.position import Done, Position

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2"})


def kept(run_id: str, attempt: int, page: Page) -> frame.PageKept:
    """What a page's frame says beside its body. Headers that hold credentials are left out, whoever passed them.

    Raises JournalError for a position that would not come back as it is.
    """
    return frame.PageKept(
        run_id=run_id,
        walk=page.walk,
        attempt=attempt,
        number=page.number,
        position=_dump(page, page.position),
        next=_dump(page, page.next),
        ended=isinstance(page.next, Done),
        records=page.records,
        records_digest=page.records_digest,
        fingerprint=page.fingerprint,
        detected=page.detected,
        status=page.status,
        fetched_at=page.fetched_at,
        headers={name: _text(value) for name, value in page.headers.items() if name.lower() not in _SECRET_HEADERS},
    )


def ref(page: Page, attempt: int, location: Location) -> PageRef:
    """The ref of a page that was written at `location`."""
    return PageRef(
        walk=page.walk,
        number=page.number,
        segment=location.segment,
        offset=location.offset,
        length=location.length,
        body_bytes=len(page.body),
        records=page.records,
        position=page.position,
        next=page.next,
        records_digest=page.records_digest,
        detected=page.detected,
        attempt=attempt,
    )


def page(folder: Path, uid: str, ref: PageRef) -> Page:
    """The page that `ref` stands for. Raises JournalError where it is damaged, or another page lies there."""
    location = Location(ref.segment, ref.offset, ref.length)
    item, body = read.at(folder, uid, location)
    if not isinstance(item, frame.PageKept) or (item.walk, item.number) != (ref.walk, ref.number):
        raise JournalError(
            f"{read.where(folder, location)} does not hold page {ref.number} of {ref.walk!r}; "
            f"see what is wrong with `headrace journal verify`."
        )
    try:
        asked, following = position.load(item.position), position.load(item.next)
    except msgspec.DecodeError as error:
        raise JournalError(
            f"{read.where(folder, location)} was written by a newer headrace (its position cannot be read); "
            f"update headrace."
        ) from error
    return Page(
        walk=item.walk,
        number=item.number,
        position=asked,
        next=following,
        body=body,
        status=item.status,
        headers=item.headers,
        fetched_at=item.fetched_at,
        records=item.records,
        records_digest=item.records_digest,
        fingerprint=item.fingerprint,
        detected=item.detected,
    )


def refs(walk: str, attempt: int, rows: list[tuple[int, PageRow]]) -> list[PageRef]:
    """Rows of the index as refs, in order. Neighbours share their positions: a page's is the one before's `next`."""
    made: list[PageRef] = []
    last_bytes, last = b"", None
    for number, row in rows:
        asked = last if last is not None and row.position == last_bytes else position.load(row.position)
        last_bytes, last = row.next, position.load(row.next)
        made.append(
            PageRef(
                walk=walk,
                number=number,
                segment=row.segment,
                offset=row.offset,
                length=row.length,
                body_bytes=row.body_bytes,
                records=row.records,
                position=asked,
                next=last,
                records_digest=row.records_digest,
                attempt=attempt,
                detected=row.detected,
            )
        )
    return made


def _dump(page: Page, value: Position) -> bytes:
    try:
        data = position.dump(value)
        position.load(data)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise JournalError(
            f"Page {page.number} of walk {page.walk!r} leads to a position that cannot be kept ({error}); "
            f"see what the API gives as its cursor."
        ) from error
    return data


def _text(value: str) -> str:
    """Header values may hold bytes that are no UTF-8 (RFC 9110, 5.5), which arrive as lone surrogates."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
