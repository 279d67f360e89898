"""A mend writes out what was guessed; the key `guesses` says that it was, so that it is tried all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from headrace.spec.mend import Draft, after, draft_of
from headrace.spec.patch import Edit, Unplaced, applied, changed, replaced
from headrace.spec.read import Reading
from headrace.spec.resource import ReadResource
from headrace.spec.writing_resource import resource_tree
from headrace.spec.writing_value import Value


def with_guesses(draft: Draft, text: str, then: Reading) -> tuple[str, Reading]:
    """A mended text and its reading, with every guess of the draft still one. Raises Unplaced where that is not to be.

    A resource that is a mere word is written out for it.
    """
    lost = dict(_lost(draft.reading, then))
    if not lost:
        return text, then
    new = draft_of(replace(draft.source, text=text), draft.options)
    edits = [_edit(new, read, lost[read.resource.name]) for read in _resources(then) if read.resource.name in lost]
    text = applied(text, [edit for each in edits for edit in each])
    then = after(draft, text)
    if then.plan is None or dict(_lost(draft.reading, then)):
        raise Unplaced
    return text, then


def _lost(before: Reading, then: Reading) -> Iterator[tuple[str, frozenset[str]]]:
    left = {read.resource.name: read.resource.guesses for read in _resources(then)}
    for read in _resources(before):
        name = read.resource.name
        if lost := read.resource.guesses - left.get(name, frozenset()):
            yield name, lost


def _resources(reading: Reading) -> tuple[ReadResource, ...]:
    return reading.outline.resources


def _edit(draft: Draft, read: ReadResource, lost: frozenset[str]) -> list[Edit]:
    if draft.layout is None:
        raise Unplaced
    stated = read.node.get("guesses")
    before = [sub.word for sub in stated.elements if sub.word] if stated is not None else []
    told = list[Value](sorted({*before, *lost}))
    spot, meant = draft.layout.by_path.get(read.node.path), draft.meant
    if spot is not None and spot.entries is not None:
        return changed(draft.layout, read.node.path, {"guesses": told})
    index = _resources(draft.reading).index(read)
    if meant is None:
        raise Unplaced
    wanted = resource_tree(meant.resources[index], draft.tongue, meant.open_names)
    return [replaced(draft.layout, read.node.path, {**wanted, "guesses": told})]
