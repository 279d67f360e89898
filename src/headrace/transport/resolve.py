"""Where references become values: each is looked up once, and what must stay secret is told to the redactor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from headrace.errors import ConfigError
from headrace.model.plan import Json, ParentField, Ref, Text, WindowValue
from headrace.transport.redact import Redactor

Resolve: TypeAlias = Callable[[Ref], str | None]


def place(ref: Ref) -> str:
    """Where the value of a reference can be put, in words."""
    variable = ref.name if ref.kind == "env" else ref.name.upper().replace(".", "__")
    if ref.kind == "env":
        return f"the environment variable {variable}"
    return f"the environment variable {variable} or {ref.name} in .dlt/secrets.toml"


class Resolver:
    """Turns `Text` into what is sent. Secrets are trimmed: a pasted one often ends in a line break."""

    def __init__(self, lookup: Resolve, redactor: Redactor) -> None:
        self._lookup = lookup
        self._redactor = redactor
        self._found: dict[Ref, str | None] = {}

    def text(self, text: Text, *, secret: bool = False) -> str:
        """The text with its references filled in. `secret`: it counts as one as a whole, literals included.

        Raises:
            ConfigError: a reference has no value; the message says where to put it.
        """
        if (literal := text.literal) is not None and not secret:
            return literal
        value = "".join(part if isinstance(part, str) else self._need(part, secret=secret) for part in text.parts)
        if secret:
            value = value.strip()
            self._redactor.add(value)
        return value

    def optional(self, text: Text) -> str | None:
        """The text as a secret, or None if one of its references has no value."""
        if any(self._find(ref) is None for ref in text.refs):
            return None
        return self.text(text, secret=True)

    def json(self, value: Json) -> Json:
        """A JSON value with the texts and references in it filled in; the value given is not changed."""
        match value:
            case Text():
                return self.text(value)
            case Ref():
                return self.text(Text((value,)))
            case dict():
                return {self.json(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
            case _:
                return value

    def _need(self, ref: Ref | ParentField | WindowValue, *, secret: bool) -> str:
        if not isinstance(ref, Ref):
            raise TypeError(f"{ref} was not filled in before the request was to be sent")
        value = self._find(ref)
        if value is None:
            what = "secret" if ref.kind == "secret" else "value"
            raise ConfigError(f"The {what} {ref.name!r} is not set; put it in {place(ref)}.")
        if secret or ref.kind == "secret":
            self._redactor.add(value)
        return value

    def _find(self, ref: Ref) -> str | None:
        if ref not in self._found:
            value = self._lookup(ref)
            value = ref.default if value is None else value
            if value is not None and not _is_text(value):
                raise ConfigError(f"The value of {ref.name!r} is not UTF-8 text; put it again in {place(ref)}.")
            self._found[ref] = value.strip() if value is not None and ref.kind == "secret" else value
        return self._found[ref]


def _is_text(value: str) -> bool:
    """Bytes of the environment that are no UTF-8 come as lone surrogates, which nothing can send."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
