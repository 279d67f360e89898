"""What dlt has built of a configuration (paginators, auth, a bound request), said in the words of the Plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client import auth as dlt_auth
from dlt.sources.helpers.rest_client import paginators as dlt_paging

from headrace.envelope.path import parse
from headrace.model.plan import (
    ApiKey,
    Auth,
    AutoPaging,
    Bearer,
    Cursor,
    HeaderCursor,
    HttpBasic,
    LinkHeader,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    PageNumber,
    Paging,
    Request,
    ResponseAction,
    SinglePage,
    Text,
    text,
)

Params: TypeAlias = tuple[tuple[str, Text], ...]
_LOCATIONS: dict[str, Literal["header", "query"]] = {"header": "header", "query": "query", "param": "query"}


class Inexpressible(Exception):
    """Something that only dlt's own client can do; the message says what, to stand after "because"."""


def paging_of(paginator: Any) -> Paging:  # noqa: ANN401 - dlt's class or anyone's
    """The rule of a paginator, as it is before its first page. Raises Inexpressible."""
    if paginator is None:
        return AutoPaging()
    rule = _RULES.get(type(paginator))  # exactly one of dlt's classes: a subclass may do anything
    if rule is None:
        raise Inexpressible(f"its paginator is a {type(paginator).__name__}, which is not one of dlt's own")
    return rule(paginator)


def _cursor(paginator: Any) -> Paging:  # noqa: ANN401
    return Cursor(
        path=str(paginator.cursor_path),
        param=None if paginator.cursor_body_path else paginator.cursor_param,
        body_path=paginator.cursor_body_path,
        stop_after_empty_page=bool(paginator.stop_after_empty_page),
        has_more_path=_path(paginator.has_more_path),
    )


def _offset(paginator: Any) -> Paging:  # noqa: ANN401
    return Offset(
        size=paginator.limit,
        start=paginator.initial_value,
        param=None if paginator.param_body_path else paginator.param_name,
        size_param=None if paginator.limit_body_path else paginator.limit_param,
        body_path=paginator.param_body_path,
        size_body_path=paginator.limit_body_path,
        total_path=_path(paginator.total_path),
        maximum=paginator.maximum_value,
        stop_after_empty_page=bool(paginator.stop_after_empty_page),
        has_more_path=_path(paginator.has_more_path),
    )


def _page_number(paginator: Any) -> Paging:  # noqa: ANN401
    return PageNumber(
        base=paginator.base_index,
        start=paginator.initial_value,
        param=None if paginator.param_body_path else paginator.param_name,
        body_path=paginator.param_body_path,
        total_path=_path(paginator.total_path),
        maximum=paginator.maximum_value,
        stop_after_empty_page=bool(paginator.stop_after_empty_page),
        has_more_path=_path(paginator.has_more_path),
    )


def _next_url(paginator: Any) -> Paging:  # noqa: ANN401
    return NextUrl(path=str(paginator.next_url_path))


_RULES: dict[type, Callable[[Any], Paging]] = {
    dlt_paging.SinglePagePaginator: lambda _paginator: SinglePage(),
    dlt_paging.HeaderLinkPaginator: lambda paginator: LinkHeader(rel=paginator.links_next_key),
    dlt_paging.JSONLinkPaginator: _next_url,
    dlt_paging.JSONResponsePaginator: _next_url,
    dlt_paging.HeaderCursorPaginator: lambda it: HeaderCursor(header=it.cursor_key, param=it.cursor_param),
    dlt_paging.JSONResponseCursorPaginator: _cursor,
    dlt_paging.OffsetPaginator: _offset,
    dlt_paging.PageNumberPaginator: _page_number,
}


