"""Many mends of one reading at once: a long document is read once for all of them, not once for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from headrace.spec.faults import Fault
from headrace.spec.mend import Draft, Mend, after, come, gone, is_sure, same_plan
from headrace.spec.mend_guesses import with_guesses
from headrace.spec.mend_readings import UNSAID, attempts
from headrace.spec.patch import Edit, Unplaced, applied

_TRIALS = 8


class _Item(NamedTuple):
    """Edits that should write out what the findings of one place say."""

    mend: Mend
    edits: list[Edit]


def together(draft: Draft, wanted: Callable[[Mend], bool]) -> list[Mend]:
    """Mends that were tried as one, all of them wanted, each with the text that has them all; none if that fails."""
    for narrow in (True, False):
        found: list[_Item] = []
        for place, faults, edits in attempts(draft, narrow=narrow):
            mend = Mend(place, faults, certain=all(map(is_sure, faults)))
            if wanted(mend):
                found.append(_Item(mend, edits))
        left = [_TRIALS]
        mends = _halved(draft, _apart(found), wanted, left)
        if mends:
            return mends
    return []


def _apart(items: list[_Item]) -> list[_Item]:
    """Those whose edits keep clear of each other; the others have their turn in the next round."""
    taken: list[Edit] = []
    kept: list[_Item] = []
    for item in items:
        if not any(one.start <= other.end and other.start <= one.end for one in item.edits for other in taken):
            taken += item.edits
            kept.append(item)
    return kept


def _halved(draft: Draft, items: list[_Item], wanted: Callable[[Mend], bool], left: list[int]) -> list[Mend]:
    """The mends of all items, else of one half of them, as long as there are trials left."""
    if len(items) < 2 or left[0] <= 0:  # noqa: PLR2004 - one alone is tried in every way that there is
        return []
    left[0] -= 1
    mends = _tried(draft, items, wanted)
    half = len(items) // 2
    return mends or _halved(draft, items[:half], wanted, left) or _halved(draft, items[half:], wanted, left)


def _tried(draft: Draft, items: list[_Item], wanted: Callable[[Mend], bool]) -> list[Mend]:
    """The mends, if the text with them all is read as the same plan, and nothing but their findings is gone."""
    try:
        text = applied(draft.text, [edit for item in items for edit in item.edits])
        then = after(draft, text)
        if not same_plan(draft.reading.plan, then.plan):
            return []
        text, then = with_guesses(draft, text, then)
    except Unplaced:
        return []
    if any(fault.code not in UNSAID for fault in come(draft.reading, then)):
        return []
    taken = set(gone(draft.reading, then))
    if not all(taken.issuperset(item.mend.faults) for item in items):
        return []
    told = {fault for item in items for fault in item.mend.faults}
    mends = [replace(item.mend, text=text) for item in items]
    for fault in (each for each in draft.reading.in_full if each in taken - told):
        at = next((at for at, mend in enumerate(mends) if _is_near(fault, mend)), 0)
        mends[at] = _with(mends[at], fault)
    return mends if all(map(wanted, mends)) else []


def _is_near(fault: Fault, mend: Mend) -> bool:
    return mend.place.split(".", 1)[0] == fault.path.split(".", 1)[0]


def _with(mend: Mend, fault: Fault) -> Mend:
    return replace(mend, faults=(*mend.faults, fault), certain=mend.certain and is_sure(fault))
