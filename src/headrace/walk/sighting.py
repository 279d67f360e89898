"""Which values of a first page hint at more pages: next keys, totals, flags. Records are not looked into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw

from headrace.envelope.find import elements, kind, members
from headrace.envelope.path import render
from headrace.model.plan import Json

_NEXT: Final = re.compile(
    r"next(?:$|[_-]?(?:page|cursor|token|marker|key|offset|start|link|url|uri|href|id|after|from|batch|results|records"
    r"|query|position|index|skip|seq|continuation))",
    re.IGNORECASE,
)
_DEPTH: Final = 8  # deeper, nothing is about paging, and a body may be nested without end
_LINK_KEYS: Final = ("href", "url", "link")
_TOTAL_PAGES: Final = frozenset(("totalpages", "pages", "pagecount", "lastpage", "numpages"))
_CURRENT_PAGE: Final = frozenset(("page", "currentpage", "pagenumber", "pageindex", "number", "current"))
_MORE: Final = frozenset(
    ("hasmore", "hasnext", "hasnextpage", "more", "moreavailable", "hasmoreresults", "istruncated")
)
_TOTAL_RECORDS: Final = frozenset(
    (
        "total",
        "totalcount",
        "totalrecords",
        "totalresults",
        "totalitems",
        "totalelements",
        "recordstotal",
        "count",
        "odatacount",
    )
)


class Sighting(msgspec.Struct, frozen=True):
    """One value of the body: the keys that lead to it, and the value if it is a single one (None: null)."""

    keys: tuple[str, ...]
    value: str | int | float | bool | None

    @property
    def name(self) -> str:
        """Its own key, without OData's prefix."""
        return bare(self.keys[-1])

    @property
    def path(self) -> str:
        """As a JSON path."""
        return render(self.keys)


class Sightings(msgspec.Struct, frozen=True):
    """All hints of one body, each list in document order."""

    next: tuple[Sighting, ...] = ()
    named: tuple[Sighting, ...] = ()
    """Of the name that was asked for."""
    rel_links: tuple[str, ...] = ()
    """Paths of lists of links with a `rel`, such as `links`, one of whose links is the next."""
    total_pages: tuple[Sighting, ...] = ()
    current_page: tuple[Sighting, ...] = ()
    more: tuple[Sighting, ...] = ()
    total_records: tuple[Sighting, ...] = ()


def bare(key: str) -> str:
    """`@odata.nextLink` → `nextLink`."""
    return key.rpartition("@")[2].removeprefix("odata.")


def sight(root: Raw, name: str = "") -> Sightings:
    """Look through the objects of a body, eight levels deep; lists (the records) are not entered.

    `name` is a key that is looked for beside the usual ones.
    """
    found: list[Sighting] = []
    links: list[str] = []
    for keys, value in _walk(root, ()):
        match kind(value):
            case "list":
                named = bare(keys[-1]).lower() in {"links", "_links", "link"}
                if named and any(_is_next(one) for one in elements(value)):
                    links.append(render(keys))
            case "object":
                pass
            case _:
                found.append(Sighting(keys, _value(value)))
    return Sightings(
        next=tuple(one for one in found if _is_next_key(one)),
        named=tuple(one for one in found if name and one.name.lower() == name.lower()),
        rel_links=tuple(links),
        total_pages=tuple(one for one in found if _folded(one) in _TOTAL_PAGES),
        current_page=tuple(one for one in found if _folded(one) in _CURRENT_PAGE),
        more=tuple(one for one in found if _folded(one) in _MORE),
        total_records=tuple(one for one in found if _folded(one) in _TOTAL_RECORDS),
    )


def names_pages(path: str) -> bool:
    """Whether a path by its last key counts pages, as `total_pages` does, and not records."""
    return _fold(path.rpartition(".")[2]) in _TOTAL_PAGES


def _walk(value: Raw, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Raw]]:
    if len(keys) >= _DEPTH:
        return
    for key, below in members(value).items():
        yield (*keys, key), below
        yield from _walk(below, (*keys, key))


def _value(raw: Raw) -> Json:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:  # a number out of a double's range
        return bytes(raw).decode()


def _folded(one: Sighting) -> str:
    return _fold(bare(one.keys[-1]))


def _fold(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _is_next_key(one: Sighting) -> bool:
    """`next`, `nextPageToken`, `next.href`, `next.after`; not `next_review_at`."""
    if len(one.keys) > 1 and bare(one.keys[-2]).lower() in {"next", "next_page", "nextpage"}:
        return one.name.lower().startswith((*_LINK_KEYS, "after", "cursor", "token", "page", "offset", "start"))
    return _NEXT.match(one.name) is not None


def _is_next(link: Raw) -> bool:
    held = members(link)
    return "href" in held and "rel" in held and _value_or_none(held["rel"]) == "next"


def _value_or_none(raw: Raw) -> Json:
    return _value(raw) if kind(raw) == "scalar" else None
