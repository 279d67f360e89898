"""What happened in a run, in sentences: what failed, what is not proven, what was ridden out, what a default hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, TypeAlias

from headrace.report.collect import Notice, RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.words import count, listed, many, reasons

Tone: TypeAlias = Literal["bad", "warn", "none"]
HELD_WORTH_SAYING_S = 0.5
_NOTICES_SHOWN = 12
_NAMES_SHOWN = 3
_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "note": "none"}


def happened(report: RunReport) -> Iterator[tuple[Tone, str]]:
    """Sentences with how bad each is, the worst first."""
    for fault in report.errors:
        yield "bad", f"{fault.resource}: {fault.message}" if fault.resource else fault.message
    yield from _doubtful(report)
    yield from _ridden_out(report)
    if report.resumed:
        kept = sum(each.resumed_pages for each in report.resources.values())
        yield "none", f"An unfinished run was resumed: {many(kept, 'page')} came from the journal, not from the API."
    for name, each in report.resources.items():
        if each.duplicates:
            yield "none", f"{name}: {many(each.duplicates, 'record')} came more than once; the last read was kept."
    yield from _notices(report)


def _doubtful(report: RunReport) -> Iterator[tuple[Tone, str]]:
    for name, each in report.resources.items():
        if each.stopped not in {"error", "interrupted"} and not each.proof.complete:
            yield "warn", f"{name}: nothing proves that this is all of it ({each.proof.why.rstrip('.')})."
        if each.rejects:
            fit = "fits no table; it is" if each.rejects == 1 else "fit no table; they are"
            yield "warn", f"{name}: {many(each.rejects, 'record')} {fit} in `_headrace_rejects`, with the reason."
        for hidden in each.hides:
            yield "warn", f"{name}: {hidden}"


def _ridden_out(report: RunReport) -> Iterator[tuple[Tone, str]]:
    retried: Counter[str] = Counter()
    for each in report.resources.values():
        retried.update(each.retried)
    if retried:
        ridden = "; each was asked again, and nothing is missing for it" if not report.errors else ""
        yield "none", f"Faults on the way: {reasons(retried)}{ridden}."
    elif exit_code(report) == Exit.DONE and report.requests:
        yield "none", "Every walk was followed to its own end, and no request had to be asked again."
    held = [name for name, each in report.resources.items() if each.throttled_s >= HELD_WORTH_SAYING_S]
    if held:
        budget = f" ({report.budget})" if report.budget else ""
        refused = many(report.http_429, "was", "were") if report.http_429 else "none was"
        who = listed(held) if len(held) <= _NAMES_SHOWN else many(len(held), "resource")
        yield "none", f"The API's limit{budget} set the pace of {who}: requests waited for it, and {refused} refused."


def _notices(report: RunReport) -> Iterator[tuple[Tone, str]]:
    """Notices, told once where several resources have the same; the last of very many are only counted."""
    told: dict[tuple[str, str], list[Notice]] = {}
    for notice in report.notices:
        told.setdefault((notice.severity, notice.message), []).append(notice)
    ordered = sorted(told.items(), key=lambda item: list(_TONES).index(item[0][0]))
    for (severity, message), same in ordered[:_NOTICES_SHOWN]:
        names = [each.resource for each in same if each.resource]
        if len(names) > _NAMES_SHOWN:
            names = [*names[: _NAMES_SHOWN - 1], f"{len(names) - _NAMES_SHOWN + 1} more"]
        times = max(each.count for each in same)
        often = f" ({count(times)} times)" if times > 1 else ""
        yield _TONES[severity], f"{listed(names)}: {message}{often}" if names else f"{message}{often}"
    if len(ordered) > _NOTICES_SHOWN:
        yield "none", f"… and {many(len(ordered) - _NOTICES_SHOWN, 'more notice')}; --format json has them all."
