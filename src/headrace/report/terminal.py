"""What a person reads when a run is over: a verdict, a table, what happened in words, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.report.collect import ResourceReport, RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.layout import Cell, Stage, Style, bullets, table, wrapped
from headrace.report.parent import had_no_row, parent_failed
from headrace.report.sentences import HELD_WORTH_SAYING_S, happened
from headrace.report.steps import Setting, Step, steps
from headrace.report.words import count, duration, many, size

_TABLES_SHOWN = 14
# A speed below these says more of the start-up than of the API.
_SPEED_FROM_S, _SPEED_FROM_RECORDS = 0.5, 100


def lines(report: RunReport, setting: Setting, shown: Stage) -> list[str]:
    """The report as lines of text."""
    parts = [_verdict(report, setting, shown)]
    if report.resources:
        parts.append(_resources(report, setting, shown))
    if report.rows:
        parts.append(_tables(report, setting, shown))
    said = list(happened(report, setting.pace))
    if said:
        parts.append([shown.paint("strong", "What happened"), *bullets(said, shown)])
    todo = list(steps(report, setting))
    if todo:
        parts.append([shown.paint("strong", "What next"), *_commands(todo, shown)])
    return [line for part in parts for line in (*part, "")][:-1]


def _verdict(report: RunReport, setting: Setting, shown: Stage) -> list[str]:
    marks = shown.marks
    words: dict[Exit, tuple[str, Style, str]] = {
        Exit.DONE: (marks.good, "good", "complete"),
        Exit.LOOK: (marks.warn, "warn", "done, with something to look at"),
        Exit.MEND: (marks.bad, "bad", "not begun"),
        Exit.SOURCE: (marks.bad, "bad", "not all of it came"),
        Exit.SINK: (marks.bad, "bad", "the warehouse refused"),
        Exit.INTERRUPTED: (marks.warn, "warn", "interrupted"),
    }
    code = exit_code(report)
    mark, style, verdict = words[code]
    if code == Exit.SINK and any(fault.kind == "journal" for fault in report.errors):
        verdict = "the disk of the journal refused"
    if code == Exit.SOURCE and not report.pages:
        verdict = "failed; nothing was fetched or loaded"
    elif code in {Exit.SOURCE, Exit.SINK, Exit.INTERRUPTED} and not setting.anew:
        verdict += "; what was fetched is kept" if report.pages else "; nothing was fetched or loaded"
    target = setting.journal if setting.mode == "fetch" else setting.destination
    where = f"{setting.name} {marks.arrow} {target}" if target else setting.name
    fits = len(f"{mark} {where}  {verdict}") <= shown.width
    head = [f"{shown.paint(style, mark)} {shown.paint('strong', where)}", shown.paint(style, verdict)]
    head = ["  ".join(head)] if fits else [head[0], *wrapped(verdict, shown.width, "  ")]
    if not report.resources:
        return head
    figures = [many(report.records, "record"), many(len(report.resources), "resource"), duration(report.wall_s)]
    if report.wall_s >= _SPEED_FROM_S and report.records >= _SPEED_FROM_RECORDS and not report.resumed:
        figures.append(f"{count(report.records / report.wall_s)} records/s")
    cost = [
        many(report.requests, "request"),
        f"{size(sum(each.bytes for each in report.resources.values()))} read",
        f"{duration(report.cpu_s)} of CPU",
        f"{count(report.peak_rss_mb)} MB of memory",
    ]
    between = f" {marks.bullet} "
    return [*head, *(line for part in (figures, cost) for line in wrapped(between.join(part), shown.width, "  "))]


def _resources(report: RunReport, setting: Setting, shown: Stage) -> list[str]:
    waited = any(each.throttled_s >= HELD_WORTH_SAYING_S for each in report.resources.values())
    rows: list[list[Cell]] = []
    for name, each in report.resources.items():
        row = [Cell(name, "strong"), _figure(each.pages), _figure(each.records), _figure(each.retries)]
        if waited:
            row.append(Cell(duration(each.throttled_s) if each.throttled_s >= HELD_WORTH_SAYING_S else ""))
        rows.append([*row, _ending(each, report, setting)])
    head = ["resource", "pages", "records", "retries", *(["held back"] if waited else []), "how it ended"]
    return table(head, rows, stage=shown, right=range(1, len(head) - 1))


def _figure(number: int) -> Cell:
    return Cell(count(number), "none" if number else "dim")


def _ending(each: ResourceReport, report: RunReport, setting: Setting) -> Cell:  # noqa: PLR0911 - one for each end
    why = each.proof.why
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


def _tables(report: RunReport, setting: Setting, shown: Stage) -> list[str]:
    """Rows by table, children under their roots; where there are very many, the smallest children are summed up."""
    rows = [(root, name, number) for root, each in report.resources.items() for name, number in each.rows.items()]
    if len(rows) > _TABLES_SHOWN:
        roots = sum("__" not in name for _, name, _ in rows)
        children = sorted((row for row in rows if "__" in row[1]), key=lambda row: -row[2])
        hidden = set(children[max(0, _TABLES_SHOWN - roots) :])
    else:
        hidden = set()
    body = [[_indented(name), count(number)] for row in rows if row not in hidden for _, name, number in [row]]
    if hidden:
        left = f"{many(len(hidden), 'more child table')}"
        body.append([f"… {left}", count(sum(number for _, _, number in hidden))])
    title = f"table in {setting.dataset}" if setting.dataset else "table"
    return table((title, "rows"), body, stage=shown, right=(1,))


def _indented(name: str) -> str:
    return f"  {name}" if "__" in name else name


def _commands(todo: Sequence[Step], shown: Stage) -> Iterator[str]:
    """Each step is a sentence and the command under it; a command is never broken, so that it can be copied."""
    for words, command in todo:
        yield from wrapped(words, shown.width, "  ")
        if command:
            yield f"    {shown.paint('accent', command)}"
