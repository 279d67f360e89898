"""The tokens of a text that may be Python: told apart also where it does not parse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

OPEN = {"(": ")", "[": "]", "{": "}"}
CLOSE = {closer: opener for opener, closer in OPEN.items()}
CURLY = "‘’‚‛“”„‟′″`´"
_WORD = re.compile(r"[^\W\d]\w*|\d[\w.]*")


@dataclass(frozen=True, slots=True)
class Token:
    """A token, its 1-based line, and where it begins: in its line, and in the text."""

    kind: Literal["string", "word", "open", "close", "comma", "colon", "sign", "curly", "unpaired", "slashes"]
    text: str
    line: int
    column: int
    at: int = 0


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, comments left out; strings that do not end and curly quotes are tokens of their own."""
    found: list[Token] = []
    at, line, start = 0, 1, 0
    while at < len(text):
        char = text[at]
        if char == "\n":
            at, line, start = at + 1, line + 1, at + 1
        elif char.isspace():
            at += 1
        elif char == "#":
            at = _line_end(text, at)
        elif text.startswith("//", at) and not text[start:at].strip():
            found.append(Token("slashes", "//", line, at - start, at))
            at = _line_end(text, at)
        elif text.startswith(('"""', "'''"), at):
            end = text.find(text[at : at + 3], at + 3)
            end = len(text) if end < 0 else end + 3
            found.append(Token("string", text[at:end], line, at - start, at))
            line += text.count("\n", at, end)
            at = end
        elif char in "\"'":
            closed = _string_end(text, at)
            kind: Literal["unpaired", "string"] = "unpaired" if closed is None else "string"
            end = _line_end(text, at) if closed is None else closed
            found.append(Token(kind, text[at:end], line, at - start, at))
            at = end
        elif char in CURLY:
            found.append(Token("curly", char, line, at - start, at))
            at += 1
        elif word := _WORD.match(text, at):
            found.append(Token("word", word[0], line, at - start, at))
            at = word.end()
        else:
            found.append(Token(_sign(char), char, line, at - start, at))
            at += 1
    return found


def _sign(char: str) -> Literal["open", "close", "comma", "colon", "sign"]:
    if char in OPEN:
        return "open"
    if char in CLOSE:
        return "close"
    return "comma" if char == "," else "colon" if char == ":" else "sign"


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _string_end(text: str, at: int) -> int | None:
    """Just after the closing quote; None if the line ends first."""
    quote, spot = text[at], at + 1
    while spot < len(text) and text[spot] != "\n":
        if text[spot] == "\\":
            spot += 2
            continue
        if text[spot] == quote:
            return spot + 1
        spot += 1
    return None
