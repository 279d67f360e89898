"""Which mends a document offers: each is tried before it is offered, and none changes what was read."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace

from headrace.spec.faults import Faults
from headrace.spec.markdown import take_apart
from headrace.spec.mend import Draft, Mend, after, bare, come, draft_of, gone, is_sure, same_plan
from headrace.spec.mend_batch import together
from headrace.spec.mend_errors import Slip, asked, slips
from headrace.spec.mend_guesses import with_guesses
from headrace.spec.mend_readings import UNSAID, WHOLE, address_given, restated
from headrace.spec.near_python import mended
from headrace.spec.patch import Edit, Unplaced, applied
from headrace.spec.read import Options, Source

_SLASHES = re.compile(r"^([ \t]*)//", re.MULTILINE)


def mends(source: Source, options: Options) -> Iterator[Mend]:
    """Every mend of a document as it stands. To mend more than once, take one and ask again with its text."""
    yield from _of(draft_of(source, options))


def _of(draft: Draft) -> Iterator[Mend]:
    yield from _of_block(draft)
    yield from asked(draft)
    if draft.reading.plan is None:
        yield from _of_errors(draft)
    else:
        yield from _of_readings(draft)


def _of_readings(draft: Draft) -> Iterator[Mend]:
    for place, edits in (*address_given(draft), *restated(draft)):
        mend = _tried(draft, place, edits)
        if mend is not None:
            yield mend


def _tried(draft: Draft, place: str, edits: list[Edit]) -> Mend | None:
    """The mend, if the text with it is read as the same plan and with less to say."""
    try:
        text = applied(draft.text, edits)
        then = after(draft, text)
        if not same_plan(draft.reading.plan, then.plan):
            return None
        text, then = with_guesses(draft, text, then)
    except Unplaced:
        return None
    taken = gone(draft.reading, then)
    if any(fault.code not in UNSAID for fault in come(draft.reading, then)):
        return None
    if not taken and place != "client.base_url":
        return None
    return Mend(place, taken, text, certain=all(is_sure(fault) for fault in taken) and place != WHOLE)


def _of_errors(draft: Draft) -> Iterator[Mend]:
    for slip in slips(draft):
        mend = _mended(draft, slip)
        if mend is not None:
            yield mend


def _mended(draft: Draft, slip: Slip) -> Mend | None:
    """The mend, if it takes the error away and brings no other in its place."""
    try:
        text = applied(draft.text, slip.edits())
    except Unplaced:
        return None
    then = after(draft, text)
    taken = gone(draft.reading, then)
    if slip.fault not in taken:
        return None
    known = {fault.code for fault in draft.reading.in_full}
    readable = slip.fault.code == "syntax"  # what could not be read before may be wrong further on
    if not readable and any(
        fault.severity == "error" and fault.code not in known for fault in come(draft.reading, then)
    ):
        return None
    return Mend(slip.fault.path or "the text", taken, text, certain=slip.certain)


def _of_block(draft: Draft) -> Iterator[Mend]:
    """A block that is nearly Python, as Python."""
    if draft.layout is not None or draft.source.format not in {"md", "txt"}:
        return
    for block in take_apart(draft.text).configurations:
        rows = draft.text.split("\n")
        end = block.offset + block.text.count("\n")
        raw = "\n".join(rows[block.offset : end])
        near = mended(textwrap.dedent(_SLASHES.sub(r"\1#", raw)), 0, Faults())
        margin = raw[: len(raw) - len(raw.lstrip(" "))] if raw != textwrap.dedent(raw) else ""
        text = "\n".join([*rows[: block.offset], textwrap.indent(near.rstrip("\n"), margin), *rows[end:]])
        then = after(draft, text)
        taken = gone(draft.reading, then)
        if taken and _no_worse(draft, then.plan is not None, same_plan(draft.reading.plan, then.plan)):
            yield Mend("the code block", taken, text, certain=all(is_sure(fault) for fault in taken))
        return


def _no_worse(draft: Draft, readable: bool, same: bool) -> bool:
    return same if draft.reading.plan is not None else readable


def mend_all(source: Source, options: Options, wanted: Callable[[Mend], bool]) -> tuple[str, list[Mend]]:
    """The text with every mend that is wanted and needs no answer, and those mends in their order."""
    done: list[Mend] = []
    draft = draft_of(source, options)
    is_batched = draft.reading.plan is not None
    while len(done) < _MOST:
        taken = together(draft, wanted) if is_batched else []
        if not taken:
            is_batched = False
            found = next((each for each in _of(draft) if each.ask is None and wanted(each)), None)
            taken = [] if found is None else [found]
        if not taken:
            break
        done += taken
        draft = draft_of(replace(source, text=taken[-1].text), options)
    return draft.text, done


_MOST = 2000
__all__ = ["Mend", "bare", "mend_all", "mends"]
