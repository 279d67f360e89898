"""A scaffold's templates in the course of a reading: what the sandbox gives, told as an interpretation."""

from __future__ import annotations

import re
from collections.abc import Callable

from headrace.model.credential import names_credential
from headrace.model.plan import Ref, Text, text
from headrace.spec.context import Context
from headrace.spec.jinja import without_jinja
from headrace.spec.node import Node
from headrace.spec.placeholders import from_outside
from headrace.spec.references import Part
from headrace.spec.sandbox import Missing, NoValue, evaluated
from headrace.spec.stand_ins import with_secrets
from headrace.spec.template import Template

_FILTERED = re.compile(r"\{\{[^{}]*\|[^{}]*\}\}")
_USUAL = re.compile(r"\|\s*(?:string|urlencode|trim)\s*(?=\||\}\})")
"""What is made of every value in a path, or changes none that can stand in one."""
_ONE = re.compile(r"\s*\{\{[^{}]*\}\}\s*")


def rendered(ctx: Context, node: Node, words: str) -> str | None:
    """The value of a template now; None where it has none that can be told."""
    try:
        value = evaluated(words, _open_to(ctx), ctx.now)
    except (Missing, NoValue):
        return None
    ctx.faults.tell("template", node.path, node.line, words=words, value=value)
    return value


def filled(ctx: Context, node: Node, template: Template) -> Node:
    """A scaffold's `{{ config['x'] }}` as the value that is given for it; dlt's parameters as they are."""
    words = node.word
    if not ctx.scaffold or words is None or "{{" not in words:
        return node
    value: Part | None = rendered(ctx, node, words)
    if value is None and (secret := with_secrets(ctx, node, words)) is not None:
        return secret
    if value is None and _ONE.fullmatch(words) is None:
        needed(ctx, words)
        return node
    name = without_jinja(words.strip()).strip("{}")
    value = value or from_outside(ctx, node, name, template)
    given = value if isinstance(value, str) else text(Ref(name, "config"))
    return Node(given, node.line, node.path, node.key_line)


def path_words(ctx: Context, node: Node) -> str:
    """A path as a format string; what must still be given stands in it as it is, and is no placeholder."""
    words = ""
    for part in node.value.parts if isinstance(node.value, Text) else (node.word or "",):
        if not isinstance(part, Ref):
            words += _in_path(ctx, node, str(part)) if ctx.scaffold else str(part)
        elif part.kind != "secret":
            words += ctx.found(part) or f"{{{{{part.name}}}}}"
    return words


def _in_path(ctx: Context, node: Node, words: str) -> str:
    """The words of a scaffold's path; a template that makes something of a value is what it makes."""
    out, at = "", 0
    for found in _FILTERED.finditer(words):
        out += without_jinja(words[at : found.start()]) + _filtered(ctx, node, found[0])
        at = found.end()
    return out + without_jinja(words[at:])


def _filtered(ctx: Context, node: Node, words: str) -> str:
    bare = _USUAL.sub("", words)
    if "|" not in bare:
        return without_jinja(bare)
    value = rendered(ctx, node, bare)
    if value is None:
        try:
            evaluated(bare, _open_to(ctx), ctx.now)
        except Missing as missing:
            if not names_credential(str(missing)):
                ctx.need(f"config:{missing}")
                ctx.faults.tell("path-value", node.path, node.line, name=missing)
                return f"{{{{{missing}}}}}"
        except NoValue:
            pass
        problem = f"the template `{words}` makes something of its value that cannot be made here"
        fix = "write the name alone, and give the value as it is to stand in the path"
        ctx.faults.error("path-template", node.path, node.line, problem, fix)
    return (value or "").replace("{", "{{").replace("}", "}}")


def needed(ctx: Context, words: str) -> bool:
    """Whether the template lacks but a value from outside, which is then a need."""
    try:
        evaluated(words, _open_to(ctx), ctx.now)
    except Missing as missing:
        ctx.need(f"config:{missing}")
        return True
    except NoValue:
        return False
    return False


def _open_to(ctx: Context) -> Callable[[str], str | None]:
    """What a template may see: its value is shown as it is, so nothing that may be a secret, unless it was typed."""

    def found(name: str) -> str | None:
        return None if names_credential(name) and name not in ctx.settings else ctx.found(Ref(name, "config"))

    return found
