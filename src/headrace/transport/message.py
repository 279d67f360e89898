"""What an API says in the body of an error, as one line: a string, an object or problem+json (RFC 9457)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import msgspec

from headrace.model.plan import Json

_LONGEST = 300
_READ_BYTES = 1 << 16
_DEEPEST = 4
# In the order of how much they tell; the first that holds something is the message.
_KEYS = (
    "error",
    "errors",
    "detail",
    "message",
    "error_description",
    "error_message",
    "errorMessage",
    "title",
    "reason",
)
_BESIDE = ("errors", "detail", "error_description")  # these add to the message of the same object
_PLACES = ("instancePath", "field", "pointer", "path", "parameter")
_HTML = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def message_of(body: bytes, scrub: Callable[[str], str]) -> str:
    """The API's own message, at most 300 characters on one line; empty where the body holds none.

    `scrub` takes the secrets out, before a cut could leave the half of one.
    """
    head = body[:_READ_BYTES]
    try:
        texts = list(dict.fromkeys(_messages(msgspec.json.decode(head), _DEEPEST)))
        found = ": ".join(texts[:3])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _plain(head.decode("utf-8", "replace"))
    return one_line(found, scrub)


def one_line(text: str, scrub: Callable[[str], str], longest: int = _LONGEST) -> str:
    """What a server sent, fit to be shown: no secret, no control character, no more than `longest` characters."""
    plain = "".join(character if character.isprintable() else " " for character in scrub(text[:_READ_BYTES]))
    line = scrub(" ".join(plain.split()))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _messages(value: Json, depth: int) -> Iterator[str]:
    match value:
        case str() if value.strip():
            yield value.strip().rstrip(".")
        case list() if depth:
            for one in value[:3]:
                yield from _messages(one, depth - 1)
        case dict() if depth:
            yield from _of_object(value, depth)


def _of_object(value: dict[str, Json], depth: int) -> Iterator[str]:
    lower = {key.lower(): key for key in value}
    named = [lower[key.lower()] for key in _KEYS if value.get(lower.get(key.lower(), ""))]
    first = next((key for key in named if key not in _BESIDE), named[0] if named else None)
    if first is None:
        return
    if first == "message" or isinstance(value[first], str):
        place = next((value[key] for key in _PLACES if isinstance(value.get(key), str) and value[key]), None)
        for text in _messages(value[first], depth - 1):
            yield f"{text} (at {place})" if place else text
    else:
        yield from _messages(value[first], depth - 1)
    for key in named:
        if key != first and (key in _BESIDE or key == "message"):
            yield from _messages(value[key], depth - 1)


def _plain(text: str) -> str:
    if _HTML.search(text[:1000]):
        title = _TITLE.search(text)
        inner = html.unescape(title[1]).strip() if title else ""
        return f'an HTML page, "{inner}"' if inner else "an HTML page"
    return text
