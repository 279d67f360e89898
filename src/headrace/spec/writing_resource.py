"""A resource as its mapping: its table's side, and its endpoint."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from headrace.model.plan import (
    AutoPaging,
    ColumnHint,
    Incremental,
    NestedHints,
    Offset,
    Ref,
    Request,
    Resource,
    ResponseAction,
    RetryPolicy,
    SchemaContract,
    Text,
)
from headrace.model.strategy import DeleteInsert, Scd2
from headrace.model.strategy import word as strategy_word
from headrace.spec.placeholders import is_single_entity
from headrace.spec.writing_auth import auth_tree
from headrace.spec.writing_paging import paging_tree, sized_oddly
from headrace.spec.writing_value import (
    Function,
    Mapping,
    Tongue,
    Value,
    is_repeated,
    json_tree,
    number_or,
    one_or_many,
    templated,
)

_BRACED = re.compile(r"\{(\w+)\}")


def resource_tree(resource: Resource, tongue: Tongue, open_names: Collection[str] = ()) -> Mapping:
    """The resource with every value that differs from what is read where nothing is stated."""
    tree: Mapping = {"name": resource.name}
    if resource.table != resource.name:
        tree["table_name"] = resource.table
    if resource.disposition != "append":
        tree["write_disposition"] = _disposition(resource)
    if resource.primary_key:
        tree["primary_key"] = one_or_many(resource.primary_key, listed=_listed_key(resource))
    if resource.merge_key:
        tree["merge_key"] = one_or_many(resource.merge_key)
    tree |= _declared(resource)
    if resource.max_nesting is not None:
        tree["max_table_nesting"] = resource.max_nesting
    if not resource.selected:
        tree["selected"] = False
    if resource.parent is not None and resource.parent.included:
        tree["include_from_parent"] = list[Value](resource.parent.included)
    if resource.guesses and tongue.ours:
        tree["guesses"] = list[Value](sorted(resource.guesses))
    return {**tree, "endpoint": endpoint_tree(resource, tongue, open_names)}


def _declared(resource: Resource) -> Mapping:
    tree: Mapping = {}
    if resource.columns:
        tree["columns"] = {hint.name: _column(hint) for hint in resource.columns}
    if resource.contract is not None:
        tree["schema_contract"] = _words(resource.contract)
    if resource.nested:
        tree["nested_hints"] = {hints.name: _nested(hints) for hints in resource.nested}
    return tree


def _words(contract: SchemaContract) -> Value:
    words = contract.words
    return words if isinstance(words, str) else dict[str, Value](words)


def _nested(hints: NestedHints) -> Mapping:
    # Here dlt does not add the names itself.
    columns: Mapping = {hint.name: {"name": hint.name, **_column(hint)} for hint in hints.columns}
    contract: Mapping = {} if hints.contract is None else {"schema_contract": _words(hints.contract)}
    return ({"columns": columns} if columns else {}) | contract


def _listed_key(resource: Resource) -> bool:
    """Dlt remembers the boundary's rows of a key by another digest where the key is a list of one."""
    rule = resource.incremental
    return rule is not None and rule.primary_key is None and rule.key_listed


def _column(hint: ColumnHint) -> Mapping:
    tree: Mapping = {}
    if hint.data_type is not None:
        tree["data_type"] = hint.data_type
    if hint.nullable is not None:
        tree["nullable"] = hint.nullable
    if hint.hard_delete:
        tree["hard_delete"] = True
    if hint.dedup_sort is not None:
        tree["dedup_sort"] = hint.dedup_sort
    return tree


def _disposition(resource: Resource) -> Value:
    """The word, or where there is more to say of a merge, a mapping."""
    way = resource.strategy
    if way == DeleteInsert():
        return resource.disposition
    tree: Mapping = {"disposition": resource.disposition, "strategy": strategy_word(way)}
    names = {"skip_unchanged": "skip_unchanged_rows", "row_version": "row_version_column_name"}
    names |= {"active": "active_record_timestamp", "boundary": "boundary_timestamp"}
    for field in msgspec.structs.fields(way):
        value = getattr(way, field.name)
        if value != field.default and field.name in names:
            tree[names[field.name]] = value
    if isinstance(way, Scd2) and (way.valid_from, way.valid_to) != (Scd2().valid_from, Scd2().valid_to):
        tree["validity_column_names"] = [way.valid_from, way.valid_to]
    return tree


def endpoint_tree(resource: Resource, tongue: Tongue, open_names: Collection[str] = ()) -> Mapping:
    """The endpoint: the request, where its records are, and how it goes on."""
    request, parent = resource.request, resource.parent.resource if resource.parent is not None else ""
    path, bound = _path(request, parent, tongue, open_names)
    tree: Mapping = {"path": path}
    if request.method != "GET":
        tree["method"] = request.method
    params = {**bound, **_pairs(_sent(resource), parent, tongue)}
    if params:
        tree["params"] = params
    if request.headers:
        tree["headers"] = {name: templated(value, parent, tongue) for name, value in request.headers}
    tree |= _body(request, parent, tongue)
    if resource.auth is not None:
        tree["auth"] = auth_tree(resource.auth)
    if resource.selector is not None:
        tree["data_selector"] = _selector(resource.selector)
    if (
        not isinstance(resource.paging, AutoPaging)
        or tongue.scaffold
        or _is_single(path)
        or (tongue.ours and sized_oddly(resource))
    ):
        tree["paginator"] = paging_tree(resource, tongue)
    if resource.incremental is not None:
        tree["incremental"] = incremental_tree(resource.incremental)
    if resource.actions:
        tree["response_actions"] = [_action(action) for action in resource.actions]
    return {**tree, **_own(resource)} if tongue.ours else tree


