"""The body of an endpoint's request: JSON, a form, or a text that is sent as it stands."""

from __future__ import annotations

from typing import NamedTuple

from headrace.model.plan import Json, Text
from headrace.spec.batches import repeated
from headrace.spec.context import Context
from headrace.spec.node import Node, Opaque
from headrace.spec.template import Template

_PAIR = 2


class Body(NamedTuple):
    """At most one of the three."""

    json: Json = None
    form: tuple[tuple[str, Text], ...] | None = None
    raw: Text | None = None


def read_body(ctx: Context, endpoint: Node, template: Template) -> Body:
    """The body of an endpoint; one stated twice is an error."""
    json_node = endpoint.get("json") or (endpoint.get("body") if ctx.scaffold else None)
    data = endpoint.get("data")
    if json_node is not None and data is not None and json_node.value and data.value:
        ctx.faults.error("two-bodies", data.path, data.at, "`json` and `data` exclude each other", "keep one of them")
        return Body()
    if json_node is not None and (data is None or json_node.value):
        return Body(json=template.json(json_node)) if ctx.mapping(json_node) is not None else Body()
    match data:
        case None:
            return Body()
        case Node(value=str() | Text() as words):
            return Body(raw=template.text(data, words))
        case Node(value=dict() as mapping):
            fields = list(mapping.items())
        case Node(value=list() as pairs) if all(_is_pair(pair) for pair in pairs):
            fields = [(pair.elements[0].word or "", pair.elements[1]) for pair in pairs]
        case _:
            ctx.wrong(data, "a form as a mapping, or a text")
            return Body()
    return Body(form=tuple(pair for name, sub in fields for pair in named_values(ctx, template, name, sub)))


def _is_pair(node: Node) -> bool:
    return len(node.elements) == _PAIR and node.elements[0].word is not None


def named_values(ctx: Context, template: Template, name: str, node: Node) -> list[tuple[str, Text]]:
    """A parameter or form field as it is sent: null is left out, a list is sent element by element."""
    subs = node.elements if isinstance(node.value, list) else [node]
    given = [words for sub in subs if sub.value is not None and (words := value_text(ctx, template, sub)) is not None]
    if isinstance(node.value, list):
        given = [repeated(words) for words in given]
    return [(template.name(node, name), words) for words in given]


def value_text(ctx: Context, template: Template, node: Node) -> Text | None:
    """One value as it is sent. dlt sends Python's words for true and false; scaffolds mean JSON's."""
    match node.value:
        case bool() as flag:
            return Text((str(flag).lower() if ctx.scaffold else str(flag),))
        case int() | float() as number:
            return Text((str(number),))
        case str() | Text() as words:
            return template.text(node, words)
        case Opaque(live=live) if live is not None and not callable(live):
            return Text((str(live),))
        case _:
            return ctx.text(node)
