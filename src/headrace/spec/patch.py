"""Edits of a document's text: values replaced, keys added and taken out where they stand, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from headrace.model.plan import Ref, Text
from headrace.spec.node import child_path
from headrace.spec.references import written
from headrace.spec.spans import Layout, Spot
from headrace.spec.writing_python import expression
from headrace.spec.writing_value import Value
from headrace.spec.writing_yaml import block_rows, scalar


class Gone:
    """What stands for the value of a key that is taken out."""


GONE: Final = Gone()
Changes = Mapping[str, "Value | Gone"]


class Unplaced(Exception):
    """The text holds no place where the edit could be made."""


class Edit(NamedTuple):
    """The characters from `start` to `end`, and what is to stand there."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. Raises Unplaced where two of them meet."""
    last = len(text) + 1
    for edit in sorted(edits, reverse=True):
        if edit.end > last:
            raise Unplaced
        text, last = text[: edit.start] + edit.text + text[edit.end :], edit.start
    return text


def replaced(layout: Layout, path: str, value: Value) -> Edit:
    """The value at a path, in place of what stands there."""
    spot = layout.by_path.get(path)
    if spot is None:
        raise Unplaced
    if layout.form == "yaml" and not spot.flow and spot.key_start >= 0:
        return _entry_replaced(layout, path.rpartition(".")[2], spot, value)
    return Edit(spot.start, spot.end, _rendered(layout, spot.start, value))


def changed(layout: Layout, path: str, changes: Changes) -> list[Edit]:
    """The mapping at a path with keys added, changed and taken out; a key taken out makes room for one that comes."""
    spot = layout.by_path.get(path)
    if spot is None or spot.entries is None:
        raise Unplaced
    gone = [key for key, value in changes.items() if isinstance(value, Gone) and key in spot.entries]
    given = {key: value for key, value in changes.items() if not isinstance(value, Gone)}
    new = {key: value for key, value in given.items() if key not in spot.entries}
    edits = [replaced(layout, child_path(path, key), value) for key, value in given.items() if key in spot.entries]
    for old, key in zip(list(gone), list(new), strict=False):
        edits.append(_entry_replaced(layout, key, spot.entries[old], new.pop(key)))
        gone.remove(old)
    return [*edits, *_taken_out(layout, spot, gone), *_added(layout, spot, gone, new)]


def _rendered(layout: Layout, at: int, value: Value) -> str:
    """A value as it is written where it begins at a character."""
    indent = layout.indent_of(at)
    match layout.form:
        case "py":
            return expression(value, indent, max(layout.column_of(at) - len(indent), 0))
        case "json":
            return json.dumps(_plain(value), indent=2, ensure_ascii=False).replace("\n", f"\n{indent}")
        case "yaml":
            return json.dumps(_plain(value), ensure_ascii=False) if isinstance(value, dict | list) else scalar(value)


def _plain(value: Value) -> object:
    match value:
        case Text(parts=(Ref() as ref,)):
            return written(ref)
        case Text(parts):
            return "".join(f"{{{written(part)}}}" if isinstance(part, Ref) else str(part) for part in parts)
        case dict():
            return {key: _plain(sub) for key, sub in value.items()}
        case list():
            return [_plain(sub) for sub in value]
        case _:
            return value


def _entry_replaced(layout: Layout, key: str, spot: Spot, value: Value) -> Edit:
    """A key and its value in place of another entry."""
    if spot.key_start < 0:
        raise Unplaced
    return Edit(spot.key_start, spot.end, _entry(layout, spot.key_start, key, value, flow=spot.flow))


def _entry(layout: Layout, at: int, key: str, value: Value, *, flow: bool) -> str:
    """A key and its value as they are written from a character on."""
    if layout.form == "yaml":
        blank = " " * layout.column_of(at)
        in_flow = flow and layout.text[:at].rstrip().endswith(("{", ","))
        if in_flow:
            return f"{scalar(key)}: {_rendered(layout, at, value)}"
        return "\n".join(block_rows(key, value, blank)).lstrip()
    lead = f"{json.dumps(key, ensure_ascii=False)}: "
    if layout.form == "json":
        return lead + _rendered(layout, at, value)
    indent = layout.indent_of(at)
    return lead + expression(value, indent, max(layout.column_of(at) - len(indent), 0) + len(lead))


def _added(layout: Layout, spot: Spot, gone: list[str], new: Mapping[str, Value]) -> Iterator[Edit]:
    """New entries behind the last one that stays."""
    if not new:
        return
    stay = [sub for key, sub in (spot.entries or {}).items() if key not in gone and sub.key_start >= 0]
    if not stay:
        if layout.form == "yaml" and not spot.flow:
            raise Unplaced
        yield Edit(spot.start, spot.end, _rendered(layout, spot.start, dict(new)))
        return
    last = max(stay, key=lambda sub: sub.key_start)
    at, end = last.key_start, last.end
    own_line = not layout.text[layout.text.rfind("\n", 0, at) + 1 : at].strip(" \t-")
    entries = [_entry(layout, at, key, value, flow=spot.flow) for key, value in new.items()]
    if layout.form == "yaml" and not spot.flow:
        end = layout.text.find("\n", end) if "\n" in layout.text[end:] else len(layout.text)
        yield Edit(end, end, "".join(f"\n{' ' * layout.column_of(at)}{entry}" for entry in entries))
        return
    joint = f",\n{' ' * layout.column_of(at)}" if own_line else ", "
    yield Edit(end, end, "".join(f"{joint}{entry}" for entry in entries))


def _taken_out(layout: Layout, spot: Spot, gone: list[str]) -> Iterator[Edit]:
    """The entries of some keys, with the comma or the lines that went with each."""
    entries = sorted((spot.entries or {}).items(), key=lambda item: item[1].key_start)
    if any(sub.key_start < 0 for _, sub in entries) and gone:
        raise Unplaced
    if gone and len(gone) == len(entries):
        if layout.form == "yaml" and not spot.flow:
            raise Unplaced
        yield Edit(spot.start, spot.end, "{}")
        return
    kept = [key for key, _ in entries if key not in gone]
    for at, (key, sub) in enumerate(entries):
        if key not in gone:
            continue
        following = entries[at + 1][1] if at + 1 < len(entries) else None
        if following is not None and (kept and any(other in kept for other, _ in entries[at + 1 :])):
            yield Edit(sub.key_start, following.key_start, "")
        elif at:
            yield Edit(entries[at - 1][1].end, sub.end, "")
        else:
            raise Unplaced
