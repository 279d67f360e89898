"""All that `headrace explain` has to say of a document, as one value: printed as JSON, or laid out for a person."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeGuard

import msgspec

from headrace.cli.masks import masked, masked_json
from headrace.cli.run import config_name
from headrace.cli.version import version
from headrace.decode.rules import DecodeRules
from headrace.model.naming import normalise
from headrace.model.plan import Client, Json, Plan, Resource
from headrace.model.table import TableSchema
from headrace.run.asks import Ask, asks
from headrace.run.outlook import Before, Outlook, outlook
from headrace.spec.faults import Fault
from headrace.spec.origins import Value, client_values, resource_values
from headrace.spec.read import Options, Reading
from headrace.transport.base import MAX_CONCURRENCY
from headrace.transport.prepare import CREDENTIAL_HEADERS
from headrace.transport.redact import MASK

_MARK = re.compile(r"<(?:secret|config|env):[^>]+>")


class Column(msgspec.Struct, frozen=True):
    """A column to expect: "declared" by the document, or "seen" in the pages of an earlier run."""

    name: str
    data_type: str | None
    nullable: bool
    origin: Literal["declared", "seen"]


class Table(msgspec.Struct, frozen=True):
    """A table to expect."""

    name: str
    parent: str | None
    columns: list[Column]


class Expected(msgspec.Struct, frozen=True):
    """How much of one resource to expect, by the run named; `changed`: its requests were others then."""

    run_id: str = ""
    pages: int | None = None
    records: int | None = None
    requests: int | None = None
    changed: bool = False
    why: str = ""


class ExplainedResource(msgspec.Struct, frozen=True):
    """One resource."""

    name: str
    selected: bool
    parent: str | None
    values: dict[str, Value]
    requests: list[Ask]
    expect: Expected
    tables: list[Table]


class Values(msgspec.Struct, frozen=True):
    """Effective values by name."""

    values: dict[str, Value]


class Limits(msgspec.Struct, frozen=True):
    """What holds requests back; `api` is the kind of limit that the API told in the last run."""

    rate: Json = None
    max_concurrency: int = MAX_CONCURRENCY
    pages: int | None = None
    api: str = ""


class Whole(msgspec.Struct, frozen=True):
    """How much the run as a whole is to bring, by the last one; `at_least_s` is what the declared rate alone takes."""

    run_id: str = ""
    requests: int | None = None
    records: int | None = None
    wall_s: float | None = None
    at_least_s: float | None = None
    unfinished: str = ""
    why: str = ""


class Explained(msgspec.Struct, frozen=True):
    """The object that is printed."""

    config: str
    name: str
    dialect: str | None
    runnable: bool
    needs: tuple[str, ...]
    faults: tuple[Fault, ...]
    client: Values | None = None
    resources: list[ExplainedResource] = []
    limits: Limits = Limits()
    expect: Whole = Whole()
    fillers: Mapping[str, str] = {}


def explained(reading: Reading, options: Options, flags: argparse.Namespace) -> Explained:
    """A document, explained; of one that cannot run only what is wrong."""
    bare = Explained(
        config=masked(config_name(flags.config)),
        name=reading.name,
        dialect=reading.dialect,
        runnable=reading.plan is not None,
        needs=reading.needs,
        faults=reading.faults,
        fillers=reading.fillers,
    )
    plan = reading.plan
    if plan is None:
        return bare
    folder = Path(flags.journal or f".headrace/{reading.name}")
    known = outlook(plan, folder, DecodeRules(widen_numbers=flags.widen_numbers, strict=flags.strict))
    return msgspec.structs.replace(
        bare,
        client=Values(_masked_values(client_values(reading, plan.client, options))),
        resources=[_resource(reading, options, plan, each, known) for each in plan.resources],
        limits=Limits(
            rate=msgspec.to_builtins(plan.client.limit),
            max_concurrency=flags.max_concurrency or MAX_CONCURRENCY,
            pages=flags.limit_pages,
            api=known.last.budget if known.last is not None else "",
        ),
        expect=_whole(plan, known, folder),
    )


def _resource(reading: Reading, options: Options, plan: Plan, resource: Resource, known: Outlook) -> ExplainedResource:
    before = known.resources[resource.name]
    settled, found_out = _settled(resource, before)
    client = plan.client
    return ExplainedResource(
        name=resource.name,
        selected=resource.selected,
        parent=resource.parent.resource if resource.parent is not None else None,
        values=_masked_values(resource_values(reading, settled, options, found_out=found_out)),
        requests=[_masked_ask(each) for each in _asks(client, settled, before)],
        expect=_expected(resource, before),
        tables=_tables(resource, before.tables) if resource.selected else [],
    )


def _asks(client: Client, resource: Resource, before: Before) -> list[Ask]:
    return asks(client, resource, before.window, agent=f"headrace/{version()}")


def _settled(resource: Resource, before: Before) -> tuple[Resource, str]:
    """The resource with what its first response has settled before, and the sentence on that."""
    if before.detected is None:
        return resource, ""
    found = msgspec.structs.replace(resource, paging=before.detected.paging, selector=before.detected.selector)
    return found, f"{before.detected.why} (run {before.detected_in}; each run looks again)"


def _expected(resource: Resource, before: Before) -> Expected:
    report = before.report
    if report is None:
        one = resource.paging.__struct_config__.tag == "single" and resource.parent is None
        why = "one request, one page" if one else "only the first response tells"
        return Expected(pages=1 if one else None, requests=1 if one else None, why=why)
    return Expected(before.run_id, report.pages, report.records, report.requests, before.changed)


def _whole(plan: Plan, known: Outlook, folder: Path) -> Whole:
    unfinished = known.unfinished.run.run_id if known.unfinished is not None else ""
    last = known.last
    if last is None:
        why = f"no finished run is in {folder}: only the first responses tell how much there is"
        return Whole(unfinished=unfinished, why=why)
    rate = plan.client.limit
    windows = math.ceil(last.requests / rate.requests) - 1 if rate is not None else 0
    return Whole(
        run_id=last.run_id,
        requests=last.requests,
        records=last.records,
        wall_s=last.wall_s,
        at_least_s=max(0, windows) * rate.window_s if rate is not None else None,
        unfinished=unfinished,
    )


# --- tables -------------------------------------------------------------------------------------


def _tables(resource: Resource, seen: tuple[TableSchema, ...]) -> list[Table]:
    """The tables by what was seen of them, with what is declared of the root."""
    root = normalise(resource.table)
    declared = {column.name: column for column in _declared(resource)}
    known = {table.name: table for table in seen}
    columns = [
        Column(each.name, each.data_type, each.nullable, "declared" if each.name in declared else "seen")
        for each in (known[root].columns if root in known else ())
    ]
    there = {column.name for column in columns}
    first = Table(root, None, [*(each for each in declared.values() if each.name not in there), *columns])
    below = [
        Table(name, table.parent, [Column(each.name, each.data_type, each.nullable, "seen") for each in table.columns])
        for name, table in known.items()
        if name != root
    ]
    return [first, *below]


def _declared(resource: Resource) -> list[Column]:
    """Columns that the document names: keys, hints, and what comes from the parent's record."""
    keys = {normalise(key) for key in (*resource.primary_key, *resource.merge_key)}
    hints = [
        Column(name, hint.data_type, hint.nullable is not False and name not in keys, "declared")
        for hint in resource.columns
        for name in [normalise(hint.name)]
    ]
    named = {column.name for column in hints}
    parent = resource.parent
    given = [normalise(column) for column in parent.columns] if parent is not None else []
    return [
        *(Column(key, None, False, "declared") for key in sorted(keys - named)),
        *hints,
        *(Column(name, None, True, "declared") for name in given if name not in named | keys),
    ]


