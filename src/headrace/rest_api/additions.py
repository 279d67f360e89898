"""What a configuration may say here and dlt does not know: it is taken out before dlt reads the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.rest_api.line import hide_ancestors

_RAW = re.compile(r"\{(resources\.[^{}:!]+):raw\}")


@dataclass(frozen=True, slots=True)
class Additions:
    """`config` is what dlt may read. `raw`: by resource, the values that go into its path with slashes and all.

    `basic`: the ids of the OAuth 2 clients that authenticate by a header (`"client_auth": "basic"`).
    """

    config: dict[str, Any]
    raw: Mapping[str, frozenset[str]]
    basic: frozenset[str]


def apart(config: Any) -> Additions:  # noqa: ANN401 - the caller's configuration
    """The configuration as dlt knows it, and what goes beyond. The one that is given is left as it is."""
    plain = _copied(config)
    if not isinstance(plain, dict):
        return Additions(plain, {}, frozenset())
    hide_ancestors(plain)
    raw = dict(map(_raw_of, (one for one in plain.get("resources") or [] if isinstance(one, dict))))
    return Additions(plain, raw, frozenset(filter(None, map(_basic_of, _auths(plain)))))


def _raw_of(resource: dict[str, Any]) -> tuple[str, frozenset[str]]:
    endpoint = resource.get("endpoint")
    holder, key = (endpoint, "path") if isinstance(endpoint, dict) else (resource, "endpoint")
    path = holder.get(key)
    if not isinstance(path, str):
        return str(resource.get("name")), frozenset()
    holder[key] = _RAW.sub(r"{\1}", path)
    return str(resource.get("name")), frozenset(_RAW.findall(path))


def _auths(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every auth of the configuration that is written as a mapping."""
    defaults = config.get("resource_defaults")
    resources = [one for one in (defaults, *(config.get("resources") or [])) if isinstance(one, dict)]
    for holder in (config.get("client"), *(one.get("endpoint") for one in resources)):
        auth = holder.get("auth") if isinstance(holder, dict) else None
        if isinstance(auth, dict):
            yield auth


def _basic_of(auth: dict[str, Any]) -> str | None:
    """The client's id if it authenticates by a header."""
    if auth.get("type") != "oauth2_client_credentials" or auth.get("client_auth") not in ("basic", "body"):
        return None
    return str(auth.get("client_id")) if auth.pop("client_auth") == "basic" else None


def _copied(value: Any) -> Any:  # noqa: ANN401
    """Mappings and lists anew, since dlt writes into what it is given; whatever else they hold stays itself."""
    match value:
        case dict() if type(value) is dict:
            return {key: _copied(one) for key, one in value.items()}
        case list() if type(value) is list:
            return [_copied(one) for one in value]
        case _:
            return value
