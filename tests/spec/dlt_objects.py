"""dlt's paginators, auths and increments as the structs of a plan, so that the two can be compared."""

from __future__ import annotations

import warnings
from typing import Any

import msgspec

from headrace.model.plan import (
    ApiKey,
    Auth,
    AutoPaging,
    Bearer,
    Cursor,
    HeaderCursor,
    HttpBasic,
    Incremental,
    LinkHeader,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    PageNumber,
    Paging,
    Ref,
    SinglePage,
    Text,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.common import jsonpath
    from dlt.sources.helpers.rest_client import auth as auths
    from dlt.sources.helpers.rest_client import paginators


# --- paging ----------------------------------------------------------------------------------


def paging_of_dlt(paginator: object) -> Paging | None:  # noqa: PLR0911 - one for each class
    """The rule of one of dlt's own paginators; None: it is detected. Raises TypeError for any other object."""
    match paginator:
        case None:
            return None
        case paginators.SinglePagePaginator():
            return SinglePage()
        case paginators.HeaderLinkPaginator():
            return LinkHeader(paginator.links_next_key)
        case paginators.JSONLinkPaginator():
            return NextUrl(str(paginator.next_url_path))
        case paginators.HeaderCursorPaginator():
            return HeaderCursor(paginator.cursor_key, paginator.cursor_param)
        case paginators.JSONResponseCursorPaginator():
            return Cursor(
                str(paginator.cursor_path),
                paginator.cursor_param,
                paginator.cursor_body_path,
                stop_after_empty_page=paginator.stop_after_empty_page,
                has_more_path=_path(paginator.has_more_path),
            )
        case paginators.OffsetPaginator():
            return Offset(
                paginator.limit,
                paginator.initial_value,
                paginator.param_name,
                paginator.limit_param,
                paginator.param_body_path,
                paginator.limit_body_path,
                **_counting(paginator),
            )
        case paginators.PageNumberPaginator():
            return PageNumber(
                paginator.base_index,
                paginator.initial_value,
                paginator.param_name,
                paginator.param_body_path,
                **_counting(paginator),
            )
        case _:
            raise TypeError(f"{paginator} is no paginator of dlt's own")


def _counting(paginator: Any) -> dict[str, Any]:
    return {
        "total_path": _path(paginator.total_path),
        "maximum": paginator.maximum_value,
        "stop_after_empty_page": bool(paginator.stop_after_empty_page),
        "has_more_path": _path(paginator.has_more_path),
    }


def _path(compiled: object) -> str | None:
    return None if compiled is None else str(compiled)


def our_paging(paging: Paging) -> Paging | None:
    """A rule in the same words: paths as dlt writes them, and no page size but the paginator's own."""
    if isinstance(paging, AutoPaging):
        return None
    stated = msgspec.structs.asdict(paging)
    paths = {key: stated[key] for key in ("path", "total_path", "has_more_path") if stated.get(key)}
    plain = msgspec.structs.replace(paging, **{key: str(jsonpath.compile_path(path)) for key, path in paths.items()})
    return plain if isinstance(plain, Offset) else msgspec.structs.replace(plain, size=None, size_param=None)


# --- auth ------------------------------------------------------------------------------------


def auth_of_dlt(auth: Any) -> Auth:
    """The credential of one of dlt's own auths. Raises TypeError for any other object."""
    match auth:
        case None:
            return NoAuth()
        case auths.OAuthJWTAuth():
            scopes = auth.scopes or ()
            return OAuth2Jwt(
                _text(auth.client_id),
                _text(auth.private_key),
                _text(auth.auth_endpoint),
                (scopes,) if isinstance(scopes, str) else tuple(scopes),
                tuple((auth.headers or {}).items()),
                None if auth.private_key_passphrase is None else _text(auth.private_key_passphrase),
                auth.default_token_expiration,
            )
        case auths.OAuth2ClientCredentials():
            return OAuth2ClientCredentials(
                _text(auth.access_token_url),
                _text(auth.client_id),
                _text(auth.client_secret),
                None if auth.access_token is None else _text(auth.access_token),
                tuple((key, _text(str(value))) for key, value in (auth.access_token_request_data or {}).items()),
                auth.default_token_expiration,
            )
        case auths.HttpBasicAuth():
            return HttpBasic(_text(auth.username), _text(auth.password))
        case auths.APIKeyAuth():
            return ApiKey(_text(auth.api_key), auth.name, "query" if auth.location == "param" else auth.location)
        case auths.BearerTokenAuth():
            return Bearer(_text(auth.token))
        case _:
            raise TypeError(f"{auth} is no auth of dlt's own")


def _text(words: object) -> Text:
    return Text((str(words),))


def our_auth(auth: Auth) -> Auth:
    """A credential in the same words: what is looked up outside has its name for a value."""
    texts = {key: value for key, value in msgspec.structs.asdict(auth).items() if isinstance(value, Text)}
    return msgspec.structs.replace(auth, **{key: _text(written(value)) for key, value in texts.items()})


def written(text: Text) -> str:
    """A text with every reference as `stand_in` has it."""
    return "".join(stand_in(part) if isinstance(part, Ref) else str(part) for part in text.parts)


def stand_in(ref: Ref) -> str:
    """What stands for a value that lies outside, be it a token or an address."""
    return f"https://value.test/{ref.name}"


# --- increments ------------------------------------------------------------------------------


def increment_of_dlt(rule: Any) -> Incremental | None:
    """The rule of dlt's `Incremental`, its key included; the parameters show in the request."""
    if rule is None:
        return None
    key = rule.primary_key
    return Incremental(
        cursor_path=rule.cursor_path,
        initial_value=rule.initial_value,
        end_value=rule.end_value,
        latest=rule.last_value_func.__name__,
        primary_key=(key,) if isinstance(key, str) else None if key is None else tuple(key),
        row_order=rule.row_order,
        range_start=rule.range_start,
        range_end=rule.range_end,
        on_missing=rule.on_cursor_value_missing,
        lag=rule.lag,
    )


def our_increment(rule: Incremental | None, key: tuple[str, ...]) -> Incremental | None:
    """A rule in the same words: the resource's key where it has none of its own."""
    if rule is None:
        return None
    own = rule.primary_key if rule.primary_key is not None else key or None
    return msgspec.structs.replace(rule, primary_key=own, key_listed=False, start_param=None, end_param=None)
