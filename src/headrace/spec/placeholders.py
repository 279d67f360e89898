"""The braces in paths, parameters and bodies: which name a parent's rows, an increment, a parameter or a setting."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from headrace.model.plan import Ref
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed, nearest
from headrace.spec.node import Node
from headrace.spec.vocabulary import PARENT_FIX, PARENT_NOT_YET

_JINJA = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_WRAPPED = re.compile(r"\{(?:stream_slice|stream_partition|config|parent|partition)\.(\w+)\}")
_SCAFFOLD_ROOTS = {"config", "stream_slice", "stream_partition", "stream_interval", "parent", "partition", "get"}
_LAST_BRACED = re.compile(r"\{[a-zA-Z0-9.\-_]+\}")
_KEY_SUFFIX = re.compile(r"_?(?:id|uuid|key|slug|gid|code|number|name)s?$", re.IGNORECASE)


def fields(template: str) -> list[str]:
    """The names in braces. Raises ValueError where braces do not pair."""
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def is_single_entity(path: str) -> bool:
    """Whether the last segment holds a placeholder, so that the path leads to one record."""
    return _LAST_BRACED.search(path.rstrip("/").rsplit("/", 1)[-1]) is not None


def without_jinja(template: str) -> str:
    """`{{ config['x'] }}` and `{stream_slice.x}` as `{x}`."""

    def name(found: re.Match[str]) -> str:
        words = [word for word in re.findall(r"\w+", found[1]) if word not in _SCAFFOLD_ROOTS]
        return f"{{{words[0]}}}" if words else "{value}"

    return _WRAPPED.sub(r"{\1}", _JINJA.sub(name, template).replace("${", "{"))


def walk_strings(node: Node) -> Iterator[tuple[Node, str]]:
    """Every plain string of a tree, keys included, with where it stands."""
    if isinstance(node.value, dict):
        for key, sub in node.value.items():
            yield sub, key
            yield from walk_strings(sub)
    elif isinstance(node.value, list):
        for sub in node.value:
            yield from walk_strings(sub)
    elif isinstance(node.value, str):
        yield node, node.value


def check_expressions(ctx: Context, node: Node | None, names: list[str], *, incremental: bool) -> str | None:
    """The parent that placeholders outside of the path name. dlt knows no other placeholders there."""
    parent = None
    for spot, words in walk_strings(node) if node is not None else ():
        try:
            found = fields(words)
        except ValueError:
            if not ctx.scaffold:
                problem, fix = f"the braces in `{words}` do not pair", "double each brace that is meant as it stands"
                ctx.faults.error("placeholder", spot.path, spot.line, problem, fix)
            continue
        for name in found:
            if name.startswith("resources."):
                parent = parent_of(ctx, spot, name, names)
            elif name.startswith("incremental.") and incremental:
                continue  # told once, at endpoint.incremental
            elif not ctx.scaffold:
                contexts = "`resources.` or `incremental.`" if incremental else "`resources.`"
                ctx.faults.error(
                    "placeholder",
                    spot.path,
                    spot.line,
                    f"the placeholder {{{name}}} does not begin with {contexts}",
                    "double the braces if they are meant as they stand",
                )
    return parent


def parent_of(ctx: Context, spot: Node, name: str, names: list[str]) -> str | None:
    """The parent of `resources.<parent>.<field>`, which must exist."""
    parts = name.split(".", 2)
    if len(parts) < 3 or not all(parts):  # noqa: PLR2004 - the three parts of the form
        ctx.faults.error(
            "placeholder", spot.path, spot.line, f"{{{name}}} lacks a field", "write {resources.<resource>.<field>}"
        )
        return None
    return known_parent(ctx, spot, parts[1], names)


def known_parent(ctx: Context, spot: Node, parent: str, names: list[str]) -> str | None:
    """The parent if there is such a resource; told as not supported yet."""
    if parent not in names:
        fix = did_you_mean(parent, names, f"name one that exists: {listed(names[:8])}")
        ctx.faults.error("unknown-parent", spot.path, spot.line, f"there is no resource `{parent}`", fix)
        return None
    ctx.faults.error("not-yet", spot.path, spot.line, f"{PARENT_NOT_YET} (here: of `{parent}`)", PARENT_FIX)
    return parent


def from_outside(ctx: Context, node: Node, name: str, names: list[str]) -> tuple[str | None, str | None]:
    """A scaffold's `{name}` with no value of its own: a setting, else a parent by its name, else a need."""
    value = ctx.found(Ref(name, "config"))
    if value is not None:
        ctx.came(f"{node.path}.{{{name}}}", value, "flag")
        return value, None
    parent = guessed_parent(name, names)
    if parent is not None:
        ctx.faults.error(
            "not-yet",
            node.path,
            node.line,
            f"{PARENT_NOT_YET} (here {{{name}}}, read as a field of `{parent}`)",
            f"take this resource out for now, or give one value with --set {name}=VALUE",
        )
        return None, parent
    ctx.need(f"config:{name}")
    ctx.faults.warning(
        "path-value",
        node.path,
        node.line,
        f"the path holds {{{name}}}, and nothing says what stands for it",
        f"give it with --set {name}=VALUE",
    )
    return None, None


def guessed_parent(name: str, names: list[str]) -> str | None:
    """The resource that a path variable's name seems to point to: `account_id` → `accounts`."""
    stem = _KEY_SUFFIX.sub("", name.rsplit(".", maxsplit=1)[-1]).lower()
    if not stem:
        return None
    forms = (stem, f"{stem}s", f"{stem}es", f"{stem[:-1]}ies")
    return next((known for form in forms for known in names if known.lower() == form), None)


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
