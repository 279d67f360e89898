"""The braces that dlt does not know but scaffolds write, and those that nothing fills."""

from __future__ import annotations

import re
from collections.abc import Collection

from headrace.model.plan import Ref
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, nearest
from headrace.spec.node import Node
from headrace.spec.references import Part
from headrace.spec.template import Template

_JINJA = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_WRAPPED = re.compile(r"\{(?:stream_slice|stream_partition|config|parent|partition)\.(\w+)\}")
_SCAFFOLD_ROOTS = {"config", "stream_slice", "stream_partition", "stream_interval", "parent", "partition", "get"}
_LAST_BRACED = re.compile(r"\{[a-zA-Z0-9.\-_]+(?::raw)?\}")
_KEY_SUFFIX = re.compile(r"_?(?:id|uuid|key|slug|gid|code|number|name)s?$", re.IGNORECASE)


def is_single_entity(path: str) -> bool:
    """Whether the last segment holds a placeholder, so that the path leads to one record."""
    return _LAST_BRACED.search(path.rstrip("/").rsplit("/", 1)[-1]) is not None


def without_jinja(template: str) -> str:
    """`{{ config['x'] }}` and `{stream_slice.x}` as `{x}`."""

    def name(found: re.Match[str]) -> str:
        words = [word for word in re.findall(r"\w+", found[1]) if word not in _SCAFFOLD_ROOTS]
        return f"{{{words[0]}}}" if words else "{value}"

    return _WRAPPED.sub(r"{\1}", _JINJA.sub(name, template).replace("${", "{"))


def from_outside(ctx: Context, node: Node, name: str, template: Template, parent: str | None = None) -> Part | None:
    """A scaffold's `{name}` with no value of its own: a setting, else the `id` of `parent`, else a need."""
    value = ctx.found(Ref(name, "config"))
    if value is not None:
        ctx.came(f"{node.path}.{{{name}}}", value, "flag")
        return value
    if parent is not None:
        ctx.faults.warning(
            "guessed-parent",
            node.path,
            node.line,
            f"nothing says what stands for {{{name}}}; it is read as `id` of each record of `{parent}`",
            f"write {{resources.{parent}.<field>}}, or give one value with --set {name}=VALUE",
        )
        return template.parent_field(node, parent, "id")
    ctx.need(f"config:{name}")
    ctx.faults.warning(
        "path-value",
        node.path,
        node.line,
        f"the path holds {{{name}}}, and nothing says what stands for it",
        f"give it with --set {name}=VALUE",
    )
    return None


def guessed_parent(name: str, names: Collection[str], before: str = "") -> str | None:
    """The resource that a path variable seems to point to: `account_id` → `accounts`, and so does `accounts/{id}`.

    `before` is the path up to the variable.
    """
    stem = _KEY_SUFFIX.sub("", name.rsplit(".", maxsplit=1)[-1]).lower()
    segment = before[:-1].rpartition("/")[2].lower().replace("-", "_") if before.endswith("/") else ""
    forms = (*((stem, f"{stem}s", f"{stem}es", f"{stem[:-1]}ies") if stem else ()), segment)
    return next((known for form in forms for known in names if form and known.lower() == form), None)


def unbound(ctx: Context, node: Node, name: str, params: list[str]) -> None:
    """A `{name}` of a dlt path with no parameter of that name."""
    if "." in name:
        near = nearest(name.split(".", 1)[0], ["resources", "incremental"])
        fix = f"did you mean `{near}.{name.split('.', 1)[1]}`?" if near else "write {resources.<resource>.<field>}"
        problem = f"the placeholder {{{name}}} begins with neither `resources.` nor `incremental.`"
    else:
        fix = did_you_mean(name, params, f"add `{name}` to endpoint.params")
        problem = f"the path needs a value for {{{name}}}, and endpoint.params has none"
    ctx.faults.error("path-param", node.path, node.line, problem, fix)
