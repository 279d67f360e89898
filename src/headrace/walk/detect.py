"""How an API pages, found out from its first page: dlt's order of guesses, without what dlt loses by them.

1. A Link header with rel=next. 2. A next URL in the body. 3. A number of pages, if the number of this page is known.
4. A next token. 5. A total above the records, or a number of pages above one: signs of more that say not how, so
paging stays `auto`, and the walk ends unproven. 6. Null or empty where a next would be, or a Link header without a
next: the end, proven. 7. Has-more true, or a full page (of the size asked for; of a list without a parent also one of
as many records as APIs like to send at once): as 5. 8. Otherwise a single page.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Raw

from headrace.envelope.body import checked_text, mask_lone_surrogates
from headrace.envelope.choose import choose
from headrace.envelope.path import render
from headrace.model.envelope import Envelope
from headrace.model.guess import KEY, PAGINATOR, flag
from headrace.model.plan import (
    AutoPaging,
    Cursor,
    Disposition,
    LinkHeader,
    NextUrl,
    PageNumber,
    Paging,
    Resource,
    SinglePage,
)
from headrace.walk.link_header import parse_links, target_of
from headrace.walk.sighting import Sighting, Sightings, sight
from headrace.walk.value import count

_raw: Final = msgspec.json.Decoder(Raw)
_URL: Final = ("http://", "https://", "/", "?")
_PAGE_PARAMS: Final = frozenset(("page", "page_number", "pagenumber", "pageindex", "page_index", "page[number]", "p"))
_PAGING_PARENTS: Final = frozenset(
    ("paging", "pagination", "page", "meta", "metadata", "cursor", "cursors", "links", "_links", "response_metadata")
)
_URL_NAME: Final = re.compile("link|ur[il]|href", re.IGNORECASE)
_TOKEN_NAME: Final = re.compile("token|cursor|marker|key", re.IGNORECASE)
_USUAL_SIZES: Final = frozenset((10, 20, 25, 30, 50, 100, 200, 250, 500, 1000))
_SAME_NAME: Final = frozenset(("pagenumber", "page_number", "pageindex", "page_index"))


class Detection(msgspec.Struct, frozen=True):
    """What the first page settles: `paging` and `selector` are to be used (and kept) in place of the resource's.

    `paging` is still `AutoPaging` where there are signs of more pages, but not how to ask for them; `after` then ends
    the walk unproven. `selector` is None where the page had nothing to choose from. `why` is for the reader, and
    `doubt` what he should look at. The others are None where they stay: `prefix` is taken off the path.
    `leads`: the page had a cursor or link where the paging looks for it, so that where there is none, there is no more.
    `question`: what this page could not tell; then it is settled for this walk alone, and others of its resource may
    answer it.
    """

    paging: Paging
    selector: str | None
    why: str
    prefix: str | None = None
    primary_key: tuple[str, ...] | None = None
    disposition: Disposition | None = None
    doubt: str = ""
    leads: bool = False
    question: str = ""


def settled(resource: Resource, detection: bytes) -> Resource:
    """The resource with what its first page settled; `detection` as the journal keeps it, empty for nothing."""
    return with_detection(resource, msgspec.json.decode(detection, type=Detection)) if detection else resource


def with_detection(resource: Resource, found: Detection) -> Resource:
    """The resource with what its first page settled."""
    path, is_guess = resource.request.path, KEY in resource.guesses  # a key that was stated since counts
    if found.prefix is not None and isinstance(path, str):
        resource = without_prefix(resource, found.prefix)
    return msgspec.structs.replace(
        resource,
        paging=found.paging,
        selector=found.selector,
        primary_key=found.primary_key if is_guess and found.primary_key is not None else resource.primary_key,
        disposition=found.disposition if is_guess and found.disposition is not None else resource.disposition,
        guesses=frozenset(),
    )


def without_prefix(resource: Resource, prefix: str) -> Resource:
    """The resource with a path that does not begin with the prefix."""
    path = resource.request.path
    if not isinstance(path, str):
        return resource
    shorter = "/" + path.lstrip("/").removeprefix(prefix).lstrip("/")
    return msgspec.structs.replace(resource, request=msgspec.structs.replace(resource.request, path=shorter))


def detect(resource: Resource, headers: dict[str, str], body: bytes, envelope: Envelope) -> Detection:
    """Settle what the resource leaves open, from the page that its first request brought.

    Args:
        resource: what is stated stays; only `AutoPaging` and a missing selector are settled.
        headers: of the response, names in lower case.
        body: as received; it has passed the splitter.
        envelope: what the splitter made of it.
    """
    root = parsed(body)
    selector, chosen = resource.selector, ""
    if selector is None:
        selector = envelope.selector or None
        note = choose(root).note if root is not None else ""
        chosen = f"the records are at `{selector}`" if selector else "there is no list of records yet"
        chosen += f" ({note})" if note else ""
    if not isinstance(resource.paging, AutoPaging):
        return Detection(resource.paging, selector, chosen)
    paging, why = _paging(resource, resource.paging, headers, root, envelope)
    doubt = _round_number(resource, paging, headers, root, len(envelope.records))
    return Detection(paging, selector, f"{chosen}; {why}" if chosen else why, doubt=doubt)


def parsed(body: bytes) -> Raw | None:
    """The body as one value; None where there is nothing."""
    text = checked_text(body)
    if not text:
        return None
    try:
        return _raw.decode(text)
    except msgspec.DecodeError:
        masked = mask_lone_surrogates(text)
        return _raw.decode(masked.text) if masked else None


def _paging(
    resource: Resource, auto: AutoPaging, headers: dict[str, str], root: Raw | None, envelope: Envelope
) -> tuple[Paging, str]:
    if target_of(headers, "next") is not None:
        return LinkHeader("next", auto.size, auto.size_param), "paging: the Link header has rel=next"
    seen = sight(root) if root is not None else Sightings()
    return (
        _next_url(auto, seen)
        or _pages(resource, auto, seen, envelope)
        or _token(auto, seen, envelope)
        or _undecided(auto, _beyond(headers, seen, len(envelope.records)), envelope)
        or _ended(auto, headers, seen)
        or _undecided(auto, _sign_of_more(auto, headers, seen, len(envelope.records)), envelope)
        or (SinglePage(auto.size, auto.size_param), _single_why(envelope))
    )


def _next_url(auto: AutoPaging, seen: Sightings) -> tuple[Paging, str] | None:
    for one in seen.next:
        if is_url(one):
            path = render(one.keys)
            return NextUrl(path, auto.size, auto.size_param), f"paging: the body has a next URL at `{path}`"
    for path in seen.rel_links:
        found = f"{path}[?(@.rel == 'next')].href"
        return NextUrl(found, auto.size, auto.size_param), f"paging: the body has a next link in `{path}`"
    return None


def is_url(one: Sighting) -> bool:
    """By its look, or by its name: `nextLink` may be relative, and a token in base 64 may begin with a slash."""
    if not isinstance(one.value, str) or not one.value:
        return False
    if _URL_NAME.search(one.name):
        return True
    return one.value.lower().startswith(_URL) and not _TOKEN_NAME.search(one.name)


def _pages(resource: Resource, auto: AutoPaging, seen: Sightings, envelope: Envelope) -> tuple[Paging, str] | None:
    """Page numbers, only if the number of the first page is known: from the body, or from the request's parameters."""
    total = next((one for one in seen.total_pages if count(one.value) is not None), None)
    if total is None or _lone_object(envelope):
        return None
    param, first = _first_page(resource, seen)
    if param is None or first is None:
        return None
    rule = PageNumber(
        base=min(first, 1),
        start=first,
        param=param,
        total_path=render(total.keys),
        size=auto.size,
        size_param=auto.size_param,
    )
    return rule, f"paging: {count(total.value)} pages by `{rule.total_path}`, counted from {rule.base}, in `{param}`"


