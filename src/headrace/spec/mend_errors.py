"""Mends for what keeps a document from running: evident slips, and values that only its writer knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headrace.errors import ConfigError
from headrace.model.plan import Ref, Text
from headrace.spec.client import checked_url
from headrace.spec.faults import Fault
from headrace.spec.mend import Ask, Draft, Mend
from headrace.spec.node import Node, child_path, plain
from headrace.spec.patch import GONE, Edit, Unplaced, applied, changed, replaced
from headrace.spec.writing_value import Mapping, Value

_NEAR = re.compile(r"did you mean `([^`]+)`\?")
_WRITE = re.compile(r"write `([^`]+)`")
_ADD = re.compile(r"add `([^`]+)`(?: to endpoint\.params)?")
_LACKS = re.compile(r"lacks `([^`]+)`$")
_INTO = re.compile(r"move it into `endpoint`: endpoint\.(\S+)")
_COMMA = re.compile(r"add a comma(?: after `(.+)`)?")
_KEY = re.compile(r"""(?P<quote>["'])(?P<quoted>.*?)(?P=quote)|(?P<bare>[\w.$@-]+)""")
_QUOTES = str.maketrans("“”„‘’‚", "\"\"\"'''")
_CREDENTIALS = frozenset({"username", "password", "token", "api_key", "client_id", "client_secret", "private_key"})
_SURE = 0.8  # as alike as `paginatr` and `paginator`


class Slip(NamedTuple):
    """A finding and the edits that may mend it; `edits` raises Unplaced where it cannot."""

    fault: Fault
    edits: Callable[[], list[Edit]]
    certain: bool = True


def slips(draft: Draft) -> Iterator[Slip]:
    """What may be mended without asking, in the order of the document."""
    for fault in draft.reading.in_full:
        if fault.severity == "error":
            found = _syntax(draft, fault) if fault.code == "syntax" else _slip(draft, fault)
            if found is not None:
                yield found


def _slip(draft: Draft, fault: Fault) -> Slip | None:  # noqa: PLR0911 - one for each kind of slip
    near, write, into = _NEAR.fullmatch(fault.fix), _WRITE.fullmatch(fault.fix), _INTO.fullmatch(fault.fix)
    area, key = _split(fault.path)
    if fault.code == "unknown-key":
        if near is not None:
            return Slip(fault, lambda: _renamed(draft, area, key, near[1]), _alike(key, near[1]))
        if into is not None:
            return Slip(fault, lambda: _moved_in(draft, area, key))
        if fault.fix == "move it out of `endpoint`, to the resource":
            return Slip(fault, lambda: _moved_out(draft, area, key))
        return Slip(fault, lambda: _without(draft, area, key), certain=False)
    if fault.code == "not-yet" and fault.fix.startswith("take it out"):
        return Slip(fault, lambda: _without(draft, area, key), certain=False)
    word = near or write
    if word is not None:
        return Slip(
            fault, lambda: _other_word(draft, fault, word[1]), write is not None or _near_enough(fault, word[1])
        )
    lacks = _LACKS.search(fault.problem)
    if lacks is not None and lacks[1] in _CREDENTIALS:
        secret = Text((Ref(lacks[1]),))
        return Slip(fault, lambda: _put(draft, fault.path, {lacks[1]: secret}))
    return None


def _near_enough(fault: Fault, word: str) -> bool:
    said = re.search(r"`([^`]+)`", fault.problem)
    return said is not None and _alike(said[1], word)


def _alike(word: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, word.lower(), other.lower()).ratio() >= _SURE


def _split(path: str) -> tuple[str, str]:
    """The mapping and the key of a path."""
    odd = re.fullmatch(r"(.*)\[\"([^\"]*)\"\]", path)
    if odd is not None:
        return odd[1], odd[2]
    area, _, key = path.rpartition(".")
    return area, key


# --- edits -----------------------------------------------------------------------------------


def _put(draft: Draft, path: str, values: Mapping) -> list[Edit]:
    if draft.layout is None:
        raise Unplaced
    return changed(draft.layout, path, values)


def _without(draft: Draft, area: str, key: str) -> list[Edit]:
    if draft.layout is None:
        raise Unplaced
    return changed(draft.layout, area, {key: GONE})


def _renamed(draft: Draft, area: str, key: str, name: str) -> list[Edit]:
    """Another key for the same value; one that is there already keeps its own."""
    spot = draft.layout.by_path.get(child_path(area, key)) if draft.layout is not None else None
    holder = draft.node(area) if area else draft.config
    if spot is None or spot.key_start < 0 or holder is None or name in holder.items:
        raise Unplaced
    token = _KEY.match(draft.text, spot.key_start)
    if token is None or (token["quoted"] or token["bare"]) != key:
        raise Unplaced
    quote = token["quote"] or ""
    return [Edit(token.start(), token.end(), f"{quote}{name}{quote}")]


def _moved_in(draft: Draft, area: str, key: str) -> list[Edit]:
    """A key of a resource, moved into its endpoint."""
    holder = draft.node(area)
    value = _data(holder.items.get(key) if holder is not None else None)
    endpoint = holder.items.get("endpoint") if holder is not None else None
    if draft.layout is None:
        raise Unplaced
    if endpoint is None:
        return changed(draft.layout, area, {key: GONE, "endpoint": {key: value}})
    if isinstance(endpoint.value, dict):
        if key in endpoint.value:
            raise Unplaced
        inner = changed(draft.layout, f"{area}.endpoint", {key: value})
        return [*inner, *changed(draft.layout, area, {key: GONE})]
    return changed(draft.layout, area, {key: GONE, "endpoint": {"path": _data(endpoint), key: value}})


def _moved_out(draft: Draft, area: str, key: str) -> list[Edit]:
    """A key of an endpoint, moved to its resource."""
    endpoint, outer = draft.node(area), area.removesuffix(".endpoint")
    holder = draft.node(outer)
    if draft.layout is None or endpoint is None or holder is None or key in holder.items:
        raise Unplaced
    return [
        *changed(draft.layout, area, {key: GONE}),
        *changed(draft.layout, outer, {key: _data(endpoint.items.get(key))}),
    ]


def _other_word(draft: Draft, fault: Fault, word: str) -> list[Edit]:
    """The word that was meant, in place of the one that stands there or within it."""
    node = draft.node(fault.path)
    if draft.layout is None or node is None or not isinstance(node.value, str):
        raise Unplaced
    said = [found for found in re.findall(r"`([^`]+)`", fault.problem) if found in node.value]
    wrong = node.value if node.value in said or not said else said[0]
    return [replaced(draft.layout, fault.path, node.value.replace(wrong, word))]


def _data(node: Node | None) -> Value:
    """A value of the document to be written elsewhere; code cannot be."""
    if node is None:
        raise Unplaced
    value = plain(node)
    if not isinstance(value, str | int | float | Text | dict | list | None):
        raise Unplaced
    return value


# --- syntax ----------------------------------------------------------------------------------


def _syntax(draft: Draft, fault: Fault) -> Slip | None:
    """Slips of one character whose place is known."""
    line = fault.line or 1
    rows = draft.text.split("\n")
    start = sum(len(row) + 1 for row in rows[: line - 1])
    row = rows[line - 1] if line <= len(rows) else ""
    comma = _COMMA.fullmatch(fault.fix)
    if comma is not None:
        at = row.rfind(comma[1]) + len(comma[1]) if comma[1] and comma[1] in row else len(row.rstrip())
        return Slip(fault, lambda: [Edit(start + at, start + at, ",")])
    if "typographic" in fault.problem:
        return Slip(fault, lambda: [Edit(start, start + len(row), row.translate(_QUOTES))])
    if "indented with a tab" in fault.problem:
        plain_row = row.lstrip("\t ")
        blanks = row[: len(row) - len(plain_row)].replace("\t", "  ")
        return Slip(fault, lambda: [Edit(start, start + len(row), blanks + plain_row)])
    return None


# --- what only the user knows ----------------------------------------------------------------


def asked(draft: Draft) -> Iterator[Mend]:
    """A mend for each value that is to be asked for: an address, a path's value, a name. Never a secret."""
    for fault in draft.reading.in_full:
        asks = _ask(draft, fault)
        if asks is not None:
            yield Mend(fault.path or "the configuration", (fault,), ask=asks)


def _ask(draft: Draft, fault: Fault) -> Ask | None:  # noqa: PLR0911 - one for each question
    lacks, add = _LACKS.search(fault.problem), _ADD.match(fault.fix)
    if fault.code in {"base-url-placeholder", "missing-base-url", "base-url"}:
        return Ask("Where is the API (its base URL)?", lambda given: _with_address(draft, given))
    if fault.code == "merge-without-key":
        resource = fault.path.removesuffix(".write_disposition")
        return Ask("Which field tells its records apart?", lambda given: _with(draft, resource, "primary_key", given))
    if fault.severity != "error":
        return None
    if fault.code == "path-param" and add is not None:
        endpoint = fault.path.removesuffix(".path")
        return Ask(f"What stands for {{{add[1]}}}?", lambda given: _with_param(draft, endpoint, add[1], given))
    if fault.problem == "the resource has no `name`":
        return Ask("What is the resource's name?", lambda given: _with(draft, fault.path, "name", given))
    if lacks is None or lacks[1] in _CREDENTIALS:
        return None
    if lacks[1] == "limit":
        return Ask("How many records are on a page?", lambda given: _with(draft, fault.path, "limit", _number(given)))
    if lacks[1] == "cursor_path":
        question = "Which field of a record says when it changed?"
        return Ask(question, lambda given: _with(draft, fault.path, "cursor_path", given))
    return None


def _with(draft: Draft, path: str, key: str, value: Value) -> str:
    return applied(draft.text, _put(draft, path, {key: value}))


def _with_address(draft: Draft, given: str) -> str:
    """Raises ConfigError where that is no URL."""
    return _with(draft, "client", "base_url", checked_url(given.strip()))


def _with_param(draft: Draft, endpoint: str, name: str, given: str) -> str:
    """A path's value among the parameters, where there are some."""
    node = draft.node(endpoint)
    if node is None or not isinstance(node.value, dict):
        raise Unplaced
    if isinstance(node.items.get("params"), Node):
        return _with(draft, f"{endpoint}.params", name, given)
    return _with(draft, endpoint, "params", {name: given})


def _number(given: str) -> int:
    if not given.strip().isdigit() or int(given) < 1:
        raise ConfigError(f"`{given}` is not a number of records: write digits, such as 100.")
    return int(given)
