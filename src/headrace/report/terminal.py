"""What a person reads when a run is over: a verdict, a table, what happened in words, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.report.collect import RunReport
from headrace.report.layout import Cell, Stage, bullets, table, wrapped
from headrace.report.sentences import HELD_WORTH_SAYING_S, happened
from headrace.report.steps import Setting, Step, steps
from headrace.report.verdict import ending, figures, target_of, verdict
from headrace.report.words import count, duration, many

_TABLES_SHOWN = 14


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
    found, marks = verdict(report, setting), shown.marks
    mark = {"good": marks.good, "warn": marks.warn, "none": marks.bullet}.get(found.style, marks.bad)
    target = target_of(setting)
    where = f"{setting.name} {marks.arrow} {target}" if target else setting.name
    fits = len(f"{mark} {where}  {found.words}") <= shown.width
    head = [f"{shown.paint(found.style, mark)} {shown.paint('strong', where)}", shown.paint(found.style, found.words)]
    head = ["  ".join(head)] if fits else [head[0], *wrapped(found.words, shown.width, "  ")]
    between = f" {marks.bullet} "
    return [*head, *(line for part in figures(report) for line in wrapped(between.join(part), shown.width, "  "))]


def _resources(report: RunReport, setting: Setting, shown: Stage) -> list[str]:
    waited = any(each.throttled_s >= HELD_WORTH_SAYING_S for each in report.resources.values())
    rows: list[list[Cell]] = []
    for name, each in report.resources.items():
        row = [Cell(name, "strong"), _figure(each.pages), _figure(each.records), _figure(each.retries)]
        if waited:
            row.append(Cell(duration(each.throttled_s) if each.throttled_s >= HELD_WORTH_SAYING_S else ""))
        rows.append([*row, ending(each, report, setting)])
    head = ["resource", "pages", "records", "retries", *(["held back"] if waited else []), "how it ended"]
    return table(head, rows, stage=shown, right=range(1, len(head) - 1))


def _figure(number: int) -> Cell:
    return Cell(count(number), "none" if number else "dim")


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
