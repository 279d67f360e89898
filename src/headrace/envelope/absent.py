"""What to say of a body that is whole, but has nothing where the records should be, and whether to ask again."""

from __future__ import annotations

from typing import Final

from msgspec import Raw

from headrace.envelope.choose import listed
from headrace.envelope.find import elements, find, follow, kind, members
from headrace.envelope.path import Path, parse, render
from headrace.errors import BodyRejected

_SHOWN_KEYS: Final = 12  # keys of a body that an error may name
_SHOWN_WIDTH: Final = 40
_ERROR_KEYS: Final = frozenset(("error", "errors", "fault", "exception"))
_NOTHING: Final = frozenset((b"null", b"false", b"0", b'""', b"[]", b"{}"))
_ERROR_ATTEMPTS: Final = 3


class SelectorAbsent(BodyRejected):
    """A body that is JSON but holds nothing where the records should be. Says what it holds instead.

    A wrong selector does not mend itself, so a body with a list of records elsewhere is final. A body without one, or
    one that names an error, may be an API in trouble that answers 200 all the same: it is asked for again, but only
    twice. Two quick tries find most passing troubles, and cost a wrong selector for a single object about a second.
    """


def absent(selector: Path, root: Raw) -> SelectorAbsent:
    """Say where the path ends, what the body holds there, and where its list of records is if it has one."""
    steps = selector.branches[0]
    lost = follow(steps, root).lost or 0
    held = follow(steps[:lost], root).matches[0]
    keys = selector.keys
    where = "the body" if lost == 0 else f"`{render(keys[:lost])}`" if keys else "what leads there"
    problem = f"The body has no records at `{selector.text}`: {where} {_described(held)}"
    found = listed(root)
    if found is None:
        mend = "correct the data selector, or leave it out to have the list found"
    else:
        rows = len(elements(find(parse(found), root).matches[0]))
        problem += f", and a list of {rows} is at `{found}`"
        mend = f"if those are the records, set the data selector to `{found}`"
    final = found is not None and not names_an_error(root)
    return SelectorAbsent(problem, mend=mend, attempts=1 if final else _ERROR_ATTEMPTS)


def null_beside_error(selector: Path) -> SelectorAbsent:
    """Null alone is an empty page; beside an error it is the error."""
    return SelectorAbsent(
        f"The body has null at `{selector.text}` and names an error",
        mend="mend what the API complains of, or run again later",
        attempts=_ERROR_ATTEMPTS,
    )


def error_alone(selector: str) -> SelectorAbsent:
    """A body with no list but that of what went wrong."""
    return SelectorAbsent(
        f"The body names an error, and has no list but that at `{selector}`",
        mend=f"mend what the API complains of; if those are the records, set the data selector to `{selector}`",
        attempts=_ERROR_ATTEMPTS,
    )


def is_of_errors(selector: str) -> bool:
    """Whether a selector leads to what a body says of errors."""
    return (parse(selector).keys or ("",))[0].lower() in _ERROR_KEYS


def names_an_error(root: Raw) -> bool:
    """Whether a body says at its top that something went wrong."""
    return any(key.lower() in _ERROR_KEYS and bytes(value) not in _NOTHING for key, value in members(root).items())


def _described(raw: Raw) -> str:
    match kind(raw):
        case "object":
            names = list(members(raw))
            if not names:
                return "is an object without keys"
            shown = ", ".join(_shortened(name) for name in names[:_SHOWN_KEYS])
            return f"has the keys {shown}" + (" and others" if len(names) > _SHOWN_KEYS else "")
        case "list":
            return f"is a list of {len(elements(raw))}"
        case "null":
            return "is null"
        case _:
            return "is a single value"


def _shortened(name: str) -> str:
    name = "".join(character if character.isprintable() else " " for character in name)
    return name if len(name) <= _SHOWN_WIDTH else name[: _SHOWN_WIDTH - 1] + "…"
