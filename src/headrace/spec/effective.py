"""Every effective value of a plan as JSON, by a name: what `explain` tells of the client and of each resource."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headrace.model.plan import (
    Auth,
    Client,
    ColumnHint,
    Incremental,
    Json,
    NestedHints,
    NoAuth,
    Paging,
    ParentField,
    Ref,
    Resource,
    Text,
    WindowValue,
)
from headrace.model.strategy import DeleteInsert, word

_OPEN = ("client_id", "token_url", "auth_endpoint")
"""Fields of a credential that are no secret where they are written out."""
_HIDDEN = "***"


def of_client(client: Client, url: str | None) -> Iterator[tuple[str, Json]]:
    """The values of a client, by name; `url` is its address as it may be shown."""
    yield "base_url", url if client.base_url else None
    yield from _of_auth(client.auth)
    for name, value in client.headers:
        yield f"headers.{name}", plainly(value)
    if client.limit is not None:
        yield "rate", msgspec.structs.asdict(client.limit)
    if client.allowed_origins:
        yield "allowed_origins", list(client.allowed_origins)


def of_resource(resource: Resource) -> Iterator[tuple[str, Json]]:
    """The values of a resource, by name."""
    request = resource.request
    yield "name", resource.name
    yield "method", request.method
    yield "path", plainly(request.path, resource)
    for kind, pairs in (("params", request.params), ("headers", request.headers)):
        sent: dict[str, list[Json]] = {}
        for name, value in pairs:
            sent.setdefault(name, []).append(plainly(value, resource))
        yield from ((f"{kind}.{name}", values[0] if len(values) == 1 else values) for name, values in sent.items())
    for kind, body in (("json", request.json), ("form", request.form), ("body", request.raw_body)):
        if body is not None:
            yield kind, plainly(body, resource)
    if resource.auth is not None:
        yield from _of_auth(resource.auth)
    yield from _of_paging(resource.paging)
    yield "selector", resource.selector
    if resource.parent is not None:
        yield "parent", resource.parent.resource
        if resource.parent.included:
            yield "parent.include", list(resource.parent.included)
    if resource.incremental is not None:
        yield from _of_incremental(resource.incremental)
    yield from _of_table(resource)
    if resource.actions:
        yield "response_actions", plainly(resource.actions)
    yield from _of_patience(resource)


def _of_auth(auth: Auth) -> Iterator[tuple[str, Json]]:
    yield "auth.kind", _tag(auth)
    if isinstance(auth, NoAuth):
        return
    for name, value in msgspec.structs.asdict(auth).items():
        shows = not isinstance(value, Text) or value.refs or name in _OPEN
        if value is not None and value != ():
            yield f"auth.{name}", plainly(value) if shows or not value.literal else _HIDDEN


def _of_paging(paging: Paging) -> Iterator[tuple[str, Json]]:
    yield "paging.kind", _tag(paging)
    for name, value in msgspec.structs.asdict(paging).items():
        if value is not None and value is not False:
            yield f"paging.{name}", value


def _of_incremental(rule: Incremental) -> Iterator[tuple[str, Json]]:
    for name, value in msgspec.structs.asdict(rule).items():
        if value is not None and name != "key_listed":
            yield f"incremental.{name}", plainly(value)


def _of_table(resource: Resource) -> Iterator[tuple[str, Json]]:
    yield "table", resource.table
    yield "disposition", resource.disposition
    if resource.strategy != DeleteInsert():
        yield "strategy", word(resource.strategy)
        for name, value in msgspec.structs.asdict(resource.strategy).items():
            if value is not None and value is not False:
                yield f"strategy.{name}", value
    yield "primary_key", list(resource.primary_key)
    if resource.merge_key:
        yield "merge_key", list(resource.merge_key)
    if resource.columns:
        yield "columns", {hint.name: _hint(hint) for hint in resource.columns}
    if resource.contract is not None:
        yield "schema_contract", msgspec.structs.asdict(resource.contract)
    if resource.nested:
        yield "nested_hints", {each.name: _nested(each) for each in resource.nested}
    if resource.max_nesting is not None:
        yield "max_nesting", resource.max_nesting
    yield "selected", resource.selected


def _hint(hint: ColumnHint) -> dict[str, Json]:
    said = {"data_type": hint.data_type, "nullable": hint.nullable, "dedup_sort": hint.dedup_sort}
    said["hard_delete"] = hint.hard_delete or None
    return {key: value for key, value in said.items() if value is not None}


def _nested(hints: NestedHints) -> dict[str, Json]:
    columns = {hint.name: _hint(hint) for hint in hints.columns}
    contract = {} if hints.contract is None else {"schema_contract": msgspec.structs.asdict(hints.contract)}
    return ({"columns": columns} if columns else {}) | contract


def _of_patience(resource: Resource) -> Iterator[tuple[str, Json]]:
    for name, value in msgspec.structs.asdict(resource.retry).items():
        if value is not None:
            yield f"retry.{name}", plainly(value)
    if resource.deadline_s is not None:
        yield "deadline_s", resource.deadline_s


def _tag(struct: msgspec.Struct) -> str:
    return str(struct.__struct_config__.tag)


def plainly(value: Json, resource: Resource | None = None) -> Json:  # noqa: PLR0911 - one for each kind
    """A value of the plan as JSON: references as `<secret:NAME>`, slots as the placeholders that they were."""
    match value:
        case Text(parts=parts):
            return "".join(plainly(part, resource) for part in parts)
        case Ref(name=name, kind=kind):
            return f"<{kind}:{name}>"
        case ParentField():
            return value.of(
                resource.parent.resource if resource is not None and resource.parent is not None else "parent"
            )
        case WindowValue(which=which):
            return f"{{incremental.{which}}}"
        case msgspec.Struct():
            return {name: plainly(one, resource) for name, one in msgspec.structs.asdict(value).items()}
        case dict():
            return {plainly(key, resource): plainly(one, resource) for key, one in value.items()}
        case list() | tuple():
            return [plainly(one, resource) for one in value]
        case _:
            return value
