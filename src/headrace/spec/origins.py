"""Every effective value of a reading, with where it comes from and how sure it is; made only when somebody asks.

Nothing is noted for it while a document is read: the tree, the findings and the flags say it all afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from headrace.model.plan import AutoPaging, Client, Json, Ref, Resource, Text
from headrace.spec import places
from headrace.spec.effective import of_client, of_resource
from headrace.spec.faults import Fault
from headrace.spec.node import Node
from headrace.spec.read import Options, Reading
from headrace.spec.rules import RULES
from headrace.spec.rules import Confidence as RuleConfidence

Origin: TypeAlias = Literal["document", "rule", "default", "flag", "first response"]
Confidence: TypeAlias = Literal["stated", "implied", "guessed", "detected"]

_SURE: dict[RuleConfidence, Confidence] = {
    "settled": "implied",
    "noted": "implied",
    "asked": "implied",
    "lost": "implied",
    "likely": "guessed",
    "doubtful": "guessed",
}


class Value(msgspec.Struct, frozen=True):
    """One effective value. `origin` "rule": the document's words were interpreted, by the rule of that code.

    `path` and `line` are where it stands in the document; `why` is a sentence where there is something to say.
    """

    value: Json
    origin: Origin
    confidence: Confidence
    path: str = ""
    line: int | None = None
    rule: str | None = None
    why: str = ""


def client_values(reading: Reading, client: Client, options: Options) -> dict[str, Value]:
    """The values of the client, by name."""
    node = reading.outline.config.get("client") if reading.outline.config is not None else None
    roots = {"client": node, "auth": node.get("auth") if node is not None else None}
    search = _Search(reading, options, roots, "client")
    found: dict[str, Value] = {}
    for key, value in of_client(client, reading.outline.client.shown_url):
        flag = _CLIENT_FLAGS.get(key)
        if flag is not None and getattr(options, flag[0]):
            found[key] = Value(value, "flag", "stated", why=flag[1])
        else:
            found[key] = search.value(key, value)
    return found


_CLIENT_FLAGS = {
    "base_url": ("base_url", "--base-url"),
    "rate": ("rate", "--rate"),
    "allowed_origins": ("allow_origins", "--allow-origin"),
}


def resource_values(reading: Reading, resource: Resource, options: Options, *, found_out: str = "") -> dict[str, Value]:
    """The values of one resource, by name. Where the document leaves paging or selector open, `resource` may have what
    an earlier first response settled; `found_out` is the sentence on that.
    """
    stated, node = next(
        (read.resource, read.node) for read in reading.outline.resources if read.resource.name == resource.name
    )
    client = reading.outline.config.get("client") if reading.outline.config is not None else None
    endpoint = node.get("endpoint")
    own = endpoint.items if endpoint is not None else {}
    leaked = (endpoint.get("incremental_sync") if endpoint is not None else None) or node.get("incremental_sync")
    roots = {
        "resource": node,
        "paginator": own.get("paginator") or (client.get("paginator") if client is not None else None),
        "incremental": own.get("incremental") or leaked or _incremental_param(endpoint),
        "auth": own.get("auth"),
    }
    resource = msgspec.structs.replace(resource, selected=stated.selected)
    settled = {"selector"} if stated.selector is None else set()
    settled |= {"paging"} if isinstance(stated.paging, AutoPaging) else set()
    search = _Search(reading, options, roots, node.path, left_open=settled, found_out=found_out)
    search.size_param = resource.paging.size_param
    search.filled = [name for name, value in stated.request.params if value.slots]
    found = {key: search.value(key, value) for key, value in of_resource(resource)}
    if options.walk_deadline_s is not None:
        found["deadline_s"] = Value(options.walk_deadline_s, "flag", "stated", why="--walk-deadline")
    return found


def _incremental_param(endpoint: Node | None) -> Node | None:
    params = endpoint.get("params") if endpoint is not None else None
    kinds = ((sub, sub.get("type")) for sub in (params.items.values() if params is not None else ()))
    return next((sub for sub, kind in kinds if kind is not None and kind.word == "incremental"), None)


# --- where it comes from ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A place of the document; `node` None: nothing stands there, and `path` is where it would stand."""

    node: Node | None
    path: str
    implied: bool = False


