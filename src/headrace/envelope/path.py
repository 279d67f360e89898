"""How dlt writes a JSONPath: the jsonpath-ng dialect, where `data.items` needs no `$` (RFC 9535 is another one).

Read here: `$`, `a.b`, `a-b`, `@type`, `['a.b']`, `"a b"`, `a,b`, `[0]`, `[-1]`, `[0,2]`, `[1:3]`, `[*]`, `*`, `a..b`,
`a|b`, and filters of comparisons with literals: `[?(@.a == 1 && @.b)]`. Read more freely than there: bare keys may hold
any letter, and `:`, `/`, `#`, `+`; OData's `@odata.nextLink` and `odata.nextLink` are one key. What dlt has beyond
that (arithmetic, `len` and the like in backquotes, `where`, sorting, parentheses) raises a ValueError.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from headrace.envelope.steps import (
    AllOf,
    AnyOf,
    Condition,
    Descend,
    Filter,
    Index,
    Key,
    Operator,
    Plain,
    Slice,
    Step,
    Test,
    Wildcard,
)

_DEEPEST: Final = 50  # parentheses and filters in one path
_ANNOTATION: Final = re.compile(
    r"[\w-]*@(?:odata|microsoft\.graph)\.\w+|odata\.(?:nextLink|count|deltaLink|metadata)\b"
)
_BARE: Final = re.compile(r"[^\s.\[\]()|,*'\"`?&!=<>~$\\][^\s.\[\]()|,*'\"`?&!=<>~\\]*")
_SIMPLE: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_@-]*")
_INTEGER: Final = re.compile(r"-?\d+")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR: Final = re.compile(r"=~|==?|!=|<=|>=|<|>")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_OPERATORS: Final[dict[str, Operator]] = {"==": "==", "=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


class Path(msgspec.Struct, frozen=True):
    """A JSONPath that has been read. `branches` are the alternatives of `a|b`, mostly one.

    `keys` are the names of a plain chain such as `data.items` (empty for `$`), None for anything else.
    """

    text: str
    branches: tuple[tuple[Step, ...], ...]

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The names of a plain chain of keys, or None."""
        if len(self.branches) != 1:
            return None
        names: list[str] = []
        for step in self.branches[0]:
            if not isinstance(step, Key) or len(step.names) != 1:
                return None
            names.append(step.names[0])
        return tuple(names)


def parse(text: str) -> Path:
    """Read a path in dlt's dialect.

    Raises:
        ValueError: It is none, or uses what is not read here; names the position (from 1) and what stands there.
    """
    reader = _Reader(text)
    branches = [reader.branch()]
    while reader.take("|"):
        branches.append(reader.branch())
    if not reader.at_end():
        raise reader.fault("the path should end here, or go on with `.` or `[`")
    return Path(text, tuple(branches))


def render(keys: tuple[str, ...]) -> str:
    """A chain of keys as a path that both dlt and `parse` read as that chain."""
    if not keys:
        return "$"
    return ".".join(key if _SIMPLE.fullmatch(key) else _quote(key) for key in keys)


