"""How a `_dlt_id` leads back to the raw page and record that it came from."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from headrace.errors import BodyRejected, ConfigError

if TYPE_CHECKING:
    from headrace.journal.write import Journal
    from headrace.model.page import Page, PageRef

_ID = re.compile(r"([A-Za-z0-9_-]{10})([A-Za-z0-9_-]{4})((?:\.\d+)*)")


class RowId(msgspec.Struct, frozen=True):
    """A `_dlt_id` taken apart: the page's prefix, the record's number in the page, the way to a child row."""

    prefix: str
    record: int
    children: tuple[int, ...]


class Traced(msgspec.Struct, frozen=True):
    """Where a row came from. `record_text` is the record's JSON, None where only the page can be shown."""

    journal: str
    run_id: str
    walk: str
    page: int
    record: int
    children: tuple[int, ...]
    fetched_at: float
    status: int
    headers: dict[str, str]
    records_in_page: int
    body: bytes
    record_text: bytes | None


def is_row_id(text: str) -> bool:
    """Whether this has the form of an id (no flag has: they are shorter, or have an equals sign)."""
    return _ID.fullmatch(text) is not None


def row_id(text: str) -> RowId:
    """Take an id apart. Raises ConfigError on what headrace never makes."""
    read = _ID.fullmatch(text.strip())
    if not read:
        raise ConfigError(
            f"{text!r} is no `_dlt_id` of headrace: those are 14 characters, and .NUMBER for each level of a child row"
        )
    try:
        record = int.from_bytes(base64.urlsafe_b64decode(read[2]), "big")
    except binascii.Error as error:  # pragma: no cover - the pattern leaves nothing else
        raise ConfigError(f"{text!r} is no `_dlt_id` of headrace") from error
    return RowId(read[1], record, tuple(int(each) for each in read[3].split(".")[1:]))


def trace(folder: Path, journal: Journal, wanted: RowId) -> Traced | None:
    """Look through a journal for the page whose rows have this prefix, the newest run first."""
    from headrace.decode.rows import page_prefix

    for run_id, ref in journal.all_refs():
        prefix = page_prefix(journal.uid, run_id, ref.walk, ref.number, ref.attempt)
        if prefix == wanted.prefix and wanted.record < ref.records:
            return _traced(folder, journal, run_id, ref, wanted)
    return None


def _traced(folder: Path, journal: Journal, run_id: str, ref: PageRef, wanted: RowId) -> Traced:
    page = journal.read(ref)
    return Traced(
        journal=str(folder),
        run_id=run_id,
        walk=ref.walk,
        page=ref.number,
        record=wanted.record,
        children=wanted.children,
        fetched_at=page.fetched_at,
        status=page.status,
        headers=page.headers,
        records_in_page=page.records,
        body=page.body,
        record_text=_record(page, wanted.record),
    )


def _record(page: Page, number: int) -> bytes | None:
    """The record's own text, where the list of records can be told without the configuration."""
    from headrace.envelope.split import compile_splitter
    from headrace.model.envelope import Ask

    selector = None
    if page.detected:
        found = msgspec.json.decode(page.detected)
        selector = found.get("selector") if isinstance(found, dict) else None
    try:
        records = compile_splitter(Ask(selector=selector)).split(page.body).records
    except BodyRejected:
        return None
    return bytes(records[number]) if len(records) == page.records else None
