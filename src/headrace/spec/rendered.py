"""A scaffold's templates in the course of a reading: what the sandbox gives, told as an interpretation."""

from __future__ import annotations

from collections.abc import Callable

from headrace.model.credential import names_credential
from headrace.model.plan import Ref
from headrace.spec.context import Context
from headrace.spec.node import Node
from headrace.spec.sandbox import Missing, NoValue, evaluated


def rendered(ctx: Context, node: Node, words: str) -> str | None:
    """The value of a template now; None where it has none that can be told."""
    try:
        value = evaluated(words, _open_to(ctx), ctx.now)
    except (Missing, NoValue):
        return None
    ctx.faults.tell("template", node.path, node.line, words=words, value=value)
    return value


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
