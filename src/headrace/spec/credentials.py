"""One credential of a document: where it stands, or that it is looked for outside; and an auth as understood."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.model.plan import Auth, NoAuth, Ref, Text, text
from headrace.spec.context import Context
from headrace.spec.node import Node

_NO_AUTH = NoAuth()


@dataclass(frozen=True, slots=True)
class ReadAuth:
    """An auth as understood; `kind` may be one that a run does not support yet.

    `body` is a key that goes into the body of every request, with its name: there is no `Auth` for that.
    """

    auth: Auth = _NO_AUTH
    kind: str = "none"
    name: str | None = None
    location: str | None = None
    body: tuple[str, Text] | None = None


def field(ctx: Context, fields: Node, name: str, *others: str) -> Text:
    """A credential; one that is left out is looked for outside by its own name, as dlt does."""
    for key in (name, *others):
        node = fields.get(key)
        if node is not None:
            return ctx.text(node) or text("")
    line = fields.line
    ctx.faults.tell("credential-outside", f"{fields.path}.{name}", line, name=name)
    return ctx.settled(text(Ref(name)))
