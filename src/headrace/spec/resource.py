"""One resource of the document, its defaults put in, as a `Resource` of the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from headrace.model.guess import KEY, PAGINATOR, SELECTOR, SIZE_PARAM
from headrace.model.plan import (
    AutoPaging,
    Confidence,
    Incremental,
    Offset,
    Paging,
    Request,
    Resource,
    RetryPolicy,
    SinglePage,
    Text,
    text,
)
from headrace.spec.auth import read_auth
from headrace.spec.context import Context
from headrace.spec.contract import read_contract
from headrace.spec.fillers import suspect, suspect_key
from headrace.spec.guesses import guesses_of, without_stated
from headrace.spec.hints import read_hints
from headrace.spec.incremental import is_list_of_one
from headrace.spec.jinja import without_jinja, without_variables
from headrace.spec.json_path import checked_path, join_path
from headrace.spec.known import hidden_by_default
from headrace.spec.nested import read_nested
from headrace.spec.node import Node, Opaque, code_in
from headrace.spec.own_keys import apart, read_deadline, read_guesses, read_retry, with_own
from headrace.spec.paging import read_paginator
from headrace.spec.placeholders import is_single_entity
from headrace.spec.rendered import rendered
from headrace.spec.request import Stated, read_request
from headrace.spec.response_actions import read_actions
from headrace.spec.retry import ignored, read_error_handler
from headrace.spec.scaffold_paging import read_scaffold_paginator
from headrace.spec.scaffold_size import SIZE_PARAM_KEYS, first_of
from headrace.spec.vocabulary import SIZE_PARAMS

_ODD_KEY = re.compile(r"\w[\w.:/-]*(?: [\w(][\w .():/-]*)")


@dataclass(frozen=True, slots=True)
class ReadResource:
    """A resource as understood, where it stands, and what the model does not hold of it yet.

    `named` are the resources whose fields its request takes, each where it is named first.
    """

    resource: Resource
    node: Node
    paging_known: bool = True
    hooked: tuple[tuple[str, Node], ...] = ()
    named: Mapping[str, Node] = field(default_factory=dict)


def name_of(node: Node) -> str | None:
    """The name that a resource will have, as far as it can be told without a finding."""
    if isinstance(node.value, str):
        return without_variables(node.value)
    if isinstance(node.value, Opaque):  # a dlt resource, named after its function
        return node.value.source.partition("(")[0]
    name, endpoint = node.get("name"), node.get("endpoint")
    if name is not None:
        return name.word
    path = endpoint if endpoint is None or isinstance(endpoint.value, str) else endpoint.get("path")
    return _from_path(path.word) if path is not None and path.word else None


def path_of(node: Node) -> str | None:
    """The path that a resource states, as far as it can be told without a finding; else its name."""
    endpoint = node.get("endpoint")
    path = endpoint if endpoint is None or isinstance(endpoint.value, str) else endpoint.get("path")
    return path.word if path is not None else name_of(node)


def _from_path(path: str) -> str:
    steps = [step for step in without_jinja(path).split("?")[0].split("/") if step and "{" not in step]
    return steps[-1] if steps else path


def read_resource(ctx: Context, node: Node, client: Node | None, names: list[str]) -> ReadResource | None:
    """A resource whose keys are checked and whose defaults are put in; None where it cannot be told apart."""
    name, before, told = _name(ctx, node), len(ctx.hooked), len(ctx.faults.told)
    if name is None:
        return None
    endpoint, path = _endpoint(ctx, node, name)
    request = read_request(ctx, Stated(name, node, endpoint, path), names)
    selector = _selector(ctx, endpoint, node)
    single = is_single_entity(without_jinja(_template_of(path)) if ctx.scaffold else _template_of(path))
    if single and selector is None:
        selector = "$"
        ctx.came(f"{node.path}.endpoint.data_selector", "$", "default", path.line)
    paging, known = _paging(ctx, endpoint, client, selector, request.request, single=single)
    paging = with_size(paging, request.request)
    hints = read_hints(ctx, _without_code(node) if ctx.live else node, name)
    auth = read_auth(ctx, endpoint.items["auth"]) if "auth" in endpoint.items else None
    selected = ctx.boolean(node.get("selected"))
    handler = (endpoint.get("error_handler") or node.get("error_handler")) if ctx.scaffold else None
    if ctx.scaffold:
        suspect(ctx, path, endpoint)
        suspect_key(ctx, node, name, hints.primary_key)
    resource = Resource(
        name=name,
        table=hints.table,
        request=with_size_param(request.request, paging),
        paging=paging,
        selector=selector,
        disposition=hints.disposition,
        strategy=hints.strategy,
        primary_key=hints.primary_key,
        merge_key=hints.merge_key,
        columns=hints.columns,
        contract=read_contract(ctx, node.get("schema_contract")),
        nested=read_nested(ctx, node.get("nested_hints"), hints.disposition),
        max_nesting=hints.max_nesting,
        auth=auth.auth if auth is not None else None,
        retry=_retry(ctx, endpoint, handler),
        deadline_s=read_deadline(ctx, endpoint),
        selected=selected is not False,
        parent=request.parent,
        incremental=_with_key(request.incremental, node.get("primary_key")),
        actions=read_actions(ctx, endpoint.get("response_actions"))
        + (ignored(ctx, handler) if handler is not None else ()),
        guesses=without_stated(
            guesses_of(ctx.faults.told[told:])
            | request.guesses
            | read_guesses(ctx, None if ctx.live else node.get("guesses"))
            | _unsure(ctx, selector, hints.primary_key, _paginator(endpoint, client)),
            name,
            ctx.settings,
        ),
    )
    hides = hidden_by_default(resource)
    for sentence in hides:
        ctx.faults.tell("hidden-by-default", path.path, path.line, sentence=sentence)
    read = ReadResource(
        msgspec.structs.replace(resource, hides=hides), node, known, tuple(ctx.hooked[before:]), request.named
    )
    return with_key(read, auth.body if auth is not None else None)


def _unsure(ctx: Context, selector: str | None, key: tuple[str, ...], paginator: Node | None) -> frozenset[str]:
    """What scaffolds often have wrong without a word, and the first page can show."""
    if not ctx.scaffold:
        return frozenset()
    named = paginator is not None and first_of(paginator, *SIZE_PARAM_KEYS) is not None
    unsure = {
        SELECTOR: selector is not None,
        KEY: bool(key),
        PAGINATOR: paginator is None,
        SIZE_PARAM: paginator is not None and not named,
    }
    return frozenset(value for value, is_unsure in unsure.items() if is_unsure)


def with_key(read: ReadResource, key: tuple[str, Text] | None) -> ReadResource:
    """The resource with an API key in its body, where the body has fields."""
    request = read.resource.request
    if key is None or request.raw_body is not None or not isinstance(request.json, dict | None):
        return read
    if request.form is not None:
        request = msgspec.structs.replace(request, form=(*request.form, key))
    else:
        request = msgspec.structs.replace(request, json={**(request.json or {}), key[0]: key[1]})
    return replace(read, resource=msgspec.structs.replace(read.resource, request=request))


def _with_key(rule: Incremental | None, key: Node | None) -> Incremental | None:
    """The increment, told how the key of the resource is stated if it has none of its own."""
    if rule is None or rule.primary_key is not None:
        return rule
    return msgspec.structs.replace(rule, key_listed=is_list_of_one(key))


def _retry(ctx: Context, endpoint: Node, handler: Node | None) -> RetryPolicy:
    """When a request is asked again: in words of our own, else in a scaffold's."""
    own = None if ctx.live else endpoint.get("retry")
    if own is not None:
        return read_retry(ctx, own)
    return RetryPolicy() if handler is None else read_error_handler(ctx, handler)


