"""All that `headrace preview` has to say of a page, as one value: printed as JSON, or laid out for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from headrace.cli.masks import masked
from headrace.model.naming import normalise
from headrace.model.plan import Json
from headrace.model.position import AtOffset, AtPage, Done, NextLink, Token
from headrace.model.table import TableBatch, TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.run.preview import Preview

_OURS = "_dlt_"
_LIKELY = ("id", "uuid", "guid", "gid", "_id", "key", "code")


class Asked(msgspec.Struct, frozen=True):
    """The request, and what came back."""

    method: str
    url: str
    status: int
    body_bytes: int
    elapsed_s: float


class ParentPage(msgspec.Struct, frozen=True):
    """The first page of a resource above, and what of one of its records the request took."""

    resource: str
    records: int
    taken: dict[str, Json]


class Detected(msgspec.Struct, frozen=True):
    """What the response settled, and why."""

    selector: str | None
    paging: str
    why: str


class Next(msgspec.Struct, frozen=True):
    """What follows: `done` with whether that is proven, or where the next page is; `why` is a sentence."""

    done: bool
    proven: bool
    why: str


class PreviewColumn(msgspec.Struct, frozen=True):
    """One column; `filled` is the share of rows that have a value, `example` the first one."""

    name: str
    data_type: str
    nullable: bool
    filled: float
    example: Json


class PreviewTable(msgspec.Struct, frozen=True):
    """One table; `sample` are the values of its first row that are its own."""

    name: str
    parent: str | None
    rows: int
    columns: list[PreviewColumn]
    sample: dict[str, Json]


class KeyCheck(msgspec.Struct, frozen=True):
    """One key on this page. "candidate": none is stated, and this one would do."""

    kind: Literal["primary_key", "merge_key", "candidate"]
    columns: list[str]
    good: bool
    nulls: int
    duplicates: int
    why: str


class Unfit(msgspec.Struct, frozen=True):
    """A record that becomes no row."""

    record: int
    reason: str


class Previewed(msgspec.Struct, frozen=True):
    """The object that is printed."""

    config: str
    resource: str
    table: str
    request: Asked | None
    parents: list[ParentPage]
    records: int
    kept: int
    selector: str | None
    detected: Detected | None
    next: Next
    rows: list[dict[str, Json]]
    tables: list[PreviewTable]
    keys: list[KeyCheck]
    rejects: list[Unfit]
    notices: list[str]


def previewed(found: Preview, config: str, rows: int) -> Previewed:
    """The page as it may be printed: with no secret that the request carried."""
    resource, reply, root = found.resource, found.reply, normalise(found.resource.table)
    batches = {batch.schema.name: batch for batch in found.loose.decoded.batches}
    told = _Told(found.scrub)
    notices = [*found.notices, *found.glimpse.decoded.counts]
    return Previewed(
        config=masked(config),
        resource=resource.name,
        table=root,
        request=Asked(
            resource.request.method,
            masked(told.text(reply.url)),
            reply.status,
            len(reply.body),
            round(reply.elapsed_s, 3),
        )
        if reply is not None
        else None,
        parents=[ParentPage(each.resource, each.records, told.json(each.taken)) for each in found.above],
        records=len(found.records),
        kept=found.kept,
        selector=resource.selector,
        detected=_detected(found),
        next=_next(found, told),
        rows=[told.json(row) for row in _rows(batches.get(root), rows)],
        tables=[_table(each, batches.get(each.name), told) for each in found.glimpse.tables],
        keys=list(_keys(found, batches.get(root))),
        rejects=[Unfit(each.record, told.text(each.reason)) for each in found.glimpse.decoded.rejects],
        notices=[masked(told.text(words)) for words in notices],
    )


class _Told:
    """Makes values printable: secrets out, and what JSON does not have as text."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.text = scrub

    def json(self, value: Json) -> Json:  # noqa: PLR0911 - one for each kind
        match value:
            case str():
                return self.text(value)
            case bytes():
                return value.hex()
            case datetime():
                written = value.isoformat().replace("+00:00", "Z")
                return re.sub(r"(\.\d+?)0+(?=Z|[+-]|$)", r"\1", written)
            case date() | time():
                return value.isoformat()
            case Decimal():
                return str(value)
            case dict():
                return {key: self.json(one) for key, one in value.items()}
            case list():
                return [self.json(one) for one in value]
            case _:
                return value