def _own(resource: Resource) -> Mapping:
    """What only our own keys can say of an endpoint."""
    tree: Mapping = {}
    if resource.retry != RetryPolicy():
        tree["retry"] = _retry(resource.retry)
    if resource.deadline_s is not None:
        seconds = resource.deadline_s
        tree["deadline_s"] = int(seconds) if seconds.is_integer() else seconds
    return tree


def _selector(path: str) -> str:
    """A path whose first key is `response` would be taken for the response itself."""
    return f"$.{path}" if path.startswith("response.") else path


def _is_single(path: str | Text) -> bool:
    words = path if isinstance(path, str) else "".join(str(part) for part in path.parts)
    return is_single_entity(words)


def _path(request: Request, parent: str, tongue: Tongue, open_names: Collection[str]) -> tuple[str | Text, Mapping]:
    """The path, and the parameters that give its open names their values from outside."""
    if isinstance(request.path, Text):
        words, bound = [], dict[str, Value]()
        for part in request.path.parts:
            if isinstance(part, str):
                piece, names = _opened(part, open_names)
                words.append(piece)
                bound |= names
            else:
                words.append(str(templated(Text((part,)), parent, tongue)))
        return "".join(words), bound
    return _opened(request.path, open_names)


def _opened(words: str, open_names: Collection[str]) -> tuple[str, Mapping]:
    """Braces doubled, save those of a name that is open; `dlt.config[name]` is its value."""
    bound: Mapping = {}
    parts = []
    for at, piece in enumerate(_BRACED.split(words)):
        if at % 2 and piece in open_names:
            bound[piece] = Text((Ref(piece, "config"),))
            parts.append(f"{{{piece}}}")
        else:
            plain = f"{{{piece}}}" if at % 2 else piece
            parts.append(plain.replace("{", "{{").replace("}", "}}"))
    return "".join(parts), bound


def _sent(resource: Resource) -> tuple[tuple[str, Text], ...]:
    """The parameters without the page size where the paginator states it."""
    paging, params = resource.paging, resource.request.params
    if isinstance(paging, Offset):
        return tuple(pair for pair in params if pair[0] != paging.size_param)
    return params


def _pairs(pairs: tuple[tuple[str, Text], ...], parent: str, tongue: Tongue) -> Mapping:
    """Parameters by name; one that is sent several times is a list."""
    found: dict[str, list[Value]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(number_or(templated(value, parent, tongue)))
    listed = {name for name, value in pairs if is_repeated(value)}
    return {name: values if len(values) > 1 or name in listed else values[0] for name, values in found.items()}


def _body(request: Request, parent: str, tongue: Tongue) -> Mapping:
    if request.json is not None:
        return {"json": json_tree(request.json, parent, tongue)}
    if request.raw_body is not None:
        return {"data": templated(request.raw_body, parent, tongue)}
    if request.form is None:
        return {}
    fields: list[tuple[str, Value]] = []
    for name, value in request.form:
        words = templated(value, parent, tongue)
        fields.append((name, [words] if is_repeated(value) else words))
    names = [name for name, _ in fields]
    if len(set(names)) == len(names):
        return {"data": dict(fields)}
    return {"data": [[name, value] for name, value in fields]}


def incremental_tree(rule: Incremental) -> Mapping:
    """`endpoint.incremental`."""
    names = {"latest": "last_value_func", "on_missing": "on_cursor_value_missing"}
    tree: Mapping = {"cursor_path": rule.cursor_path}
    for field in msgspec.structs.fields(Incremental):
        value = getattr(rule, field.name)
        if field.name in {"cursor_path", "primary_key", "key_listed"} or value == field.default:
            continue
        whole = isinstance(value, float) and field.name == "lag" and value.is_integer()
        tree[names.get(field.name, field.name)] = int(value) if whole else value
    if "last_value_func" in tree:
        tree["last_value_func"] = Function(rule.latest)
    if rule.primary_key is not None:
        tree["primary_key"] = one_or_many(rule.primary_key, listed=rule.key_listed)
    return tree


def _action(action: ResponseAction) -> Mapping:
    tree: Mapping = {}
    if action.status is not None:
        tree["status_code"] = action.status
    if action.content is not None:
        tree["content"] = action.content
    return {**tree, "action": action.action}


def _retry(policy: RetryPolicy) -> Mapping:
    plain = RetryPolicy()
    changed = {name: value for name, value in msgspec.structs.asdict(policy).items() if value != getattr(plain, name)}
    return {name: list[Value](value) if isinstance(value, tuple) else value for name, value in changed.items()}
