"""Why a Python text does not parse, and which line to mend: not where the parser noticed, but where the slip is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = {closer: opener for opener, closer in _OPEN.items()}
_CURLY = "‘’‚‛“”„‟′″`´"
_WORD = re.compile(r"[^\W\d]\w*|\d[\w.]*")
_JOINING = {"if", "else", "and", "or", "not", "in", "is", "for", "lambda", "await", "async", "from"}


class Slip(NamedTuple):
    """What is wrong and where, 1-based."""

    line: int
    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["string", "word", "open", "close", "comma", "colon", "sign", "curly", "unpaired", "slashes"]
    text: str
    line: int
    column: int


def diagnose(text: str, error: BaseException, offset: int = 0) -> Slip:
    """The slip behind a syntax error, which counted lines from `offset` below the beginning of the text."""
    noticed = (getattr(error, "lineno", None) or 1) + offset
    tokens = list(_tokens(text))
    for look in (_curly, _unpaired, _missing_comma, _missing_colon, _brackets):
        slip = look(tokens, text)
        if slip is not None:
            return slip
    message = str(getattr(error, "msg", None) or error).rstrip(".")
    return Slip(
        noticed, f"the text is not Python here: {message}", "correct the syntax on this line or the one above it"
    )


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
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
            found.append(_Token("slashes", "//", line, at - start))
            at = _line_end(text, at)
        elif text.startswith(('"""', "'''"), at):
            end = text.find(text[at : at + 3], at + 3)
            end = len(text) if end < 0 else end + 3
            found.append(_Token("string", text[at:end], line, at - start))
            line += text.count("\n", at, end)
            at = end
        elif char in "\"'":
            closed = _string_end(text, at)
            kind: Literal["unpaired", "string"] = "unpaired" if closed is None else "string"
            end = _line_end(text, at) if closed is None else closed
            found.append(_Token(kind, text[at:end], line, at - start))
            at = end
        elif char in _CURLY:
            found.append(_Token("curly", char, line, at - start))
            at += 1
        elif word := _WORD.match(text, at):
            found.append(_Token("word", word[0], line, at - start))
            at = word.end()
        else:
            found.append(_Token(_sign(char), char, line, at - start))
            at += 1
    return found


def _sign(char: str) -> Literal["open", "close", "comma", "colon", "sign"]:
    if char in _OPEN:
        return "open"
    if char in _CLOSE:
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


def _curly(tokens: list[_Token], _text: str) -> Slip | None:
    for token in tokens:
        if token.kind == "curly":
            return Slip(
                token.line,
                f"the quotes on this line are typographic ({token.text}), not Python's",
                'write straight quotes: "…"',
            )
    return None


def _unpaired(tokens: list[_Token], text: str) -> Slip | None:
    for token in tokens:
        if token.kind == "unpaired":
            row = text.splitlines()[token.line - 1].strip()
            mixed = re.search(r"\"[\w./{} -]+'|'[\w./{} -]+\"", row)
            what = f": {mixed[0]} begins with one kind of quote and ends with another" if mixed else ""
            return Slip(
                token.line,
                f"the quotes on this line do not pair{what}",
                "close each string with the quote it began with",
            )
    return None


def _ends_value(token: _Token) -> bool:
    return token.kind in {"string", "close"} or (token.kind == "word" and token.text not in _JOINING)


def _missing_comma(tokens: list[_Token], _text: str) -> Slip | None:
    """Inside brackets: a value that is followed by another value or key with nothing between."""
    stack: list[str] = []
    for index, token in enumerate(tokens[:-1]):
        if token.kind == "open":
            stack.append(token.text)
        elif token.kind == "close" and (not stack or stack.pop() != _CLOSE[token.text]):
            return None  # the brackets are what is wrong
        following = tokens[index + 1]
        if not stack or not _ends_value(token):
            continue
        begins = following.kind == "string" or (following.kind == "word" and following.text not in _JOINING)
        begins = begins or (following.kind == "open" and following.text == "{")
        begins = begins or (following.kind == "open" and following.line > token.line)
        if not begins:
            continue
        if token.kind == "word" and following.kind == "string" and token.line == following.line:
            continue  # a string prefix: f"…"
        after = tokens[index + 2] if index + 2 < len(tokens) else None
        is_key = after is not None and after.kind == "colon" and stack[-1] == "{"
        if token.kind == following.kind == "string" and not is_key:
            continue  # Python joins neighbouring strings
        if _is_lambda_or_loop(tokens, index):
            continue
        what = f"`{token.text}`" if len(token.text) < 40 else "the value"  # noqa: PLR2004 - the width of a message
        return Slip(
            token.line, f"a comma is missing after {what} at the end of this value", f"add a comma after {what}"
        )
    return None


def _missing_colon(tokens: list[_Token], _text: str) -> Slip | None:
    """In a dict: a key and its value with nothing between."""
    stack: list[str] = []
    for before, token, following in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.kind == "open":
            stack.append(before.text)
        elif before.kind == "close" and stack:
            stack.pop()
        key = before.kind == "comma" or before.text == "{"
        value = following.kind in {"string", "word"} or following.text in {"{", "["}
        if stack and stack[-1] == "{" and key and token.kind == "string" and value and token.line == following.line:
            return Slip(token.line, f"a colon is missing after {token.text}", f"write {token.text}: …")
    return None


def _is_lambda_or_loop(tokens: list[_Token], index: int) -> bool:
    return any(
        token.text in {"lambda", "for"} for token in tokens[max(0, index - 2) : index + 2] if token.kind == "word"
    )


def _brackets(tokens: list[_Token], text: str) -> Slip | None:
    """A bracket that is never closed, by the parser's count and by the indentation of what follows."""
    rows = text.splitlines()
    stack: list[_Token] = []
    for index, token in enumerate(tokens):
        if token.kind == "open":
            stack.append(token)
        elif token.kind == "close":
            leads = index == 0 or tokens[index - 1].line != token.line
            if leads and stack and _indent(rows, token.line) < _indent(rows, stack[-1].line):
                return _unclosed(stack[-1], f"before line {token.line}")
            if not stack:
                return Slip(
                    token.line,
                    f"`{token.text}` closes nothing",
                    f"delete the `{token.text}` or add the bracket that it closes",
                )
            if _CLOSE[token.text] != stack[-1].text:
                if len(stack) > 1 and stack[-2].text == _CLOSE[token.text]:
                    return _unclosed(stack[-1], f"before the `{token.text}` of line {token.line}")
                return Slip(
                    token.line,
                    f"`{token.text}` closes the `{stack[-1].text}` of line {stack[-1].line}",
                    f"write `{_OPEN[stack[-1].text]}`",
                )
            stack.pop()
    return _unclosed(stack[-1], "at its end") if stack else None


def _unclosed(opener: _Token, where: str) -> Slip:
    return Slip(
        opener.line,
        f"the `{opener.text}` opened on this line is never closed",
        f"add `{_OPEN[opener.text]}` {where}",
    )


def _indent(rows: list[str], line: int) -> int:
    row = rows[line - 1]
    return len(row) - len(row.lstrip())