class _Search:
    """Looks for the values of one part of a document, whose own path is `home`.

    `left_open` are those that the first response decides; `found_out` is what an earlier one has shown.
    """

    def __init__(
        self,
        reading: Reading,
        options: Options,
        roots: Mapping[str, Node | None],
        home: str,
        *,
        left_open: Collection[str] = (),
        found_out: str = "",
    ) -> None:
        self._roots = roots
        self._settings = options.settings
        stated = (roots.get("resource") or Node({}, 0)).get("guesses")
        self._guesses = [sub.word for sub in stated.elements if sub.word] if stated is not None else []
        effective = {path for root in roots.values() if root is not None for path in _paths(root)}
        self._faults = [fault for fault in reading.in_full if fault.code in RULES and _acts(fault, effective, home)]
        plan = reading.plan
        self._noted = {note.path: note for note in (plan.provenance if plan is not None else ())}
        self.size_param: str | None = None
        self.filled: Sequence[str] = ()
        self._left_open = left_open
        self._why = found_out or "the first response decides"

    def value(self, key: str, value: Json) -> Value:
        """The value with what is known of it."""
        if key == f"params.{self.size_param}" and all(place.node is None for place in self._places(key)):
            key = "paging.size_param"  # the paginator brings it
        found = list(self._places(key))
        return (
            self._by_rule(key, value, found)
            or self._stated(value, found)
            or self._noted_or_open(key, value, found)
            or Value(value, "default", "implied", found[0].path if found else "")
        )

    def _by_rule(self, key: str, value: Json, found: list[_Place]) -> Value | None:
        paths = {place.path for place in found}
        for fault in self._faults:
            by_place = fault.code in places.BY_PLACE and fault.path in paths
            if by_place or key in places.DECIDES.get(fault.code, ()):
                sure = _SURE[RULES[fault.code].confidence]
                why = f"{fault.problem}; {fault.fix}"
                return Value(value, "rule", sure, fault.path, fault.line, fault.code, why)
        return None

    def _stated(self, value: Json, found: list[_Place]) -> Value | None:
        for place in found:
            if place.node is None:
                continue
            names = [ref.name for ref in _refs(place.node) if ref.kind == "config" and ref.name in self._settings]
            noted = [path for path in self._noted if path.startswith(f"{place.node.path}.{{")]
            names += [path.rpartition("{")[2].rstrip("}") for path in noted]
            if names:
                why = ", ".join(f"--set {name}" for name in dict.fromkeys(names))
                return Value(value, "flag", "stated", place.node.path, place.node.at, why=why)
            sure: Confidence = "implied" if place.implied else "stated"
            if any(place.node.path.endswith(f".{guess}") for guess in self._guesses):
                return Value(value, "document", "guessed", place.node.path, place.node.at, why="`guesses` names it")
            return Value(value, "document", sure, place.node.path, place.node.at)
        return None

    def _noted_or_open(self, key: str, value: Json, found: list[_Place]) -> Value | None:
        """What the reader noted where the document is silent, and what is left to the first response."""
        path = found[0].path if found else ""
        if key.partition(".")[0] in self._left_open:
            return Value(value, "first response", "detected", path, why=self._why)
        note = self._noted.get(path)
        if note is not None and note.origin == "interpretation":
            return Value(value, "rule", "implied", path, note.line)
        return None

    def _places(self, key: str) -> Iterator[_Place]:
        part, _, rest = key.partition(".")
        known = places.CLIENT.get(key) if "client" in self._roots else places.RESOURCE.get(key)
        if known is not None:
            for place in known:
                root, _, below = place.partition("/")
                yield from self._place(root, tuple(below.split(".")) if below else (), implied=below == "name")
        elif part in places.PARTS:
            for name in places.PARTS[part].get(rest, (rest,)):
                yield from self._place(places.ROOTS[part], tuple(name.split(".")))
            if key in {"paging.size", "paging.size_param"} and self.size_param is not None:
                yield from self._place("resource", ("endpoint", "params", self.size_param))
        elif part in {"params", "headers"}:
            root, above = ("client", ()) if "client" in self._roots else ("resource", ("endpoint",))
            yield from self._place(root, (*above, part, rest))
        elif key == "parent":
            yield from self._parent()
        else:
            yield from self._place("resource", (key,))

    def _parent(self) -> Iterator[_Place]:
        """Where it is said whose rows a resource hangs on: in a router, or by a placeholder."""
        for keys in (("endpoint", "partition_router"), ("partition_router",)):
            yield from self._place("resource", keys)
        for name in self.filled:
            yield from self._place("resource", ("endpoint", "params", name))
        for keys in (("endpoint", "path"), ("endpoint",), ("name",)):
            yield from self._place("resource", keys)

    def _place(self, root: str, keys: tuple[str, ...], *, implied: bool = False) -> Iterator[_Place]:
        node = self._roots.get(root)
        if node is None:
            return
        for at, key in enumerate(keys):
            below = node.items.get(key)
            if below is None or (below.value is None and key != "auth"):  # a null there means: no credential
                yield _Place(None, ".".join([node.path, *keys[at:]]), implied)
                return
            node = below
        if keys == ("endpoint",) and isinstance(node.value, dict):  # a mapping is no path
            return
        yield _Place(node, node.path, implied)


def _acts(fault: Fault, effective: set[str], home: str) -> bool:
    """Whether a finding is about what this part has in effect, its own or taken from elsewhere."""
    own = fault.path == home or fault.path.startswith((f"{home}.", f"{home}["))
    return own or fault.path in effective or fault.path.rpartition(".")[0] in effective or fault.path == "resources"


def _paths(node: Node) -> Iterator[str]:
    yield node.path
    for sub in (*node.items.values(), *node.elements):
        yield from _paths(sub)


def _refs(node: Node) -> Iterator[Ref]:
    if isinstance(node.value, Text):
        yield from node.value.refs