def _detected(found: Preview) -> Detected | None:
    detection = found.detection
    if detection is None:
        return None
    why = detection.why or "the page bears out what was guessed"
    return Detected(detection.selector, str(detection.paging.__struct_config__.tag), why)


def _next(found: Preview, told: _Told) -> Next:  # noqa: PLR0911 - one for each position
    match found.next:
        case None:
            return Next(done=False, proven=False, why=told.text(found.stuck))
        case Done(why=why, proven=proven):
            return Next(done=True, proven=proven, why=told.text(why))
        case Token(value=value):
            return Next(done=False, proven=False, why=f"the next page is asked for with the cursor {_cut(told, value)}")
        case NextLink(url=url):
            return Next(done=False, proven=False, why=f"the next page is {masked(told.text(url))}")
        case AtOffset(offset=offset):
            return Next(done=False, proven=False, why=f"the next page begins at the offset {offset}")
        case AtPage(page=page):
            return Next(done=False, proven=False, why=f"the next page has the number {page}")
        case _:
            return Next(done=False, proven=False, why="the next page is asked for as the first one was")


def _cut(told: _Told, value: str | float) -> str:
    words, most = told.text(str(value)), 60
    return words if len(words) <= most else f"{words[: most - 1]}…"


# --- rows and columns -----------------------------------------------------------------------------


def _rows(batch: TableBatch | None, most: int) -> list[dict[str, Json]]:
    if batch is None:
        return []
    names = [name for name in batch.rows.column_names if not name.startswith(_OURS)]
    rows: list[dict[str, Json]] = batch.rows.select(names).slice(0, most).to_pylist()
    return rows


def _table(schema: TableSchema, batch: TableBatch | None, told: _Told) -> PreviewTable:
    sample = _rows(batch, 1)
    return PreviewTable(
        name=schema.name,
        parent=schema.parent,
        rows=batch.rows.num_rows if batch is not None else 0,
        columns=[
            PreviewColumn(each.name, each.data_type, each.nullable, *_filled(batch, each.name, told))
            for each in schema.columns
        ],
        sample=told.json({key: value for key, value in sample[0].items() if value is not None}) if sample else {},
    )


def _filled(batch: TableBatch | None, name: str, told: _Told) -> tuple[float, Json]:
    if name.startswith(_OURS):  # made by us, for every row
        return 1.0, None
    column = batch.rows.column(name) if batch is not None and name in batch.rows.column_names else None
    if column is None or not len(column):
        return 0.0, None
    valid = column.drop_null()
    return round(len(valid) / len(column), 3), told.json(valid[0].as_py()) if len(valid) else None


# --- keys ---------------------------------------------------------------------------------------------


def _keys(found: Preview, batch: TableBatch | None) -> Iterator[KeyCheck]:
    resource = found.resource
    if batch is None:
        return
    if resource.primary_key:
        yield _checked("primary_key", [normalise(key) for key in resource.primary_key], batch.rows, unique=True)
    if resource.merge_key:
        yield _checked("merge_key", [normalise(key) for key in resource.merge_key], batch.rows, unique=False)
    if not resource.primary_key and not resource.merge_key:
        candidates = (name for name in _LIKELY if name in batch.rows.column_names)
        checks = (_checked("candidate", [name], batch.rows, unique=True) for name in candidates)
        yield from [check for check in checks if check.good][:1]


def _checked(
    kind: Literal["primary_key", "merge_key", "candidate"], columns: list[str], rows: pa.Table, *, unique: bool
) -> KeyCheck:
    missing = [name for name in columns if name not in rows.column_names]
    if missing:
        why = f"no record on this page has {_named(missing)}"
        return KeyCheck(kind, columns, good=False, nulls=rows.num_rows, duplicates=0, why=why)
    whole = rows.select(columns).drop_null()
    nulls = rows.num_rows - whole.num_rows
    different = whole.group_by(columns).aggregate([]).num_rows
    duplicates = whole.num_rows - different if unique else 0
    problems = [
        *([f"{nulls} of {rows.num_rows} records have no value"] if nulls else []),
        *([f"{duplicates} repeat one that is there"] if duplicates else []),
    ]
    good = "in every record" + (", and unique on this page" if unique else "")
    return KeyCheck(kind, columns, not problems, nulls, duplicates, " and ".join(problems) or good)


def _named(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
