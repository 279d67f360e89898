"""What a configuration comes to, in words in which dlt and headrace can both be asked: requests, rules and hints.

dlt is asked by letting its own resources run, with a client that notes what it would send instead of sending it.
"""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests

from headrace.envelope.pick import Picker
from headrace.model.page import PageRequest
from headrace.model.plan import Auth, Incremental, Json, Paging, Plan, Resource, Text
from headrace.model.position import Start
from headrace.transport.actions import action_for
from headrace.transport.send import Received
from headrace.walk.bind import EVERYTHING, bind, fields_of
from headrace.walk.request import build
from headrace.walk.sieve import Sieve

from .dlt_objects import auth_of_dlt, increment_of_dlt, our_auth, our_increment, our_paging, paging_of_dlt, written
from .oracle import outside

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.extract import DltResource
    from dlt.sources import rest_api
    from dlt.sources.helpers.rest_client.client import RESTClient
    from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException

Rows: TypeAlias = Mapping[str, Mapping[str, Any]]
"""One row of each resource that has children, by its name."""

PROBES = ((404, "gone"), (404, "late"), (409, "gone"), (500, "late"))
"""Refusals, status and text, of which a resource may say that they are to be ignored."""
_ALWAYS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"}


class Asked(NamedTuple):
    """A request as an API sees it, credentials left out."""

    method: str
    url: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: object


class Understood(NamedTuple):
    """What one resource comes to. `paging` None: it is detected."""

    asked: Asked
    paging: Paging | None
    selector: str | None
    auth: Auth
    increment: Incremental | None
    ignored: tuple[bool, ...]
    table: str
    disposition: str
    keys: tuple[list[str], list[str]]
    columns: dict[str, tuple[str | None, bool | None]]
    nesting: int | None
    selected: bool
    included: tuple[str, ...]


def _as_sent(prepared: requests.PreparedRequest) -> Asked:
    parts = urlsplit(str(prepared.url))
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    body = prepared.body.decode() if isinstance(prepared.body, bytes) else str(prepared.body or "")
    return Asked(
        str(prepared.method).upper(),
        parts._replace(query="").geturl(),
        sorted(parse_qsl(parts.query, keep_blank_values=True)),
        {name: value for name, value in headers.items() if name not in _ALWAYS},
        json.loads(body) if body and "json" in headers.get("content-type", "") else body,
    )


# --- headrace --------------------------------------------------------------------------------


def by_headrace(plan: Plan, rows: Rows | None = None) -> dict[str, Understood]:
    """What a plan comes to, by resource."""
    return {resource.name: _ours(plan, resource, rows or {}) for resource in plan.resources}


def _ours(plan: Plan, resource: Resource, rows: Rows) -> Understood:
    rule, parent = resource.incremental, resource.parent
    window = Sieve(resource, rule).window if rule is not None else EVERYTHING
    fields = [key for key in fields_of(resource) if isinstance(key, str)]
    record = json.dumps(rows.get(parent.resource, {}) if parent else {}).encode()
    bound = bind(resource, dict(zip(fields, Picker(fields).pick(record), strict=True)), window)
    return Understood(
        asked=_as_sent(_prepared(build(plan.client, bound, Start()))),
        paging=our_paging(resource.paging),
        selector=resource.selector,
        auth=our_auth(plan.client.auth if resource.auth is None else resource.auth),
        increment=our_increment(rule, resource.primary_key),
        ignored=tuple(
            action_for(resource.actions, Received(status, {}, text.encode())) is not None for status, text in PROBES
        ),
        table=resource.table,
        disposition=resource.disposition,
        keys=(sorted(resource.primary_key), sorted(resource.merge_key)),
        columns={each.name: (each.data_type, each.nullable) for each in resource.columns},
        nesting=resource.max_nesting,
        selected=resource.selected,
        included=tuple(f"_{parent.resource}_{key}" for key in parent.include) if parent else (),
    )


