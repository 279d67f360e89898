"""Documents made worse: each mutation follows from a seed alone, so that what breaks the reader can be made again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

_SIGNS = ["", *"{}[](),:\n\t`#\\'", '"', '"""', "```", "//", "{{", "}}"]
_WORDS = [
    "None", "True", "...", "-1", "0", "1e999", "9" * 400, "[]", "{}", '""', '"{x}"', '"{{ response.a }}"', "lambda: 0",
    "dlt.secrets['k']", 'f"{a}"', "a.b.c", "*x", "**x", "x if y else z", "[[" * 60 + "]]" * 60, "(" * 300, "'\\ud800'",
    "“x”", "\x00", "\ufeff", "\u2028", "é", "&a *a", "<<: *a", "!!python/object:x", "%", "{resources.a.b}", "1 / 0",
    '"client"', '"resources"', '"type": "cursor"', '"incremental_sync": 3', '"partition_router": [1]', "9 ** 9 ** 9",
]  # fmt: skip

_PIECES: list[str] = [*_SIGNS, *_WORDS]

Mutate = Callable[[random.Random, str, Sequence[str]], str]


def mutated(text: str, others: Sequence[str], seed: int) -> str:
    """The text with one to six changes."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(_MUTATIONS)(chance, text, others)
    return text


def _span(chance: random.Random, text: str, most: int = 200) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + chance.randint(0, most))


def _cut(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    start, end = _span(chance, text)
    return text[:start] + text[end:]


def _truncate(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    return text[: chance.randint(0, len(text))]


def _insert(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    start, _ = _span(chance, text)
    return text[:start] + chance.choice(_PIECES) + text[start:]


def _replace(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    start, end = _span(chance, text, 30)
    return text[:start] + chance.choice(_WORDS) + text[end:]


def _value(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Another value after a colon."""
    del others
    colons = [at for at, sign in enumerate(text) if sign == ":"]
    if not colons:
        return text
    start = chance.choice(colons) + 1
    ends = [at for sign in ",\n}" if (at := text.find(sign, start)) >= 0]
    return f"{text[:start]} {chance.choice(_WORDS)}{text[min(ends, default=len(text)) :]}"


def _repeat(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    start, end = _span(chance, text)
    return text[:end] + text[start:end] * chance.randint(1, 5) + text[end:]


def _lines(chance: random.Random, text: str, others: Sequence[str]) -> str:
    """Two lines change places."""
    del others
    rows = text.split("\n")
    one, other = chance.randrange(len(rows)), chance.randrange(len(rows))
    rows[one], rows[other] = rows[other], rows[one]
    return "\n".join(rows)


def _splice(chance: random.Random, text: str, others: Sequence[str]) -> str:
    other = chance.choice(others) if others else text
    start, end = _span(chance, other, 600)
    at, _ = _span(chance, text)
    return text[:at] + other[start:end] + text[at:]


def _ends(chance: random.Random, text: str, others: Sequence[str]) -> str:
    del others
    return text.replace("\n", chance.choice(["\r\n", "\r", "\n\n", " "]))


_MUTATIONS: tuple[Mutate, ...] = (_cut, _truncate, _insert, _replace, _value, _value, _repeat, _lines, _splice, _ends)