def auth_of(auth: object, *, basic: Collection[str] = ()) -> Auth:
    """The credential of a client. `basic`: the OAuth 2 clients that authenticate by a header. Raises Inexpressible."""
    match auth:
        case None:
            return NoAuth()
        case dlt_auth.BearerTokenAuth() if type(auth) is dlt_auth.BearerTokenAuth:
            return Bearer(text(str(auth.token)))
        case dlt_auth.APIKeyAuth() if type(auth) is dlt_auth.APIKeyAuth:
            return ApiKey(text(str(auth.api_key)), auth.name, _LOCATIONS.get(auth.location, "cookie"))
        case dlt_auth.HttpBasicAuth() if type(auth) is dlt_auth.HttpBasicAuth:
            return HttpBasic(text(str(auth.username)), text(str(auth.password)))
        case dlt_auth.OAuth2ClientCredentials() if type(auth) is dlt_auth.OAuth2ClientCredentials and _usual_session(
            auth
        ):
            return OAuth2ClientCredentials(
                token_url=text(str(auth.access_token_url)),
                client_id=text(str(auth.client_id)),
                client_secret=text(str(auth.client_secret)),
                access_token=None if auth.access_token is None else text(str(auth.access_token)),
                request_data=pairs(auth.access_token_request_data or {}),
                default_expiration_s=auth.default_token_expiration,
                client_auth="basic" if auth.client_id in basic else "body",
            )
        case dlt_auth.OAuthJWTAuth() if type(auth) is dlt_auth.OAuthJWTAuth and _usual_session(auth):
            passphrase = auth.private_key_passphrase
            return OAuth2Jwt(
                client_id=text(str(auth.client_id)),
                private_key=text(str(auth.private_key)),
                auth_endpoint=text(str(auth.auth_endpoint)),
                scopes=tuple((auth.scopes or "").split()),
                headers=pairs(auth.headers or {}),
                private_key_passphrase=None if passphrase is None else text(str(passphrase)),
                default_expiration_s=auth.default_token_expiration,
            )
        case _:
            raise Inexpressible(f"its auth is a {type(auth).__name__}, not as dlt itself has it")


def _usual_session(auth: Any) -> bool:  # noqa: ANN401
    """Whether tokens are asked for by the session that dlt uses where none is given."""
    return auth.session is None or auth.session is requests.client.session


def repeatable(data: object) -> None:
    """Raises Inexpressible if a body cannot be sent twice, or is neither a form nor text."""
    if not isinstance(data, Mapping | str | bytes | None):
        raise Inexpressible(f"its `data` is a {type(data).__name__}")


def selector_of(selector: object) -> str | None:
    """The path to the records, which must be one that we can read. Raises Inexpressible, or ValueError."""
    if selector is None:
        return None
    if not isinstance(selector, str):
        raise Inexpressible(f"its data selector is a {type(selector).__name__}")
    parse(selector)
    return selector


def actions_of(actions: Sequence[Any]) -> tuple[ResponseAction, ...]:
    """The response actions that need no Python. Raises Inexpressible."""
    found = []
    for one in actions:
        if not isinstance(one, Mapping) or one.get("action") not in ("ignore", "retry"):
            raise Inexpressible("its response actions call Python")
        status, content = one.get("status_code"), one.get("content")
        if status is not None or content is not None:
            found.append(ResponseAction(None if status is None else int(status), content, one["action"]))
    return tuple(found)


def no_session(session: object) -> None:
    """Raises Inexpressible if there is one: a session of the user's own is for `requests` alone."""
    if session is not None:
        raise Inexpressible("its client has a session of its own")


def request_of(endpoint: Mapping[str, Any], client: Mapping[str, Any]) -> Request:
    """The request of an endpoint that has no placeholders (any more)."""
    json, data = endpoint.get("json"), endpoint.get("data")
    if json and data:
        raise ValueError(
            "Cannot use both 'json' and 'data' parameters simultaneously. Use 'json' for JSON payloads or 'data' for"
            " form-encoded/raw data."
        )
    form, raw = None, None
    if isinstance(data, Mapping):
        form = pairs(data) if data else None
    elif data is not None:
        raw = text(_written(data))
    return Request(
        path=endpoint["path"],
        method=endpoint["method"].upper(),
        params=pairs(endpoint.get("params") or {}),
        headers=pairs({**(client.get("headers") or {}), **(endpoint.get("headers") or {})}),
        json=None if form or raw else json,
        form=form,
        raw_body=raw,
    )


def pairs(values: Mapping[str, Any]) -> Params:
    """Query parameters, headers or form fields as `requests` writes them: null left out, a list once for each value."""
    found: list[tuple[str, Text]] = []
    for name, value in values.items():
        many = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
        found += [(str(name), text(_written(one))) for one in many if one is not None]
    return tuple(found)


def _written(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _path(path: object) -> str | None:
    return None if path is None else str(path)
