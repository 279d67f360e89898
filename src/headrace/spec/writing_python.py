"""A configuration tree as a Python expression, laid out to be read."""

from __future__ import annotations

import json

from headrace.model.plan import Ref, Text
from headrace.spec.references import is_plain, written
from headrace.spec.writing_value import Function, Mapping, Signed, Value

WIDTH = 100
_FEW = 72
_INDENT = "    "


def expression(value: Value, indent: str = "", used: int = 0) -> str:
    """The value as Python; what does not fit behind `used` columns of a line is broken, at this indent."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or (_is_short(value, flat) and len(indent) + used + len(flat) < WIDTH):
        return flat
    inner = indent + _INDENT
    if isinstance(value, list):
        rows = [f"{inner}{expression(sub, inner, 1)},\n" for sub in value]
        return f"[\n{''.join(rows)}{indent}]"
    if isinstance(value, Signed):
        rows = [f"{inner}{key}={expression(sub, inner, len(key) + 2)},\n" for key, sub in _arguments(value)]
        return f"OAuthJWTAuth(\n{''.join(rows)}{indent})"
    rows = [f"{inner}{_string(key)}: {expression(sub, inner, len(key) + 5)},\n" for key, sub in value.items()]
    return f"{{\n{''.join(rows)}{indent}}}"


def _is_short(value: dict[str, Value] | list[Value], flat: str) -> bool:
    """Whether a mapping or list may stand on one line: with a mapping in it, only if it is a mere few words."""
    subs = value.values() if isinstance(value, dict) else value
    return not any(isinstance(sub, dict) and sub for sub in subs) or (isinstance(value, dict) and len(flat) <= _FEW)


def _flat(value: Value) -> str:
    match value:
        case dict():
            if isinstance(value, Signed):
                return f"OAuthJWTAuth({', '.join(f'{key}={_flat(sub)}' for key, sub in _arguments(value))})"
            pairs = (f"{_string(key)}: {_flat(sub)}" for key, sub in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(_flat(sub) for sub in value)}]"
        case str():
            return str(value) if isinstance(value, Function) else _string(value)
        case Text(parts):
            return _joined([part if isinstance(part, Ref) else str(part) for part in parts])
        case _:
            return repr(value)


def _arguments(value: Mapping) -> list[tuple[str, Value]]:
    return [(key, sub) for key, sub in value.items() if key != "type"]


def _joined(parts: list[str | Ref]) -> str:
    """One reference by itself; a reference in a text as an f-string, or as a sum where braces would be doubled."""
    match parts:
        case [Ref() as ref]:
            return written(ref)
    plain = all(_simple(part) for part in parts)
    if plain:
        inner = (f"{{{written(part, chr(39))}}}" if isinstance(part, Ref) else _string(part)[1:-1] for part in parts)
        return f'f"{"".join(inner)}"'
    return " + ".join(_term(part) for part in parts)


def _simple(part: str | Ref) -> bool:
    return part.default is None and is_plain(part) if isinstance(part, Ref) else not set("{}") & set(part)


def _term(part: str | Ref) -> str:
    if isinstance(part, str):
        return _string(part)
    return written(part) if part.default is None else f"({written(part)})"


def _string(words: str) -> str:
    """A string in double quotes: JSON's escapes are Python's too, save that of a character as a pair of surrogates."""
    quoted = json.dumps(words, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
