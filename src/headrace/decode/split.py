r"""How one key whose values change kind becomes several keys of one kind each, by rewriting the bytes before parsing.

`{"a": 1}`, `{"a": "x"}` is read as `{"<mark>Na": 1}`, `{"a": "x"}`: a mark is put behind the opening quote of the key
wherever the value is of that kind. One pass of RE2 over the batch does it for all keys of a kind.

Why the pattern `[^\\]"KEY"\s*:` finds keys and nothing else: a quote inside a string is always escaped, so a quote with
no backslash before it opens or closes a string. If it opens one, `KEY` is its whole text and the colon makes it a key.
If it closes one, then `KEY` would have to be all that stands between two strings, and a comma or a colon always does;
keys with one of these are never split. (The backslash of an escaped quote is excluded by the first character class; an
opening quote of a key always has something before it, the brace at least.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

MARK = "\U0010fffd"
"""A private-use character; a batch that holds it, or its escape, is not split."""

_MARK_BYTES = MARK.encode()
_MARK_ESCAPE = r"\\u[dD][bB][fF][fF]\\u[dD][fF][fF][dD]"

Part: TypeAlias = Literal["N", "B", "S", "L", "O", "F", "Z"]
"""number, bool, string, list, object; and for exact numbers: literal with fraction or exponent, long integer."""

_VALUE: dict[Part, str] = {"N": r"[-0-9]", "B": "[tf]", "S": '"', "L": r"\[", "O": r"\{", "F": r"-?[0-9]+[.eE]"}
_KEEPS: tuple[Part, ...] = ("O", "S", "N", "L", "B")

Splits: TypeAlias = Mapping[str, frozenset[Part]]
"""For each key, the kinds that its values were seen to have."""


def plain_key(key: str) -> str:
    """The key without its mark."""
    return key[2:] if key.startswith(MARK) else key


def part_of(key: str) -> str:
    """The kind that the key was split for, empty if it carries no mark."""
    return key[1] if key.startswith(MARK) else ""


def can_split(key: str) -> bool:
    """Whether the key may be told from all else in the bytes (see above)."""
    return not any(char in ",:" for char in key)


def holds_mark(data: bytes) -> bool:
    """Whether the data itself holds the mark, so that it cannot be used."""
    if _MARK_BYTES[:1] in data and _MARK_BYTES in data:  # one byte is found ten times as fast as four
        return True
    escaped: bool = pc.match_substring_regex(whole(data), _MARK_ESCAPE)[0].as_py()
    return escaped


def split(data: bytes, splits: Splits) -> bytes:
    """The batch with a mark in each key whose value is of a kind other than the first of `_KEEPS` that it has."""
    for part in ("F", "Z", "N", "B", "S", "L", "O"):
        keys = [key for key, parts in splits.items() if part in _marked(parts)]
        if keys:
            data = _mark(data, part, keys)
    return data


def _marked(parts: frozenset[Part]) -> frozenset[Part]:
    plain = next((part for part in _KEEPS if part in parts), None)
    if "F" in parts:  # exact numbers: every literal is told apart, whatever else the key holds
        return parts
    return parts - {plain} if plain else parts


def _mark(data: bytes, part: Part, keys: Iterable[str]) -> bytes:
    names = "|".join(key_pattern(key) for key in keys)
    if part == "Z":  # runs after F, so what is left are integers, and a long one is kept as a string
        pattern, to = rf'([^\\]")((?:{names})"\s*:\s*)(-?[0-9]{{16,}})', rf'\1{MARK}Z\2"\3"'
    else:
        pattern, to = rf'([^\\]")((?:{names})"\s*:\s*{_VALUE[part]})', rf"\1{MARK}{part}\2"
    # RE2 in Arrow takes a binary value byte by byte, so patterns and data may hold any UTF-8.
    replaced: bytes = pc.replace_substring_regex(whole(data), pattern, to)[0].as_py()
    return replaced


def whole(data: bytes) -> pa.Array:
    """The batch as one value, for Arrow's functions on text. It is not copied."""
    ends = pa.py_buffer(struct.pack("=qq", 0, len(data)))
    return pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)])


def key_pattern(key: str) -> str:
    """RE2 for every way in which JSON may spell the key, but escapes of plain ASCII letters, digits and signs."""
    return "".join(_char_pattern(char) for char in key)


_SHORT = {
    '"': r"\\\"",
    "\\": r"\\\\",
    "/": r"\\?/",
    "\b": r"\\b",
    "\f": r"\\f",
    "\n": r"\\n",
    "\r": r"\\r",
    "\t": r"\\t",
}


def _char_pattern(char: str) -> str:
    utf16 = char.encode("utf-16-be")
    escaped = "".join(rf"\\u(?i:{utf16[at : at + 2].hex()})" for at in range(0, len(utf16), 2))
    if char in _SHORT:
        return f"(?:{_SHORT[char]}|{escaped})"
    if not char.isascii():
        return f"(?:{char}|{escaped})"
    if not char.isprintable():
        return escaped
    return char if char.isalnum() or char == "_" else rf"\x{ord(char):02x}"


_HIDDEN_KEY = r'"(?:[^"\\]|\\.)*\\u00[2-7][0-9a-fA-F](?:[^"\\]|\\.)*"\s*:'


def hides_keys(data: bytes) -> bool:
    """Whether a key may be spelt with escapes of plain ASCII characters, which `key_pattern` would not find."""
    if b"\\u00" not in data:
        return False
    count: int = pc.count_substring_regex(whole(data), _HIDDEN_KEY)[0].as_py()
    return count > 0
