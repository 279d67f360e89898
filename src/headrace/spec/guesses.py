"""Which interpretations are guesses, and of which value: what the first response has to bear out before rows count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.model.guess import BASE_PAGE, CURSOR_PARAM, CURSOR_PATH, OFFSET_PARAM, PATH, SELECTOR, SIZE

_GUESSES: Mapping[str, str] = {
    "path-prefix": PATH,
    "selector-data": SELECTOR,
    "page-start": BASE_PAGE,
    "page-start-usual": BASE_PAGE,
    "page-size-missing": SIZE,
    "offset-param": OFFSET_PARAM,
    "cursor-source-unknown": CURSOR_PATH,
    "cursor-is-link": CURSOR_PARAM,
}
"""By the code of a rule: the value that it guesses, as a path below the resource."""


def guesses_of(codes: Iterable[str]) -> frozenset[str]:
    """The values of a resource that were guessed, by the codes of what was told of it."""
    return frozenset(_GUESSES[code] for code in codes if code in _GUESSES)
