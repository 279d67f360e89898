"""Which type every column gets, and which column every value: decided in page order, as dlt decides row by row.

The first value of a column fixes its type. What cannot be cast to it goes to a variant column
`<column>__v_<type>`, whose type its own first value fixes. What fits neither makes the record a reject.
With `--widen-numbers` a whole-number column takes a fraction by becoming double, for all values and for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode import identity, moments
from headrace.decode.coerce import cast, cast_values, type_of
from headrace.decode.contract import Gate
from headrace.decode.declared import declared, required
from headrace.decode.grow import grown, is_anothers, known_columns, with_doubles
from headrace.decode.losses import Lost
from headrace.decode.merging import links
from headrace.decode.names import variant
from headrace.decode.observed import Kind, Observation, ObservedColumn, ObservedTable, first_valid
from headrace.decode.order import Newcomer, in_order
from headrace.decode.shape import shape_of
from headrace.model.plan import Resource
from headrace.model.table import Column, DataType, Schema

_TAKES_HUGE: frozenset[DataType] = frozenset({"text", "double", "decimal", "wei"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Values for one column, of its type already and as long as the table, null where the value is elsewhere."""

    column: str
    data_type: DataType
    values: pa.Array
    kind: Kind
    original: pa.Array


@dataclass(frozen=True, slots=True)
class Misfit:
    """Rows with a value that no column can take: a mask as long as the table, and why, in one sentence."""

    rows: pa.Array
    reason: str


@dataclass(slots=True)
class FoldedTable:
    """What becomes of one observed table; these stand as the tables of the observation do.

    `gone` are rows that a schema contract discards, a mask as long as the table; of a root they are misfits as well.
    """

    pieces: list[Piece] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    gone: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """`schema` holds all tables known after this batch; `tables` say where this batch's values go.

    `discarded` counts what a schema contract has discarded, rows of root tables left out: those are misfits.
    """

    schema: Schema
    tables: tuple[FoldedTable, ...]
    discarded: tuple[tuple[Lost, int], ...] = ()


def fold(schema: Schema, observation: Observation, resource: Resource, run_id: str = "") -> Folded:
    """Decide what is new in this batch, given all that earlier batches decided. The arguments are left as they are.

    Raises ContractBroken where a schema contract freezes what the batch would change. New tables are of `run_id`.
    """
    folded = tuple(FoldedTable() for _ in observation.tables)
    gate = Gate(schema, observation, resource, run_id)
    newcomers: list[Newcomer] = []
    widened: dict[str, frozenset[str]] = {}
    for name in gate.in_order():
        if is_anothers(name, schema, resource):
            _refuse(name, schema, observation, folded)
            continue
        columns = known_columns(schema.tables.get(name), resource, gate, name)
        if not gate.enter(name, columns):
            continue
        table = _Table(name, observation, columns, folded, gate)
        newcomers += table.decide(merges=links(resource))
        widened[name] = frozenset(table.widened)
    gate.check()
    _discard(gate, folded)
    tables = grown(schema, observation, gate, run_id, in_order(newcomers, observation, shape_of(resource)))
    return Folded(Schema(with_doubles(tables, widened)), folded, tuple(gate.values))


def _discard(gate: Gate, folded: tuple[FoldedTable, ...]) -> None:
    """Mark the rows that the contract discards; a record whose own row goes is a reject."""
    for place, (table, plan) in enumerate(zip(gate.tables, folded, strict=True)):
        plan.gone = gate.gone(place)
        if table.parent is None:
            plan.misfits += [Misfit(each.rows, each.reason) for each in gate.rows.get(place, ())]


def _refuse(name: str, schema: Schema, observation: Observation, folded: tuple[FoldedTable, ...]) -> None:
    """Every record with a row for a table that is another's."""
    owner = schema.tables[name].root
    reason = f"the table {name} belongs to what fills {owner}; give one of the two resources another table_name"
    for table, plan in zip(observation.tables, folded, strict=True):
        if table.name == name:
            plan.misfits.append(Misfit(pa.repeat(pa.scalar(value=True), table.rows), reason))


