"""How one value is written: strings with their placeholders and doubled braces, and what is left a reference."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from headrace.model.plan import Json, ParentField, Ref, Text, WindowValue
from headrace.spec.references import Part, joined

Value: TypeAlias = "str | int | float | bool | Text | dict[str, Value] | list[Value] | None"
Mapping: TypeAlias = "dict[str, Value]"


class Signed(dict[str, "Value"]):
    """The mapping of a signing auth, which dlt takes as an object; a body that looks like one is none."""


class Function(str):
    """The name of a function that dlt takes itself: `max` or `min`."""

    __slots__ = ()


class Tongue(NamedTuple):
    """In whose words: `ours` allows the keys that dlt does not have.

    `scaffold` and `dlt` say how it may be read: what one dialect takes for granted and the other does not is stated.
    """

    ours: bool = False
    scaffold: bool = False
    dlt: bool = True


def settled(words: Text) -> str | Text:
    """A text where nothing is filled in: a plain string if it holds no reference."""
    return joined(words.parts)


def templated(words: Text, parent: str, tongue: Tongue) -> str | Text:
    """A text in which placeholders are filled in: its own braces are doubled."""
    parts: list[Part] = []
    run: list[str | ParentField | WindowValue] = []
    for part in (*words.parts, None):
        if part is not None and not isinstance(part, Ref):
            run.append(part)
            continue
        parts.append(_run(run, parent, tongue))
        run = []
        if part is not None:
            parts.append(part)
    return joined(parts)


def _run(run: list[str | ParentField | WindowValue], parent: str, tongue: Tongue) -> str:
    plain = not tongue.dlt and all(isinstance(part, str) for part in run)  # its other braces mean nothing
    return "".join(_piece(part, parent, plain=plain) for part in run)


def _piece(part: str | ParentField | WindowValue, parent: str, *, plain: bool) -> str:
    match part:
        case ParentField():
            return part.of(parent)
        case WindowValue(which=which):
            return f"{{incremental.{which}}}"
        case _:
            return part if plain else part.replace("{", "{{").replace("}", "}}")


def is_repeated(words: Text) -> bool:
    """Whether a batch is sent as a parameter for each of its values, which is written as a list of one."""
    return any(isinstance(part, ParentField) and part.repeated for part in words.parts)


def number_or(words: str | Text) -> Value:
    """Digits as a number, which is sent as the same text."""
    if isinstance(words, str) and words.isascii() and words.isdigit() and str(int(words)) == words:
        return int(words)
    return words


def json_tree(value: Json, parent: str, tongue: Tongue) -> Value:
    """A JSON body, with its texts written out."""
    match value:
        case dict():
            return {_key(key, parent, tongue): json_tree(sub, parent, tongue) for key, sub in value.items()}
        case list() | tuple():
            return [json_tree(sub, parent, tongue) for sub in value]
        case str():
            return templated(Text((value,)), parent, tongue)
        case Text():
            return templated(value, parent, tongue)
        case int() | float() | None:
            return value
        case _:
            return str(value)


def _key(key: str | Text, parent: str, tongue: Tongue) -> str:
    words = templated(key if isinstance(key, Text) else Text((key,)), parent, tongue)
    return words if isinstance(words, str) else "".join(map(str, words.parts))


def one_or_many(words: tuple[str, ...], *, listed: bool = False) -> Value:
    """A list of one is written as that one, unless the list itself means something."""
    return words[0] if len(words) == 1 and not listed else list[Value](words)
