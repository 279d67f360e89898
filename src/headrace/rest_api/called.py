"""The user's own functions: when one raises, what it was called for is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from dlt.common.utils import get_callable_name
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException
from dlt.sources.helpers.rest_client.redaction import sanitize_url
from requests import RequestException, Response

from headrace.errors import HeadraceError

_SHOWN = 80


class CallFailed(HeadraceError):
    """A function of the user's own raised; what it raised is the cause."""


def named_step(step: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """A processing step whose function says which record it failed on."""
    return {
        kind: (_yielding if kind == "yield_map" else _plain)(call, f"the {kind} of {resource}")
        for kind, call in step.items()
    }


def named_action(action: Any, resource: str) -> Any:  # noqa: ANN401 - a function, or a mapping that may hold some
    """A response action whose functions say which URL they failed on."""
    if callable(action):
        return _on_response(action, resource)
    if not isinstance(action, Mapping):
        return action
    does = action.get("action")
    if callable(does):
        return {**action, "action": _on_response(does, resource)}
    if isinstance(does, list) and all(map(callable, does)):
        return {**action, "action": [_on_response(one, resource) for one in does]}
    return action


def _plain(call: Callable[..., Any], what: str) -> Callable[..., Any]:
    @wraps(call)
    def step(record: Any, *more: Any) -> Any:  # noqa: ANN401
        try:
            return call(record, *more)
        except Exception as error:
            raise _failed(call, what, _excerpt(record), error) from error

    return step


def _yielding(call: Callable[..., Any], what: str) -> Callable[..., Any]:
    @wraps(call)
    def step(record: Any, *more: Any) -> Iterator[Any]:  # noqa: ANN401
        try:
            yield from call(record, *more)
        except Exception as error:
            raise _failed(call, what, _excerpt(record), error) from error

    return step


def _on_response(call: Callable[..., Any], resource: str) -> Callable[..., Any]:
    """What `requests` and dlt raise to steer the request goes through as it is."""

    @wraps(call)
    def action(response: Response, *more: Any, **named: Any) -> Any:  # noqa: ANN401
        try:
            return call(response, *more, **named)
        except (IgnoreResponseException, RequestException):
            raise
        except Exception as error:
            raise _failed(call, f"a response action of {resource}", sanitize_url(response.url), error) from error

    return action


def _failed(call: Callable[..., Any], what: str, given: str, error: Exception) -> CallFailed:
    return CallFailed(f"`{get_callable_name(call)}`, {what}, raised {type(error).__name__}: {error}; it got {given}")


def _excerpt(record: object) -> str:
    text = repr(record)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
