"""How a position becomes an HTTP request: where the path, the parameters and the page's own place go."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import msgspec

from headrace.errors import WalkStuck
from headrace.model.page import PageRequest
from headrace.model.plan import (
    Client,
    Cursor,
    HeaderCursor,
    Json,
    Offset,
    PageNumber,
    Ref,
    Request,
    Resource,
    Text,
    text,
)
from headrace.model.position import AtOffset, AtPage, Done, NextLink, Position, Start, Token

_DIGEST_BYTES: Final = 16
# Credentials, and what says who asks rather than what for.
_SAYS_NOTHING: Final = re.compile(r"(?i)auth|token|key|secret|password|cookie|session|user-agent|request-id|trace")

Params: TypeAlias = tuple[tuple[str, Text], ...]


class Place(msgspec.Struct, frozen=True):
    """One value that paging adds to a request: in the query as `param`, or in the JSON body at `body_path`."""

    value: str | int | float
    param: str | None = None
    body_path: str | None = None


def build(client: Client, resource: Resource, position: Position) -> PageRequest:
    """The request for the page at `position`. The same arguments give the same request.

    A `NextLink` is asked for exactly as given: the resource's own parameters are not added to it again, for it has
    them already (`repeats`: of the secret ones, the link has a mark); headers, body and auth stay.

    Raises:
        WalkStuck: The position is no page (`Done`), does not belong to the resource's paging, or the value has no
            place in the JSON body as it is.
    """
    request = resource.request
    places = () if isinstance(position, NextLink) else _places(resource, position)
    in_query = tuple((place.param, text(_written(place.value))) for place in places if place.param)
    json, form = _body(request, places)
    params: Params = ()
    if isinstance(position, NextLink):
        url = position.url
    else:
        params = merged(request.params, in_query)
        url = without_query_keys(join(client.base_url, _bound(request)), frozenset(name for name, _ in params))
    return PageRequest(
        url=url,
        method=request.method,
        params=params,
        headers=merged(client.headers, request.headers, fold=True),
        json=json,
        form=form,
        raw_body=request.raw_body,
        auth=client.auth if resource.auth is None else resource.auth,
        resource=resource.name,
        repeats=request.params if isinstance(position, NextLink) else (),
    )


def _bound(request: Request) -> str:
    if isinstance(request.path, str):
        return request.path
    raise WalkStuck("The path has a slot that nothing has filled; bind the resource to a row first.")


def join(base_url: str, path: str) -> str:
    """The URL of a path below a base URL, with one slash between them; an absolute path stands alone, as in dlt."""
    if path.lower().startswith(("http://", "https://")) or not base_url:
        return path
    base, _, base_query = base_url.partition("?")
    below, _, query = path.partition("?")
    url = base.rstrip("/") + "/" + below.lstrip("/") if below else base
    queries = "&".join(one for one in (base_query, query) if one)
    return f"{url}?{queries}" if queries else url


@lru_cache(maxsize=1024)
def without_query_keys(url: str, names: frozenset[str]) -> str:
    """The URL without the parameters of its own query that `names` replace, and without a fragment."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in names]
    return urlunsplit(parts._replace(query="&".join(pairs), fragment=""))


def merged(base: Params, over: Params, *, fold: bool = False) -> Params:
    """Both, in order; a name in `over` replaces every one of that name in `base` (`fold`: whatever its case)."""
    named = {name.lower() if fold else name for name, _ in over}
    return (*((name, value) for name, value in base if (name.lower() if fold else name) not in named), *over)


def _places(resource: Resource, position: Start | Token | AtOffset | AtPage | Done) -> tuple[Place, ...]:
    match position, resource.paging:
        case Start() | AtOffset(), Offset() as rule:
            at = position.offset if isinstance(position, AtOffset) else rule.start
            return (
                Place(at, rule.param, rule.body_path),
                Place(rule.size, rule.size_param, rule.size_body_path),
            )
        case Start() | AtPage(), PageNumber() as rule:
            at = position.page if isinstance(position, AtPage) else rule.start
            return (Place(at, rule.param, rule.body_path),)
        case Start(), _:
            return ()
        case Token(value=value), Cursor() as rule:
            return (Place(value, rule.param if rule.body_path is None else None, rule.body_path),)
        case Token(value=value), HeaderCursor() as rule:
            return (Place(value, rule.param),)
        case Done(), _:
            raise WalkStuck(f"The walk of `{resource.name}` is over; there is no page to ask for after its end.")
        case _:
            raise WalkStuck(
                f"The walk of `{resource.name}` stands at a position that its paging does not know; "
                "run with --new to begin it again."
            )


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else repr(value)


def _body(request: Request, places: tuple[Place, ...]) -> tuple[Json, Params | None]:
    """The body with the values in it; the plan's own is never changed."""
    json, form = request.json, request.form
    for place in places:
        if place.body_path is None:
            continue
        if request.raw_body is not None:
            raise WalkStuck(
                f"The request's body is sent as it is, so `{place.body_path}` has no place in it; page by a query "
                "parameter, or state the body as `json`."
            )
        if form is not None and json is None:
            form = merged(form, ((place.body_path, text(_written(place.value))),))
        else:
            json = _with(json, place.body_path.split("."), place)
    return json, form


def _with(json: Json, names: list[str], place: Place) -> Json:
    """A copy of `json` along the path, with the value at its end; missing objects are made."""
    if json is not None and not isinstance(json, dict):
        raise WalkStuck(
            f"The request's JSON body has no object at `{place.body_path}` that could take the page's place; "
            "correct the body or the `…_body_path` of the paginator."
        )
    name, *rest = names
    held = json or {}
    return {**held, name: _with(held.get(name), rest, place) if rest else place.value}


def fingerprint(client: Client, resource: Resource) -> str:
    """A digest (hex) of everything that decides which pages a walk has, credentials left out.

    Origin and path, method, parameters (references by name), body, headers that are written out and are no credential,
    paging with its start, and selector: a walk is resumed only with the same one.
    """
    request = resource.request
    parts = (
        join(client.base_url, request.path) if isinstance(request.path, str) else (client.base_url, request.path),
        request.method,
        request.params,
        _telling(merged(client.headers, request.headers, fold=True)),
        request.json,
        request.form,
        resource.paging,
        resource.selector,
        *((request.raw_body,) if request.raw_body else ()),
        *((resource.parent,) if resource.parent else ()),
        *((resource.incremental,) if resource.incremental else ()),
    )
    plain = msgspec.json.encode(_nameless(parts), order="deterministic")
    return hashlib.blake2b(plain, digest_size=_DIGEST_BYTES).hexdigest()


def _telling(headers: Params) -> Params:
    """The headers that may decide what is read."""
    return tuple((name, value) for name, value in headers if not value.refs and not _SAYS_NOTHING.search(name))


def _nameless(value: Json) -> Json:
    """Plain JSON, with a reference as its name and kind: its default may be a value that should not be kept."""
    match value:
        case Ref(name=name, kind=kind):
            return {"ref": name, "kind": kind}
        case msgspec.Struct():
            fields = {name: _nameless(getattr(value, name)) for name in value.__struct_fields__}
            return {"type": value.__struct_config__.tag, **fields}
        case dict():
            return {str(key): _nameless(one) for key, one in value.items()}
        case list() | tuple():
            return [_nameless(one) for one in value]
        case _:
            return value
