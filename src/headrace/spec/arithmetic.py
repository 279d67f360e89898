"""Sums that a document writes out, such as `60 * 60 * 24`: the few operators whose result is plain to see."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable

Number = int | float
_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_LARGEST = 10**18


def calculated(left: object, operation: ast.operator, right: object) -> Number | None:
    """The result; None where it is none of ours, has no value, or is too large to be meant."""
    apply = _OPERATORS.get(type(operation))
    if apply is None or not _is_number(left) or not _is_number(right):
        return None
    try:
        found = apply(left, right)  # type: ignore[arg-type]
    except (ArithmeticError, ValueError):
        return None
    return found if abs(found) < _LARGEST else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
