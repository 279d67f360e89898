"""The request of an endpoint: method, path, parameters, headers and body, before paging adds to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

from headrace.model.guess import PARENT_FIELD
from headrace.model.plan import Incremental, Parent, ParentField, Ref, Request, Text, text
from headrace.spec.batches import check_batches
from headrace.spec.body import named_values, read_body
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean
from headrace.spec.incremental import read_incremental
from headrace.spec.incremental_sync import read_incremental_sync
from headrace.spec.jinja import slice_names
from headrace.spec.node import Node, Opaque, shown
from headrace.spec.own_keys import included
from headrace.spec.partition_router import Partition, read_partition
from headrace.spec.placeholders import from_outside, guessed_parent, unbound
from headrace.spec.references import Part, joined
from headrace.spec.rendered import filled, path_words
from headrace.spec.template import Piece, Template, pieces
from headrace.spec.vocabulary import PLACEHOLDER_KEYS

Method = Literal["GET", "POST"]


class Stated(NamedTuple):
    """A resource as it stands in the document, defaults put in; `path` is where its path stands."""

    name: str
    resource: Node
    endpoint: Node
    path: Node


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A request as understood, whose rows it is asked for, and what of it is new.

    `named` are the resources whose fields it takes, each where it is named first; the first of them is the parent, as
    far as can be said of one resource alone.
    """

    request: Request
    parent: Parent | None = None
    incremental: Incremental | None = None
    guesses: frozenset[str] = frozenset()
    named: Mapping[str, Node] = field(default_factory=dict)


def read_request(ctx: Context, stated: Stated, names: Collection[str]) -> ReadRequest:
    """The request of a resource. `names` are all resources, which placeholders may point to."""
    endpoint = stated.endpoint
    template = Template(ctx, stated.name, names, window=endpoint.get("incremental") is not None)
    given = ctx.mapping(endpoint.get("params"))
    params = given.items if given is not None else {}
    fields = _parent_fields(ctx, template, params)
    partition = _partition(ctx, stated, template)
    path, bound = _path(ctx, stated.path, params, {**partition.fields, **fields}, template)
    for unused in [key for key in fields if key not in bound]:
        _unbound_field(ctx, params[unused], unused)
    incremental = read_incremental(ctx, endpoint, _increments(params))
    if incremental is None and ctx.scaffold:
        incremental = read_incremental_sync(ctx, _leaked(stated, "incremental_sync"))
    window = {incremental.start_param, incremental.end_param} if incremental is not None else set()
    sent = {key: sub for key, sub in params.items() if key not in bound and not isinstance(sub.value, dict)}
    body = read_body(ctx, endpoint, template)
    request = Request(
        path=path,
        method=_method(ctx, endpoint),
        params=tuple(
            pair
            for key, sub in sent.items()
            for pair in named_values(ctx, template, key, filled(ctx, sub, template))
            if key not in window
        )
        + tuple(pair for pair in partition.params if pair[0] not in sent),
        headers=read_headers(ctx, endpoint.get("headers"), template),
        json=body.json,
        form=body.form,
        raw_body=body.raw,
    )
    check_batches(ctx, template, stated.resource, incremental)
    guesses = frozenset(f"{PARENT_FIELD}{name}" for name in template.guessed)
    return ReadRequest(request, _parent(ctx, stated.resource, template), incremental, guesses, template.parents)


def _leaked(stated: Stated, key: str) -> Node | None:
    """A key of Airbyte's, which scaffolds have on the endpoint or on the resource."""
    return stated.endpoint.get(key) or stated.resource.get(key)


def _partition(ctx: Context, stated: Stated, template: Template) -> Partition:
    if not ctx.scaffold:
        return Partition({})
    condition = _leaked(stated, "record_filter")
    if condition is not None:
        inner = condition.get("condition") or condition
        ctx.faults.tell("record-filter", condition.path, condition.at, condition=shown(inner.value))
    return read_partition(ctx, template, _leaked(stated, "partition_router"))


