"""A paging rule as its mapping: dlt's words, and the few of our own."""

from __future__ import annotations

from typing import assert_never

import msgspec

from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    Resource,
    SinglePage,
)
from headrace.spec.resource import with_size
from headrace.spec.writing_value import Mapping, Tongue, Value


def paging_tree(resource: Resource, tongue: Tongue) -> Value:
    """The paginator of an endpoint, whose parameters ask for the page size. One with no argument is its name."""
    paging = resource.paging
    tree = _tree(paging, tongue)
    if tongue.ours and sized_oddly(resource):
        tree["page_size_param"] = paging.size_param
    if isinstance(paging, AutoPaging) and tongue.scaffold:
        return tree  # a mere `auto` there is one page
    return tree["type"] if len(tree) == 1 else tree


def sized_oddly(resource: Resource) -> bool:
    """Whether another parameter would be taken for the page size than the one that is, or none."""
    paging = resource.paging
    if isinstance(paging, Offset) or paging.size is None:
        return False
    plain = msgspec.structs.replace(paging, size=None, size_param=None)
    return with_size(plain, resource.request) != paging


def _tree(paging: Paging, tongue: Tongue) -> Mapping:  # noqa: PLR0911 - one for each rule
    match paging:
        case AutoPaging():
            return {"type": "auto"}
        case SinglePage():
            return {"type": "single_page"}
        case Cursor():
            return _cursor(paging, tongue)
        case HeaderCursor(header, param):
            return {"type": "header_cursor", "cursor_key": header, "cursor_param": param}
        case NextUrl(path):
            return {"type": "json_link", "next_url_path": path}
        case LinkHeader(rel):
            return {"type": "header_link", **({"links_next_key": rel} if rel != "next" else {})}
        case Offset():
            return _offset(paging, tongue)
        case PageNumber():
            return _page_number(paging, tongue)
        case _:
            assert_never(paging)


def _cursor(paging: Cursor, tongue: Tongue) -> Mapping:
    tree: Mapping = {"type": "cursor", "cursor_path": paging.path}
    if paging.param is not None:
        tree["cursor_param"] = paging.param
    if paging.body_path is not None:
        tree["cursor_body_path"] = paging.body_path
    if paging.stop_after_empty_page:
        tree["stop_after_empty_page"] = True
    if paging.has_more_path is not None:
        tree["has_more_path"] = paging.has_more_path
    if tongue.ours and ((tongue.dlt and paging.follow_urls) or (tongue.scaffold and not paging.follow_urls)):
        tree["follow_urls"] = paging.follow_urls
    return tree


def _offset(paging: Offset, tongue: Tongue) -> Mapping:
    tree: Mapping = {"type": "offset", "limit": paging.size}
    if paging.start:
        tree["offset"] = paging.start
    tree |= _place("offset_param", paging.param, "offset_body_path", paging.body_path, tongue)
    tree |= _place("limit_param", paging.size_param, "limit_body_path", paging.size_body_path, tongue)
    return tree | _end(paging, "maximum_offset", tongue)


def _page_number(paging: PageNumber, tongue: Tongue) -> Mapping:
    tree: Mapping = {"type": "page_number", "base_page": paging.base}
    if paging.start != paging.base:
        tree["page"] = paging.start
    tree |= _place("page_param", paging.param, "page_body_path", paging.body_path, tongue)
    return tree | _end(paging, "maximum_page", tongue)


def _place(param: str, named: str | None, body: str, path: str | None, tongue: Tongue) -> Mapping:
    """Where a value goes: into the query (the usual name is told to a scaffold alone), or into the body."""
    usual = param.removesuffix("_param")
    tree: Mapping = {} if named is None or (named == usual and not tongue.scaffold) else {param: named}
    return tree if path is None else {**tree, body: path}


def _end(paging: Offset | PageNumber, maximum: str, tongue: Tongue) -> Mapping:
    """Where the walk ends; dlt expects a total at `total` unless it is told that there is none."""
    tree: Mapping = {}
    if (tongue.dlt and paging.total_path != "total") or (tongue.scaffold and paging.total_path is not None):
        tree["total_path"] = paging.total_path
    if paging.maximum is not None:
        tree[maximum] = paging.maximum
    if not paging.stop_after_empty_page:
        tree["stop_after_empty_page"] = False
    if paging.has_more_path is not None:
        tree["has_more_path"] = paging.has_more_path
    return tree
