"""The request of an endpoint: method, path, parameters, headers and body, before paging adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from headrace.model.plan import Json, Request, Text
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean
from headrace.spec.node import Node, Opaque, plain, refs_in
from headrace.spec.placeholders import (
    check_expressions,
    fields,
    from_outside,
    known_parent,
    parent_of,
    unbound,
    without_jinja,
)
from headrace.spec.vocabulary import NOT_YET_FIX, PLACEHOLDER_KEYS

Method = Literal["GET", "POST"]


@dataclass(slots=True)
class ReadRequest:
    """A request as understood, with the parent that its placeholders name."""

    request: Request
    parent: str | None = None
    single_entity: bool = False


def read_request(ctx: Context, endpoint: Node, path_node: Node, names: list[str]) -> ReadRequest:
    """The request of an endpoint. `names` are all resources, which placeholders may point to."""
    incremental = endpoint.get("incremental") is not None
    params_node = ctx.mapping(endpoint.get("params"))
    params, parents = _params(ctx, params_node, names)
    path, bound, path_parent = _path(ctx, path_node, params_node, names)
    for name, (spot, parent) in parents.items():
        if name not in bound:
            ctx.faults.error(
                "resolve-unbound",
                spot.path,
                spot.at,
                f"`{name}` is taken from `{parent}` but the path has no {{{name}}}",
                f"add {{{name}}} to the path, or write {{resources.{parent}.<field>}} as the parameter's value",
            )
    named: list[str | None] = [parent for _, parent in parents.values()]
    bodies = [endpoint.get(key) for key in ("params", "json", "body", "data", "headers")]
    named += [check_expressions(ctx, body, names, incremental=incremental) for body in bodies]
    json, form = _body(ctx, endpoint)
    return ReadRequest(
        Request(
            path=path,
            method=_method(ctx, endpoint),
            params=tuple((key, value) for key, value in params if key not in bound),
            headers=read_headers(ctx, endpoint.get("headers")),
            json=json,
            form=form,
        ),
        parent=next((parent for parent in [path_parent, *named] if parent), None),
    )


def read_headers(ctx: Context, node: Node | None, *, of_client: bool = False) -> tuple[tuple[str, Text], ...]:
    """Headers. Numbers and truth values are written as they stand; dlt takes them from an endpoint only."""
    found = []
    node = ctx.mapping(node)
    for key, sub in node.items.items() if node is not None else ():
        if sub.value is None:
            continue
        if not of_client and isinstance(sub.value, bool | int | float):
            found.append((key, Text((str(sub.value),))))
        elif (words := ctx.text(sub)) is not None:
            found.append((key, words))
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


def _path(ctx: Context, node: Node, params: Node | None, names: list[str]) -> tuple[str, set[str], str | None]:
    """The path with its parameters put in, the names of those, and the parent that it points to."""
    path = ctx.string(node, "a path") or ""
    if ctx.scaffold:
        path = without_jinja(path)
    try:
        found = fields(path)
    except ValueError:
        ctx.faults.error(
            "path-braces",
            node.path,
            node.line,
            f"the braces in the path `{path}` do not pair",
            "close each brace, or double it",
        )
        return path, set(), None
    bound: set[str] = set()
    parent: str | None = None
    given = params.items if params is not None else {}
    for name in found:
        braced = f"{{{name}}}"
        if name.startswith("resources."):
            parent = parent_of(ctx, node, name, names)
        elif name in given:
            bound.add(name)
            value = given[name]
            if not isinstance(value.value, dict):
                path = path.replace(braced, _segment(ctx, value))
            elif (kind := value.get("type")) is None or kind.word != "resolve":
                ctx.faults.error(
                    "path-param",
                    value.path,
                    value.at,
                    f"the path's {braced} cannot take a parameter of this kind",
                    "use type `resolve`",
                )
        elif ctx.scaffold:
            value_outside, guessed = from_outside(ctx, node, name, names)
            parent = parent or guessed
            path = path if value_outside is None else path.replace(braced, value_outside)
        elif name.startswith("incremental."):
            ctx.faults.error("not-yet", node.path, node.line, "incremental loading is not supported yet", NOT_YET_FIX)
        else:
            unbound(ctx, node, name, list(given))
    return path.replace("{{", "{").replace("}}", "}") if "{{" in path else path, bound, parent


def _segment(ctx: Context, value: Node) -> str:
    if isinstance(value.value, str | Text):
        return ctx.string(value) or ""
    if isinstance(value.value, Opaque | list):
        ctx.wrong(value, "a value for the path")
        return ""
    return str(value.value)


def _params(
    ctx: Context, node: Node | None, names: list[str]
) -> tuple[list[tuple[str, Text]], dict[str, tuple[Node, str]]]:
    """Parameters as sent, and those that are resolved from a parent."""
    found: list[tuple[str, Text]] = []
    parents: dict[str, tuple[Node, str]] = {}
    for name, sub in node.items.items() if node is not None else ():
        match sub.value:
            case None:
                continue
            case dict():
                parent = _dynamic(ctx, sub, names)
                if parent is not None:
                    parents[name] = (sub, parent)
            case list() as elements:
                found.extend((name, words) for one in elements if (words := param_text(ctx, one)) is not None)
            case _:
                if (words := param_text(ctx, sub)) is not None:
                    found.append((name, words))
    return found, parents


def param_text(ctx: Context, node: Node) -> Text | None:
    """A parameter's value as it is sent. dlt sends Python's words for true and false; scaffolds mean JSON's."""
    match node.value:
        case bool() as flag:
            return Text((str(flag).lower() if ctx.scaffold else str(flag),))
        case int() | float() as number:
            return Text((str(number),))
        case str() as words if ctx.scaffold and words.strip().startswith("{{"):
            return _template(ctx, node, words)
        case str() as words:
            return Text((words.replace("{{", "{").replace("}}", "}"),))
        case _:
            return ctx.text(node)


