"""How a document points to a value outside of it: `dlt.secrets["x"]`, `dlt.config["x"]`, `os.environ["X"]`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from headrace.model.plan import ParentField, Ref, Text, WindowValue

Part: TypeAlias = str | Ref | ParentField | WindowValue
Kind = Literal["secret", "config", "env"]

SOURCES: dict[str, Kind] = {
    "dlt.secrets": "secret",
    "dlt.config": "config",
    "os.environ": "env",
    "environ": "env",
}
VALUES: dict[str, Kind] = {"dlt.secrets.value": "secret", "dlt.config.value": "config"}
GETTERS: dict[str, Kind] = {"os.getenv": "env", "getenv": "env"}
GETTERS.update((f"{name}.get", kind) for name, kind in SOURCES.items())

_REFERENCE = r"""
    (?P<source>dlt\.secrets|dlt\.config|os\.environ)
    (?: \[\s*(["'])(?P<item>[^"'\]]+)\2\s*\] | \.get\(\s*(["'])(?P<got>[^"'\]]+)\4\s*\) )
    (?: \s+or\s+(?P<default>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*") )?
"""
_WHOLE = re.compile(rf"\s*{_REFERENCE}\s*", re.VERBOSE)
_WITHIN = re.compile(rf"\{{{_REFERENCE}\}}", re.VERBOSE)


def whole_reference(words: str) -> Text | None:
    """The reference that a string of a YAML, JSON or TOML document wholly is: `dlt.secrets["x"]`.

    `dlt.secrets.get("x") or "y"` is one with a default.
    """
    found = _WHOLE.fullmatch(words)
    return None if found is None else Text((_ref(found),))


def with_references(words: str) -> Text | None:
    """A string of a YAML, JSON or TOML document with references in braces: `Bearer {dlt.secrets["x"]}`."""
    parts: list[Part] = []
    end = 0
    for found in _WITHIN.finditer(words):
        parts += (words[end : found.start()], _ref(found))
        end = found.end()
    made = joined((*parts, words[end:]))
    return made if isinstance(made, Text) else None


def _ref(found: re.Match[str]) -> Ref:
    default = json.loads(found["default"]) if found["default"] else None
    return Ref(found["item"] or found["got"], SOURCES[found["source"]], default)


def written(ref: Ref, quote: str = '"') -> str:
    """A reference as an expression that Python and the data formats share."""
    source = {"secret": "dlt.secrets", "config": "dlt.config", "env": "os.environ"}[ref.kind]
    name = f"{quote}{ref.name}{quote}" if is_plain(ref) else json.dumps(ref.name)
    if ref.default is None:
        return f"{source}[{name}]"
    return f"{source}.get({name}) or {json.dumps(ref.default)}"


def is_plain(ref: Ref) -> bool:
    """Whether a reference's name can stand between quotes as it is."""
    return ref.name.isprintable() and set("\"'\\{}").isdisjoint(ref.name)


def joined(parts: Iterable[Part]) -> str | Text:
    """Pieces of a string as one: a plain string if nothing of it comes from elsewhere."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if all(isinstance(part, str) for part in merged):
        return "".join(map(str, merged))
    return Text(tuple(merged))