def _first_page(resource: Resource, seen: Sightings) -> tuple[str | None, int | None]:
    for name, value in resource.request.params:
        stated = count(value.literal)
        if name.lower() in _PAGE_PARAMS and stated is not None:
            return name, stated
    for one in seen.current_page:
        number = count(one.value)
        if number is not None:
            return one.name if one.name.lower() in _SAME_NAME else "page", number
    return None, None


def _token(auto: AutoPaging, seen: Sightings, envelope: Envelope) -> tuple[Paging, str] | None:
    """A cursor; in a lone object only below a key that is about paging, for elsewhere `next_…` may be anything."""
    for one in seen.next:
        apart = len(one.keys) > 1 and one.keys[-2].lower() in _PAGING_PARENTS
        if isinstance(one.value, bool) or not one.value or (_lone_object(envelope) and not apart):
            continue
        path, param = render(one.keys), param_for(one)
        rule = Cursor(path, param, size=auto.size, size_param=auto.size_param)
        return rule, f"paging: the body has a cursor at `{path}`, sent as `{param}` (a guess by its name)"
    return None


def param_for(one: Sighting) -> str:
    """`next_page_token` → `page_token`, `nextPageToken` → `pageToken`, `next.after` → `after`, else dlt's `cursor`."""
    rest = re.sub(r"^next[_-]?", "", one.name, flags=re.IGNORECASE)
    if not rest:
        return "cursor"
    if rest.lower() == "token":
        return one.name
    return rest[:1].lower() + rest[1:] if "_" not in one.name and "-" not in one.name else rest


