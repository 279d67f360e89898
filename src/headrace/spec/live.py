"""A configuration as Python hands it to `rest_api_source`: the plan, and by resource what only Python can give."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

import msgspec

from headrace.model.plan import Plan, Ref, ResponseAction
from headrace.spec.context import Context
from headrace.spec.document import Document
from headrace.spec.faults import Fault, Faults
from headrace.spec.live_tree import LiveTree
from headrace.spec.node import Node, Opaque
from headrace.spec.read import Options, outline_of, plan_of
from headrace.spec.resource import ReadResource
from headrace.spec.response_actions import read_actions

_NOT_HINTS = ("endpoint", "include_from_parent", "processing_steps")


@dataclass(frozen=True, slots=True)
class ActionHook:
    """Functions that are called with a response of this status, and with this text in it; None matches every one."""

    calls: tuple[Callable[..., object], ...]
    status: int | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a resource has that a plan cannot hold: live objects, in the places of the configuration.

    `auth` and `paginator` are of users' classes (or the configuration of a registered type); `hints` are all that dlt
    takes for a resource, defaults put in; `incremental` are the arguments of the increment as they were given, and
    `increment` the object where a parameter is one. `response_actions` are in the order in which they act, the plan's
    own among them. `entry` is a resource of dlt's own, which is not in the plan.
    """

    entry: object = None
    auth: object = None
    paginator: object = None
    processing_steps: tuple[Mapping[str, object], ...] = ()
    response_actions: tuple[ResponseAction | ActionHook, ...] = ()
    convert: Callable[..., object] | None = None
    incremental: Mapping[str, object] = field(default_factory=dict)
    increment: object = None
    hints: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveReading:
    """A live configuration as read. `plan` is there whenever no fault is an error; faults have no lines.

    `client` are the hooks of the client (`auth`; `session`), `hooks` those of each resource and of each entry.
    `secrets` are the values of the plan's references; `needs` are those that have none.
    """

    plan: Plan | None
    faults: tuple[Fault, ...]
    hooks: Mapping[str, Hooks]
    secrets: Mapping[str, str]
    needs: tuple[str, ...] = ()
    client: Hooks = field(default_factory=Hooks)
    session: object = None

    def resolve(self, ref: Ref) -> str | None:
        """The value of a reference of the plan."""
        return self.secrets.get(ref.name, ref.default)


def read_live(
    config: Mapping[str, object], *, name: str, base_url: str | None = None, custom: Collection[str] = ()
) -> LiveReading:
    """The plan of a live configuration. `custom` are the names of registered paginators and auths.

    Credentials become references, which `secrets` resolves. Never raises for what the configuration holds.

    Raises:
        ConfigError: `base_url` is not a URL.
    """
    tree = LiveTree(custom)
    root = tree.node(config)
    options = Options(base_url=base_url, lookup=lambda ref: tree.secrets.get(ref.name))
    ctx = Context("dlt", Faults(), options.settings, options.lookup, live=True)
    outline = outline_of(ctx, Document(root, name), options)
    plan = plan_of(ctx, outline, name, options)
    of_client = {place: _live(node) for place, node in ctx.hooked if node.path.startswith("client.")}
    entries = [node.value for place, node in ctx.hooked if place == "entry" and isinstance(node.value, Opaque)]
    hooks = {entry.source: Hooks(entry=entry.live) for entry in entries}
    hooks |= {read.resource.name: _hooks(read, tree) for read in outline.resources}
    return LiveReading(
        plan=plan,
        faults=tuple(msgspec.structs.replace(fault, line=None) for fault in ctx.faults.found),
        hooks=hooks,
        secrets=tree.secrets,
        needs=tuple(ctx.needs),
        client=Hooks(auth=of_client.get("auth")),
        session=of_client.get("session"),
    )


def _hooks(read: ReadResource, tree: LiveTree) -> Hooks:
    node, given = read.node, {place: _live(at) for place, at in read.hooked}
    endpoint = node.get("endpoint") or Node({}, 0)
    increment = next((sub for sub in _params(endpoint) if sub.path in tree.increments), None)
    rule = increment or next((sub for sub in _params(endpoint) if _is_incremental(sub)), endpoint.get("incremental"))
    steps = node.get("processing_steps")
    return Hooks(
        auth=given.get("auth"),
        paginator=given.get("paginator"),
        processing_steps=tuple(cast("dict[str, object]", _raw(step)) for step in steps.elements) if steps else (),
        response_actions=_actions(endpoint.get("response_actions")),
        convert=cast("Callable[..., object] | None", given.get("convert")),
        incremental={key: _raw(sub) for key, sub in rule.items.items() if key != "type"} if rule else {},
        increment=tree.increments[increment.path] if increment is not None else None,
        hints={key: _raw(sub) for key, sub in node.items.items() if key not in _NOT_HINTS},
    )


def _params(endpoint: Node) -> list[Node]:
    params = endpoint.get("params")
    return list(params.items.values()) if params is not None else []


def _is_incremental(param: Node) -> bool:
    kind = param.get("type")
    return kind is not None and kind.word == "incremental"


def _actions(node: Node | None) -> tuple[ResponseAction | ActionHook, ...]:
    """All actions in order if functions are among them; else the plan's are enough."""
    found: list[ResponseAction | ActionHook] = []
    for sub in node.elements if node is not None else []:
        action = sub.get("action") or sub
        code = action.elements if isinstance(action.value, list) else [action]
        calls = tuple(_live(each) for each in code if isinstance(each.value, Opaque))
        if not calls:
            found += read_actions(_quiet(), Node([sub], 0))
            continue
        status, content = sub.get("status_code"), sub.get("content")
        found.append(
            ActionHook(
                cast("tuple[Callable[..., object], ...]", calls),
                _quiet().integer(status) if status is not None and not status.word else _digits(status),
                content.word if content is not None else None,
            )
        )
    return tuple(found) if any(isinstance(each, ActionHook) for each in found) else ()


def _digits(status: Node | None) -> int | None:
    word = (status.word if status is not None else None) or ""
    return int(word) if word.isdigit() else None


def _quiet() -> Context:
    """A context whose findings nobody reads: they have been told before."""
    return Context("dlt", live=True)


def _live(node: Node) -> object:
    return node.value.live if isinstance(node.value, Opaque) else None


def _raw(node: Node) -> object:
    """The value as it was given."""
    match node.value:
        case dict() as mapping:
            return {key: _raw(sub) for key, sub in mapping.items()}
        case list() as elements:
            return [_raw(sub) for sub in elements]
        case Opaque(live=live):
            return live
        case plain:
            return plain