def read_headers(ctx: Context, node: Node | None, template: Template | None = None) -> tuple[tuple[str, Text], ...]:
    """Headers; those of an endpoint have a `template`, and only they may be numbers and truth values in dlt."""
    found = []
    node = ctx.mapping(node)
    for key, sub in node.items.items() if node is not None else ():
        if sub.value is None:
            continue
        name = template.name(sub, key) if template is not None else key
        if isinstance(sub.value, bool | int | float) and (template is not None or ctx.scaffold):
            found.append((name, Text((str(sub.value),))))
        elif template is not None and isinstance(sub.value, str | Text):
            found.append((name, template.text(sub, sub.value)))
        elif (words := ctx.text(sub)) is not None:
            found.append((name, words))
    return tuple(found)


def _method(ctx: Context, endpoint: Node) -> Method:
    node = endpoint.get("method") or (endpoint.get("http_method") if ctx.scaffold else None)
    if node is None:
        return "GET"
    word = ctx.string(node) or "GET"
    if word in {"GET", "POST"}:
        return cast("Method", word)
    if ctx.scaffold and word.upper() in {"GET", "POST"}:
        return cast("Method", word.upper())
    fix = f"write `{word.upper()}`" if word.upper() in {"GET", "POST"} else "write `GET` or `POST`"
    ctx.faults.error("method", node.path, node.line, f"`{word}` is not a method that an endpoint can have", fix)
    return "GET"


# --- path ------------------------------------------------------------------------------------


def _path(
    ctx: Context, node: Node, params: dict[str, Node], fields: Mapping[str, ParentField | str], template: Template
) -> tuple[str | Text, set[str]]:
    """The path with its parameters put in, and the names of those."""
    path = ctx.string(node, "a path") or ""
    sliced = slice_names(path)
    path = path if node.word is None and not isinstance(node.value, Text) else path_words(ctx, node)
    try:
        found = pieces(path)
    except ValueError:
        problem = f"the braces in the path `{path}` do not pair"
        ctx.faults.error("path-braces", node.path, node.line, problem, "close each brace, or double it")
        return path, set()
    parts: list[Part] = []
    bound: set[str] = set()
    left = [piece for piece in found if piece.name not in params and piece.name not in fields]
    parent = None if template.parents else _guessed(ctx, found, left, template)
    before = ""
    for piece in found:
        parts.append(piece.literal)
        name = piece.name
        before += piece.literal
        prefix, before = before, f"{before}{{{name}}}"
        if not name:
            continue
        if name in fields:
            bound.add(name)
            parts.append(fields[name])
        elif name in params and not template.known(name):
            bound.add(name)
            parts.append(_segment(ctx, params[name], name))
        else:
            if ctx.scaffold and not template.known(name):
                mine = parent if _pointed(ctx, piece, prefix, template) == parent else None
                alone = len({each.name for each in left if each.name}) == 1  # of two, one may be a value for all
                below = alone and ctx.habits.at(prefix, template.others) == mine
                sure = mine is not None and (name in sliced or below)
                part = from_outside(ctx, node, name, template, mine, sure=sure)
            else:
                part = _slot(ctx, node, piece, template, list(params))
            parts.append(part or f"{{{name}}}")
    return joined(parts), bound


def _guessed(ctx: Context, pieces_found: list[Piece], left: list[Piece], template: Template) -> str | None:
    """The resource that a scaffold's path seems to be below: of several, the last one that has no value of its own."""
    if not ctx.scaffold or any(template.known(piece.name) for piece in left):
        return None
    found, before = [], ""
    for piece in pieces_found:
        before += piece.literal
        if piece in left and piece.name and ctx.found(Ref(piece.name, "config")) is None:
            found.append(_pointed(ctx, piece, before, template))
        before += f"{{{piece.name}}}"
    return next((parent for parent in reversed(found) if parent is not None), None)


def _pointed(ctx: Context, piece: Piece, before: str, template: Template) -> str | None:
    """The resource that a placeholder points to: the one whose path stands before it, else the one of its name."""
    above = ctx.habits.at(before, template.others) if before.endswith("/") else None
    return above or guessed_parent(piece.name or "", template.others, piece.literal)


