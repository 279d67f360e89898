"""What a configuration of the suite is: how it is built, what dlt makes of it, and whether headrace may differ."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Config = dict[str, Any]
Build = Callable[[str], Config]
Counts = dict[str, tuple[int, int]]


def as_it_is(source: Any) -> Any:
    return source


def nothing(_: Any) -> None:
    return


@dataclass(frozen=True)
class Case:
    """A configuration, built anew for each run from the address of the API.

    `rows` are the tables' rows in dlt after the first and the second run: without them dlt would be no oracle.
    `shared` are the names of its resources, its own last, where that one stands beside those of other cases in one
    configuration; `alone`: it never does.
    `source` are arguments of `rest_api_source`, `change` is done to the source, `prepare` to the module.
    `differs` says why headrace's tables are others on purpose; `ours` are its rows then.
    """

    name: str
    build: Build
    rows: Counts
    source: Config = field(default_factory=dict)
    change: Callable[[Any], Any] = as_it_is
    prepare: Callable[[Any], None] = nothing
    shared: tuple[str, ...] = ()
    alone: bool = False
    differs: str = ""
    ours: Counts = field(default_factory=dict)


def configuration(*resources: Any, client: Config | None = None, defaults: Config | None = None) -> Build:
    """A configuration of these resources at the API."""

    def build(at: str) -> Config:
        config = {"client": {"base_url": at} | (client or {}), "resources": list(resources)}
        return deepcopy(config | ({"resource_defaults": defaults} if defaults else {}))

    return build


def one(endpoint: Any, /, client: Config | None = None, **hints: Any) -> Build:
    """A configuration of one resource, `things`."""
    return configuration({"name": "things", "endpoint": endpoint, **hints}, client=client)


def paged(path: str, paginator: Any, /, **endpoint: Any) -> Build:
    """A configuration of one resource that states its paginator."""
    return one({"path": path, "paginator": paginator, **endpoint})


APPENDED: Counts = {"things": (7, 15)}
"""All of both states of the things, one after the other."""
