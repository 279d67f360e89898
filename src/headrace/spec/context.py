"""What one reading shares: the dialect, the values given from outside, and where findings and origins are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headrace.model.plan import Confidence, Provenance, Ref, Text
from headrace.spec.faults import Faults, did_you_mean, listed
from headrace.spec.habits import Habits
from headrace.spec.node import Node, Opaque, kind_of, shown
from headrace.spec.references import Part

Dialect: TypeAlias = Literal["dlt", "scaffold"]
Resolve: TypeAlias = Callable[[Ref], "str | None"]
Origin: TypeAlias = Literal["document", "default", "interpretation", "flag"]
_SURE: Mapping[Origin, Confidence] = {
    "document": "stated",
    "flag": "stated",
    "default": "implied",
    "interpretation": "implied",
}


@dataclass(slots=True)
class Context:
    """One reading. `settings` are values of the command line, `lookup` finds what lies in the environment or files.

    `live`: the configuration comes from Python, so what only Python can do is not wrong; `hooked` says what that is.
    `flagged` are the paths that only the command line states, each with the key of its `--set`; `secrets` are the
    names of those that the document asks for.
    """

    dialect: Dialect
    faults: Faults = field(default_factory=Faults)
    settings: Mapping[str, str] = field(default_factory=dict)
    lookup: Resolve | None = None
    live: bool = False
    origins: list[Provenance] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    hooked: list[tuple[str, Node]] = field(default_factory=list)
    flagged: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    habits: Habits = field(default_factory=Habits)
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @property
    def scaffold(self) -> bool:
        """Whether deviations are read for their meaning rather than refused."""
        return self.dialect == "scaffold"

    def came(
        self, path: str, value: object, origin: Origin, line: int | None = None, sure: Confidence | None = None
    ) -> None:
        """Records where an effective value comes from; how sure it is goes by its origin where nothing else is said."""
        self.origins.append(Provenance(path, str(value), origin, line or None, sure or _SURE[origin]))

    def need(self, name: str) -> None:
        """Something that must come from outside and is not there yet."""
        if name not in self.needs:
            self.needs.append(name)

    # --- references ---------------------------------------------------------------------------

    def found(self, ref: Ref) -> str | None:
        """The value of a reference if it can be had now; a `config` reference may come from the settings."""
        if ref.kind == "config" and ref.name in self.settings:
            return self.settings[ref.name]
        if ref.kind == "secret":
            self.secrets.add(ref.name)
        value = self.lookup(ref) if self.lookup is not None else None
        return ref.default if value is None else value

    def settled(self, text: Text) -> Text:
        """The text with settings put in, and what it still lacks added to the needs."""
        parts: list[Part] = []
        for part in text.parts:
            if isinstance(part, Ref) and part.kind == "config" and part.name in self.settings:
                parts.append(self.settings[part.name])
                continue
            if isinstance(part, Ref) and self.found(part) is None:
                self.need(f"{part.kind}:{part.name}")
            parts.append(part)
        return Text(tuple(parts))

    # --- typed values -------------------------------------------------------------------------

    def keys(self, node: Node, known: Collection[str], what: str, hints: Mapping[str, str] | None = None) -> None:
        """Every key that `what` does not have is an error."""
        for key, sub in node.items.items():
            if key in known:
                continue
            hint = (hints or {}).get(key)
            fix = hint or did_you_mean(key, known, f"delete it; {what} takes {listed(known)}")
            self.faults.error("unknown-key", sub.path, sub.at, f"{what} has no key `{key}`", fix)

    def wrong(self, node: Node, wanted: str, hook: str | None = None) -> None:
        """The value is of the wrong kind; Python code points to the Python API.

        `hook` names what Python code may stand for here. It is kept where it is a live object.
        """
        if isinstance(node.value, Opaque):
            if self.live and hook is not None:
                self.hooked.append((hook, node))
                return
            what = {"function": "a function", "object": "a Python object", "expression": "a Python expression"}
            problem, fix = f"{what[node.value.kind]} stands here (`{shown(node.value)}`)", f"write {wanted}"
            if not self.live:
                problem += ", and a document's code is never run"
                fix += ", or load the configuration from Python with headrace.rest_api.rest_api_source"
            self.faults.error("python-object", node.path, node.line, problem, fix)
            return
        self.faults.error(
            "wrong-type", node.path, node.at, f"{kind_of(node.value)} stands where {wanted} is meant", f"write {wanted}"
        )

    def mapping(self, node: Node | None) -> Node | None:
        """The node if it is a mapping."""
        if node is None or isinstance(node.value, dict):
            return node
        self.wrong(node, "a mapping")
        return None

    def text(self, node: Node | None, wanted: str = "a string") -> Text | None:
        """A string with or without references."""
        if node is None:
            return None
        match node.value:
            case Text() as words:
                return self.settled(words)
            case str() as words:
                return Text((words,))
            case _:
                self.wrong(node, wanted)
                return None

    def string(self, node: Node | None, wanted: str = "a string") -> str | None:
        """A string that must be known now: references are looked up, and are needs while not found."""
        words = self.text(node, wanted)
        if words is None or node is None:
            return None
        parts = [self.found(part) if isinstance(part, Ref) else str(part) for part in words.parts]
        secret = next((part for part in words.refs if part.kind == "secret"), None)
        if secret is not None:
            self.faults.error(
                "secret-here",
                node.path,
                node.line,
                f"a secret (`{secret.name}`) stands where its value would be shown",
                'take it from dlt.config["…"] or os.environ["…"]',
            )
            return None
        return "".join(part or "" for part in parts)

    def integer(self, node: Node | None) -> int | None:
        """A whole number; digits that come from outside count."""
        if node is None:
            return None
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return node.value
        if isinstance(node.value, Text) or (self.scaffold and isinstance(node.value, str)):
            digits = self.string(node, "a whole number")
            if digits is not None and digits.strip().lstrip("-").isdigit():
                return int(digits)
            if not digits:
                return None
        self.wrong(node, "a whole number")
        return None

    def boolean(self, node: Node | None) -> bool | None:
        """True or false."""
        if node is None or isinstance(node.value, bool):
            return None if node is None else bool(node.value)
        self.wrong(node, "true or false")
        return None

    def strings(self, node: Node | None) -> tuple[str, ...]:
        """One string, or a list of them."""
        if node is None:
            return ()
        if isinstance(node.value, list):
            return tuple(found for sub in node.value if (found := self.string(sub)) is not None)
        found = self.string(node, "a string or a list of strings")
        return () if found is None else (found,)
