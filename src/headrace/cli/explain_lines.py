"""How an explained document is laid out for a person: what all resources share is said once, the rest by resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from headrace.cli.explain_expect import expectations
from headrace.cli.explain_object import Explained, ExplainedResource
from headrace.cli.faults import fault_lines
from headrace.model.plan import Json
from headrace.report.layout import Cell, Stage, Style, bullets, table, wrapped
from headrace.report.words import listed, many
from headrace.run.asks import Ask
from headrace.spec.needs import how_met
from headrace.spec.origins import Value

_HEAD = ("value", "in effect", "sure", "from")
_LONGEST, _SHORTER, _WIDE = 30, 22, 100
_BESIDE_NOTHING = 12  # more room where no column names the resource
_NOTED = ("guessed", "detected")
_INHERITED = (("resource_defaults", " (defaults)"), ("client.paginator", " (client)"))
_STYLES: dict[str, Style] = {"stated": "none", "implied": "none", "guessed": "warn", "detected": "accent"}
_USUAL_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class _Row(NamedTuple):
    """One value of one or more resources, which differ in the line at most."""

    key: str
    value: Value
    lines: tuple[int, ...]


def lines(found: Explained, shown: Stage) -> list[str]:
    """The document: a verdict, then value by value, then requests, and what to expect."""
    if found.client is None:
        errors = sum(fault.severity == "error" for fault in found.faults)
        head = _verdict("bad", shown.marks.bad, f"{found.config} cannot run: {many(errors, 'error')} to mend.", shown)
        return [*head, *fault_lines(found.faults, shown)]
    return [
        *_head(found, shown),
        *_section("The API", _block(_rows([found.client.values]), shown), shown),
        *_resources(found.resources, shown),
        *_section("Requests", _requests(found.resources, shown), shown),
        *expectations(found, shown),
    ]


def _verdict(style: Style, mark: str, words: str, shown: Stage) -> list[str]:
    first, *rest = wrapped(words, shown.width, " " * (len(mark) + 1))
    head = f"{shown.paint(style, mark)} {shown.paint('strong', first.lstrip())}"
    return [head, *(shown.paint("strong", line) for line in rest)]


def _head(found: Explained, shown: Stage) -> Iterator[str]:
    kind = {"dlt": "a dlt REST API configuration", "scaffold": "a near-dlt scaffold document"}[found.dialect or "dlt"]
    if found.needs:
        lacking = listed([how_met(each, found.fillers.get(each, "")) for each in found.needs])
        words = f"{found.config}, read as {kind}, lacks {lacking}."
        yield from _verdict("warn", shown.marks.warn, words, shown)
    else:
        yield from _verdict("good", shown.marks.good, f"{found.config}, read as {kind}.", shown)
    warnings = sum(fault.severity == "warning" for fault in found.faults)
    if warnings:
        yield from wrapped(f"{many(warnings, 'warning')}: `headrace check` tells what to look at.", shown.width, "  ")


def _section(title: str, body: Iterator[str], shown: Stage) -> Iterator[str]:
    found = list(body)
    if found:
        yield ""
        yield shown.paint("strong", title)
        yield from found


# --- values -------------------------------------------------------------------------------------


def _resources(resources: Sequence[ExplainedResource], shown: Stage) -> Iterator[str]:
    """What all have in common, then what is each one's own."""
    shared = _shared([each.values for each in resources]) if len(resources) > 1 else []
    if shared:
        yield from _section(f"Each of the {len(resources)} resources", _block(shared, shown), shown)
    common = {row.key for row in shared} | {"name"}
    own = {each.name: [row for row in _rows([each.values]) if row.key not in common] for each in resources}
    title = "What is each one's own" if len(resources) > 1 else resources[0].name
    yield from _section(title, _owned(own, shown), shown)
    walked = [each.name for each in resources if not each.selected]
    if walked:
        words = f"not loaded, and walked for what hangs on it: {listed(walked)}"
        yield from (shown.paint("dim", line) for line in wrapped(words, shown.width, "  "))


def _owned(own: Mapping[str, Sequence[_Row]], shown: Stage) -> Iterator[str]:
    if len(own) == 1:
        yield from _block(next(iter(own.values())), shown)
        return
    body: list[list[str | Cell]] = []
    for name, rows in own.items():
        cells = [_cells(row, _longest(shown)) for row in rows if row.value.origin != "default"]
        body += [[Cell(name if at == 0 else "", "strong"), *each] for at, each in enumerate(cells)]
    if body:
        yield from table(("resource", *_HEAD), body, stage=shown)
    yield from _notes([row for rows in own.values() for row in rows], shown)
    for name, rows in own.items():  # that its table is called like it goes without saying
        left = [row for row in rows if row.value.origin == "default" and (row.key, row.value.value) != ("table", name)]
        yield from _defaults(left, f"{name}, by default: ", shown)


def _shared(every: Sequence[Mapping[str, Value]]) -> list[_Row]:
    """The values that are the same in all, and for the same reason."""
    keys = [key for key in every[0] if all(key in values for values in every)]
    return [row for key in keys for row in _rows([{key: values[key]} for values in every]) if _is_one(key, every)]


def _is_one(key: str, every: Sequence[Mapping[str, Value]]) -> bool:
    first = every[0][key]
    return all(_reason(values[key]) == _reason(first) for values in every)


def _reason(value: Value) -> tuple[Json, str, str, str | None]:
    return value.value, value.origin, value.confidence, value.rule


