"""How a rule of the table contract is written down: some records, and the tables that come of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from headrace.model.plan import ColumnHint

Row = dict[str, Any]
Types = dict[str, str]
Page = Sequence[Any]


@dataclass(frozen=True)
class Rule:
    """`pages` of records, each a value or raw bytes. `types` and `rows` are by table, named by what follows the root.

    System columns are left out of both, and nulls out of the rows.
    """

    pages: Sequence[Page]
    types: dict[str, Types]
    rows: dict[str, list[Row]]
    columns: tuple[ColumnHint, ...] = ()
    max_nesting: int | None = None


@dataclass(frozen=True)
class _Table:
    types: Types
    rows: list[Row] = field(default_factory=list)


def rule(*pages: Page, depth: int | None = None, hints: Types | None = None, **tables: _Table) -> Rule:
    """`root` and, by what follows the root's name, the child tables: `tags=…` is `root__tags`."""
    named = {"" if name == "root" else f"__{name}": table for name, table in tables.items()}
    return Rule(
        pages,
        {name: table.types for name, table in named.items()},
        {name: table.rows for name, table in named.items()},
        tuple(ColumnHint(name, data_type) for name, data_type in (hints or {}).items()),
        depth,
    )


def gives(types: Types, *rows: Row) -> _Table:
    return _Table(types, list(rows))


def column(kind: str, *values: Any, name: str = "a") -> _Table:
    """A table of one column; None for a row without a value."""
    return _Table({name: kind}, [{} if value is None else {name: value} for value in values])


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def of_a(*values: Any) -> list[Row]:
    """One page: a record for each value, under the key `a`."""
    return [{"a": value} for value in values]