def _name(ctx: Context, node: Node) -> str | None:
    stated = node.get("name")
    if stated is not None:
        return ctx.string(stated, "a name")
    name = name_of(node) if ctx.scaffold else None
    if name is None:
        ctx.faults.error("missing-key", node.path, node.line, "the resource has no `name`", "add `name`")
        return None
    ctx.faults.tell("name-from-path", node.path, node.line, name=name)
    return name


def _endpoint(ctx: Context, node: Node, name: str) -> tuple[Node, Node]:
    """The endpoint as a mapping, and where its path stands; the name is the path where none is stated."""
    empty = Node({}, node.line, f"{node.path}.endpoint", node.line)
    endpoint = node.get("endpoint") or empty
    named = Node(name, (node.get("name") or node).line, f"{node.path}.name")
    if isinstance(endpoint.value, str | Text):
        return empty, endpoint
    if not isinstance(endpoint.value, dict):
        ctx.wrong(endpoint, "a mapping or a path")
        return empty, named
    if ctx.scaffold and (selector := node.get("data_selector")) is not None and "data_selector" not in endpoint.items:
        endpoint = Node({**endpoint.value, "data_selector": selector}, endpoint.line, endpoint.path, endpoint.key_line)
    return endpoint, endpoint.get("path") or named


def _template_of(path: Node) -> str:
    """The path as a template; what is looked up outside is no placeholder of it."""
    match path.value:
        case Text(parts=parts):
            return "".join(part if isinstance(part, str) else "x" for part in parts)
        case _:
            return path.word or ""


