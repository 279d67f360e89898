"""Which interpretations are guesses, and of which value: what the first response has to bear out before rows count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headrace.model.guess import (
    BASE_PAGE,
    CURSOR_PARAM,
    CURSOR_PATH,
    OFFSET_PARAM,
    PAGINATOR,
    PATH,
    SELECTOR,
    SIZE,
)
from headrace.model.plan import AutoPaging, Resource, SinglePage

_GUESSES: Mapping[str, str] = {
    "path-prefix": PATH,
    "listed-endpoint": PATH,
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


def without_stated(guesses: frozenset[str], name: str, settings: Iterable[str]) -> frozenset[str]:
    """What is left of a resource's guesses beside what the command line states of it: a flag is no guess."""
    places = (f"resources.{name}.", "resources.*.", "resource_defaults.")
    return guesses - {key.removeprefix(place) for key in settings for place in places if key.startswith(place)}


def with_kin(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, those of which nothing is said about pages told how all the others page."""
    paged = (each.paging for each in resources if PAGINATOR not in each.guesses)
    ways = [paging for paging in paged if not isinstance(paging, SinglePage | AutoPaging)]
    if not ways or len({type(way) for way in ways}) > 1:
        return list(resources)
    return [msgspec.structs.replace(each, kin=ways[0]) if PAGINATOR in each.guesses else each for each in resources]
