"""A scaffold's templates in the course of a reading: what the sandbox gives, told as an interpretation."""

from __future__ import annotations

import re
from collections.abc import Callable

from headrace.model.credential import names_credential
from headrace.model.plan import Ref, text
from headrace.spec.context import Context
from headrace.spec.jinja import without_jinja
from headrace.spec.node import Node
from headrace.spec.placeholders import from_outside
from headrace.spec.references import Part
from headrace.spec.sandbox import Missing, NoValue, evaluated
from headrace.spec.stand_ins import with_secrets
from headrace.spec.template import Template

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