def _prepared(page: PageRequest) -> requests.PreparedRequest:
    form = None if page.form is None else [(name, written(value)) for name, value in page.form]
    return requests.Request(
        page.method,
        page.url,
        headers={name: written(value) for name, value in page.headers},
        params=[(name, written(value)) for name, value in page.params],
        json=_written(page.json),
        data=form if page.raw_body is None else written(page.raw_body),
    ).prepare()


def _written(value: Json) -> Any:
    match value:
        case Text():
            return written(value)
        case dict():
            return {_written(key): _written(item) for key, item in value.items()}
        case list() | tuple():
            return [_written(item) for item in value]
        case _:
            return value


# --- dlt -------------------------------------------------------------------------------------


def by_dlt(config: Mapping[str, Any], rows: Rows | None = None) -> dict[str, Understood]:
    """What dlt makes of a configuration, by resource. Raises what dlt raises."""
    asking = _Asking(rows or {})
    with (
        outside(),
        mock.patch.object(rest_api, "record_endpoint_input", asking.made),
        mock.patch.object(RESTClient, "paginate", asking.paginate),
    ):
        resources = rest_api.rest_api_resources(copy.deepcopy(dict(config)))
        return {each.name: asking.understood(each) for each in resources}


class _Asking:
    """dlt's resources with their clients, and the latest call of each."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._resources: dict[int, DltResource] = {}
        self._calls: dict[str, tuple[RESTClient, dict[str, Any], list[dict[str, Any]]]] = {}

    @property
    def paginate(self) -> Any:
        def paginate(client: RESTClient, **call: Any) -> Iterator[list[dict[str, Any]]]:
            resource = self._resources[id(client)]
            row = self._rows.get(resource.name)
            page = [dict(row or {})] if row or _increment(resource) is None else []  # an increment wants its cursor
            self._calls[resource.name] = (client, copy.copy(call), page)
            yield page

        return paginate

    def made(self, resource: DltResource, client: RESTClient, _: str) -> None:
        self._resources[id(client)] = resource

    def understood(self, resource: DltResource) -> Understood:
        list(resource)
        client, call, page = self._calls[resource.name]
        table = resource.compute_table_schema()
        hints = table["columns"]
        stated = resource.columns or {}
        keys = (
            sorted(name for name, hint in hints.items() if hint.get("primary_key")),
            sorted(name for name, hint in hints.items() if hint.get("merge_key")),
        )
        disposition = str(table["write_disposition"])
        return Understood(
            asked=self._asked(client, call),
            paging=paging_of_dlt(call["paginator"] or client.paginator),
            selector=call["data_selector"],
            auth=auth_of_dlt(client.auth),
            increment=increment_of_dlt(_increment(resource)),
            ignored=tuple(_ignores(call["hooks"] or {}, *probe) for probe in PROBES),
            table=table["name"],
            disposition="append" if disposition == "merge" and not any(keys) else disposition,  # as dlt loads it
            keys=keys,
            columns={name: (each.get("data_type"), each.get("nullable")) for name, each in stated.items()},
            nesting=resource.max_table_nesting,
            selected=resource.selected,
            included=tuple(key for key in page[0] if key not in self._rows.get(resource.name, {})) if page else (),
        )

    def _asked(self, client: RESTClient, call: dict[str, Any]) -> Asked:
        parts = ("method", "headers", "params", "json", "data")
        request = client._create_request(call["path"], **{part: call[part] for part in parts})
        paginator = call["paginator"] or client.paginator
        if paginator is not None:
            paginator.init_request(request)
        request.auth = None  # compared by itself: buying a token would take a server
        return _as_sent(request.prepare())


def _increment(resource: DltResource) -> Any:
    """The increment of a resource whose function has been called."""
    return getattr(resource.incremental, "_incremental", None)


def _ignores(hooks: Mapping[str, Any], status: int, text: str) -> bool:
    response = requests.Response()
    response.status_code, response._content = status, text.encode()
    try:
        for hook in hooks.get("response", ()):
            hook(response)
    except IgnoreResponseException:
        return True
    except requests.HTTPError:
        return False
    return False
