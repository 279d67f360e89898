"""How any JSONPath is followed through a body that stays text: each level is opened only when a step needs it.

Nothing is re-encoded, so the matches are slices of the body, digits of numbers and all.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from headrace.envelope.path import Path
from headrace.envelope.steps import (
    AllOf,
    AnyOf,
    Condition,
    Descend,
    Filter,
    Index,
    Key,
    Plain,
    Slice,
    Step,
    Test,
    Wildcard,
    elective,
)
from headrace.model.plan import Json

Kind: TypeAlias = Literal["object", "list", "null", "scalar"]

_objects: Final[msgspec.json.Decoder[dict[str, msgspec.Raw]]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_lists: Final[msgspec.json.Decoder[list[msgspec.Raw]]] = msgspec.json.Decoder(list[msgspec.Raw])
_KINDS: Final[dict[int, Kind]] = {ord("{"): "object", ord("["): "list", ord("n"): "null"}
_ORDER: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Found(msgspec.Struct, frozen=True):
    """What a path led to: `matches` in document order, and the step (of its branch) that found nothing, if any.

    `lost` is None where a list was met that simply has no (fitting) element, or null in place of such a list.
    """

    matches: list[msgspec.Raw]
    lost: int | None = None
    null: bool = False


def kind(raw: msgspec.Raw) -> Kind:
    """What sort of JSON value this is; `raw` must not begin with white space (slices of msgspec never do)."""
    return _KINDS.get(memoryview(raw)[0], "scalar")


def members(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The members of an object; of equal keys the last. Empty for anything else."""
    return _objects.decode(raw) if kind(raw) == "object" else {}


def elements(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """The elements of a list. Empty for anything else."""
    return _lists.decode(raw) if kind(raw) == "list" else []


def find(path: Path, root: msgspec.Raw) -> Found:
    """Follow every branch of the path. `lost` and `null` are set only if all branches agree."""
    found = [follow(branch, root) for branch in path.branches]
    matches = [match for one in found for match in one.matches]
    lost = [one.lost for one in found if one.lost is not None]
    return Found(matches, lost[0] if len(lost) == len(found) else None, all(one.null for one in found))


def follow(steps: tuple[Step, ...], root: msgspec.Raw) -> Found:
    """Follow one chain of steps."""
    values = [root]
    for place, step in enumerate(steps):
        following = [match for value in values for match in _take(step, value)]
        if not following:
            null = all(kind(value) == "null" for value in values)
            fair = elective(step) and (null or any(kind(value) in {"list", "object"} for value in values))
            return Found([], None if fair or not values else place, null=fair and null)
        values = following
    return Found(values)


def _take(step: Step, value: msgspec.Raw) -> list[msgspec.Raw]:
    match step:
        case Key(names=names):
            held = members(value)
            return [held[name] for name in names if name in held]
        case Index(places=places):
            row = elements(value)
            return [row[place] for place in places if -len(row) <= place < len(row)]
        case Slice(start=start, stop=stop, step=stride):
            return [] if stride == 0 else elements(value)[start:stop:stride]
        case Wildcard():
            return _below(value)
        case Filter(condition=condition):
            return [one for one in _below(value) if _holds(condition, one)]
        case Descend(step=inner):
            return list(_descend(inner, value))


def _below(value: msgspec.Raw) -> list[msgspec.Raw]:
    return elements(value) if kind(value) == "list" else list(members(value).values())


def _descend(step: Plain, root: msgspec.Raw) -> Iterator[msgspec.Raw]:
    waiting = [root]
    while waiting:
        value = waiting.pop()
        yield from _take(step, value)
        waiting.extend(reversed(_below(value)))


def _holds(condition: Condition, value: msgspec.Raw) -> bool:
    match condition:
        case AllOf(conditions=conditions):
            return all(_holds(one, value) for one in conditions)
        case AnyOf(conditions=conditions):
            return any(_holds(one, value) for one in conditions)
        case Test():
            return _passes(condition, follow(condition.steps, value).matches)


def _passes(test: Test, matches: list[msgspec.Raw]) -> bool:
    match test.operator:
        case "exists":
            return bool(matches)
        case "not":
            return not matches
        case "!=":
            return not matches or any(not _equal(_value(match), test.literal) for match in matches)
        case _:
            return any(_compares(test, _value(match)) for match in matches)


def _value(raw: msgspec.Raw) -> Json:
    """A scalar's value; an object or a list equals no literal, so it becomes something that nothing equals."""
    if kind(raw) in {"object", "list"}:
        return _NOTHING
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:  # a number out of a double's range
        return _NOTHING


_NOTHING: Final = object()


def _compares(test: Test, value: Json) -> bool:
    literal = test.literal
    if test.operator == "=~":
        return isinstance(value, str) and re.search(str(literal), value) is not None
    alike = (_number(value) and _number(literal)) or (isinstance(value, str) and isinstance(literal, str))
    if alike and test.operator in _ORDER:
        return _ORDER[test.operator](value, literal)
    return test.operator in {"==", "<=", ">="} and _equal(value, literal)


def _equal(value: Json, literal: Json) -> bool:
    """RFC 9535: values of different types are never equal, true is not 1."""
    if isinstance(value, bool) or isinstance(literal, bool):
        return value is literal
    return bool(value == literal)


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