def _slot(ctx: Context, node: Node, piece: Piece, template: Template, params: list[str]) -> Part | None:
    """What stands for a placeholder that no parameter fills."""
    if template.known(piece.name):
        return template.slot(node, piece)
    unbound(ctx, node, piece.name or "", params)
    return None


def _segment(ctx: Context, value: Node, name: str) -> str:
    """A parameter's value as a part of the path."""
    match value.value:
        case Text(parts=(Ref(kind="config") as open_value,)) if ctx.found(open_value) is None:
            ctx.settled(text(open_value))
            return f"{{{open_value.name}}}"
        case str() | Text():
            return ctx.string(value) or ""
        case dict():
            problem = f"the path's {{{name}}} cannot take a parameter of this kind"
            ctx.faults.error("path-param", value.path, value.at, problem, "use type `resolve`")
            return ""
        case Opaque() | list():
            ctx.wrong(value, "a value for the path")
            return ""
        case plain:
            return str(plain)


# --- parameters ------------------------------------------------------------------------------


def _parent_fields(ctx: Context, template: Template, params: dict[str, Node]) -> dict[str, ParentField]:
    """The parameters of type `resolve`; those of no known type are told."""
    found: dict[str, ParentField] = {}
    for name, node in params.items():
        if not isinstance(node.value, dict):
            continue
        kind = node.get("type")
        word = ctx.string(kind) if kind is not None else None
        if word == "resolve":
            found |= {name: slot} if (slot := _resolved(ctx, template, node)) is not None else {}
        elif word != "incremental":
            spot, known = kind or node, ("resolve", "incremental")
            fix = did_you_mean(word or "", known, "write a string or a number, or type `resolve` or `incremental`")
            problem = "a parameter that is a mapping must be of a known type"
            ctx.faults.error("param-type", spot.path, spot.line, problem, fix)
    return found


def _resolved(ctx: Context, template: Template, node: Node) -> ParentField | None:
    """A parameter of type `resolve`, dlt's older way to write {resources.<resource>.<field>}."""
    ctx.keys(node, PLACEHOLDER_KEYS["resolve"], "a `resolve` parameter")
    words: list[str] = []
    for key in ("resource", "field"):
        sub = node.get(key)
        if sub is None:
            problem = f"the `resolve` parameter lacks `{key}`"
            ctx.faults.error("missing-key", node.path, node.line, problem, f"add `{key}`")
        elif (word := ctx.string(sub)) is not None:
            words.append(word)
    match words:
        case [resource, field]:
            return template.parent_field(node.get("resource") or node, resource, field)
        case _:
            return None


def _unbound_field(ctx: Context, node: Node, name: str) -> None:
    resource, field = node.get("resource"), node.get("field")
    parent = (resource.word if resource is not None else None) or "<resource>"
    path = (field.word if field is not None else None) or "<field>"
    ctx.faults.error(
        "resolve-unbound",
        node.path,
        node.at,
        f"`{name}` is taken from `{parent}` but the path has no {{{name}}}",
        f"add {{{name}}} to the path, or write {{resources.{parent}.{path}}} as the parameter's value",
    )


def _increments(params: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    """The parameters of type `incremental`."""
    for name, node in params.items():
        kind = node.get("type")
        if kind is not None and kind.word == "incremental":
            yield name, node


# --- parent ----------------------------------------------------------------------------------


def _parent(ctx: Context, resource: Node, template: Template) -> Parent | None:
    """The resource whose rows the placeholders name, and what of them goes into every record."""
    include = resource.get("include_from_parent")
    keys = ctx.strings(include)
    parent = template.parent
    if parent is not None:
        return Parent(parent, *included(keys))
    if include is not None and keys:
        problem = "`include_from_parent` needs a parent, and no placeholder names one"
        fix = "write {resources.<resource>.<field>} where the request needs it, or delete the key"
        ctx.faults.error("no-parent", include.path, include.at, problem, fix)
    return None
