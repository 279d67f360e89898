"""The tables that a few pages give, decoded as a run decodes them, with nothing written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from headrace.decode.columns import Decoded, cast
from headrace.decode.infer import fold
from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage, page_prefix
from headrace.decode.rules import DecodeRules
from headrace.errors import ConfigError, JournalError
from headrace.journal.write import Journal
from headrace.model.plan import Resource
from headrace.model.table import Schema, TableSchema
from headrace.run.conduct import FetchedPage
from headrace.run.past import owned_walks
from headrace.run.reread import records_of

_PAGES, _BYTES = 5, 4 << 20


class Glimpse(msgspec.Struct, frozen=True):
    """What pages give: `tables` in the order in which they come up, the root first, and the rows themselves."""

    tables: tuple[TableSchema, ...]
    decoded: Decoded


def glimpse(resource: Resource, pages: Sequence[Sequence[bytes]], rules: DecodeRules) -> Glimpse:
    """The tables of some pages' records. `_dlt_id`s are made as for a run, from a journal that is not there.

    A schema contract is left out: it speaks of tables that are there.
    """
    resource = _without_contract(resource)
    numbered = [
        RecordPage(number, page_prefix("", "", resource.name, number), records) for number, records in enumerate(pages)
    ]
    observation = Reader(resource, rules).observe(numbered)
    folded = fold(Schema({}), observation, resource)
    return Glimpse(tuple(folded.schema.tables.values()), cast(observation, folded))


def _without_contract(resource: Resource) -> Resource:
    nested = tuple(msgspec.structs.replace(each, contract=None) for each in resource.nested)
    return msgspec.structs.replace(resource, contract=None, nested=nested)


def remembered(journal: Journal, run_id: str, resource: Resource, rules: DecodeRules) -> Glimpse | None:
    """The tables by the first pages of a run that the journal holds; None where none of them can be read."""
    try:
        pages = list(_first_pages(journal, run_id, resource))
    except (ConfigError, JournalError):  # of another configuration, or damaged
        return None
    return glimpse(resource, pages, rules) if any(pages) else None


def _first_pages(journal: Journal, run_id: str, resource: Resource) -> Iterator[Sequence[bytes]]:
    """So many that their size is bounded, the first one in any case."""
    refs = (ref for state in owned_walks(journal, run_id, resource.name) for ref in journal.refs(run_id, state.walk))
    room = _BYTES
    for number, ref in enumerate(refs):
        if number == _PAGES or (number and ref.body_bytes > room):
            return
        room -= ref.body_bytes
        yield records_of(journal, resource, FetchedPage(ref, None))