class _Table:
    """The decisions for one table, which may be observed at several places (below different parents)."""

    def __init__(
        self,
        name: str,
        observation: Observation,
        columns: dict[str, Column],
        folded: tuple[FoldedTable, ...],
        gate: Gate,
    ) -> None:
        self._name = name
        self._places = [place for place, table in enumerate(observation.tables) if table.name == name]
        self._tables = gate.tables
        self._columns = columns
        self._folded = folded
        self._gate = gate
        self._required = required(observation.resource, name)
        self._newcomers: list[Newcomer] = []
        self._may_widen = observation.rules.widen_numbers and gate.takes_variants(name)
        self._declared = declared(observation.resource, name)
        self.widened: set[str] = set()

    def decide(self, *, merges: bool) -> list[Newcomer]:
        ours = system_columns(self._tables[self._places[0]], merges=merges)
        reserved = {column.name for column in ours}
        for name in dict.fromkeys(name for place in self._places for name in self._tables[place].columns):
            if name not in reserved:
                self._column(name)
        for column in ours:
            if column.name not in self._columns:
                place = min(self._places, key=lambda place: (self._first_root_row(place), place))
                first = self._gate.first_row(place)
                self._newcomers.append(Newcomer(column, self._name, place, first, beside=column.name))
        return self._newcomers

    def _first_root_row(self, place: int) -> int:
        return self._root_row(place, self._gate.first_row(place))

    def _root_row(self, place: int, row: int) -> int:
        return int(self._tables[place].root_rows[row].as_py())

    def _column(self, name: str) -> None:
        sources = [
            (place, self._tables[place].columns[name]) for place in self._places if name in self._tables[place].columns
        ]
        column = self._columns.get(name)
        if column is None:
            column = self._new_column(name, sources)
        if column is not None and self._must_widen(column, sources):
            column = self._columns[name] = msgspec.structs.replace(column, data_type="double")
            self.widened.add(name)
        left: dict[Kind, list[tuple[int, pa.Array]]] = {}
        for place, found in sources:
            for kind, part in found.parts.items():
                if column is None or (kind == "huge" and column.data_type not in _TAKES_HUGE):
                    self._misfit(place, part, name, "an integer beyond 64 bits")
                    continue
                values, wrong = cast(found, kind, column.data_type)
                if values.null_count < len(values):
                    self._folded[place].pieces.append(Piece(name, column.data_type, values, kind, part))
                if wrong is not None:
                    left.setdefault(kind, []).append((place, pc.if_else(wrong, part, None)))
        for kind, parts in left.items():
            self._variant(name, kind, parts)

    def _must_widen(self, column: Column, sources: list[tuple[int, ObservedColumn]]) -> bool:
        """Whether a fraction has come up in a whole-number column that nobody declared."""
        if not self._may_widen or column.data_type != "bigint" or column.name in self._declared:
            return False
        return any("double" in found.parts and cast(found, "double", "bigint")[1] is not None for _, found in sources)

    def _new_column(self, name: str, sources: list[tuple[int, ObservedColumn]]) -> Column | None:
        """The column as its first value makes it; None if there are only integers beyond 64 bits, which make none."""
        firsts = [
            (self._root_row(place, first[0]), place, *first)
            for place, found in sources
            if (first := found.first()) is not None
        ]
        if not firsts:
            return None
        _, place, row, kind = min(firsts)
        data_type = _inferred(kind, self._tables[place].columns[name].parts[kind], row)
        column = self._columns[name] = Column(name, data_type, nullable=self._nullable(name))
        self._newcomers.append(Newcomer(column, self._name, place, row, beside=name))
        return column

    def _variant(self, base: str, kind: Kind, parts: list[tuple[int, pa.Array]], above: str = "") -> None:
        """Put values into the variant column of `base` (or of `above`, a variant that does not take them either)."""
        if kind == "huge":
            for place, part in parts:
                self._misfit(place, part, base, "an integer of too many digits")
            return
        name = variant(above or base, type_of(kind))
        column = self._columns.get(name)
        if column is None and not self._gate.takes_variants(self._name):
            self._gate.refuse_values(self._name, base, kind, parts)
            return
        if column is None:
            rows = [(place, part, first_valid(part)) for place, part in parts]
            place, part, row = min(rows, key=lambda found: (self._root_row(found[0], found[2]), found[0]))
            # dlt ends here with an error; a variant of a variant takes the value as it is, so that nothing is lost
            column = Column(name, type_of(kind) if above else _inferred(kind, part, row), variant=True)
            self._columns[name] = column
            self._newcomers.append(Newcomer(column, self._name, place, row, beside=base))
        left = []
        for place, part in parts:
            values, wrong = cast_values(part, kind, column.data_type)
            if values.null_count < len(values):
                self._folded[place].pieces.append(Piece(name, column.data_type, values, kind, part))
            if wrong is not None:
                left.append((place, pc.if_else(wrong, part, None)))
        if left and not above:
            self._variant(base, kind, left, above=name)
        else:
            for place, part in left:
                self._misfit(place, part, base, f"a value that none of its columns takes, nor {name}")

    def _misfit(self, place: int, values: pa.Array, column: str, what: str) -> None:
        reason = f"{self._name}.{column} holds {what}; declare the column's data type (text takes everything)"
        self._folded[place].misfits.append(Misfit(pc.is_valid(values), reason))

    def _nullable(self, name: str) -> bool:
        return name not in self._required


def _inferred(kind: Kind, part: pa.Array, row: int) -> DataType:
    if kind == "text" and moments.is_timestamp(part[row].as_py()):
        return "timestamp"
    return type_of(kind)


def system_columns(table: ObservedTable, *, merges: bool) -> tuple[Column, ...]:
    """The columns that every row of the table carries besides its data, as dlt orders them."""
    if table.parent is None:
        return (Column(identity.LOAD_ID, "text", nullable=False), Column(identity.ID, "text", nullable=False))
    root = (Column(identity.ROOT_ID, "text", nullable=False),) if merges else ()
    return (
        *root,
        Column(identity.PARENT_ID, "text", nullable=False),
        Column(identity.LIST_INDEX, "bigint", nullable=False),
        Column(identity.ID, "text", nullable=False),
    )
