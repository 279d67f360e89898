"""What a schema contract makes of a batch: which rows and values it discards, and what it does not allow at all.

As in dlt, a discarded row takes all rows below it along, and a new table may have any columns in its first load.
What a discarded row holds teaches nothing of the schema, but for the row that a variant column was needed for: by
then its other columns are in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.declared import hints_of, nested_of
from headrace.decode.losses import Loss, Lost
from headrace.decode.names import normalise
from headrace.decode.observed import Kind, Observation, ObservedColumn, ObservedTable, first_valid
from headrace.errors import ContractBroken
from headrace.model.plan import EVOLVES, Evolution, Resource, SchemaContract
from headrace.model.table import Schema

Entity: TypeAlias = Literal["tables", "columns", "data_type"]
Parts: TypeAlias = Sequence[tuple[int, pa.Array]]
"""Values of one column, by the place of their table in the observation, each as long as that table."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Rows that the contract discards: a mask as long as the table, and why, in one sentence."""

    rows: pa.Array
    reason: str


@dataclass(frozen=True, slots=True)
class _Breach:
    """A change that is frozen: the first root row that asks for it, and what it asks for."""

    row: int
    entity: Entity
    fact: str


class Gate:
    """Decides for one batch. Tables are entered parents first; `tables` are those of the observation, less what has
    been discarded so far. `rows` and `values` say, by place, what has been.
    """

    def __init__(self, schema: Schema, observation: Observation, resource: Resource, run_id: str) -> None:
        self.tables: list[ObservedTable] = list(observation.tables)
        self.rows: dict[int, list[Discard]] = {}
        self.values: list[tuple[Lost, int]] = []
        self.refused: set[str] = set()
        self._gone: dict[int, pa.Array] = {}
        self._schema = schema
        self._observation = observation
        self._resource = resource
        self._run_id = run_id
        self._breaches: list[_Breach] = []
        stated = (resource.contract, *(each.contract for each in resource.nested))
        self.is_open = all(each in {None, EVOLVES} for each in stated)

    def in_order(self) -> list[str]:
        """The names of the tables, each once; a table's name is longer than that of what is above it."""
        names = list(dict.fromkeys(table.name for table in self.tables))
        return names if self.is_open else sorted(names, key=len)

    def takes_columns(self, table: str) -> bool:
        """Whether new columns are let in: always in the first load of a table."""
        known = self._schema.tables.get(table)
        is_new = known is None or (bool(self._run_id) and known.since == self._run_id)
        return is_new or self._contract(table).columns == "evolve"

    def takes_variants(self, table: str) -> bool:
        """Whether values that a column does not take may have one of their own."""
        return self._contract(table).data_type == "evolve"

    def gone(self, place: int) -> pa.Array | None:
        """Which rows of a table the contract has discarded, with all that lay below others; None for none."""
        return self._gone.get(place)

    def enter(self, name: str, known: Collection[str]) -> bool:
        """Discard what the table does not take; `known` are its columns. Whether anything of it is left to decide."""
        if self.is_open:
            return True
        places = [place for place, table in enumerate(self.tables) if table.name == name]
        for place in places:
            self._follow(place)
        if not self._admits(name, places):
            return False
        if name in self._schema.tables:
            self._check_declared(name)
        if not self.takes_columns(name):
            self._columns(name, places, known)
        for place in places:
            self._mask(place)
        return any(self.tables[place].parent is None or self._is_any_left(place) for place in places)

    def first_row(self, place: int) -> int:
        """The first row of a table that is not discarded."""
        gone = self._gone.get(place)
        found = -1 if gone is None else int(pc.index(gone, value=False).as_py())
        return max(found, 0)

    def refuse_values(self, name: str, column: str, kind: Kind, parts: Parts) -> None:
        """Values that `column` does not take, and that may have no variant of their own."""
        mode, fact = self._contract(name).data_type, f"{name}.{column} takes no {kind}"
        if mode == "freeze":
            self._breach("data_type", fact, parts)
        elif mode == "discard_row":
            self._discard_rows(name, "data_type", fact, [(place, pc.is_valid(part)) for place, part in parts])
        else:
            self._discard_values(f"{name}.{column}", parts)

    def check(self) -> None:
        """Raises ContractBroken for the first record that would change what is frozen."""
        if not self._breaches:
            return
        first = min(self._breaches, key=lambda each: each.row)
        page, number = self._observation.locate(self._observation.record(first.row))
        place = number if page.numbers is None else page.numbers[number]
        raise ContractBroken(
            f"{first.fact}, and the schema contract freezes {first.entity} (page {page.number}, record {place}):"
            f" nothing of this resource is loaded; write `evolve`, `discard_row` or `discard_value` for"
            f" `{first.entity}`, and run again"
        )

    def _contract(self, table: str) -> SchemaContract:
        """That of the table, else that of what is above it."""
        places = [place for place, each in enumerate(self.tables) if each.name == table]
        parent = self.tables[places[0]].parent if places else None
        if parent is None:
            return self._resource.contract or EVOLVES
        nested = nested_of(self._resource, table)
        above = nested.contract if nested else None
        return self._contract(self.tables[parent].name) if above is None else above

    def _follow(self, place: int) -> None:
        """What lies below a discarded row goes with it."""
        table = self.tables[place]
        above = None if table.parent is None else self._gone.get(table.parent)
        if above is not None:
            self._gone[place] = above.take(table.parent_rows)

    def _admits(self, name: str, places: Sequence[int]) -> bool:
        mode = self._of_new(name, places[0])
        if name in self._schema.tables or mode == "evolve":
            return True
        self.refused.add(name)
        everything = [(place, pa.repeat(pa.scalar(value=True), self.tables[place].rows)) for place in places]
        if mode == "freeze":
            self._breach("tables", f"the table {name} is new", self._left(everything))
        else:
            self._discard_rows(name, "tables", f"the table {name} is new", everything)
        return False

    def _check_declared(self, name: str) -> None:
        """What the configuration declares anew is a change of a table that is there, too."""
        contract = self._contract(name)
        known = {column.name: column for column in self._schema.tables[name].columns}
        for hint in hints_of(self._resource, name):
            column = known.get(normalise(hint.name))
            if column is None:
                if hint.data_type is not None and contract.columns == "freeze" and not self.takes_columns(name):
                    fact = f"{name}.{normalise(hint.name)}, which the configuration declares, is a new column"
                    self._breaches.append(_Breach(0, "columns", fact))
            elif contract.data_type == "freeze" and hint.data_type not in {None, column.data_type}:
                fact = f"{name}.{column.name} is {column.data_type}, and the configuration declares {hint.data_type}"
                self._breaches.append(_Breach(0, "data_type", fact))

    def _of_new(self, name: str, place: int) -> Evolution:
        """As in dlt, the table above decides whether there may be one below it, unless that is frozen itself."""
        parent, own = self.tables[place].parent, self._contract(name).tables
        return own if parent is None or own == "freeze" else self._contract(self.tables[parent].name).tables

    def _columns(self, name: str, places: Sequence[int], known: Collection[str]) -> None:
        mode = self._contract(name).columns
        names = dict.fromkeys(column for place in places for column in self.tables[place].columns)
        for column in (each for each in names if each not in known and not each.startswith("_dlt_")):
            parts = [(place, part) for place in places for part in self._parts(place, column)]
            self._discard_column(name, column, mode, parts)
            for place in places:
                self._take_out(place, column)

    def _discard_column(self, name: str, column: str, mode: Evolution, parts: Parts) -> None:
        fact = f"{name}.{column} is a new column"
        if mode == "freeze":
            self._breach("columns", fact, self._left(parts))
        elif mode == "discard_row":
            self._discard_rows(name, "columns", fact, [(place, pc.is_valid(part)) for place, part in parts])
        else:
            self._discard_values(f"{name}.{column}", self._left(parts))

    def _parts(self, place: int, column: str) -> Iterable[pa.Array]:
        found = self.tables[place].columns.get(column)
        return found.parts.values() if found else ()

    def _take_out(self, place: int, column: str) -> None:
        table = self.tables[place]
        kept = {name: values for name, values in table.columns.items() if name != column}
        self.tables[place] = replace(table, columns=kept)

    def _left(self, parts: Parts) -> Parts:
        """The values less those of rows that are discarded."""
        return [
            (place, part if (gone := self._gone.get(place)) is None else pc.if_else(gone, None, part))
            for place, part in parts
        ]

    def _mask(self, place: int) -> None:
        """Take the values of discarded rows out of the table."""
        gone, table = self._gone.get(place), self.tables[place]
        if gone is None:
            return
        columns: dict[str, ObservedColumn] = {}
        for name, column in table.columns.items():
            parts = {kind: pc.if_else(gone, None, part) for kind, part in column.parts.items()}
            parts = {kind: part for kind, part in parts.items() if part.null_count < len(part)}
            if parts:
                columns[name] = ObservedColumn(parts)
        self.tables[place] = replace(table, columns=columns)

    def _is_any_left(self, place: int) -> bool:
        gone = self._gone.get(place)
        return gone is None or not pc.all(gone).as_py()

    def _breach(self, entity: Entity, fact: str, parts: Parts) -> None:
        rows = [
            int(self.tables[place].root_rows[first_valid(part)].as_py())
            for place, part in parts
            if part.null_count < len(part)
        ]
        if rows:
            self._breaches.append(_Breach(min(rows), entity, fact))

    def _discard_rows(self, name: str, entity: Entity, fact: str, masks: Parts) -> None:
        reason = f"{fact}, and the schema contract discards such rows; write `evolve` for `{entity}` to take them"
        for place, mask in masks:
            gone = self._gone.get(place)
            new = mask if gone is None else pc.and_not(mask, gone)
            count = pc.sum(new).as_py()
            if not count:
                continue
            self._gone[place] = mask if gone is None else pc.or_(mask, gone)
            self.rows.setdefault(place, []).append(Discard(new, reason))
            if self.tables[place].parent is not None:
                self.values.append((Lost(name, Loss.DISCARDED_ROW), count))

    def _discard_values(self, where: str, parts: Parts) -> None:
        count = sum(len(part) - part.null_count for _, part in parts)
        if count:
            self.values.append((Lost(where, Loss.DISCARDED_VALUE), count))
