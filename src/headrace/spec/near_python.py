"""A block that is not quite Python, as the Python that was meant: the same lines, with what was done told."""

from __future__ import annotations

import re
from typing import NamedTuple

from headrace.spec.faults import Faults
from headrace.spec.python_syntax import parsed
from headrace.spec.python_tokens import CLOSE, OPEN, Token, tokens_of

_RESOURCES = re.compile(r"""(["'])resources\1\s*:\s*\[""")
_BARE = re.compile(r"[\w/{}][\w/{}.\-:?=&%$@<>~+*#]*(?: [\w/{}.\-]+)*")
_BOUND = r"(?m)^\s*(?:async\s+def|def|class)\s+{0}\b|^\s*{0}\s*(?::[^=\n]+)?=[^=]|\bimport\b.*\b{0}\b|\bfor\s+{0}\b"
_TRIES = 40
_STAYS = 2  # of a truncated block, at least this many keys must be there to be read


class _Pair(NamedTuple):
    """A bracket, the one that closes it, and the bracket around them (by index of the token)."""

    opens: int
    closes: int
    outer: int | None


def mended(text: str, offset: int, faults: Faults) -> str:
    """The text as Python. Of what cannot be mended nothing is changed; `offset` is added to lines told."""
    text = _quoted(text, offset, faults)
    if _parses(text):
        return text
    text = _keyed(text, offset, faults)
    return text if _parses(text) else _closed(text, offset, faults)


def _parses(text: str) -> bool:
    try:
        parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --- bare words ------------------------------------------------------------------------------


def _quoted(text: str, offset: int, faults: Faults) -> str:
    """`"resources": [users,,offers]` with its words in quotes."""
    start = _RESOURCES.search(text)
    end = text.find("\n    }", start.end()) if start else -1
    if start is None:
        return text
    body = re.match(r"[^\"'\[\]()]*(?=\])", text[start.end() : end if end > 0 else None])
    if body is None or not body[0].strip():
        return text
    pieces = re.split(r"([,\n]+)", body[0])
    words = [piece.strip() for piece in pieces[::2]]
    bare = [word for word in words if word]
    if not all(_BARE.fullmatch(word) for word in bare) or any(_bound(text, word) for word in bare):
        return text
    line = text.count("\n", 0, start.start()) + 1 + offset
    faults.tell("bare-words", "resources", line, paths=", ".join(f"`{word}`" for word in bare))
    said = []
    for word, gap in zip(words, [*pieces[1::2], ""], strict=True):
        said.append((f'"{word}",' if word else "") + "\n" * gap.count("\n"))
    return text[: start.end()] + "".join(said) + text[start.end() + len(body[0]) :]


def _bound(text: str, word: str) -> bool:
    """Whether the text gives a name its value: then it is no bare word."""
    return word.isidentifier() and re.search(_BOUND.format(re.escape(word)), text) is not None


# --- mappings without a key ------------------------------------------------------------------


def _keyed(text: str, offset: int, faults: Faults) -> str:
    """`{"type": …}` or `{"auth": {…}}` where a key is meant, with its key."""
    tokens = tokens_of(text)
    for pair in _pairs(tokens):
        if pair.outer is None or tokens[pair.outer].text != "{" or tokens[pair.opens].text != "{":
            continue
        if tokens[pair.opens - 1].kind != "comma" and pair.opens - 1 != pair.outer:
            continue
        first = tokens[pair.opens + 1].text.strip("\"'")
        line = tokens[pair.opens].line + offset
        if first == "type":
            faults.tell("stray-mapping", "client.auth", line)
            at = tokens[pair.opens].at
            return f'{text[:at]}"auth": {text[at:]}'
        if first == "auth":
            faults.tell("stray-mapping", "client.auth", line)
            start, end, last = (tokens[index].at for index in (pair.opens, pair.closes, pair.closes - 1))
            inner = text[start + 1 : end]
            if tokens[pair.closes - 1].kind == "comma":
                inner = text[start + 1 : last] + text[last + 1 : end]
            return f"{text[:start]} {inner} {text[end + 1 :]}"
    return text


def _pairs(tokens: list[Token]) -> list[_Pair]:
    """The pairs of brackets, as far as they pair."""
    stack: list[int] = []
    found: list[_Pair] = []
    for index, token in enumerate(tokens):
        if token.kind == "open":
            stack.append(index)
        elif token.kind == "close":
            if not stack or tokens[stack[-1]].text != CLOSE[token.text]:
                return found
            opens = stack.pop()
            found.append(_Pair(opens, index, stack[-1] if stack else None))
    return found


# --- blocks that end too early ---------------------------------------------------------------


def _closed(text: str, offset: int, faults: Faults) -> str:
    """A block that ends inside its brackets: cut back to what is complete, and closed."""
    for end, opened in reversed(_ends(tokens_of(text))[-_TRIES:]):
        closers = "".join(OPEN[token.text] for token in reversed(opened))
        tried = text[:end] + closers
        if opened and _parses(tried) and tried.count('"resources"') + tried.count('"client"') >= _STAYS:
            last = text.count("\n", 0, end) + 1 + offset
            faults.tell("block-cut-off", "", last, opener=opened[-1].text, since=opened[-1].line + offset)
            return tried
    return text


def _ends(tokens: list[Token]) -> list[tuple[int, tuple[Token, ...]]]:
    """Where a value ends, and the brackets open there; none if the tokens do not end inside brackets that pair."""
    if any(token.kind in {"unpaired", "curly"} and token.line != tokens[-1].line for token in tokens):
        return []
    stack: list[Token] = []
    found: list[tuple[int, tuple[Token, ...]]] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.kind == "open":
            stack.append(token)
        elif token.kind == "close" and (not stack or stack.pop().text != CLOSE[token.text]):
            return []
        ends = following is None or following.kind in {"comma", "close"}
        if ends and token.kind in {"close", "string", "word"}:
            found.append((token.at + len(token.text), tuple(stack)))
    return found if stack else []