def _rows(every: Sequence[Mapping[str, Value]]) -> list[_Row]:
    found = []
    for key, first in every[0].items():
        places = {line for values in every if (line := values[key].line) is not None}
        found.append(_Row(key, first, tuple(sorted(places))))
    return found


def _block(rows: Sequence[_Row], shown: Stage) -> Iterator[str]:
    """A table of what somebody has said, or the first response has; then the guesses and the defaults, in prose."""
    longest = _longest(shown) + _BESIDE_NOTHING
    body = [_cells(row, longest) for row in rows if row.value.origin != "default"]
    if body:
        yield from table(_HEAD, body, stage=shown)
    yield from _notes(rows, shown)
    yield from _defaults([row for row in rows if row.value.origin == "default"], "by default: ", shown)


def _notes(rows: Sequence[_Row], shown: Stage) -> Iterator[str]:
    """Why a guess was made, and what a first response has shown: each sentence once."""
    told: dict[str, Style] = {}
    for row in rows:
        value = row.value
        if value.confidence in _NOTED and value.why:
            lead = f"{value.rule}: " if value.rule else ""
            told.setdefault(f"{lead}{value.why}", _STYLES[value.confidence])
    yield from bullets([("warn" if style == "warn" else "none", words) for words, style in told.items()], shown)


def _defaults(rows: Sequence[_Row], lead: str, shown: Stage) -> Iterator[str]:
    if rows:
        said = [f"{row.key} {_words(row.value.value, _LONGEST)}" for row in rows]
        lines = wrapped(lead + f" {shown.marks.bullet} ".join(said), shown.width, "  ")
        yield from (shown.paint("dim", line) for line in lines)


def _longest(shown: Stage) -> int:
    return _LONGEST if shown.width >= _WIDE else _SHORTER


def _cells(row: _Row, longest: int) -> list[str | Cell]:
    """One row of a table."""
    value = row.value
    sure = Cell(value.confidence, _STYLES[value.confidence])
    return [row.key, Cell(_words(value.value, longest), "strong"), sure, _source(row)]


def _words(value: Json, longest: int) -> str:
    """A value on one line, cut where it is long; --format json has all of it."""
    match value:
        case None:
            words = "not known yet"
        case str():
            words = value or "(empty)"
        case list() if all(isinstance(each, str | int) for each in value):
            words = ", ".join(map(str, value)) or "none"
        case {"requests": requests, "window_s": window_s}:
            words = f"{requests} in {window_s:g} s"
        case bool():
            words = str(value).lower()
        case float():
            words = f"{value:g}"
        case _:
            words = msgspec.json.encode(value).decode()
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _source(row: _Row) -> str:
    """Where a value comes from."""
    value = row.value
    match value.origin:
        case "flag":
            return value.why
        case "first response":
            return value.origin
        case "rule":
            return f"{_where(row)}, {value.rule or 'as scaffolds mean it'}"
        case _:
            return _where(row)


def _where(row: _Row) -> str:
    if not row.lines:
        return "the document"
    *others, last = map(str, row.lines)
    where = f"lines {', '.join(others)} and {last}" if others else f"line {last}"
    inherited = (words for start, words in _INHERITED if not others and row.value.path.startswith(start))
    return where + next(inherited, "")


# --- requests -----------------------------------------------------------------------------------


def _requests(resources: Sequence[ExplainedResource], shown: Stage) -> Iterator[str]:
    """The first request of each resource and the one after it; headers that all carry are said once."""
    asked = [ask for each in resources for ask in each.requests if ask.what == "first"]
    first = asked[0].headers if asked else {}
    common = {name: words for name, words in first.items() if all(ask.headers.get(name) == words for ask in asked)}
    widest = max(len(each.name) for each in resources)
    bought: set[str] = set()
    for each in resources:
        first_url = ""
        for ask in each.requests:
            if ask.what == "token":
                yield from _token(ask, bought, shown)
                continue
            if ask.what == "first":
                first_url = ask.url
                yield f"  {shown.paint('strong', each.name.ljust(widest))}  {ask.method} {ask.url}"
                own = {name: words for name, words in ask.headers.items() if common.get(name) != words}
                yield from (line for name in own for line in _line(f"{name}: {own[name]}", shown, " " * (widest + 6)))
            else:
                yield f"  {' ' * widest}  then {ask.note or _less(ask.url, first_url)}"
            yield from _line(ask.body or "", shown, " " * (widest + 6))
    told = [f"{name}: {words}" for name, words in common.items() if name not in _USUAL_HEADERS]
    usual = [f"{name}: {words}" for name, words in common.items() if name in _USUAL_HEADERS]
    if told:
        yield "  with"
        yield from (line for words in told for line in _line(words, shown, "      "))
    if usual:
        yield from (shown.paint("dim", line) for words in usual for line in _line(words, shown, "      "))


def _token(ask: Ask, bought: set[str], shown: Stage) -> Iterator[str]:
    """The request for a token, once for all that share it."""
    if ask.url not in bought:
        yield f"  for a token  {ask.method} {ask.url}"
        yield from _line(ask.body or "", shown, "      ")
    bought.add(ask.url)


def _less(url: str, first: str) -> str:
    """A URL without what it has in common with another one."""
    same = next((at for at, (one, other) in enumerate(zip(url, first, strict=False)) if one != other), len(first))
    cut = max(url.rfind(mark, 0, same + 1) for mark in "/?&")
    return f"…{url[cut:]}" if cut > 0 and url != first else url


def _line(words: str, shown: Stage, indent: str) -> list[str]:
    return wrapped(words, shown.width, indent) if words else []
