"""What happened in a run, in sentences: what failed, what is not proven, what was ridden out, what a default hides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from headrace.report.collect import Failure, Notice, ResourceReport, RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.parent import parent_failed
from headrace.report.words import cause, count, listed, many, reasons, some

Tone: TypeAlias = Literal["bad", "warn", "none"]
HELD_WORTH_SAYING_S = 0.5
_NOTICES_SHOWN = 12
_NAMES_SHOWN = 3
_FAILED_SHOWN = 12
_REASONS_SHOWN = 3
_MANY_REPEATED = 0.1  # of the records; a few are what changes while it is read
_PLACES = re.compile(r"[\w.]+\.\w+(?:, [\w.]+)*(?: and \d+ more)?: ")
_COUNTED = re.compile(r" \([\d,]+ times\)$")
_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "note": "none"}


def happened(report: RunReport, pace: Sequence[str] = ()) -> Iterator[tuple[Tone, str]]:
    """Sentences with how bad each is, the worst first. `pace` are the flags that hold requests back."""
    order = list(_TONES.values())
    return iter(sorted(_happened(report, pace), key=lambda said: order.index(said[0])))


def _happened(report: RunReport, pace: Sequence[str]) -> Iterator[tuple[Tone, str]]:
    yield from (("bad", words) for words in _failures(report.errors))
    yield from _doubtful(report)
    yield from _ridden_out(report)
    yield from _held_back(report, pace)
    if report.resumed:
        kept = sum(each.resumed_pages for each in report.resources.values())
        came = f": {many(kept, 'page')} came from the journal, not from the API" if kept else ""
        yield "none", f"An unfinished run was resumed{came}."
    for name, each in report.resources.items():
        if each.duplicates:
            yield _repeated(name, each)
    yield from _notices(report)


def _failures(errors: Sequence[Failure]) -> Iterator[str]:
    """Each cause once, with all the resources that failed for it."""
    same: dict[str, list[Failure]] = {}
    for fault in errors:
        same.setdefault(cause(fault.message), []).append(fault)
    for alike in same.values():
        first, names = alike[0], [fault.resource for fault in alike if fault.resource]
        message = first.message
        if len(alike) > 1 and first.url:
            message = message.replace(first.url, f"{first.url} (and {count(len(alike) - 1)} more like it)", 1)
        yield f"{some(names, _FAILED_SHOWN)}: {message}" if names else message


def _what(message: str) -> str:
    """What a notice says, without the places (`table.column, …: `) and the count that differ between resources."""
    return _COUNTED.sub("", _PLACES.sub("", message, count=1))


def _notice(alike: Sequence[Notice]) -> str:
    """The first of them, and which other resources have the same, or the like at other places."""
    message = alike[0].message
    names = [each.resource for each in alike if each.resource and each.message == message]
    others = [each.resource for each in alike if each.resource and each.message != message]
    times = max(each.count for each in alike)
    often = f" ({count(times)} times)" if times > 1 else ""
    like = f"; the like in {some(others, _NAMES_SHOWN)}" if others else ""
    return f"{f'{some(names, _NAMES_SHOWN)}: ' if names else ''}{message}{often}{like}"


def _doubtful(report: RunReport) -> Iterator[tuple[Tone, str]]:
    for name, each in report.resources.items():
        if parent_failed(each, report.resources):
            yield "warn", f"{name}: not begun: its parent failed."
        elif each.stopped not in {"error", "interrupted"} and not each.proof.complete:
            yield "warn", f"{name}: nothing proves that this is all of it ({each.proof.why.rstrip('.')})."
        if each.rejects:
            yield "warn", f"{name}: {_rejected(each)}"
        for hidden in each.hides if each.pages else ():
            yield "warn", f"{name}: {hidden}"


def _rejected(each: ResourceReport) -> str:
    """How many became no row, for which reasons, and where they lie."""
    number = f"{count(each.rejects)} of" if each.rejects < each.records else "all"
    verb = "is" if each.rejects == 1 else "are"
    several = len(each.reject_reasons) > 1
    told = [
        f"{f'{count(why.records)} × ' if several else ''}{why.reason} (first: record {why.record} of page {why.page})"
        for why in each.reject_reasons
    ]
    because = f": {some(told, _REASONS_SHOWN)}" if told else ""
    said = f"{number} {many(each.records, 'record')} {verb} rejected{because}"
    return f"{said}. `_headrace_rejects` holds what was sent, with the reason."


def _ridden_out(report: RunReport) -> Iterator[tuple[Tone, str]]:
    retried: Counter[str] = Counter()
    for each in report.resources.values():
        retried.update(each.retried)
    if retried:
        ridden = "; each was asked again, and nothing is missing for it" if not report.errors else ""
        yield "none", f"Faults on the way: {reasons(retried)}{ridden}."
    elif exit_code(report) == Exit.DONE and report.requests:
        yield "none", "Every walk was followed to its own end, and no request had to be asked again."


def _held_back(report: RunReport, pace: Sequence[str]) -> Iterator[tuple[Tone, str]]:
    """What requests waited for. Of a flag and a limit of the API, which one was the lower is not known here."""
    held = [name for name, each in report.resources.items() if each.throttled_s >= HELD_WORTH_SAYING_S]
    if not held:
        return
    limit = f"The API's limit ({report.budget})" if report.budget else "The API's limit" if report.http_429 else ""
    flags = listed(pace)
    if limit and flags:
        what = f"{flags}, or {limit[0].lower()}{limit[1:]} where that is lower,"
    else:
        what = flags or limit or "The limits of this run"
    refused = many(report.http_429, "was", "were") if report.http_429 else "none was"
    yield "none", f"{what} set the pace of {some(held, _NAMES_SHOWN)}: requests waited for it, and {refused} refused."


def _repeated(name: str, each: ResourceReport) -> tuple[Tone, str]:
    """Records that a later one of their key replaced: where they are many, the key may be less than the whole."""
    said = f"{name}: {many(each.duplicates, 'record')}"
    if each.duplicates < _MANY_REPEATED * each.records:
        return "none", f"{said} came more than once; the last read was kept."
    mend = "if these are not the same ones read twice, primary_key is not the whole key: mend it, and --full-refresh"
    return "warn", f"{said} of {count(each.records)} gave way to a later one with the same key; {mend}."


def _notices(report: RunReport) -> Iterator[tuple[Tone, str]]:
    """Notices, told once where several resources have the same; the last of very many are only counted."""
    told: dict[tuple[str, str], list[Notice]] = {}
    for notice in report.notices:
        told.setdefault((notice.severity, _what(notice.message)), []).append(notice)
    ordered = sorted(told.items(), key=lambda item: list(_TONES).index(item[0][0]))
    for (severity, _), alike in ordered[:_NOTICES_SHOWN]:
        yield _TONES[severity], _notice(alike)
    if len(ordered) > _NOTICES_SHOWN:
        yield "none", f"… and {many(len(ordered) - _NOTICES_SHOWN, 'more notice')}; --format json has them all."
