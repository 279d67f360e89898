"""dlt's paginator and auth classes as a document may call them: which `type` each is, and its positional arguments."""

from __future__ import annotations

from typing import NamedTuple


class DltClass(NamedTuple):
    """The dict form of a class: `type`, and the order of arguments that may be given without a name."""

    type: str
    arguments: tuple[str, ...] = ()


CLASSES: dict[str, DltClass] = {
    "SinglePagePaginator": DltClass("single_page"),
    "JSONLinkPaginator": DltClass("json_link", ("next_url_path",)),
    "JSONResponsePaginator": DltClass("json_link", ("next_url_path",)),
    "HeaderLinkPaginator": DltClass("header_link", ("links_next_key",)),
    "HeaderCursorPaginator": DltClass("header_cursor", ("cursor_key", "cursor_param")),
    "JSONResponseCursorPaginator": DltClass("cursor", ("cursor_path", "cursor_param", "cursor_body_path")),
    "OffsetPaginator": DltClass(
        "offset",
        (
            "limit",
            "offset",
            "offset_param",
            "limit_param",
            "total_path",
            "maximum_offset",
            "stop_after_empty_page",
        ),
    ),
    "PageNumberPaginator": DltClass(
        "page_number",
        ("base_page", "page", "page_param", "total_path", "maximum_page", "stop_after_empty_page"),
    ),
    "BearerTokenAuth": DltClass("bearer", ("token",)),
    "APIKeyAuth": DltClass("api_key", ("name", "api_key", "location")),
    "HttpBasicAuth": DltClass("http_basic", ("username", "password")),
    "OAuth2ClientCredentials": DltClass(
        "oauth2_client_credentials",
        (
            "access_token",
            "access_token_url",
            "client_id",
            "client_secret",
            "access_token_request_data",
            "default_token_expiration",
            "session",
        ),
    ),
    "OAuthJWTAuth": DltClass(
        "oauth2_jwt",
        (
            "token",
            "client_id",
            "private_key",
            "auth_endpoint",
            "scopes",
            "headers",
            "private_key_passphrase",
            "default_token_expiration",
            "session",
        ),
    ),
}