# --- masks --------------------------------------------------------------------------------------


def _masked_values(values: dict[str, Value]) -> dict[str, Value]:
    return {
        key: msgspec.structs.replace(each, value=_masked_of(key, each.value), why=masked(each.why))
        for key, each in values.items()
    }


def _masked_of(key: str, value: Json) -> Json:
    if key.startswith("auth."):  # masked already; an address is still one
        if isinstance(value, list):  # pairs of the token's request, of which none is masked yet
            return [[each[0], masked_json(str(each[0]), each[1])] if _is_pair(each) else each for each in value]
        return masked(value) if isinstance(value, str) else value
    part, _, name = key.partition(".")
    if part == "headers" and CREDENTIAL_HEADERS.fullmatch(name) and isinstance(value, str) and not _MARK.search(value):
        return MASK
    return masked_json(name or part, value)


def _is_pair(value: Json) -> TypeGuard[list[Json]]:
    return isinstance(value, list) and len(value) == 2  # noqa: PLR2004 - a name and its value


def _masked_ask(ask: Ask) -> Ask:
    body = ask.body
    if body is not None:
        try:
            body = msgspec.json.encode(masked_json("", msgspec.json.decode(body))).decode()
        except msgspec.DecodeError:  # a form, or a text
            body = masked(body)
    return msgspec.structs.replace(ask, url=masked(ask.url), body=body)
