"""From a configuration, as dlt reads and checks it, to resources whose pages come from our engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError
from types import SimpleNamespace
from typing import Any, NamedTuple

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.exceptions import DictValidationException
from dlt.extract import DltResource, Incremental
from dlt.sources.rest_api import _validate_config, _validate_param_type
from dlt.sources.rest_api.config_setup import (
    build_resource_dependency_graph,
    create_auth,
    create_paginator,
    record_endpoint_input,
    setup_incremental_object,
)

from headrace.model.event import Event, Noticed
from headrace.model.plan import Client
from headrace.rest_api.additions import Additions, apart
from headrace.rest_api.called import named_action, named_step
from headrace.rest_api.channel import Channel
from headrace.rest_api.child import ChildIncrement
from headrace.rest_api.endpoint import Endpoint, Means
from headrace.rest_api.engine import Engine
from headrace.rest_api.express import Inexpressible, actions_of, auth_of, no_session, paging_of, repeatable, selector_of
from headrace.rest_api.generate import child_pages, root_pages
from headrace.rest_api.line import Place, check_above, handed_down, place_of
from headrace.rest_api.rejected import rejected
from headrace.rest_api.resource import WalkedResource
from headrace.spec.own_keys import included
from headrace.transport.send import Timeouts

_log = logging.getLogger("headrace.rest_api")
_OURS = ("endpoint", "include_from_parent", "processing_steps", "parallelized")


def create_resources(config: Mapping[str, Any]) -> list[DltResource]:
    """All resources of a configuration, a parent before its children.

    Raises:
        ConfigRejected: dlt would not take it.
    """
    check_config(config)
    try:
        return _created(apart(config))
    except (ValueError, TypeError, KeyError, CycleError) as error:
        raise rejected(config, error) from error


def check_config(config: Mapping[str, Any]) -> None:
    """Raises ConfigRejected if the configuration is not of the shape that dlt takes."""
    try:
        _validate_config(apart(config).config)
    except (DictValidationException, ValueError, TypeError) as error:
        raise rejected(config, error) from error


def _created(additions: Additions) -> list[DltResource]:
    config = additions.config
    defaults = config.get("resource_defaults") or {}
    graph, configured, resolved = build_resource_dependency_graph(defaults, config["resources"])
    client = config["client"]
    engine = Engine(Client(base_url=client["base_url"]), _named(configured.values()), _tell, _timeouts())
    order = list(graph.static_order())
    taken = {name: _taken(configured[name], resolved[name] or ()) for name in order}
    parents = {name: each.parent for name, each in taken.items()}
    down = handed_down(parents, {name: each.places for name, each in taken.items()})
    made: dict[str, DltResource] = {}
    for name in order:
        one, parent = configured[name], parents[name]
        if isinstance(one, DltResource):
            made[name] = one
            continue
        check_above(name, taken[name].places, parents)
        endpoint = _endpoint(name, one, taken[name], engine, additions)
        endpoint = replace(endpoint, down=down[name])
        made[name] = _resource(endpoint, one, made[parent] if parent is not None else None)
    return list(made.values())


def _timeouts() -> Timeouts:
    """Of each attempt, by `RUNTIME__REQUEST_TIMEOUT`: for a connection, and for each piece of the answer."""
    stated = float(resolve_configuration(RuntimeConfiguration()).request_timeout)
    usual = Timeouts()
    return Timeouts(connect_s=stated, read_s=stated, total_s=max(usual.total_s, stated))


class _Taken(NamedTuple):
    """What a resource takes of its parent's rows, and of those above."""

    near: tuple[Any, ...]
    above: Mapping[str, Place]
    include: tuple[str, ...]
    include_above: tuple[Place, ...]

    @property
    def parent(self) -> str | None:
        """The resource whose rows it is asked for."""
        return self.near[0].resolve_config["resource"] if self.near else None

    @property
    def places(self) -> tuple[Place, ...]:
        """All that it takes of rows above its parent's."""
        return (*self.above.values(), *self.include_above)


def _taken(one: Any, resolved: Sequence[Any]) -> _Taken:  # noqa: ANN401 - dlt's own
    above = {
        each.param_name: place for each in resolved if (place := place_of(each.resolve_config["field"])) is not None
    }
    near = tuple(each for each in resolved if each.param_name not in above)
    include, further = included(() if isinstance(one, DltResource) else one.get("include_from_parent", []))
    return _Taken(near, above, include, tuple(Place(owner, key, is_key=True) for owner, key in further))


