"""How dlt 1.31 writes the state of a pipeline down in `_dlt_pipeline_state`, and how far its increments have come."""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import zlib
from collections.abc import Iterable, Mapping

import msgspec

from headrace.model.plan import Json
from headrace.model.position import Seen
from headrace.sinks.dlt_schema import Document

ENGINE_VERSION = 4
"""Of the state, in dlt 1.31."""

_SCHEMA_HASH = "_headrace_schema_hash"
_DIGEST_LENGTH = 12  # dlt below 1.29 wrote 20 characters, of which these are the first
_TYPED = range(0xF026, 0xF02E)  # dlt begins the text of a value that JSON has no type for with one of these


class Owner(msgspec.Struct, frozen=True):
    """Whose state it is: a pipeline, its dataset, and the schema that its tables are described in."""

    pipeline: str
    dataset: str
    schema: str


def pipeline_state(
    before: Document | None,
    owner: Owner,
    schema_hash: str,
    seen: Mapping[str, Seen],
    begun_again: Iterable[str] = (),
) -> Document:
    """The state after a commit; `before` is the stored one, and is left as it is.

    `seen` are all increments, by walk; what is kept of the resources that have `begun_again` goes first.
    A pipeline of dlt reads the schemas of a dataset again when the state is another one. So the schema's hash is in
    it: what headrace has added to a table is known to dlt before it loads.
    """
    state = _new(owner) if before is None else copy.deepcopy(before)
    state["schema_names"] = sorted({*(state.get("schema_names") or ()), owner.schema})
    state["default_schema_name"] = state.get("default_schema_name") or owner.schema
    state[_SCHEMA_HASH] = schema_hash
    move_increments(state, owner.schema, seen, begun_again)
    return _numbered(state)


def move_increments(state: Document, schema: str, seen: Mapping[str, Seen], begun_again: Iterable[str] = ()) -> None:
    """Write into a state how far all increments (by walk) have come; those that have `begun_again` go first."""
    for name in begun_again:
        _resources(state, schema).get(name, {}).pop("incremental", None)
    for (name, path), mark in furthest_back(seen).items():
        resources = state.setdefault("sources", {}).setdefault(schema, {}).setdefault("resources", {})
        increments = resources.setdefault(name, {}).setdefault("incremental", {})
        increments[path] = _increment(increments.get(path), mark)


def version_hash(state: Document) -> str:
    """The hash that dlt gives a state."""
    apart = {"_local", "_state_version", "_state_engine_version", "_version_hash"}
    content = {key: value for key, value in state.items() if key not in apart}
    return base64.b64encode(hashlib.sha3_256(msgspec.json.encode(content, order="sorted")).digest()).decode()


def pack(state: Document) -> str:
    """A state as the text that dlt stores."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(state), level=9)).decode()


def unpack(text: str) -> Document:
    """The state that dlt has stored; old ones are plain JSON."""
    try:
        packed = zlib.decompress(base64.b64decode(text, validate=True))
    except (binascii.Error, zlib.error):
        packed = text.encode()
    return msgspec.json.decode(packed, type=dict[str, Json])


def taken_over(own: Mapping[str, Seen], state: Document, schema: str) -> dict[str, Seen]:
    """How far increments have come, by walk, where dlt may have gone on since headrace wrote `own`.

    dlt keeps one place for a resource. Where it is no longer the one that headrace left, it is that of every walk.
    """
    marks, result = furthest_back(own), dict(own)
    for resource, places in _increments(state, schema).items():
        ours = {path: mark for (name, path), mark in marks.items() if name == resource}
        if any(place.cursor_path in ours and _same(ours[place.cursor_path], place) for place in places):
            continue
        result = {walk: seen for walk, seen in result.items() if resource_of(walk) != resource}
        # The cursor that is in use is the one added last, if none of them is known.
        result[resource] = ([place for place in places if place.cursor_path in ours] or places)[-1]
    return result


def furthest_back(seen: Mapping[str, Seen]) -> dict[tuple[str, str], Seen]:
    """By resource and cursor, the place of the walk that has come least far: from there on no row is passed over."""
    marks: dict[tuple[str, str], Seen] = {}
    for walk, mark in seen.items():
        which = resource_of(walk), mark.cursor_path
        if which not in marks or _is_behind(mark, marks[which]):
            marks[which] = mark
    return marks


def resource_of(walk: str) -> str:
    """The resource of a walk: its own name, or what stands before the key of its parent's row."""
    return walk.rpartition("/")[0] or walk


def typed_values(state: Document, schema: str) -> list[str]:
    """The resources whose increment is a value of dlt's that JSON has no type for."""
    return [
        name
        for name, resource in _resources(state, schema).items()
        for increment in (resource.get("incremental") or {}).values()
        if _is_typed(increment.get("last_value"))
    ]


def _increments(state: Document, schema: str) -> dict[str, list[Seen]]:
    """By resource, its place at each cursor that dlt keeps one of."""
    found: dict[str, list[Seen]] = {}
    for name, resource in _resources(state, schema).items():
        for path, increment in (resource.get("incremental") or {}).items():
            last = increment.get("last_value")
            if last is not None and not _is_typed(last):
                digests = tuple(digest[:_DIGEST_LENGTH] for digest in increment.get("unique_hashes") or ())
                found.setdefault(name, []).append(Seen(path, last, digests, increment.get("initial_value")))
    return found


def _resources(state: Document, schema: str) -> Document:
    resources: Document = ((state.get("sources") or {}).get(schema) or {}).get("resources") or {}
    return resources


def _increment(before: Document | None, mark: Seen) -> Document:
    increment: Document = before or {"initial_value": mark.initial_value, "start_value": mark.initial_value}
    if before is not None and before.get("last_value") != mark.last_value:
        increment["start_value"] = before.get("last_value")
    if set(increment.get("unique_hashes") or ()) != set(mark.digests) or "unique_hashes" not in increment:
        increment["unique_hashes"] = list(mark.digests)
    increment["last_value"] = mark.last_value
    return increment


def _same(one: Seen, other: Seen) -> bool:
    return one.last_value == other.last_value and set(one.digests) == set(other.digests)


def _is_behind(one: Seen, other: Seen) -> bool:
    if one.last_value is None or other.last_value is None:
        return one.last_value is None
    if isinstance(one.last_value, str) is not isinstance(other.last_value, str):
        return False
    return bool(one.last_value < other.last_value if one.latest == "max" else one.last_value > other.last_value)


def _is_typed(value: Json) -> bool:
    return isinstance(value, str) and bool(value) and ord(value[0]) in _TYPED


def _numbered(state: Document) -> Document:
    now = version_hash(state)
    if state.get("_version_hash") != now:
        state |= {"_state_version": state["_state_version"] + 1, "_version_hash": now}
    return state


def _new(owner: Owner) -> Document:
    return {
        "_state_version": 0,
        "_state_engine_version": ENGINE_VERSION,
        "pipeline_name": owner.pipeline,
        "dataset_name": owner.dataset,
        "default_schema_name": owner.schema,
        "schema_names": [owner.schema],
        "destination_type": "dlt.destinations.duckdb",
        "destination_name": None,
    }
