"""Which interpretations are guesses, and of which value: what the first response has to bear out before rows count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

PATH: Final = "endpoint.path"
SELECTOR: Final = "endpoint.data_selector"
PAGINATOR: Final = "endpoint.paginator"
SIZE_PARAM: Final = "endpoint.paginator.limit_param"
KEY: Final = "primary_key"

_GUESSES: Mapping[str, str] = {
    "path-prefix": PATH,
    "selector-data": SELECTOR,
    "page-start": f"{PAGINATOR}.base_page",
    "page-start-usual": f"{PAGINATOR}.base_page",
    "page-size-missing": f"{PAGINATOR}.limit",
    "offset-param": f"{PAGINATOR}.offset_param",
    "cursor-source-unknown": f"{PAGINATOR}.cursor_path",
    "cursor-is-link": f"{PAGINATOR}.cursor_param",
}
"""By the code of a rule: the value that it guesses, as a path below the resource."""


def guesses_of(codes: Iterable[str]) -> frozenset[str]:
    """The values of a resource that were guessed, by the codes of what was told of it."""
    return frozenset(_GUESSES[code] for code in codes if code in _GUESSES)
