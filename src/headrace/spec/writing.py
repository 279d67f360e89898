"""A plan as a configuration again: the tree of keys and values that every written form shares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from headrace.model.plan import Auth, Client, NoAuth, Plan, Ref, Resource, Text
from headrace.spec.document import open_document
from headrace.spec.faults import Faults
from headrace.spec.hosts import is_placeholder
from headrace.spec.node import Node
from headrace.spec.read import Reading, Source
from headrace.spec.writing_auth import auth_tree
from headrace.spec.writing_resource import resource_tree
from headrace.spec.writing_value import Mapping, Tongue, Value, settled

_ANYWHERE = "https://api.example.com"
_SHARED = ("write_disposition", "primary_key", "merge_key", "max_table_nesting", "guesses")
_SHARED_OF_ENDPOINTS = ("method", "params", "headers", "data_selector", "paginator", "retry", "deadline_s")


@dataclass(frozen=True, slots=True)
class Meant:
    """What is to be written: all resources of a document, those that are not selected as well.

    `address` is the base URL as the document writes it. `open_names` are the values that must come from outside and
    stand in braces, as `{site}` does in a path.
    """

    name: str
    client: Client
    resources: tuple[Resource, ...]
    address: str | Text | None = None
    open_names: frozenset[str] = frozenset()


def meant_by(plan: Plan) -> Meant:
    """What a plan by itself says."""
    return Meant(plan.name, plan.client, plan.resources, plan.client.base_url or None)


def meant_in(reading: Reading, source: Source, given: Collection[str] = ()) -> Meant | None:
    """What a document that can be read says; None where an error keeps it from being a plan.

    `given` are the names whose values came with flags: they are written out, all other references stay.
    """
    return meant_of(reading, open_document(source.text, source.format, Faults()).config, given)


def meant_of(reading: Reading, config: Node | None, given: Collection[str] = ()) -> Meant | None:
    """The same, where the document's tree is there already."""
    if reading.plan is None:
        return None
    return Meant(
        reading.plan.name,
        reading.plan.client,
        tuple(read.resource for read in reading.outline.resources),
        _address(reading, config, given),
        frozenset(need.removeprefix("config:") for need in reading.needs if need.startswith("config:")),
    )


def _address(reading: Reading, config: Node | None, given: Collection[str]) -> str | Text | None:
    """The base URL: with its references where it has some, and one that is as good where it was no URL at all."""
    client = config.get("client") if config is not None else None
    stated = client.get("base_url") if client is not None else None
    known = reading.plan.client.base_url if reading.plan is not None else ""
    flag = reading.plan is not None and any(
        each.path == "client.base_url" and each.origin == "flag" for each in reading.plan.provenance
    )
    if not flag and stated is not None and isinstance(stated.value, Text):
        if {ref.name for ref in stated.value.refs}.isdisjoint(given):
            return stated.value
        return known or _ANYWHERE
    if known:
        return known
    shown = stated.word if stated is not None else None
    if shown is None:
        return None
    return shown if is_placeholder(shown) else _ANYWHERE


def config_tree(meant: Meant, tongue: Tongue) -> Mapping:
    """The configuration: `client`, `resource_defaults` for what all resources share, and `resources`."""
    resources = [resource_tree(each, tongue, meant.open_names) for each in meant.resources]
    defaults, rest = _hoisted(resources)
    return {
        "client": client_tree(meant.client, meant.address, tongue),
        **({"resource_defaults": defaults} if defaults else {}),
        "resources": list[Value](rest),
    }


def client_tree(client: Client, address: str | Text | None, tongue: Tongue) -> Mapping:
    """The client. The limit and the origins are keys of our own."""
    tree: Mapping = {}
    if address is not None:
        tree["base_url"] = address
    if client.headers:
        tree["headers"] = {name: settled(value) for name, value in client.headers}
    if not isinstance(client.auth, NoAuth):
        tree["auth"] = auth_tree(client.auth)
    if client.limit is not None and tongue.ours:
        seconds = client.limit.window_s
        whole = int(seconds) if seconds.is_integer() else seconds
        tree["rate_limit"] = {"requests": client.limit.requests, "seconds": whole}
    if client.allowed_origins and tongue.ours:
        tree["allow_origins"] = list[Value](client.allowed_origins)
    return tree


def _hoisted(resources: Sequence[Mapping]) -> tuple[Mapping, list[Mapping]]:
    """What every resource says alike, said once; and the resources without it."""
    if len(resources) < 2:  # noqa: PLR2004 - one has nothing to share
        return {}, list(resources)
    endpoints = [_mapping(each["endpoint"]) for each in resources]
    shared = _alike(resources, _SHARED)
    inner = _alike(endpoints, _SHARED_OF_ENDPOINTS)
    if any(isinstance(value, Text) for value in _mapping(inner.get("params")).values()):
        del inner["params"]  # dlt takes a path's parameters out of the defaults for the first resource
    rest = []
    for resource, endpoint in zip(resources, endpoints, strict=True):
        own: Mapping = {key: value for key, value in resource.items() if key not in shared}
        own["endpoint"] = {key: value for key, value in endpoint.items() if key not in inner}
        rest.append(own)
    return {**shared, **({"endpoint": inner} if inner else {})}, rest


def _alike(trees: Sequence[Mapping], keys: Sequence[str]) -> Mapping:
    first = trees[0]
    return {key: first[key] for key in keys if key in first and all(_same(each, first, key) for each in trees)}


def _same(tree: Mapping, other: Mapping, key: str) -> bool:
    return key in tree and repr(tree[key]) == repr(other[key])  # True is no 1 here


def _mapping(value: Value) -> Mapping:
    return value if isinstance(value, dict) else {}


def refs_of(meant: Meant) -> list[Ref]:
    """The references that a written configuration holds, each once."""
    return list(dict.fromkeys(_refs(config_tree(meant, Tongue(ours=True)))))


def _refs(value: Value) -> Iterator[Ref]:
    match value:
        case Text():
            yield from value.refs
        case dict():
            for sub in value.values():
                yield from _refs(sub)
        case list():
            for sub in value:
                yield from _refs(sub)
        case _:
            return


def auths_of(meant: Meant) -> list[Auth]:
    """Every auth that is stated."""
    return [meant.client.auth, *(each.auth for each in meant.resources if each.auth is not None)]