def _ended(auto: AutoPaging, headers: dict[str, str], seen: Sightings) -> tuple[Paging, str] | None:
    """The first page is the last, and says so."""
    if any(one.value is True for one in seen.more):
        return None
    for one in seen.next:
        if one.value is None or one.value == "" or one.value is False:
            path = render(one.keys)
            return NextUrl(path, auto.size, auto.size_param), f"paging: `{path}` says that there is no next page"
    if any({"prev", "first", "last", "self"} & set(link.rels) for link in parse_links(headers.get("link", ""))):
        return LinkHeader("next", auto.size, auto.size_param), "paging: the Link header has no rel=next"
    return None


def _undecided(auto: AutoPaging, sign: str | None, envelope: Envelope) -> tuple[Paging, str] | None:
    """Signs of more pages that no rule follows: never a silent end."""
    if sign is None or _lone_object(envelope):
        return None
    return auto, f"paging: {sign}, but not how to ask for more; state a paginator, or `single_page` if this is all"


def _sign_of_more(auto: AutoPaging, headers: dict[str, str], seen: Sightings, records: int) -> str | None:
    """Anything else that speaks of more records than are here."""
    for one in (*seen.more, *seen.next):
        if one.value is True:
            return f"`{render(one.keys)}` is true"
    if any(one.value is False for one in seen.more) or _is_all(headers, seen, records):
        return None
    return f"the page is full ({records} records)" if auto.size and records >= auto.size else None


def _round_number(resource: Resource, paging: Paging, headers: dict[str, str], root: Raw | None, records: int) -> str:
    """What to say of a page that is taken for all and has just as many records as a page often has, if nobody counts.

    Of many lists, one for each row of a parent, some have such a number by chance.
    """
    all_of_it = isinstance(paging, SinglePage) and not paging.size and resource.parent is None
    if not all_of_it or records not in _USUAL_SIZES:
        return ""
    seen = sight(root) if root is not None else Sightings()
    if any(one.value is False for one in seen.more) or _is_all(headers, seen, records):
        return ""
    return (
        f"the list has just {records} records, as a full page of many APIs, and nothing says whether that is all: "
        f"look, and state {flag(resource.name, PAGINATOR, 'single_page')}, or the paginator that leads on"
    )


def _beyond(headers: dict[str, str], seen: Sightings, records: int) -> str | None:
    """What a total says of more than is here."""
    for one in seen.total_pages:
        if (count(one.value) or 0) > 1:
            return f"there are {count(one.value)} pages by `{render(one.keys)}`"
    for one in seen.total_records:
        if (count(one.value) or 0) > records > 0:
            return f"there are {count(one.value)} records by `{render(one.keys)}`, and {records} of them here"
    if (count(headers.get("x-total-count")) or 0) > records > 0:
        return f"there are {headers['x-total-count']} records by the header X-Total-Count, and {records} of them here"
    return None


def _is_all(headers: dict[str, str], seen: Sightings, records: int) -> bool:
    """Whether a total says that this is all; `count` may be that of the page alone."""
    totals = [one.value for one in seen.total_records if one.keys[-1].lower() != "count"]
    pages = [count(one.value) for one in seen.total_pages]
    return 1 in pages or records in map(count, (*totals, headers.get("x-total-count")))


def _lone_object(envelope: Envelope) -> bool:
    """The body itself is the one record, so its keys are fields."""
    return envelope.shape == "object" and envelope.selector == "$"


def _single_why(envelope: Envelope) -> str:
    if envelope.shape == "object":
        return "paging: one object, so a single page"
    return (
        f"paging: nothing in the first page ({len(envelope.records)} records) leads to another, so it is taken for the "
        "only one; state a paginator if there are more"
    )