def _without_code(node: Node) -> Node:
    """The hints that are no live objects: of those, dlt knows what they mean."""
    plain_hints = {key: sub for key, sub in node.items.items() if code_in(sub) is None}
    return Node(plain_hints, node.line, node.path, node.key_line)


# --- selector --------------------------------------------------------------------------------


def _selector(ctx: Context, endpoint: Node, resource: Node) -> str | None:
    node = endpoint.get("data_selector")
    if node is None:
        ctx.came(f"{resource.path}.endpoint.data_selector", "detected on the first page", "default", sure="detected")
        return None
    if not ctx.scaffold:
        path = checked_path(ctx, node)
        ctx.came(node.path, path, "document", node.line)
        return path
    if isinstance(node.value, list):
        steps = [ctx.string(sub) or "" for sub in node.value]
        path = join_path(steps)
        ctx.faults.tell("selector-list", node.path, node.line, path=f"`{path}`" if steps else "the whole body, `$`")
        return path
    return _worded(ctx, node, (ctx.string(node, "a JSON path") or "").strip())


def _worded(ctx: Context, node: Node, words: str) -> str | None:
    """A scaffold's selector that is a string."""
    if words.startswith("response.") or words in {"response", ""}:
        path = words.removeprefix("response").removeprefix(".") or "$"
        ctx.faults.tell("selector-prefix", node.path, node.line, words=words, path=path)
        return path
    if "{{" in words:
        if (value := rendered(ctx, node, words)) is not None:
            return _worded(ctx, Node(value, node.line, node.path, node.key_line), value)
        ctx.faults.tell("selector-jinja", node.path, node.line, words=words)
        return None
    if _ODD_KEY.fullmatch(words):
        path = join_path([words])
        ctx.faults.tell("selector-odd", node.path, node.line, words=words, path=path)
        return path
    return checked_path(ctx, node)


# --- paging ----------------------------------------------------------------------------------


def _paging(
    ctx: Context, endpoint: Node, client: Node | None, selector: str | None, request: Request, *, single: bool
) -> tuple[Paging, bool]:
    """The paging in effect, and whether it was understood."""
    node = endpoint.get("paginator")
    path = f"{endpoint.path}.paginator"
    if node is None and single:
        ctx.came(path, "single", "default", endpoint.line)
        return SinglePage(), True
    inherited = node is None
    node = _paginator(endpoint, client)
    if node is None:
        if ctx.scaffold and not ctx.habits.unpaged:
            ctx.came(path, "single", "interpretation", endpoint.line, sure="guessed")
            return SinglePage(), True
        ctx.came(path, "auto", "default", sure="detected")
        return AutoPaging(), True
    if isinstance(node.value, Opaque):
        ctx.wrong(node, "a paginator of dlt's with its arguments", hook="paginator")
        return SinglePage(), False
    told = len(ctx.faults.told)
    node, own = apart(ctx, node)
    paging = read_scaffold_paginator(ctx, node, selector) if ctx.scaffold else read_paginator(ctx, node)
    if paging is None:
        return SinglePage(), False
    if inherited and isinstance(paging, AutoPaging) and ctx.scaffold:
        paging = SinglePage()
    paging = with_own(ctx, node, paging, own, request)
    sure: Confidence = "guessed" if guesses_of(ctx.faults.told[told:]) else "stated"
    ctx.came(path, msgspec.json.encode(paging).decode(), "document", node.line, sure)
    return paging, True


def _paginator(endpoint: Node, client: Node | None) -> Node | None:
    """The resource's own paginator, or the client's."""
    return endpoint.get("paginator") or (client.get("paginator") if client is not None else None)


def with_size(paging: Paging, request: Request) -> Paging:
    """The page size that the parameters ask for, where the paginator itself states none."""
    if isinstance(paging, Offset) or paging.size is not None:
        return paging
    for name, value in request.params:
        literal = value.literal
        if name in SIZE_PARAMS and literal and literal.isdigit() and int(literal) > 0:
            return msgspec.structs.replace(paging, size=int(literal), size_param=name)
    return paging


def with_size_param(request: Request, paging: Paging) -> Request:
    """The request with the parameter that asks for the page size."""
    if paging.size is None or paging.size_param is None:
        return request
    rest = tuple((name, value) for name, value in request.params if name != paging.size_param)
    return msgspec.structs.replace(request, params=(*rest, (paging.size_param, text(str(paging.size)))))
