"""What to do after a run: what to mend before it can go on, how to go on, and how to look at what came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from headrace.report.collect import Failure, RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.mend import Mend
from headrace.report.words import some

_NAMES_SHOWN = 6
_ENDED = ("end", "early", "limit")
_MENDS: dict[Mend, str] = {
    "credentials": "Mend the credentials{which}",
    "request": "Mend the path or the parameters{of}, or the base URL",
    "selector": "Mend the data selector{of}, as said above",
    "answer": "See what the URL{of} answers, and mend the path or the base URL",
    "origin": "Allow {url} with --allow-origin, if it is to be trusted",
    "paging": "Mend the paging{of}, as said above",
    "contract": "Mend the schema contract{of} in the configuration, which asks for nothing again; or, if the API's "
    "data was mended, fetch it again with --new",
    "warehouse": "Mend the warehouse, as said above{other}",
    "time": "State a longer retry.timeout_s{of}, if the API is that slow",
    "cause": "Mend what failed{of}, as said above",
    "again": "",
}


class Setting(msgspec.Struct, frozen=True):
    """What surrounds a report: which document ran, where the data went, and how to type the next command.

    `again` is the command line that resumes (after `fetch`: that loads), empty where there is none; `anew` says that it
    begins from nothing instead. `python` is an interpreter that has DuckDB; `more` are further steps after a run that
    went well, each a sentence and a command. `pace` are the flags that hold requests back, as they were typed.
    """

    name: str
    destination: str
    dataset: str = ""
    journal: str = ""
    again: str = "headrace run CONFIG"
    anew: bool = False
    python: str = "python"
    mode: str = "run"
    more: tuple[tuple[str, str], ...] = ()
    pace: tuple[str, ...] = ()


class Step(NamedTuple):
    """A sentence, and the command that it leads to; a mend has none."""

    words: str
    command: str = ""


def steps(report: RunReport, setting: Setting) -> Iterator[Step]:
    """In the order in which they are to be done."""
    code = exit_code(report)
    if code in {Exit.SOURCE, Exit.SINK, Exit.INTERRUPTED} and report.run_id and setting.again:
        yield from _on_again(report, setting)
    if setting.mode == "fetch" and code in {Exit.DONE, Exit.LOOK}:
        yield Step("Load what was fetched; no request is sent:", setting.again)
    if setting.destination.startswith("duckdb:"):
        yield from _looks(report, setting)
    if code in {Exit.DONE, Exit.LOOK}:
        yield from (Step(*each) for each in setting.more)


def _on_again(report: RunReport, setting: Setting) -> Iterator[Step]:
    mends = list(_mends(report))
    if setting.anew:
        on = "Begin anew; what this run fetched is not used again:"
    elif report.pages:
        on = "Go on where it stopped; no page that is in the journal is asked for again:"
    elif mends or exit_code(report) == Exit.INTERRUPTED:
        on = "Run it again:"
    else:
        on = "Run it again when the API answers:"
    yield from (Step(f"{words}.") for words in mends)
    yield Step(f"Then {on[0].lower()}{on[1:]}" if mends else on, setting.again)
    if mends and not setting.anew and setting.mode != "replay":
        yield from (Step(words) for words in _held_up(report))


def _held_up(report: RunReport) -> Iterator[str]:
    """What a run that cannot be finished keeps from the resources that have nothing to mend."""
    failed = {fault.resource for fault in report.errors if fault.resource and fault.mend != "again"}
    others = [name for name, each in report.resources.items() if each.stopped in _ENDED and name not in failed]
    if failed and others:
        yield (
            f"Until then the run stays unfinished, and running it again brings nothing new of {_told(others)}: for "
            f"that, begin a new run with --new, and leave out {_told(sorted(failed))} by naming others with --resource."
        )


def _mends(report: RunReport) -> Iterator[str]:
    """A sentence for each thing that asking again will not change, with the resources that wait for it."""
    if url := _deaf(report):
        yield f"Check the base URL: nothing has answered at {url}"
    waiting: dict[Mend, list[Failure]] = {}
    for fault in report.errors:
        waiting.setdefault(fault.mend, []).append(fault)
    other = "" if report.pages else ", or name another with --to and --journal"
    for mend, faults in waiting.items():
        names = _told(fault.resource for fault in faults)
        secrets = _told(secret for fault in faults for secret in fault.secrets)
        url = _told(fault.url for fault in faults) or "that origin"
        of, which = names and f" of {names}", secrets and f": {secrets}"
        if words := _MENDS[mend]:
            yield words.format(of=of, which=which, url=url, other=other)
        elif len(waiting) > 1 and (later := _told(fault.resource for fault in faults if fault.kind == "source")):
            yield f"Wait until the API answers for {later}"


def _deaf(report: RunReport) -> str:
    """The first URL asked for, where no request of the run has had an answer: there may be nobody."""
    asked = [fault.url for fault in report.errors if fault.kind == "source" and fault.mend == "again" and fault.url]
    silent = all(fault.status is None for fault in report.errors) and len(asked) == len(report.errors)
    return asked[0] if asked and silent and not report.pages else ""


def _told(names: Iterable[str]) -> str:
    """Each name once, in prose."""
    return some(list(dict.fromkeys(name for name in names if name)), _NAMES_SHOWN)


def _looks(report: RunReport, setting: Setting) -> Iterator[Step]:
    if any(report.rows.values()):
        biggest = max(report.rows.items(), key=lambda item: ("__" not in item[0], item[1]))[0]
        yield Step("Look at the tables:", _sql(f"FROM {_in(setting, biggest)} LIMIT 5", setting))
    if report.load_id and any(each.rejects for each in report.resources.values()):
        yield Step("Look at the rejects:", _sql(f"FROM {_in(setting, '_headrace_rejects')} LIMIT 5", setting))


def _in(setting: Setting, table: str) -> str:
    return f"{setting.dataset}.{table}" if setting.dataset else table


def _sql(query: str, setting: Setting) -> str:
    # duckdb:///x is relative to the working directory, duckdb:////x absolute.
    path = setting.destination.removeprefix("duckdb:///").removeprefix("duckdb:")
    code = f"import duckdb; duckdb.connect('{path}').sql('{query}').show()"
    return f'{setting.python} -c "{code}"'
