"""How to tell a scaffold that a language model wrote from a configuration for dlt itself."""

from __future__ import annotations

from headrace.spec.context import Dialect
from headrace.spec.document import Document
from headrace.spec.node import Node

AUTH_MARKS = {
    "basic",
    "oauth2",
    "none",
    "session_token",
    "custom",
    "apikey",
    "header",
    "query",
    "token",
    "username_password",
    "aws_sigv4",
    "aws4",
    "hmac",
    "custom_header",
    "tokenauth",
    "hawk",
}
_PAGINATOR_MARKS = {"page_size", "cursor_value", "stop_condition", "start_from_page", "size_param"}
_LIMITED = {"cursor", "page_number"}  # dlt's have no `limit` and no `limit_param`
_ENDPOINT_MARKS = {"error_handler", "incremental_sync", "http_method", "record_filter", "partition_router"}


def dialect_of(document: Document) -> Dialect:
    """The dialect of a document: the shape of its prose, or words that dlt does not have but scaffolds do."""
    config = document.config
    if document.scaffold or (config is not None and (_marked(config) or _is_listed(document, config))):
        return "scaffold"
    return "dlt"


def _is_listed(document: Document, config: Node) -> bool:
    """Whether only the prose lists the endpoints."""
    resources = config.get("resources")
    return bool(document.listed) and resources is not None and resources.value == []


def _marked(config: Node) -> bool:
    client = config.get("client")
    defaults = config.get("resource_defaults")
    resources = config.get("resources")
    places = [*(resources.elements if resources else []), *([defaults] if defaults else [])]
    return (client is not None and (_auth(client) or _paged(client))) or any(_resource(place) for place in places)


def _auth(node: Node) -> bool:
    auth = node.get("auth")
    kind = auth.get("type") if auth else None
    return kind is not None and (kind.word or "").lower() in AUTH_MARKS


def _resource(node: Node) -> bool:
    endpoint = node.get("endpoint")
    if _ENDPOINT_MARKS & set(node.items):
        return True
    if endpoint is None:
        return False
    selector = endpoint.get("data_selector")
    odd = selector is not None and (isinstance(selector.value, list) or (selector.word or "").startswith("response."))
    return odd or bool(_ENDPOINT_MARKS & set(endpoint.items)) or _auth(endpoint) or _paged(endpoint)


def _paged(node: Node) -> bool:
    paginator = node.get("paginator")
    if paginator is None:
        return False
    keys = set(paginator.items)
    kind = paginator.get("type")
    limited = kind is not None and kind.word in _LIMITED and keys & {"limit", "limit_param"}
    return bool(limited or keys & _PAGINATOR_MARKS)
