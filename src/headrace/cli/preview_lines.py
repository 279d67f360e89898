"""How a previewed page is laid out for a person: the rows first, then the tables, the keys, and what follows."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.cli.preview_object import KeyCheck, Previewed, PreviewTable
from headrace.report.grid import cell, fitted, grid
from headrace.report.layout import Stage, Style, bullets, wrapped
from headrace.report.words import count, listed, many, size

_OURS = "_dlt_"
_COLUMNS_SHOWN, _OF_CHILD = 40, 12
_NAMES_SHOWN = 12
_REJECTS_SHOWN = 3
_NAME, _TYPE, _FILLED = 40, 10, 6


def lines(found: Previewed, shown: Stage) -> list[str]:
    """The whole page as lines of text."""
    return [
        *_head(found, shown),
        *_titled(_of_rows(found), _rows(found, shown), shown),
        *_titled("Tables", _tables(found, shown), shown),
        *_titled("Keys", _keys(found, shown), shown),
        *_titled("Noticed", _doubts(found, shown), shown),
    ]


def _titled(title: str, body: Iterator[str], shown: Stage) -> Iterator[str]:
    told = list(body)
    if told:
        yield ""
        yield shown.paint("strong", title)
        yield from told


def _head(found: Previewed, shown: Stage) -> Iterator[str]:
    bad = bool(found.rejects) or any(not key.good for key in found.keys) or not found.records
    style: Style = "warn" if bad else "good"
    mark = shown.marks.warn if bad else shown.marks.good
    words = f"{found.resource}: {many(found.records, 'record')} on the first page; nothing was written"
    yield f"{shown.paint(style, mark)} {shown.paint('strong', words)}"
    for each in found.parents:
        taken = ", ".join(f"{path} = {cell(value)}" for path, value in each.taken.items())
        of = f" of {many(each.records, 'record')} on its first page" if each.records > 1 else ""
        yield from _bullet(f"for one record of {each.resource}{of}: {taken}", shown)
    if found.request is not None:
        asked = found.request
        came = f"{asked.status} with {size(asked.body_bytes)} in {asked.elapsed_s:.1f} s"
        yield from _bullet(f"{asked.method} {asked.url} answered {came}", shown)
    if found.detected is not None:
        yield from _bullet(f"detected: {found.detected.why}", shown)
    elif found.selector is not None:
        yield from _bullet(f"the records are at `{found.selector}`, as the document says", shown)
    end = "the walk would end here" + (": " if found.next.proven else ", with no proof that this is all: ")
    yield from _bullet(f"{end if found.next.done else ''}{found.next.why}", shown)
    if found.kept < found.records:
        yield from _bullet(f"the increment keeps {count(found.kept)} of them", shown)


def _bullet(words: str, shown: Stage) -> list[str]:
    return wrapped(words, shown.width, f"  {shown.marks.bullet} ")


# --- rows and tables ------------------------------------------------------------------------------


def _of_rows(found: Previewed) -> str:
    root = next((each.rows for each in found.tables if each.name == found.table), 0)
    shown_rows = len(found.rows)
    return f"The first {shown_rows} of {many(root, 'row')}" if shown_rows < root else f"{many(root, 'row')}"


def _rows(found: Previewed, shown: Stage) -> Iterator[str]:
    if not found.rows:
        return
    keys = [name for key in found.keys for name in key.columns]
    root = next(each for each in found.tables if each.name == found.table)
    names = [each.name for each in root.columns if not each.name.startswith(_OURS) and each.filled]
    made = grid(found.rows, [*(n for n in names if n in keys), *(n for n in names if n not in keys)], shown)
    yield from made.lines
    if made.left_out:
        told = made.left_out[:_NAMES_SHOWN]
        more = len(made.left_out) - len(told)
        words = f"and {many(len(made.left_out), 'more column')}: {', '.join(told)}{' …' if more else ''}"
        yield from (shown.paint("dim", line) for line in wrapped(words, shown.width, "  "))


def _tables(found: Previewed, shown: Stage) -> Iterator[str]:
    for each in found.tables:
        yield from _table(each, found, shown)


def _table(one: PreviewTable, found: Previewed, shown: Stage) -> Iterator[str]:
    """The root with a line for each column; a child in one piece, with a sample of its first row."""
    columns = [each for each in one.columns if not each.name.startswith(_OURS)]
    if one.parent is not None:
        more = f" … and {len(columns) - _OF_CHILD} more" if len(columns) > _OF_CHILD else ""
        words = ", ".join(f"{each.name} {each.data_type}" for each in columns[:_OF_CHILD]) + more
        yield from wrapped(f"{one.name}, {many(one.rows, 'row')}: {words}", shown.width, "  ", "    ")
        if one.sample:
            yield shown.paint("dim", "    " + fitted(f"such as {cell(one.sample)}", shown.width - 4).rstrip())
        return
    told = f"{one.name}, {many(one.rows, 'row')}, {many(len(columns), 'column')}"
    yield f"  {shown.paint('accent', told)}"
    keys = {name for key in found.keys if key.kind != "candidate" for name in key.columns}
    width = min(_NAME, max(len("column"), *(len(each.name) for each in columns)))
    left = shown.width - width - _TYPE - _FILLED - 10
    yield shown.paint("dim", f"    {'column'.ljust(width)}  {'type'.ljust(_TYPE)}  {'filled'}  first value")
    for each in columns[:_COLUMNS_SHOWN]:
        filled = f"{each.filled:.0%}".rjust(_FILLED)
        name = fitted(each.name, width)
        kind = fitted(each.data_type, _TYPE)
        value = fitted(cell(each.example), max(8, left)).rstrip()
        yield f"    {shown.paint('strong', name) if each.name in keys else name}  {kind}  {filled}  {value}".rstrip()
    if len(columns) > _COLUMNS_SHOWN:
        more = many(len(columns) - _COLUMNS_SHOWN, "more column")
        yield shown.paint("dim", f"    … {more}; --format json has them all")


# --- keys and doubts --------------------------------------------------------------------------------


def _keys(found: Previewed, shown: Stage) -> Iterator[str]:
    said: list[tuple[Style, str]] = [("good" if each.good else "warn", _key(each)) for each in found.keys]
    if not found.keys and found.rows:
        said.append(("none", "no key is stated, and no column of a usual name would do for one"))
    yield from bullets(said, shown)


def _key(key: KeyCheck) -> str:
    columns = listed(key.columns)
    if key.kind == "candidate":
        return f"no key is stated; `primary_key: {columns}` would do: {key.why}"
    return f"{key.kind.replace('_', ' ')} {columns}: {key.why}"


def _doubts(found: Previewed, shown: Stage) -> Iterator[str]:
    said: list[tuple[Style, str]] = []
    if found.rejects:
        reasons = list(dict.fromkeys(each.reason for each in found.rejects))[:_REJECTS_SHOWN]
        said.append(("bad", f"{many(len(found.rejects), 'record')} would be rejected: {'; '.join(reasons)}"))
    said += [("none", words) for words in found.notices]
    yield from bullets(said, shown)
