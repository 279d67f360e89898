"""How a run ended, in a few words: as a whole, in figures, and for each of its resources."""

from __future__ import annotations

import msgspec

from headrace.report.collect import ResourceReport, RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.layout import Cell, Style
from headrace.report.parent import had_no_row, parent_failed
from headrace.report.steps import Setting
from headrace.report.words import count, duration, many, size

# A speed below these says more of the start-up than of the API.
_SPEED_FROM_S, _SPEED_FROM_RECORDS = 0.5, 100
_WORDS: dict[Exit, tuple[Style, str]] = {
    Exit.DONE: ("good", "complete"),
    Exit.LOOK: ("warn", "done, with something to look at"),
    Exit.MEND: ("bad", "not begun"),
    Exit.SOURCE: ("bad", "not all of it came"),
    Exit.SINK: ("bad", "the warehouse refused"),
    Exit.INTERRUPTED: ("warn", "interrupted"),
}


class Verdict(msgspec.Struct, frozen=True):
    """How bad it is, and the words for it."""

    style: Style
    words: str


def verdict(report: RunReport, setting: Setting) -> Verdict:
    """The run as a whole."""
    if report.running is True:
        return Verdict("none", f"running; {many(report.pages, 'page')} so far")
    code = exit_code(report)
    style, words = _WORDS[code]
    if code == Exit.SINK and any(fault.kind in {"disk", "journal"} for fault in report.errors):
        words = "the disk of the journal refused"
    elif code == Exit.SINK and all(fault.mend == "contract" for fault in report.errors if fault.kind == "sink"):
        words = "a schema contract was broken"
    if code == Exit.SOURCE and not report.pages:
        words = "failed; nothing was fetched or loaded"
    elif code in {Exit.SOURCE, Exit.SINK, Exit.INTERRUPTED} and not setting.anew:
        words += "; what was fetched is kept" if report.pages else "; nothing was fetched or loaded"
    return Verdict(style, words)


def target_of(setting: Setting) -> str:
    """Where the data went."""
    return setting.journal if setting.mode == "fetch" else setting.destination


def figures(report: RunReport) -> list[list[str]]:
    """What came, and what it cost, as far as that is known."""
    if not report.resources:
        return []
    came = [many(report.records, "record"), many(len(report.resources), "resource")]
    read = f"{size(sum(each.bytes for each in report.resources.values()))} read"
    if not report.wall_s:  # only the journal tells of this run
        return [[*came, read]]
    came.append(duration(report.wall_s))
    if report.wall_s >= _SPEED_FROM_S and report.records >= _SPEED_FROM_RECORDS and not report.resumed:
        came.append(f"{count(report.records / report.wall_s)} records/s")
    memory = f"{count(report.peak_rss_mb)} MB of memory"
    return [came, [many(report.requests, "request"), read, f"{duration(report.cpu_s)} of CPU", memory]]


def ending(each: ResourceReport, report: RunReport, setting: Setting) -> Cell:  # noqa: PLR0911 - one for each end
    """How the walk of one resource ended."""
    why = each.proof.why
    if report.running is True and each.stopped == "interrupted":
        return Cell("under way" if each.pages else "not begun yet")
    if parent_failed(each, report.resources):
        return Cell("not begun: its parent failed", "bad")
    if each.stopped == "error":
        if not each.requests:
            return Cell("not continued" if each.pages else "not begun", "bad")
        return Cell(f"failed after {many(each.pages, 'page')}" if each.pages else "failed, nothing fetched", "bad")
    if each.stopped == "interrupted":
        return Cell("interrupted" if each.pages else "not begun", "warn")
    if not each.proof.complete:
        return Cell(f"not proven complete: {why}", "warn")
    if had_no_row(each):
        return Cell("nothing to ask for: its parent gave no row", "good")
    # What a fetch has read is not in the warehouse yet; in a run, the last record often comes a second time.
    came = each.records if setting.mode == "fetch" else sum(each.rows.values()) + each.rejects
    if each.watermark is not None and not came:
        return Cell(f"nothing new since {each.watermark}", "good")
    return Cell(why or "at its own end", "good")
