"""What a JSONPath is once it has been read: the steps from a value to the values below it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Operator: TypeAlias = Literal["exists", "not", "==", "!=", "<", "<=", ">", ">=", "=~"]


class Key(msgspec.Struct, frozen=True, tag="key"):
    """The members of an object with these names, in this order."""

    names: tuple[str, ...]


class Index(msgspec.Struct, frozen=True, tag="index"):
    """The elements of a list at these places; negative ones count from its end."""

    places: tuple[int, ...]


class Slice(msgspec.Struct, frozen=True, tag="slice"):
    """The elements of a list that Python's `[start:stop:step]` takes; step 0 takes none."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None


class Wildcard(msgspec.Struct, frozen=True, tag="wildcard"):
    """Every element of a list, every value of an object."""


class Test(msgspec.Struct, frozen=True, tag="test"):
    """One comparison of a filter: what `steps` find, below the value at hand, against a literal.

    `exists` and `not` have no literal. True if any value found compares so; `!=` also if none is found.
    """

    __test__ = False  # pytest: this is no test

    steps: tuple[Step, ...]
    operator: Operator = "exists"
    literal: str | int | float | bool | None = None


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """Every condition must hold."""

    conditions: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """One condition must hold."""

    conditions: tuple[Condition, ...]


class Filter(msgspec.Struct, frozen=True, tag="filter"):
    """The elements of a list, or values of an object, for which the condition holds."""

    condition: Condition


class Descend(msgspec.Struct, frozen=True, tag="descend"):
    """`step` taken from the value at hand and from everything below it, in document order."""

    step: Plain


Condition: TypeAlias = Test | AllOf | AnyOf
Plain: TypeAlias = Key | Index | Slice | Wildcard | Filter
Step: TypeAlias = Plain | Descend


def elective(step: Step) -> bool:
    """True if the step picks elements, each of them a match of its own; a list of none is then a fair answer."""
    match step:
        case Key():
            return False
        case Index(places=places):
            return len(places) > 1
        case Descend(step=inner):
            return elective(inner)
        case _:
            return True
