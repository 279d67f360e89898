"""What `--set` says of the configuration itself: `client.auth.name=X-Key`, `resources.users.endpoint.path=/v2/users`.

`resources.*.…` is said of every resource that has the mapping which the last key belongs to. A value is what JSON
makes of it, where it looks like JSON, and else a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headrace.model.plan import Json, Text
from headrace.spec.context import Context
from headrace.spec.faults import Fault, did_you_mean, listed
from headrace.spec.keys import check_keys
from headrace.spec.node import Node, child_path
from headrace.spec.settings import Settings

_STEP = re.compile(r"\.?(?:\[\s*['\"]?([^\]'\"]+)['\"]?\s*\]|([^.\[]+))")
_JSON = re.compile(r"\s*(?:[\[{\"]|-?\d+(?:\.\d+)?\s*$|(?:true|false|null)\s*$)")
_ROOTS = ("client", "resource_defaults", "resources")
_SHORT = {"endpoint": "path", "paginator": "type", "auth": "type"}
"""Mappings that may be written as one string, and the key that it is the value of."""


def overridden(ctx: Context, config: Node) -> Node:
    """The configuration with what is said of its `client` and its `resource_defaults`."""
    for key, steps in _steps(ctx.settings, ("client", "resource_defaults")):
        config = _put(ctx, config, steps, key)
    return config


def resource_overridden(ctx: Context, resource: Node, name: str | None, index: int) -> Node:
    """A resource, its defaults put in, with what is said of it; a key that no resource has is told."""
    stated = resource
    for key, steps in _steps(ctx.settings, ("resources",)):
        below = steps[2:]
        if len(steps) > 2 and (steps[1] in {name, str(index)} or (steps[1] == "*" and _holds(resource, below[:-1]))):  # noqa: PLR2004 - resources, which one, and what of it
            resource = _put(ctx, resource, below, key)
    if resource is not stated:
        check_keys(ctx, resource)
    return resource


def as_flags(ctx: Context) -> None:
    """Names the flag where what is wrong stands on the command line, and not in the document."""
    ctx.faults.found = list(dict.fromkeys(_as_flag(ctx.flagged, fault) for fault in ctx.faults.found))


def _as_flag(flagged: Mapping[str, str], fault: Fault) -> Fault:
    keys = (key for path, key in flagged.items() if re.match(rf"{re.escape(path)}(?![\w$@-])", fault.path))
    key = next(keys, None) if fault.severity == "error" else None
    return fault if key is None else msgspec.structs.replace(fault, path=f"--set {key}", line=None)


def check_fit(ctx: Context, names: Sequence[str]) -> None:
    """A value of the command line that nothing asks for is an error: a slip there would change nothing, unsaid.

    So is one of a secret: what stands on a command line is none.
    """
    for key in sorted(ctx.secrets.intersection(iter(ctx.settings))):
        problem = "it is a credential, and others can see a command line"
        fix = f"put the value into the environment as {key.upper().replace('.', '__')}, or into .dlt/secrets.toml"
        ctx.faults.error("credential-setting", f"--set {key}", None, problem, fix)
    for key, fix in ctx.settings.surplus().items() if isinstance(ctx.settings, Settings) else ():
        if key in ctx.secrets:
            continue
        ctx.faults.error(
            "unused-setting", f"--set {key}", None, "it fits nothing in the document", _fix(key, names, fix)
        )


def _fix(key: str, names: Sequence[str], otherwise: str) -> str:
    root, *rest = [one or other for one, other in _STEP.findall(key)]
    if not rest:
        return otherwise
    which, *below = rest
    if root != "resources":
        return did_you_mean(root, _ROOTS, otherwise)
    if which == "*":
        return f"no resource has `{'.'.join(below[:-1])}`: name the one that is to have it, in place of `*`"
    if not below:
        return f"say which value: resources.{which}.KEY"
    return did_you_mean(which, names, f"the document has {listed(names)}")


def _steps(settings: Mapping[str, str], roots: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    for key in settings:
        steps = [one or other for one, other in _STEP.findall(key)]
        if len(steps) > 1 and steps[0] in roots:
            yield key, steps


def _holds(node: Node, steps: list[str]) -> bool:
    for step in steps:
        found = node.get(step)
        if found is None:
            return False
        node = found
    return True


def _put(ctx: Context, node: Node, steps: list[str], key: str) -> Node:
    """The node with the value of `key` at the end of `steps`; mappings on the way are made where they lack."""
    if not steps:
        value = ctx.settings[key]
        ctx.came(node.path, value, "flag")
        ctx.flagged[node.path] = key
        return _node(_value(value), node)
    step, *rest = steps
    held = dict(node.items)
    below = held.get(step)
    if below is None:
        below = Node(None, node.line, child_path(node.path, step))
        ctx.flagged.setdefault(below.path, key)
    if rest and isinstance(below.value, str | Text) and step in _SHORT:
        below = Node({_SHORT[step]: below}, below.line, below.path, below.key_line)
    held[step] = _put(ctx, below, rest, key)
    return Node(held, node.line, node.path, node.key_line)


def _value(words: str) -> Json:
    if not _JSON.match(words):
        return words
    try:
        return msgspec.json.decode(words)
    except msgspec.DecodeError:
        return words


def _node(value: Json, at: Node) -> Node:
    path = at.path
    if isinstance(value, dict):
        inner = {key: _node(one, Node(None, at.line, child_path(path, key))) for key, one in value.items()}
        return Node(inner, at.line, path, at.key_line)
    if isinstance(value, list):
        return Node([_node(one, Node(None, at.line, f"{path}[{i}]")) for i, one in enumerate(value)], at.line, path)
    return Node(value, at.line, path, at.key_line)
