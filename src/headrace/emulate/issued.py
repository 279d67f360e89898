"""Which cursors were handed out, for which walk and when: what makes one stale or foreign."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from headrace.emulate import cursor, refuse
from headrace.emulate.cursor import Cursor
from headrace.emulate.refuse import Refused
from headrace.emulate.shelf import Choice
from headrace.emulate.vitally import Settings

Walk = tuple[str, Choice]
"""The list and its order and filters; a page's size may change under a cursor."""

REMEMBERED = 200_000


class Issued:
    """Writes and reads cursors.

    A cursor that it never wrote is taken if it is well formed: a client may resume after the server began anew.
    Two walks may get the same text, so each text remembers all of its walks.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._kind = settings.switch("cursor.kind")
        self._ttl_s = settings.number("cursor.ttl")
        self._invalid = settings.switch("cursor.invalid")
        self._changed = settings.switch("cursor.params_changed")
        self._clock = clock
        self._walks: dict[str, dict[Walk, float]] = {}

    def write(self, made: Cursor, walk: Walk) -> str:
        """The text of a cursor for a walk."""
        text = cursor.encode(made)
        if len(self._walks) >= REMEMBERED:
            for old in list(islice(self._walks, REMEMBERED // 2)):
                del self._walks[old]
        self._walks.setdefault(text, {})[walk] = self._clock()
        return text

    def read(self, text: str, walk: Walk) -> Cursor | None:
        """The cursor of a text; None for "from the start"; raises `Refused` as the switches say."""
        found = cursor.decode(text, self._kind)
        if found is None:
            return _restart(self._invalid)
        walks = self._walks.get(text)
        if walks is None:
            return found
        at = walks.get(walk)
        if at is None:
            return found if self._changed == "honour" else _restart(self._changed)
        if self._ttl_s and self._clock() - at > self._ttl_s:
            return _restart(self._invalid)
        return found


def _restart(how: str) -> Cursor | None:
    if how == "400":
        raise Refused(refuse.invalid("from", "format", {"format": "cursor"}, "must be a valid cursor"))
    return None
