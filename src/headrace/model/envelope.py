"""What one look into a page body finds: the record slices, and the few values that the paging rule asked for."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from headrace.model.records import Records

Scalar: TypeAlias = str | int | float | bool | None


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """A path that the body does not have; not the same as null."""


ABSENT = Absent()


class Ask(msgspec.Struct, frozen=True):
    """What to look for: `selector` None means detect the list of records; the other paths are looked up if given."""

    selector: str | None = None
    cursor: str | None = None
    total: str | None = None
    has_more: str | None = None


class Envelope(msgspec.Struct, frozen=True):
    """`records` are the JSON texts of the records, untouched, in page order (an object selected gives one).

    `selector` is the one in effect, also when it was detected. `shape` is what it led to.
    """

    records: Records
    selector: str
    shape: Literal["list", "object", "null", "empty_body"]
    cursor: Scalar | Absent = ABSENT
    total: Scalar | Absent = ABSENT
    has_more: Scalar | Absent = ABSENT


class Visit(msgspec.Struct, frozen=True):
    """An earlier page of the same walk that was asked for at the same position."""

    page: int
    records_digest: bytes


class Facts(msgspec.Struct, frozen=True):
    """All that a paging rule may know of the page at hand (number `page`, from 0, asked for at the position given).

    `url` is where the page came from (relative next links are joined to it), `headers` are lower case.
    `visits` are the earlier pages at this very position, `cursor_seen` says whether
    an earlier page of the walk had a cursor (or next link) present.
    """

    page: int
    records: int
    records_digest: bytes
    url: str
    cursor: Scalar | Absent = ABSENT
    total: Scalar | Absent = ABSENT
    has_more: Scalar | Absent = ABSENT
    headers: dict[str, str] = {}
    visits: tuple[Visit, ...] = ()
    cursor_seen: bool = False
    records_before: int = 0
    repeats: int = 0
    """How many pages directly before this one, in a row, had its records digest, at whatever position."""
    alike: bool = False
    """Whether the page has several records and all are equal; looked at only where there are `repeats`."""
