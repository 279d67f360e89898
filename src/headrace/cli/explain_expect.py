"""What a run of an explained document will probably bring, for a person: how much, which tables, which limits."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.cli.explain_object import Column, Explained, Limits, Table, Whole
from headrace.report.layout import Cell, Stage, table, wrapped
from headrace.report.words import count, duration, many, some

_COLUMNS_SHOWN = 24
_CHILDREN_SHOWN = 6
_OURS = "_dlt_"


def expectations(found: Explained, shown: Stage) -> Iterator[str]:
    """How much to expect, the tables, and what holds requests back."""
    yield from _titled("What to expect", _how_much(found, shown), shown)
    yield from _titled("Tables", _tables(found, shown), shown)
    yield from _titled("Limits", _limits(found.limits, found, shown), shown)


def _titled(title: str, body: Iterator[str], shown: Stage) -> Iterator[str]:
    lines = list(body)
    if lines:
        yield ""
        yield shown.paint("strong", title)
        yield from lines


def _how_much(found: Explained, shown: Stage) -> Iterator[str]:
    for words in _whole(found.expect):
        yield from wrapped(words, shown.width, "  ")
    known = [each for each in found.resources if each.expect.pages is not None]
    if not known:
        return
    rows: list[list[str | Cell]] = [
        [
            Cell(each.name, "strong"),
            _figure(each.expect.pages),
            _figure(each.expect.records),
            _figure(each.expect.requests),
            _of(each.expect.run_id, found.expect.run_id, each.expect.why, changed=each.expect.changed),
        ]
        for each in found.resources
    ]
    yield ""
    head = ("resource", "pages", "records", "requests", "by")
    yield from table(head, rows, stage=shown, right=(1, 2, 3))


def _whole(expect: Whole) -> Iterator[str]:
    if expect.unfinished:
        yield f"Run {expect.unfinished} is not over: the next run goes on with it, and asks for no page again."
    if expect.requests is None or expect.wall_s is None:
        yield f"{expect.why[:1].upper()}{expect.why[1:]}."
        return
    brought = f"{many(expect.records or 0, 'record')} with {many(expect.requests, 'request')}"
    yield f"The last run ({expect.run_id}) brought {brought} in {duration(expect.wall_s)}."
    if expect.at_least_s:
        yield f"As many requests take at least {duration(expect.at_least_s)} at the declared rate."


def _figure(number: int | None) -> str:
    return "" if number is None else count(number)


def _of(run_id: str, last: str, why: str, *, changed: bool) -> Cell:
    if not run_id:
        return Cell(why, "dim")
    words = "the last run" if run_id == last else f"run {run_id}"
    return Cell(f"{words}; its requests were others then", "warn") if changed else Cell(words)


# --- tables -------------------------------------------------------------------------------------


def _tables(found: Explained, shown: Stage) -> Iterator[str]:
    seen = False
    for each in found.resources:
        if not each.tables:
            continue
        root, *children = each.tables
        seen = seen or any(column.origin == "seen" for column in root.columns)
        yield from _columns(root, each.name, shown)
        for child in children[:_CHILDREN_SHOWN]:
            yield from _columns(child, "", shown)
        if len(children) > _CHILDREN_SHOWN:
            rest = many(len(children) - _CHILDREN_SHOWN, "more child table")
            yield shown.paint("dim", f"    … {rest}; --format json has them all")
    told = (
        "columns as in the first pages that the journal holds; what is declared is marked with *"
        if seen
        else "only what is declared is known; all other columns are found in the records"
    )
    yield from (shown.paint("dim", line) for line in wrapped(told, shown.width, "  "))


def _columns(one: Table, name: str, shown: Stage) -> Iterator[str]:
    columns = [_column(each) for each in one.columns if not each.name.startswith(_OURS)]
    more = len(columns) - _COLUMNS_SHOWN
    words = ", ".join(columns[:_COLUMNS_SHOWN]) + (f" … and {count(more)} more" if more > 0 else "")
    indent = "  " if name else "    "
    lead = f"{indent}{one.name}: "
    first, *rest = wrapped(words or "no column is declared", shown.width, lead, f"{indent}  ")
    yield f"{indent}{shown.paint('strong' if name else 'accent', one.name)}{first[len(indent) + len(one.name) :]}"
    yield from rest


def _column(column: Column) -> str:
    mark = "*" if column.origin == "declared" else ""
    kind = f" {column.data_type}" if column.data_type else ""
    return f"{column.name}{mark}{kind}{'' if column.nullable else ' not null'}"


# --- limits -------------------------------------------------------------------------------------


def _limits(limits: Limits, found: Explained, shown: Stage) -> Iterator[str]:
    for words in _limit_words(limits, found):
        yield from wrapped(words, shown.width, f"  {shown.marks.bullet} ")


def _limit_words(limits: Limits, found: Explained) -> Iterator[str]:
    if limits.rate:
        yield f"at most {count(limits.rate['requests'])} requests in any {limits.rate['window_s']:g} s, as declared"
    else:
        yield "no rate is declared (--rate N/SECONDS): the API's own headers and refusals set the pace"
    if limits.api:
        yield f"the last run found a limit of the API's own ({limits.api}): `headrace report` tells more"
    yield f"at most {many(limits.max_concurrency, 'request')} at once"
    if limits.pages:
        yield f"at most {many(limits.pages, 'page')} of each resource (--limit-pages)"
    policies = {
        (each.values["retry.attempts"].value, each.values["retry.base_s"].value, each.values["retry.cap_s"].value)
        for each in found.resources
    }
    for attempts, base_s, cap_s in sorted(policies):
        yield f"a failing request is asked {attempts} times at most, {base_s:g} s to {cap_s:g} s apart"
    deadlines = [
        (each.values["deadline_s"].value, each.name) for each in found.resources if "deadline_s" in each.values
    ]
    for seconds in sorted({seconds for seconds, _ in deadlines}):
        names = some([name for each, name in deadlines if each == seconds], _CHILDREN_SHOWN)
        yield f"{names}: stopped after {seconds:g} s, whatever is left; the next run goes on there"
