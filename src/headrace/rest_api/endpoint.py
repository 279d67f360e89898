"""One endpoint of a configuration as dlt has read it, and how it becomes a walk: for itself, or for a parent's row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from dlt.extract import Incremental
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.rest_api.config_setup import (
    IncrementalParam,
    build_parent_record,
    collect_resolved_values,
    convert_incremental_values,
    create_response_hooks,
    expand_placeholders,
)
from dlt.sources.rest_api.typing import ResolvedParam

from headrace.model.plan import Auth, Paging, Resource, ResponseAction
from headrace.rest_api.engine import Engine
from headrace.rest_api.express import request_of
from headrace.rest_api.line import Line, Place, further


class NoRequest(ValueError):
    """A parent's row that gives no request; says why."""


@dataclass(frozen=True, slots=True)
class Means:
    """How our engine walks an endpoint: what does not depend on rows or windows.

    `raw` are the values of a row that go into the path as they are.
    """

    paging: Paging
    auth: Auth
    selector: str | None
    actions: tuple[ResponseAction, ...]
    raw: frozenset[str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`request` holds method, path, headers, params, json and data with their placeholders. `means` None: dlt walks.

    `above` are the values of rows above the parent's that the request takes, by the name of the placeholder, and
    `include_above` those that every record takes; `down` are what resources below want of the parent's row and above.
    """

    name: str
    request: Mapping[str, Any]
    client: Mapping[str, Any]
    auth: Any
    paginator: Any
    selector: str | None
    actions: Any
    engine: Engine
    means: Means | None
    window: IncrementalParam | None
    convert: Callable[..., Any] | None
    resolved: tuple[ResolvedParam, ...] = ()
    include: tuple[str, ...] = ()
    above: Mapping[str, Place] = field(default_factory=dict)
    include_above: tuple[Place, ...] = ()
    down: tuple[Place, ...] = ()

    @property
    def parent(self) -> str:
        """The resource with whose rows this one is asked for; only one with a parent has it."""
        name: str = self.resolved[0].resolve_config["resource"]
        return name

    @property
    def wants_above(self) -> bool:
        """Whether it matters from which rows the parent's own have come, to it or to a resource below it."""
        return bool(self.above or self.include_above or any(place.resource != self.parent for place in self.down))

    def filled(self, values: Mapping[str, Any], incremental: Incremental[Any] | None) -> dict[str, Any]:
        """The request with its placeholders filled in, as dlt does it; a row's values are quoted in the path."""
        params = {**(self.request["params"] or {}), **self._bounds(incremental)}
        given = dict(values)
        if incremental:
            given["incremental"] = incremental
            if self.convert:
                given |= convert_incremental_values(incremental, self.convert)
        raw = self.means.raw if self.means else frozenset()
        in_path = given | {name: _segment(name, value) for name, value in values.items() if name not in raw}
        filled: dict[str, Any] = {
            "method": self.request["method"],
            "path": expand_placeholders(self.request["path"], in_path),
            "headers": expand_placeholders(self.request["headers"], given),
            "params": expand_placeholders(params, given),
            "json": expand_placeholders(self.request["json"], given, preserve_value_type=True),
            "data": expand_placeholders(self.request["data"], given),
        }
        return filled

    def values(self, row: Mapping[str, Any], line: Line) -> dict[str, Any]:
        """What the request takes of a parent's row, and of those from which that has come (`line`).

        Raises:
            ValueError: one of them lacks something.
            NoRequest: something is null.
        """
        found: dict[str, Any] = collect_resolved_values(row, list(self.resolved), None, None)
        found |= {name: line.value(place) for name, place in self.above.items()}
        for name, value in found.items():
            if value is None:
                place = self.above.get(name)
                raise NoRequest(f"`{name if place is None else f'resources.{place.resource}.{place.field}'}` is null")
        return found

    def members(self, row: Mapping[str, Any], line: Line) -> dict[str, Any]:
        """What every record takes of its parent's row and of those above."""
        record: dict[str, Any] = build_parent_record(row, self.parent, list(self.include))
        return record | {f"_{place.resource}_{place.field}": line.value(place) for place in self.include_above}

    def line(self, row: Mapping[str, Any], line: Line) -> Line | None:
        """What resources below want of a parent's row and of those above; None if they want nothing."""
        return further(line, self.parent, row, self.down) if self.down else None

    def resource(self, filled: Mapping[str, Any]) -> Resource:
        """The walk of a request without placeholders, by our engine."""
        means = self.means
        assert means is not None  # noqa: S101 - the caller has looked
        return Resource(
            name=self.name,
            table=self.name,
            request=request_of(filled, self.client),
            paging=means.paging,
            selector=means.selector,
            auth=means.auth,
            actions=means.actions,
        )

    def by_dlt(self, filled: Mapping[str, Any]) -> Iterator[list[Any]]:
        """The pages of a request without placeholders, as dlt's own client gets them."""
        client = RESTClient(
            base_url=self.client["base_url"],
            headers=self.client.get("headers"),
            auth=self.auth,
            session=self.client.get("session"),
        )
        yield from client.paginate(
            **filled,
            paginator=deepcopy(self.paginator),
            data_selector=self.selector,
            hooks=create_response_hooks(self.actions),
        )

    def _bounds(self, incremental: Incremental[Any] | None) -> dict[str, Any]:
        """The window as query parameters, where the increment names them."""
        if incremental is None or self.window is None:
            return {}
        convert = self.convert or (lambda value: value)
        bounds = {self.window.start: incremental.last_value, self.window.end: incremental.end_value}
        return {name: convert(value) for name, value in bounds.items() if name}


def encoded(members: Mapping[str, Any]) -> bytes:
    """The members as JSON text, without the braces."""
    return msgspec.json.encode(dict(members))[1:-1]


def _segment(name: str, value: object) -> str:
    """A value as one segment of a path (RFC 3986, section 3.3)."""
    if isinstance(value, dict | list):
        raise NoRequest(f"`{name}` is {'an object' if isinstance(value, dict) else 'a list'}, not one value")
    words = str(value)
    if words in {"", ".", ".."}:
        raise NoRequest(f"`{name}` is {words!r}, which would lead to another path")
    return quote(words, safe="")
