"""How a document points to a value outside of it: `dlt.secrets["x"]`, `dlt.config["x"]`, `os.environ["X"]`."""

from __future__ import annotations

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

_WHOLE = re.compile(r"""\s*(dlt\.secrets|dlt\.config|os\.environ)\[\s*(["'])([^"'\]]+)\2\s*\]\s*""")


def whole_reference(words: str) -> Text | None:
    """The reference that a string of a YAML, JSON or TOML document wholly is."""
    found = _WHOLE.fullmatch(words)
    return None if found is None else Text((Ref(found[3], SOURCES[found[1]]),))


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