def _quote(key: str) -> str:
    return "'" + key.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Reader:
    """The text and the place in it; every method reads one part of the grammar and moves on."""

    __slots__ = ("place", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    # --- characters

    def fault(self, problem: str) -> ValueError:
        found = repr(self.text[self.place]) if self.place < len(self.text) else "its end"
        return ValueError(f"JSONPath {self.text!r}, position {self.place + 1} ({found}): {problem}")

    def skip(self) -> None:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1

    def at_end(self) -> bool:
        self.skip()
        return self.place == len(self.text)

    def peek(self, mark: str) -> bool:
        self.skip()
        return self.text.startswith(mark, self.place)

    def take(self, mark: str) -> bool:
        found = self.peek(mark)
        if found:
            self.place += len(mark)
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip()
        found = pattern.match(self.text, self.place)
        if found:
            self.place = found.end()
        return found

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise self.fault(f"expected `{mark}`")

    # --- paths

    def branch(self) -> tuple[Step, ...]:
        if self.take("$") or self.at_this():
            return self.steps()
        first = self.bracket() if self.peek("[") else self.names()
        return (first, *self.steps())

    def at_this(self) -> bool:
        """Take an `@` that stands for the value at hand, not for the first letter of a key."""
        self.skip()
        following = self.text[self.place + 1 : self.place + 2]
        return (not following or following in ".[])&|=<>! ") and self.take("@")

    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        while True:
            if self.take(".."):
                found.append(Descend(self.bracket() if self.peek("[") else self.names()))
            elif self.take("."):
                found.append(self.bracket() if self.peek("[") else self.names())
            elif self.peek("["):
                found.append(self.bracket())
            else:
                return tuple(found)

    def names(self) -> Key | Wildcard:
        if self.take("*"):
            return Wildcard()
        names = [self.name()]
        while self.take(","):
            names.append(self.name())
        return Key(tuple(names))

    def name(self) -> str:
        if self.peek("'") or self.peek('"'):
            return self.quoted()
        found = self.match(_ANNOTATION) or self.match(_BARE)
        if found is None:
            raise self.fault(_why_no_name(self.text[self.place : self.place + 1]))
        return found[0]

    def quoted(self) -> str:
        found = self.match(_QUOTED)
        if found is None:
            raise self.fault("this quote is never closed")
        return re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2], flags=re.DOTALL)

    def bracket(self) -> Plain:
        self.expect("[")
        step = self.inside()
        self.expect("]")
        return step

    def inside(self) -> Plain:
        if self.take("*"):
            return Wildcard()
        if self.take("?"):
            if self.text.count("?", 0, self.place) > _DEEPEST:
                raise self.fault("too many filters")
            return Filter(self.any_of())
        if self.peek("/") or self.peek("\\"):
            raise self.fault("sorting is not supported")
        first = self.match(_INTEGER)
        if first is None and not self.peek(":"):
            return self.names()
        if self.peek(":"):
            return self.slice(int(first[0]) if first else None)
        places = [int(first[0])] if first else []
        while self.take(","):
            places.append(self.integer())
        return Index(tuple(places))

    def integer(self) -> int:
        found = self.match(_INTEGER)
        if found is None:
            raise self.fault("expected an integer")
        return int(found[0])

    def slice(self, start: int | None) -> Slice:
        self.expect(":")
        stop = self.match(_INTEGER)
        step = self.match(_INTEGER) if self.take(":") else None
        return Slice(start, int(stop[0]) if stop else None, int(step[0]) if step else None)

    # --- filters

    def any_of(self) -> Condition:
        conditions = [self.all_of()]
        while self.take("||"):
            conditions.append(self.all_of())
        return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))

    def all_of(self) -> Condition:
        conditions = [self.condition()]
        while self.take("&&") or self.take("&"):
            conditions.append(self.condition())
        return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))

    def condition(self) -> Condition:
        if self.take("("):
            if self.text.count("(", 0, self.place) > _DEEPEST:
                raise self.fault("too many parentheses")
            inner = self.any_of()
            self.expect(")")
            return inner
        if self.take("!"):
            return Test(self.operand(), "not")
        steps = self.operand()
        operator = self.match(_OPERATOR)
        if operator is None:
            return Test(steps)
        if operator[0] == "=~":
            return Test(steps, "=~", self.pattern())
        return Test(steps, _OPERATORS[operator[0]], self.literal())

    def operand(self) -> tuple[Step, ...]:
        if self.peek("$"):
            raise self.fault("a filter that looks at the whole document is not supported")
        return self.branch()

    def pattern(self) -> str:
        self.skip()
        start = self.place
        words = str(self.literal())
        try:
            re.compile(words)
        except re.error as error:
            self.place = start
            raise self.fault(f"this is no regular expression ({error})") from error
        return words

    def literal(self) -> str | int | float | bool | None:
        if self.peek("'") or self.peek('"'):
            return self.quoted()
        if self.peek("@") or self.peek("$"):
            raise self.fault("a filter compares with a literal here, not with another path")
        number = self.match(_NUMBER)
        if number is not None:
            return int(number[0]) if _INTEGER.fullmatch(number[0]) else float(number[0])
        word = self.name()
        return _WORDS.get(word, word)


def _why_no_name(found: str) -> str:
    match found:
        case "`":
            return "operators in backquotes are not supported"
        case "(":
            return "parentheses outside a filter are not supported"
        case "":
            return "a key is missing"
        case _:
            return "expected a key; put one with special characters in quotes: ['a key']"
