"""The braces that dlt does not know but scaffolds write, and those that nothing fills."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from headrace.model.guess import PARENT_KEY
from headrace.model.plan import Ref
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, nearest
from headrace.spec.node import Node
from headrace.spec.references import Part
from headrace.spec.template import Template

_LAST_BRACED = re.compile(r"\{[a-zA-Z0-9.\-_]+(?::raw)?\}")
_KEY_SUFFIX = re.compile(r"_?(?:id|uuid|key|slug|gid|code|number|name)s?$", re.IGNORECASE)


def is_single_entity(path: str) -> bool:
    """Whether the last segment holds a placeholder, so that the path leads to one record."""
    return _LAST_BRACED.search(path.rstrip("/").rsplit("/", 1)[-1]) is not None


def from_outside(
    ctx: Context, node: Node, name: str, template: Template, parent: str | None = None, *, sure: bool = False
) -> Part | None:
    """A scaffold's `{name}` with no value of its own: a setting, else the `id` of `parent`, else a need.

    `sure`: the path is below the parent's own, or names a slice of it, so that there is no doubt about it.
    """
    value = ctx.found(Ref(name, "config"))
    if value is not None:
        ctx.came(f"{node.path}.{{{name}}}", value, "flag")
        return value
    spot = _param_path(node, name)
    if parent is not None:
        code = "parent-by-path" if sure else "guessed-parent"
        ctx.faults.tell(code, spot, node.line, name=name, parent=parent)
        template.guessed.add(name)
        return template.parent_field(node, parent, PARENT_KEY)
    ctx.need(f"config:{name}")
    ctx.faults.tell("path-shared" if name in ctx.habits.shared else "path-value", spot, node.line, name=name)
    return None


def _param_path(node: Node, name: str) -> str:
    """Where dlt looks for the value of `{name}` in a path: among the endpoint's parameters."""
    before, _, last = node.path.rpartition(".")
    if last not in {"path", "name", "endpoint"}:
        return node.path
    return f"{before.removesuffix('.endpoint')}.endpoint.params.{name}"


def guessed_parent(name: str, names: Collection[str], before: str = "") -> str | None:
    """The resource that a path variable seems to point to: `account_id` → `accounts`, and so does `accounts/{id}`.

    `before` is the path up to the variable.
    """
    stem = _KEY_SUFFIX.sub("", name.rsplit(".", maxsplit=1)[-1]).lower()
    segment = before[:-1].rpartition("/")[2].lower().replace("-", "_") if before.endswith("/") else ""
    forms = (*((stem, f"{stem}s", f"{stem}es", f"{stem[:-1]}ies") if stem else ()), segment)
    exact = next((known for form in forms for known in names if form and known.lower() == form), None)
    return exact or _by_last_word(names, forms[:-1])


def _by_last_word(names: Collection[str], forms: Sequence[str]) -> str | None:
    """`page_id` → `status_pages`, if it is the only one of that last word."""
    found = [name for name in names if re.split(r"[\W_]+", name.lower())[-1] in forms[1:]]
    return found[0] if len(found) == 1 else None


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
