"""Whether what was guessed of a resource is true: its first page shows it, or one more request does, or nobody knows.

A pure dialogue, as httpx's `auth_flow` is one: `inquire` says what to ask for next and is sent what came of it, whoever
does the asking. A wrong guess costs a request, never a row; what cannot be settled is a question that one flag answers.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, TypeGuard

import msgspec

from headrace.envelope.find import members
from headrace.envelope.holder import record_around
from headrace.envelope.path import parse, render
from headrace.errors import RequestRefused, SourceError, WalkStuck
from headrace.model.envelope import Absent
from headrace.model.guess import BASE_PAGE, KEY, PAGINATOR, PATH, SELECTOR, flag
from headrace.model.plan import AutoPaging, Disposition, PageNumber, Resource, SinglePage
from headrace.walk.detect import Detection, detect, parsed, without_prefix
from headrace.walk.keys import fault_of
from headrace.walk.kin import as_kin
from headrace.walk.moves import is_short, moved, numbered
from headrace.walk.trial import Came, Dialogue, Outcome, Trial, look, probe, reselected

_FILLER: Final = "v1/"
_NO_SUCH_PAGE: Final = frozenset((HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, 416, HTTPStatus.UNPROCESSABLE_ENTITY))


class Verdict(msgspec.Struct, frozen=True):
    """The first page, as it is to be taken, and what is settled by it; None: it had no records to tell by."""

    first: Came
    detection: Detection | None


def inquire(resource: Resource) -> Dialogue[Verdict]:
    """Ask for the first page, and for what else is needed to be sure of it.

    Raises:
        SourceError: it was refused, or leaves a question open; the sentence names the flag that answers it. The short
            page of a row's walk is taken all the same: its question is for the other rows.
    """
    prefix, resource, outcome, found = yield from _placed(resource)
    said, question = [found], ""
    resource, first = yield from _paged_from(resource, outcome)
    resource = _selected(resource, first, said)
    try:
        resource, first = yield from _led_on(resource, first, said)
    except WalkStuck as stuck:
        if resource.parent is None or not is_short(resource, len(first.records)):
            raise
        resource, question = _alone(resource, first), str(stuck)
    if not first.records:
        return Verdict(first, None)
    key, disposition, doubt = _keyed(resource, first)
    # The page as the settled resource reads it: its cursor may be elsewhere.
    first = Came(first.reply, look(resource, first.reply.body))
    leads = bool(first.envelope.cursor) and not isinstance(first.envelope.cursor, Absent)
    way = resource.paging, resource.selector
    return Verdict(first, Detection(*way, _joined(said), prefix, key, disposition, doubt, leads, question))


def _led_on(resource: Resource, first: Came, said: list[str]) -> Dialogue[tuple[Resource, Came]]:
    """How the walk goes on from its first page, which may be another than the one at hand. Raises WalkStuck."""
    resource, first, found = yield from numbered(resource, first)
    said.append(found)
    if not first.records:
        return resource, first
    resource = _detected(resource, first, said)
    if PAGINATOR in resource.guesses and isinstance(resource.paging, SinglePage) and resource.parent is None:
        resource, first, found = yield from as_kin(resource, first)
        said.append(found)
    resource, found = yield from moved(resource, first)
    said.append(found)
    return resource, first


def _alone(resource: Resource, first: Came) -> Resource:
    """A row whose first page is taken for all that there is: other rows may tell how longer lists go on."""
    single = SinglePage(resource.paging.size, resource.paging.size_param)
    selector = resource.selector or first.envelope.selector or None
    return msgspec.structs.replace(resource, paging=single, selector=selector)


def _joined(said: list[str]) -> str:
    return "; ".join(each for each in said if each)


def _placed(resource: Resource) -> Dialogue[tuple[str | None, Resource, Outcome, str]]:
    """The first page, where the path leads to it; a prefix that is a filler is left out where it leads nowhere."""
    first = yield Trial(resource)
    path = resource.request.path
    if not _is_lost(first) or PATH not in resource.guesses or not isinstance(path, str):
        return None, resource, first, ""
    if not path.lstrip("/").startswith(_FILLER):
        raise _nowhere(resource, f"`{path}`, which is a guess (404)", first)
    shorter = without_prefix(resource, _FILLER)
    again = yield Trial(shorter)
    if _is_lost(again):
        raise _nowhere(resource, f"`{path}`, nor at `{shorter.request.path}` (both 404)", again)
    return _FILLER, shorter, again, f"there is nothing at `{path}`, but at `{shorter.request.path}`, so that is taken"


def _is_lost(outcome: Outcome) -> TypeGuard[SourceError]:
    return isinstance(outcome, SourceError) and outcome.status == HTTPStatus.NOT_FOUND


def _nowhere(resource: Resource, where: str, refusal: SourceError) -> RequestRefused:
    words = f"There is nothing at {where}: check the base URL, or run again with {flag(resource.name, PATH, 'PATH')}."
    return RequestRefused(words, url=refusal.url, status=refusal.status)


def _paged_from(resource: Resource, outcome: Outcome) -> Dialogue[tuple[Resource, Came]]:
    """The first page, or page 0 where there is no page 1. Raises the refusal."""
    if isinstance(outcome, Came):
        return resource, outcome
    rule = resource.paging
    if isinstance(rule, PageNumber) and BASE_PAGE in resource.guesses and outcome.status in _NO_SUCH_PAGE:
        from_0 = msgspec.structs.replace(
            resource,
            paging=msgspec.structs.replace(rule, base=0, start=0),
            guesses=resource.guesses - {BASE_PAGE},
        )
        zero = yield probe(from_0)
        if isinstance(zero, Came):
            return from_0, zero
    raise outcome


def _selected(resource: Resource, first: Came, said: list[str]) -> Resource:
    """The resource with the selector that the first page bears out."""
    found = first.envelope.selector
    if resource.selector is None or not found or found == resource.selector:
        return resource
    _check_holder(resource, first, found)
    said.append(f"the records are not at `{resource.selector}` but at `{found}`")
    return reselected(resource, found)


def _check_holder(resource: Resource, first: Came, found: str) -> None:
    """Raises SourceError where the list that would be taken for the records seems to be a part of one record."""
    root, way = parsed(first.reply.body), parse(found).keys
    stated = parse(resource.selector).keys or () if resource.selector is not None else ()
    if root is None or way is None:
        return
    above = stated if way[: len(stated)] == stated else ()
    for step in above:
        root = members(root)[step]
    path = resource.request.path
    names = (resource.name, path.rpartition("/")[2]) if isinstance(path, str) else (resource.name,)
    strict = bool(stated) and not above
    around = record_around(root, way[len(above) :], names=names, key=resource.primary_key, strict=strict)
    if around is None:
        return
    record = render((*above, *around))
    where = f"The first page of `{resource.name}`" + ("" if record == "$" else f", at `{record}`,")
    raise SourceError(
        f"{where} looks like one record with a list at `{found}`, so it is not known which of them is to be loaded:"
        f" run again with {flag(resource.name, SELECTOR, record)} for the record, or"
        f" {flag(resource.name, SELECTOR, found)} for the list."
    )


def _detected(resource: Resource, first: Came, said: list[str]) -> Resource:
    """What is left open, and what is only taken for a single page because nothing is said of more."""
    way = resource
    if PAGINATOR in resource.guesses:
        auto = AutoPaging(resource.paging.size, resource.paging.size_param)
        way = msgspec.structs.replace(resource, paging=auto)
    if way.selector is not None and not isinstance(way.paging, AutoPaging):
        return resource
    found = detect(way, first.reply.headers, first.reply.body, first.envelope)
    if way.selector is None and found.selector:
        _check_holder(resource, first, found.selector)
    said.append(found.why)
    return msgspec.structs.replace(resource, paging=found.paging, selector=found.selector)


def _keyed(resource: Resource, first: Came) -> tuple[tuple[str, ...] | None, Disposition | None, str]:
    """The key and the disposition to go on with, None for those that stay, and what is wrong with the key."""
    if KEY not in resource.guesses or resource.disposition != "merge":
        return None, None, ""
    fault = fault_of(resource.primary_key, first.records)
    if fault is None:
        return None, None, ""
    is_part = resource.incremental or resource.below_increment
    way: Disposition = "append" if is_part or resource.beside or resource.merge_key else "replace"
    doubt = (
        f"{fault}, so nothing is merged by it: the table is loaded with `{way}`; if there is a key, run again with"
        f" {flag(resource.name, KEY, 'NAME')}"
    )
    return (), way, doubt
