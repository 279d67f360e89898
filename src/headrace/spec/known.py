"""What is known of certain APIs that no document says: defaults that hide records, told by an evident signature."""

from __future__ import annotations

from typing import NamedTuple

from headrace.model.plan import Cursor, Resource


class Signature(NamedTuple):
    """An API told by its habits: the path, the envelope, and where the next cursor comes from and goes to."""

    path: str
    selector: str
    cursor_path: str
    cursor_param: str


class Hiding(NamedTuple):
    """A default that hides records, unless `param` is sent with one of `all_values`."""

    signature: Signature
    param: str
    all_values: frozenset[str]
    sentence: str


_HIDINGS = (
    Hiding(
        Signature("accounts", "results", "next", "from"),
        "status",
        frozenset({"activeOrChurned"}),
        "the API hides churned accounts unless status=activeOrChurned is sent",
    ),
)


def hidden_by_default(resource: Resource) -> tuple[str, ...]:
    """Sentences on what the API's own defaults keep from this resource."""
    return tuple(hiding.sentence for hiding in _HIDINGS if _applies(hiding, resource))


def _applies(hiding: Hiding, resource: Resource) -> bool:
    match resource.paging:
        case Cursor(path=cursor_path, param=param):
            path = resource.request.path if isinstance(resource.request.path, str) else ""
            signature = Signature(path.strip("/"), resource.selector or "", cursor_path, param or "")
        case _:
            return False
    sent = {value.literal for name, value in resource.request.params if name == hiding.param}
    return signature == hiding.signature and not sent & hiding.all_values
