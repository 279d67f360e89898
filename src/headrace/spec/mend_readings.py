"""Mends for what was interpreted: the reading is written out where the deviation stands; the plan stays the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from headrace.spec.airbyte import CLIENT as AIRBYTE_CLIENT
from headrace.spec.airbyte import ENDPOINT as AIRBYTE
from headrace.spec.faults import Fault
from headrace.spec.mend import Draft
from headrace.spec.node import plain
from headrace.spec.patch import GONE, Edit, Gone, Unplaced, changed, replaced
from headrace.spec.vocabulary import RESOURCE
from headrace.spec.writing import Meant, client_tree, config_tree
from headrace.spec.writing_resource import resource_tree
from headrace.spec.writing_value import Mapping, Value

UNSAID = frozenset({
    "base-url-placeholder", "missing-base-url", "secret-url", "api-key-name", "path-prefix", "selector-data",
    "key-of-one", "two-spellings", "nested-table", "hidden-by-default", "page-size-none", "several-configurations",
    "wrapped-document", "json-relaxed", "prose-auth", "prose-contradiction", "prose-resource", "prose-key",
    "prose-retry", "read-as-meant",
})  # fmt: skip
"""Findings that no edit of the configuration settles: they need a value, a look at the API, or an edit of the prose."""

_EVERY = "resources"
WHOLE = "the whole configuration"
_PLACE = re.compile(r"(client|resource_defaults|resources\[\d+\])(?:\.(?:(endpoint)(?:\.)?)?([\w$@-]+)?)?")
_WITH: dict[str, tuple[str, ...]] = {
    "paginator": ("params",),
    "path": ("params",),
    "params": ("path", "incremental"),
    "error_handler": ("retry", "response_actions"),
    "incremental_sync": ("incremental", "params"),
    "partition_router": ("path", "params"),
    "http_method": ("method",),
    "body": ("json",),
    "write_disposition": ("primary_key", "merge_key"),
}
"""Keys that change with another: what is read from it goes there."""


def restated(draft: Draft) -> Iterator[tuple[str, list[Edit]]]:
    """Edits that may write a reading out, by place, the narrowest first; each is to be tried."""
    meant = draft.meant
    faults = [fault for fault in draft.reading.in_full if fault.severity != "error" and fault.code not in UNSAID]
    if meant is None or draft.layout is None or not faults:
        return
    places = list(dict.fromkeys(filter(None, (_target(draft, fault) for fault in faults))))
    for place, make in _attempts(draft, meant, places):
        try:
            edits = list(dict.fromkeys(make()))
        except Unplaced:
            continue
        if edits:
            yield place, edits


def attempts(draft: Draft, *, narrow: bool) -> Iterator[tuple[str, tuple[Fault, ...], list[Edit]]]:
    """For each place that findings speak of: those findings, and the edits that should write their reading out.

    If not `narrow`, the whole resource is written anew.
    """
    meant = draft.meant
    if meant is None or draft.layout is None:
        return
    by_place: dict[tuple[str, str], list[Fault]] = {}
    for fault in draft.reading.in_full:
        target = _target(draft, fault) if fault.severity != "error" and fault.code not in UNSAID else None
        if target is not None:
            by_place.setdefault(target if narrow else (target[0], ""), []).append(fault)
    for (area, key), faults in by_place.items():
        try:
            edits = list(dict.fromkeys(_edits(draft, meant, area, key, narrow=narrow)))
        except Unplaced:
            continue
        if edits:
            yield f"{area}.{key}" if key else area, tuple(faults), edits


def _attempts(
    draft: Draft, meant: Meant, places: list[tuple[str, str]]
) -> Iterator[tuple[str, Callable[[], Iterable[Edit]]]]:
    for area, key in places:
        place = f"{area}.{key}" if key else area
        yield place, partial(_edits, draft, meant, area, key, narrow=True)
        yield place, partial(_edits, draft, meant, area, key, narrow=False)
    if places and draft.tongue.scaffold and draft.tongue.dlt:
        yield "every resource", partial(_in_other_words, draft, meant, places)
    yield WHOLE, partial(_rewritten, draft, "", _whole(draft, meant))


def _in_other_words(draft: Draft, meant: Meant, places: Iterable[tuple[str, str]]) -> Iterator[Edit]:
    """All that is left, and the paging that a scaffold need not state: without its marks, it is read as dlt's."""
    for area, key in places:
        yield from _edits(draft, meant, area, key, narrow=True)
    for read in draft.reading.outline.resources:
        spot = draft.layout.by_path.get(read.node.path) if draft.layout is not None else None
        narrow = spot is not None and spot.entries is not None and "endpoint" in spot.entries
        yield from _edits(draft, meant, read.node.path, "paginator", narrow=narrow)


def address_given(draft: Draft) -> Iterator[tuple[str, list[Edit]]]:
    """The base URL of a flag, in place of what the document says."""
    meant, layout = draft.meant, draft.layout
    given = draft.options.base_url
    if given is None or meant is None or layout is None:
        return
    stated = draft.node("client.base_url")
    if stated is None or stated.value != given:
        try:
            yield "client.base_url", changed(layout, "client", {"base_url": given})
        except Unplaced:
            return


