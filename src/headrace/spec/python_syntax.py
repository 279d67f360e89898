"""Why a Python text does not parse, and which line to mend: not where the parser noticed, but where the slip is."""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

from headrace.spec.python_tokens import CLOSE, OPEN, Token, tokens_of

_JOINING = {"if", "else", "and", "or", "not", "in", "is", "for", "lambda", "await", "async", "from"}


class Slip(NamedTuple):
    """What is wrong and where, 1-based."""

    line: int
    problem: str
    fix: str


def parsed(text: str) -> ast.Module:
    """The syntax tree; what Python itself would warn of is no matter here. Raises what `ast.parse` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.parse(text)


def diagnose(text: str, error: BaseException, offset: int = 0) -> Slip:
    """The slip behind a syntax error, which counted lines from `offset` below the beginning of the text."""
    noticed = (getattr(error, "lineno", None) or 1) + offset
    tokens = list(tokens_of(text))
    for look in (_curly, _unpaired, _missing_comma, _missing_colon, _brackets):
        slip = look(tokens, text)
        if slip is not None:
            return slip
    message = str(getattr(error, "msg", None) or error).rstrip(".")
    return Slip(
        noticed, f"the text is not Python here: {message}", "correct the syntax on this line or the one above it"
    )


def _curly(tokens: list[Token], _text: str) -> Slip | None:
    for token in tokens:
        if token.kind == "curly":
            return Slip(
                token.line,
                f"the quotes on this line are typographic ({token.text}), not Python's",
                'write straight quotes: "…"',
            )
    return None


def _unpaired(tokens: list[Token], text: str) -> Slip | None:
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


def _ends_value(token: Token) -> bool:
    return token.kind in {"string", "close"} or (token.kind == "word" and token.text not in _JOINING)


def _missing_comma(tokens: list[Token], _text: str) -> Slip | None:
    """Inside brackets: a value that is followed by another value or key with nothing between."""
    stack: list[str] = []
    for index, token in enumerate(tokens[:-1]):
        if token.kind == "open":
            stack.append(token.text)
        elif token.kind == "close" and (not stack or stack.pop() != CLOSE[token.text]):
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


def _missing_colon(tokens: list[Token], _text: str) -> Slip | None:
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


def _is_lambda_or_loop(tokens: list[Token], index: int) -> bool:
    return any(
        token.text in {"lambda", "for"} for token in tokens[max(0, index - 2) : index + 2] if token.kind == "word"
    )


def _brackets(tokens: list[Token], text: str) -> Slip | None:
    """A bracket that is never closed, by the parser's count and by the indentation of what follows."""
    rows = text.splitlines()
    stack: list[Token] = []
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
            if CLOSE[token.text] != stack[-1].text:
                if len(stack) > 1 and stack[-2].text == CLOSE[token.text]:
                    return _unclosed(stack[-1], f"before the `{token.text}` of line {token.line}")
                return Slip(
                    token.line,
                    f"`{token.text}` closes the `{stack[-1].text}` of line {stack[-1].line}",
                    f"write `{OPEN[stack[-1].text]}`",
                )
            stack.pop()
    return _unclosed(stack[-1], "at its end") if stack else None


def _unclosed(opener: Token, where: str) -> Slip:
    return Slip(
        opener.line,
        f"the `{opener.text}` opened on this line is never closed",
        f"add `{OPEN[opener.text]}` {where}",
    )


def _indent(rows: list[str], line: int) -> int:
    row = rows[line - 1]
    return len(row) - len(row.lstrip())
