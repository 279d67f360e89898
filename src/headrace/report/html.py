"""The run report as one HTML page that stands alone: no script, no image, and nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from headrace.report.collect import ResourceReport, RunReport
from headrace.report.html_style import STYLE
from headrace.report.layout import Style
from headrace.report.sentences import HELD_WORTH_SAYING_S, happened
from headrace.report.steps import Setting, steps
from headrace.report.verdict import ending, target_of, verdict
from headrace.report.words import count, duration, many, size

_MARKS: dict[Style, str] = {"good": "✓", "warn": "!", "bad": "✗", "none": "…"}
_CODE = re.compile("`([^`]+)`")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: RunReport, setting: Setting, when: str) -> str:
    """The page. `when` says in words when the run was; everything that comes from outside is escaped."""
    found = verdict(report, setting)
    target = target_of(setting)
    where = f"{escape(setting.name)} <span class=to>→ {escape(target)}</span>" if target else escape(setting.name)
    title = escape(f"{setting.name}: {found.words}")
    body = [
        f"<header class={found.style}><p class=mark>{_MARKS[found.style]}</p><div><h1>{where}</h1>",
        f"<p class=verdict>{escape(_sentence(found.words))}</p>",
        f"<p class=when>{escape(when)}</p></div></header>",
        *_figures(report),
        *_section("Resources", _resources(report, setting)),
        *_section("What happened", _happened(report, setting)),
        *_section(f"Tables in {setting.dataset}" if setting.dataset else "Tables", _tables(report)),
        *_section("What next", _next(report, setting)),
        f"<footer>Run {escape(report.run_id)} · made by headrace</footer>",
    ]
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">\n'
        '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>"
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _prose(words: str) -> str:
    """A sentence, escaped; what stands in backticks is shown as code."""
    return _CODE.sub(r"<code>\1</code>", escape(words))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"<section><h2>{escape(title)}</h2>"
        yield from found
        yield "</section>"


def _figures(report: RunReport) -> Iterator[str]:
    retries = sum(each.retries for each in report.resources.values())
    read = size(sum(each.bytes for each in report.resources.values()))
    tiles = [("records", count(report.records)), ("resources", count(len(report.resources))), ("read", read)]
    if report.wall_s:  # otherwise only the journal tells of this run
        tiles += [
            ("wall time", duration(report.wall_s)),
            ("requests", count(report.requests)),
            ("asked again", count(retries)),
            ("answered 429", count(report.http_429)),
            ("of memory", f"{count(report.peak_rss_mb)} MB"),
        ]
    if report.resources:
        yield "<dl class=figures>"
        yield from (f"<div><dt>{escape(what)}</dt><dd>{escape(figure)}</dd></div>" for what, figure in tiles)
        yield "</dl>"


def _resources(report: RunReport, setting: Setting) -> Iterator[str]:
    if not report.resources:
        return
    most = max(each.records for each in report.resources.values()) or 1
    waited = any(each.throttled_s >= HELD_WORTH_SAYING_S for each in report.resources.values())
    held = ["held back"] if waited else []
    numbers = "".join(f"<th class=n>{each}</th>" for each in ("retries", *held, "rejects"))
    yield "<div class=wide><table><thead><tr><th>resource</th><th class=n>pages</th><th class=n>records</th>"
    yield f"<th class=bar></th>{numbers}<th class=end>how it ended</th></tr></thead><tbody>"
    for name, each in report.resources.items():
        end = ending(each, report, setting)
        cells = [
            f"<th scope=row>{escape(name)}</th>",
            _number(each.pages),
            _number(each.records),
            f"<td class=bar><i style='width:{100 * each.records / most:.1f}%'></i></td>",
            _number(each.retries),
            *([f"<td class=n>{duration(each.throttled_s)}</td>"] if waited else []),
            _number(each.rejects, bad=each.rejects > 0),
            f"<td class={end.style}>{_prose(end.words)}</td>",
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _number(number: int, *, bad: bool = False) -> str:
    kind = "n bad" if bad else "n" if number else "n nil"
    return f"<td class='{kind}'>{count(number)}</td>"


def _happened(report: RunReport, setting: Setting) -> Iterator[str]:
    said = list(happened(report, setting.pace))
    if said:
        yield "<ul class=said>"
        yield from (f"<li class={tone}>{_prose(words)}</li>" for tone, words in said)
        yield "</ul>"


def _tables(report: RunReport) -> Iterator[str]:
    """Rows by table, children below their roots."""
    rows = [(root, name, number) for root, each in report.resources.items() for name, number in each.rows.items()]
    if not rows:
        return
    yield "<table class=tables><thead><tr><th>table</th><th class=n>rows</th></tr></thead><tbody>"
    for _root, name, number in rows:
        kind = " class=child" if "__" in name else ""
        yield f"<tr><th scope=row{kind}>{escape(name)}</th>{_number(number)}</tr>"
    yield "</tbody></table>"
    rejected = [(name, each) for name, each in report.resources.items() if each.reject_reasons]
    yield from (line for name, each in rejected for line in _rejected(name, each))


def _rejected(name: str, each: ResourceReport) -> Iterator[str]:
    yield f"<h3>{many(each.rejects, 'reject')} of {escape(name)}</h3><ul class=said>"
    for why in each.reject_reasons:
        place = f"first: record {why.record} of page {why.page}"
        yield f"<li class=warn>{count(why.records)} × {_prose(why.reason)} ({place})</li>"
    yield "</ul>"


def _next(report: RunReport, setting: Setting) -> Iterator[str]:
    for words, command in steps(report, setting):
        yield f"<p>{escape(words)}</p>"
        if command:
            yield f"<pre>{escape(command)}</pre>"