def _target(draft: Draft, fault: Fault) -> tuple[str, str] | None:
    """The part of the configuration that a finding speaks of, and the key in it; without a path, by its line."""
    if fault.code == "merged-table":  # the other resource of the table is the one that changes
        return _EVERY, "write_disposition"
    path = fault.path if _PLACE.match(fault.path) else _path_at(draft, fault.line)
    found = _PLACE.match(path)
    return None if found is None else (found[1], found[3] or "")


def _path_at(draft: Draft, line: int | None) -> str:
    """The narrowest place that a line belongs to."""
    layout = draft.layout
    if layout is None or line is None:
        return ""
    best, width = "", len(layout.text) + 1
    for path, spot in layout.by_path.items():
        first = layout.text.count("\n", 0, spot.start) + 1
        last = layout.text.count("\n", 0, spot.end) + 1
        if first <= line <= last and spot.end - spot.start < width and _PLACE.match(path):
            best, width = path, spot.end - spot.start
    return best


def _edits(draft: Draft, meant: Meant, area: str, key: str, *, narrow: bool) -> Iterable[Edit]:
    if area == "client":
        wanted = client_tree(meant.client, meant.address, draft.tongue)
        keys = _keys(key, AIRBYTE_CLIENT) if narrow else tuple(wanted)
        return _changes(draft, "client", wanted, keys)
    if area == "resource_defaults":
        return _defaults(draft, meant, key)
    if area == _EVERY:
        each = [_edits(draft, meant, read.node.path, key, narrow=True) for read in draft.reading.outline.resources]
        return [edit for edits in each for edit in edits]
    index = next((at for at, read in enumerate(draft.reading.outline.resources) if read.node.path == area), None)
    if index is None:
        raise Unplaced
    wanted = resource_tree(meant.resources[index], draft.tongue, meant.open_names)
    return _resource(draft, area, wanted, key) if narrow else _rewritten(draft, area, wanted)


def _keys(key: str, renamed: dict[str, str]) -> tuple[str, ...]:
    """The keys that are written with this one."""
    new = renamed.get(key, key)
    return tuple(dict.fromkeys(each for each in (key, new, *_WITH.get(new, ())) if each))


def _resource(draft: Draft, area: str, wanted: Mapping, key: str) -> list[Edit]:
    """The keys around one key of a resource, in the resource and in its endpoint."""
    endpoint = wanted["endpoint"]
    spot = draft.layout.by_path.get(area) if draft.layout is not None else None
    if spot is None or spot.entries is None or not isinstance(endpoint, dict):
        raise Unplaced
    keys = _keys(key, AIRBYTE) if key else ("name",)
    own = [each for each in keys if each in RESOURCE or (each in spot.entries and each not in RESOURCE)]
    inner = [each for each in keys if each not in RESOURCE]
    edits = list(_changes(draft, area, {name: value for name, value in wanted.items() if name in RESOURCE}, own))
    if inner:
        edits += _changes(draft, f"{area}.endpoint", endpoint, inner)
    return edits


def _rewritten(draft: Draft, area: str, wanted: Value) -> list[Edit]:
    if draft.layout is None:
        raise Unplaced
    return [replaced(draft.layout, area, wanted)]


def _defaults(draft: Draft, meant: Meant, key: str) -> list[Edit]:
    """What all resources share, where it is said for all."""
    hoisted = config_tree(meant, draft.tongue).get("resource_defaults")
    endpoint = hoisted.get("endpoint") if isinstance(hoisted, dict) else None
    if not isinstance(hoisted, dict):
        raise Unplaced
    keys = _keys(key, AIRBYTE)
    edits = list(_changes(draft, "resource_defaults", hoisted, [each for each in keys if each in RESOURCE]))
    if isinstance(endpoint, dict) and "resource_defaults.endpoint" in (draft.layout.by_path if draft.layout else {}):
        edits += _changes(
            draft, "resource_defaults.endpoint", endpoint, [each for each in keys if each not in RESOURCE]
        )
    return edits


def _changes(draft: Draft, path: str, wanted: Mapping, keys: Iterable[str]) -> list[Edit]:
    """The edits that give these keys of a mapping their values; those that have them already are left alone."""
    layout, node = draft.layout, draft.node(path)
    if layout is None:
        raise Unplaced
    changes: dict[str, Value | Gone] = {}
    for key in keys:
        stated = node.items.get(key) if node is not None else None
        if key in wanted and (stated is None or plain(stated) != wanted[key]):
            changes[key] = wanted[key]
        elif key not in wanted and stated is not None:
            changes[key] = GONE
    return changed(layout, path, changes) if changes else []


def _whole(draft: Draft, meant: Meant) -> Value:
    """The configuration, with what stands beside it in a data document."""
    tree = config_tree(meant, draft.tongue)
    entries = draft.layout.root.entries or {} if draft.layout is not None else {}
    head: Mapping = {}
    if "name" in entries:
        head["name"] = meant.name
    if "type" in entries:
        head["type"] = "rest_api"
    return {**head, **tree}
