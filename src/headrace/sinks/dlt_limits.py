"""What a dataset of dlt's asks for that headrace does not do: said once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from headrace.model.plan import Json
from headrace.sinks import dlt_schema, dlt_state
from headrace.sinks.dlt_merges import STRATEGY
from headrace.sinks.dlt_schema import Document

_COLUMN_HINTS = ("hard_delete", "dedup_sort")


def unmet(
    schema: Document, resources: AbstractSet[str], done: Mapping[str, AbstractSet[str]] = MappingProxyType({})
) -> list[str]:
    """What the stored schema asks for, of the whole dataset and of the tables that these resources fill.

    `done` is what the run does for a resource all the same.
    """
    found = [*_of_the_whole(schema)]
    for name, table in schema["tables"].items():
        if table.get("resource") in resources:
            does = done.get(table["resource"], frozenset())
            found += [f"{hint} on `{name}`" for hint in _of_a_table(table) if hint not in does]
    return found


def strict(schema: Document, resources: AbstractSet[str]) -> dict[str, str]:
    """By resource, the table on which the stored schema has a schema contract."""
    tables = ((name, table) for name, table in schema["tables"].items() if table.get("resource") in resources)
    return {table["resource"]: name for name, table in tables if _is_strict(table.get("schema_contract"))}


def is_another_engine(schema: Document | None, state: Document | None) -> bool:
    """Whether another version of dlt has written either, in a form that is not read here."""
    return (schema is not None and schema.get("engine_version") != dlt_schema.ENGINE_VERSION) or (
        state is not None and state.get("_state_engine_version") != dlt_state.ENGINE_VERSION
    )


def listed(what: Iterable[str]) -> str:
    """Things in a sentence."""
    return ", ".join(what)


def _of_the_whole(schema: Document) -> Iterator[str]:
    settings, normalizers = schema.get("settings") or {}, schema.get("normalizers") or {}
    if normalizers.get("names", "snake_case") not in {"snake_case", "dlt.common.normalizers.naming.snake_case"}:
        yield f"the naming convention `{normalizers['names']}`"
    if others := sorted(set(settings.get("detections") or ()) - {"iso_timestamp"}):
        yield f"the type detections {listed(others)}"
    if settings.get("preferred_types"):
        yield "preferred types"
    if _is_strict(settings.get("schema_contract")):
        yield "a schema contract"


def _of_a_table(table: Document) -> Iterator[str]:
    if table.get("write_disposition") == "merge" and table.get(STRATEGY, "delete-insert") != "delete-insert":
        yield f"the merge strategy `{table[STRATEGY]}`"
    if table.get("filters"):
        yield "filters"
    for hint in _COLUMN_HINTS:
        if any(column.get(hint) for column in table["columns"].values()):
            yield f"`{hint}`"


def _is_strict(contract: Json) -> bool:
    modes = contract.values() if isinstance(contract, dict) else [contract]
    return any(mode not in {None, "evolve"} for mode in modes)