def _named(configured: Any) -> list[str]:  # noqa: ANN401 - dlt's own mapping
    """The absolute URLs that the configuration itself asks for."""
    paths = [one["endpoint"]["path"] for one in configured if not isinstance(one, DltResource)]
    return [path for path in paths if path.startswith(("http://", "https://"))]


def _endpoint(name: str, one: Mapping[str, Any], taken: _Taken, engine: Engine, additions: Additions) -> Endpoint:
    config, client = one["endpoint"], additions.config["client"]
    params = config.get("params", {})
    _validate_param_type(params)
    if one.get("include_from_parent") and not taken.near:
        raise ValueError(f"Resource `{name}` has `include_from_parent` but is not dependent on another resource")
    _, window, convert = setup_incremental_object(params, config.get("incremental"))
    auth = create_auth(config.get("auth", client.get("auth")))
    paginator = create_paginator(config.get("paginator")) or create_paginator(client.get("paginator"))
    bound = {param.param_name for param in taken.near} | set(taken.above)
    return Endpoint(
        name=name,
        request={
            "method": config.get("method", "GET"),
            "path": config["path"],
            "headers": config.get("headers"),
            "params": {key: value for key, value in params.items() if key not in bound and not _is_window(value)},
            "json": config.get("json"),
            "data": config.get("data"),
        },
        selector=config.get("data_selector"),
        client=client,
        auth=auth,
        paginator=paginator,
        actions=[named_action(one, name) for one in config.get("response_actions") or []],
        engine=engine,
        means=_means(name, config, additions, auth=auth, paginator=paginator),
        window=window,
        convert=convert,
        resolved=taken.near,
        include=taken.include,
        above=taken.above,
        include_above=taken.include_above,
    )


def _is_window(value: object) -> bool:
    """A legacy parameter that the increment fills."""
    return isinstance(value, dlt.sources.incremental) or (
        isinstance(value, dict) and value.get("type") == "incremental"
    )


def _means(
    name: str, config: Mapping[str, Any], additions: Additions, *, auth: object, paginator: object
) -> Means | None:
    """How our engine walks an endpoint; None, with a word in the log, if only dlt's client can."""
    try:
        no_session(additions.config["client"].get("session"))
        repeatable(config.get("data"))
        return Means(
            paging_of(paginator),
            auth_of(auth, basic=additions.basic),
            selector_of(config.get("data_selector")),
            actions_of(config.get("response_actions") or []),
            additions.raw.get(name, frozenset()),
        )
    except (Inexpressible, ValueError) as why:
        _log.warning("%s is fetched by dlt's own client, because %s", name, why)
        return None


def _resource(endpoint: Endpoint, one: Mapping[str, Any], parent: DltResource | None) -> DltResource:
    hints = {key: value for key, value in one.items() if key not in _OURS}
    config = one["endpoint"]
    incremental, _, _ = setup_incremental_object(config.get("params", {}), config.get("incremental"))
    if parent is None:
        made = dlt.resource(root_pages, _impl_cls=WalkedResource, **hints)(
            endpoint=endpoint, incremental_object=incremental
        )
    else:
        made = dlt.resource(child_pages, _impl_cls=WalkedResource, data_from=parent, **hints)(
            endpoint=endpoint, incremental_object=_by_row(incremental), meta=None
        )
    if endpoint.means is not None:
        made._pipe = Channel.of(made._pipe)  # noqa: SLF001
    for step in one.get("processing_steps", []):
        _add(made, named_step(step, endpoint.name))
    if endpoint.means is None and one.get("parallelized"):
        made.parallelize()
    record_endpoint_input(made, SimpleNamespace(base_url=endpoint.client["base_url"]), config["path"])
    return made


def _by_row(increment: Incremental[Any] | None) -> Incremental[Any] | None:
    """An increment with a place for each row of the parent; one of the user's own making stays what it is."""
    return ChildIncrement.of(increment) if type(increment) is Incremental else increment


def _add(resource: DltResource, step: Mapping[str, Any]) -> None:
    if "filter" in step:
        resource.add_filter(step["filter"])
    if "map" in step:
        resource.add_map(step["map"])
    if "yield_map" in step:
        resource.add_yield_map(step["yield_map"])


def _tell(event: Event) -> None:
    """What a walk has to say goes to the log."""
    if isinstance(event, Noticed):
        level = {"note": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}[event.severity]
        _log.log(level, "%s: %s", event.walk, event.message)