def _template(ctx: Context, node: Node, words: str) -> Text | None:
    name = without_jinja(words.strip()).strip("{}")
    value, _ = from_outside(ctx, node, name, [])
    return None if value is None else Text((value,))


def _dynamic(ctx: Context, node: Node, names: list[str]) -> str | None:
    """A parameter of type `resolve` (the parent's name) or `incremental`."""
    kind = node.get("type")
    word = ctx.string(kind) if kind is not None else None
    if word == "resolve":
        ctx.keys(node, PLACEHOLDER_KEYS["resolve"], "a `resolve` parameter")
        for key in ("resource", "field"):
            if node.get(key) is None:
                ctx.faults.error(
                    "missing-key", node.path, node.line, f"the `resolve` parameter lacks `{key}`", f"add `{key}`"
                )
        parent = node.get("resource")
        name = ctx.string(parent) if parent is not None else None
        return known_parent(ctx, parent, name, names) if parent is not None and name else None
    if word == "incremental":
        ctx.keys(node, ("type", "transform", *PLACEHOLDER_KEYS["incremental"]), "an `incremental` parameter")
        ctx.faults.error("not-yet", node.path, node.at, "incremental loading is not supported yet", NOT_YET_FIX)
        return None
    spot = kind or node
    fix = did_you_mean(
        word or "", ("resolve", "incremental"), "write a string or a number, or type `resolve` or `incremental`"
    )
    ctx.faults.error("param-type", spot.path, spot.line, "a parameter that is a mapping must be of a known type", fix)
    return None


def _body(ctx: Context, endpoint: Node) -> tuple[Json, tuple[tuple[str, Text], ...] | None]:
    json_node = endpoint.get("json") or (endpoint.get("body") if ctx.scaffold else None)
    data = endpoint.get("data")
    if json_node is not None and data is not None and json_node.value and data.value:
        ctx.faults.error("two-bodies", data.path, data.at, "`json` and `data` exclude each other", "keep one of them")
        return None, None
    json: Json = None
    if json_node is not None and ctx.mapping(json_node) is not None:
        json = _literal(ctx, json_node)
    if data is None:
        return json, None
    if not isinstance(data.value, dict):
        ctx.faults.error(
            "not-yet", data.path, data.line, "a raw request body is not supported yet", "write a form as a mapping"
        )
        return json, None
    form = [(key, words) for key, sub in data.value.items() if (words := param_text(ctx, sub)) is not None]
    return json, tuple(form)


def _literal(ctx: Context, node: Node) -> Json:
    refs = refs_in(node)
    if refs:
        problem = f"a reference (`{refs[0].name}`) in a JSON body is not supported yet"
        ctx.faults.error("not-yet", node.path, node.at, problem, "write the value out for now")
        return None
    found = _opaque(node)
    if found is not None:
        ctx.wrong(found, "a JSON value")
        return None
    return plain(node)


def _opaque(node: Node) -> Node | None:
    if isinstance(node.value, Opaque):
        return node
    inner = [*node.items.values(), *node.elements]
    return next((found for sub in inner if (found := _opaque(sub)) is not None), None)
