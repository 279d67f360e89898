"""What the resources of a scaffold have in common, which tells its fillers from what its writer knew."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from headrace.spec.cursor_expression import has_more_path
from headrace.spec.hosts import is_placeholder
from headrace.spec.jinja import without_jinja
from headrace.spec.node import Node

_SPLIT = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_COLLECTIVE = frozenset({"data", "people", "children", "media", "staff", "history", "feed", "list", "equipment"})
_FIGURES = frozenset(
    {"analytics", "statistics", "stats", "metrics", "usage", "summary", "performance", "rates", "balances"}
)
_KEYED_BY_CODE = frozenset({"currencies", "countries", "languages", "timezones"})
_VARIABLE = re.compile(r"\{(\w+)\}")
_FROM_BODY = ("cursor_path", "cursor_value", "next_url_path", "total_path", "total_pages_path", "has_more_path")


@dataclass(frozen=True, slots=True)
class Habits:
    """`prefixed`: every path begins with `/v1/` and the host is a placeholder. `paths` are those of the resources.

    `enveloped`: a resource with the records under `data` takes more from the body, or has them deeper below it, so
    that it is no bare list.
    `unpaged`: neither the code nor any prose says how anything is paged, so that it is not known that nothing is.
    `listed`: the resources are those of a list in the prose, for the code has none.
    `shared` are the variables in half of the paths or more: they are one value for the whole API.
    """

    prefixed: bool = False
    enveloped: bool = False
    unpaged: bool = False
    listed: bool = False
    shared: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)

    def at(self, path: str, names: Iterable[str]) -> str | None:
        """The one of these resources whose path this is."""
        found = [name for name in names if self.paths.get(name) == path.strip("/")]
        return found[0] if len(found) == 1 else None


def habits_of(
    client: Node | None, resources: list[Node], paths: Mapping[str, str], *, described: bool, listed: bool
) -> Habits:
    """The habits of a document: of its client, its resources and their paths. `described`: prose tells of them too."""
    stripped = {name: without_jinja(path).strip("/") for name, path in paths.items()}
    address = client.get("base_url") if client is not None else None
    unknown = address is None or address.word is None or is_placeholder(address.word)
    return Habits(
        unknown and bool(stripped) and all(path.startswith("v1/") for path in stripped.values()),
        any(_enveloped(resource) for resource in resources),
        not described and not any(_paged(resource) for resource in resources),
        listed,
        _shared(list(stripped.values())),
        stripped,
    )


def _enveloped(resource: Node) -> bool:
    endpoint = resource.get("endpoint")
    selector = endpoint.get("data_selector") if endpoint is not None else None
    if endpoint is None or selector is None:
        return False
    return (selector.word or "").startswith("data.") or (
        selector.value == "data" and reads_body(endpoint.get("paginator"))
    )


def _paged(resource: Node) -> bool:
    endpoint = resource.get("endpoint")
    return endpoint is not None and endpoint.get("paginator") is not None


def _shared(paths: list[str]) -> frozenset[str]:
    counts = Counter(name for path in paths for name in set(_VARIABLE.findall(path)))
    return frozenset(name for name, count in counts.items() if count > 1 and 2 * count >= len(paths))


def is_of_one(name: str) -> bool:
    """Whether a resource's name is that of one thing, of figures, or of what is known by a code instead of an id."""
    words = [word.lower() for word in _SPLIT.split(name) if word]
    if not words:
        return False
    if (_FIGURES | _KEYED_BY_CODE) & set(words):
        return True
    return not words[-1].endswith("s") and words[-1] not in _COLLECTIVE


def reads_body(paginator: Node | None) -> bool:
    """Whether a paginator takes something from the body beside the records, so that the body is no bare list."""
    if paginator is None:
        return False
    stated = [sub for key in _FROM_BODY if (sub := paginator.get(key)) is not None]
    param, stop = paginator.get("cursor_param"), paginator.get("stop_condition")
    return (
        any("header" not in str(sub.word).lower() for sub in stated)
        or (param is not None and "." in (param.word or ""))
        or (stop is not None and has_more_path(stop.word or "") is not None)
    )
