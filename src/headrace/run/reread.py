"""The records of a page that is in the journal, split as they were when it came."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.envelope.split import compile_splitter
from headrace.errors import ConfigError
from headrace.journal.write import Journal
from headrace.model.page import PageRef
from headrace.model.plan import Resource
from headrace.run.conduct import FetchedPage
from headrace.walk.after import ask
from headrace.walk.course import digest_of
from headrace.walk.detect import settled


def records_of(journal: Journal, resource: Resource, page: FetchedPage) -> Sequence[bytes]:
    """The records of a page, from memory or from the journal, with what they take from their parent's row.

    Raises:
        ConfigError: the page holds other records by this configuration than when it was fetched.
        JournalError: it is damaged or pruned.
    """
    records = page.records
    if records is None:
        records = () if page.ref is None else _reread(journal, resource, page.ref)
    return [joined(record, page.added) for record in records] if page.added else records


def _reread(journal: Journal, resource: Resource, ref: PageRef) -> Sequence[bytes]:
    page = journal.read(ref)
    records = compile_splitter(ask(settled(resource, page.detected))).split(page.body).records
    if digest_of(records) != ref.records_digest:
        raise ConfigError(
            f"{resource.name}: page {ref.number} of the journal holds other records by this configuration than when"
            " it was fetched; set the data selector back, or run with --new to fetch again"
        )
    return records


def joined(record: bytes, added: bytes) -> bytes:
    """A JSON object with more members at its end; anything else is left as it is, for decode to reject."""
    if not record.startswith(b"{"):
        return record
    inside = record.rstrip()[:-1].rstrip()
    return inside + (b"" if inside == b"{" else b",") + added + b"}"
