"""What a run will probably bring, by the runs that a journal remembers; read, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from headrace.decode.rules import DecodeRules
from headrace.errors import ConfigError, JournalError, WalkStuck
from headrace.journal.layout import RunSummary, WalkState
from headrace.journal.write import Journal, open_journal
from headrace.model.plan import Plan, Resource
from headrace.model.position import Seen
from headrace.model.table import TableSchema
from headrace.report.collect import ResourceReport, RunReport
from headrace.run.past import owned_walks, past
from headrace.run.resume import owner_of
from headrace.walk.bind import EVERYTHING, Window, bind
from headrace.walk.detect import Detection
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve


class Before(msgspec.Struct, frozen=True):
    """What the journal remembers of one resource. `run_id` is the run that `report` is of, if one is kept.

    `detected` is what its first response settled, in the run `detected_in`; `tables` are those of its first pages.
    `changed`: its requests are others now. `window` is where an increment goes on.
    """

    run_id: str = ""
    report: ResourceReport | None = None
    detected: Detection | None = None
    detected_in: str = ""
    tables: tuple[TableSchema, ...] = ()
    changed: bool = False
    window: Window = EVERYTHING


class Outlook(msgspec.Struct, frozen=True):
    """All that is remembered: the last run with a report, the unfinished run, and each resource by name."""

    last: RunReport | None = None
    last_run: RunSummary | None = None
    unfinished: RunSummary | None = None
    resources: dict[str, Before] = {}


def outlook(plan: Plan, folder: Path, rules: DecodeRules) -> Outlook:
    """What the journal in a folder remembers; of one that is not there, or that cannot be read, nothing."""
    bare = Outlook(resources={each.name: Before(window=window_of(each, None)) for each in plan.resources})
    if not folder.is_dir():
        return bare
    try:
        journal = open_journal(folder, None, read_only=True)
    except (JournalError, ConfigError):
        return bare
    with journal:
        return _Memory(plan, journal, rules).outlook()


def window_of(resource: Resource, seen: Seen | None) -> Window:
    """Where the increment of a resource begins, by what is known of it."""
    if resource.incremental is None:
        return EVERYTHING
    try:
        return Sieve(resource, resource.incremental, seen).window
    except WalkStuck:  # a lag on what is no time: the run will say so
        return Sieve(resource, resource.incremental).window


class _Memory:
    """A journal's runs, the newest first, and the reports that are kept of them, by run."""

    def __init__(self, plan: Plan, journal: Journal, rules: DecodeRules) -> None:
        self._plan = plan
        self._journal = journal
        self._rules = rules
        self._runs = list(reversed(journal.runs()))
        found = ((run.run.run_id, _report(journal, run)) for run in self._runs)
        self._reports = {run_id: report for run_id, report in found if report is not None}

    def outlook(self) -> Outlook:
        last = next((run for run in self._runs if run.run.run_id in self._reports), None)
        return Outlook(
            last=self._reports[last.run.run_id] if last is not None else None,
            last_run=last,
            unfinished=next((run for run in self._runs if self._is_open(run)), None),
            resources={each.name: self._before(each) for each in self._plan.resources},
        )

    def _is_open(self, run: RunSummary) -> bool:
        return run.state == "unfinished" and run.run.run_id not in self._reports

    def _before(self, resource: Resource) -> Before:
        name = resource.name
        told = next((run_id for run_id, report in self._reports.items() if _came(report, name)), "")
        report = self._reports[told].resources[name] if told else None
        window = window_of(resource, self._seen(resource))
        run_id, state = next(self._walks(name), ("", None))
        if state is None:
            return Before(told, report, window=window)
        from headrace.run.glimpse import remembered  # noqa: PLC0415 - brings Arrow, which only remembered pages need

        glimpse = remembered(self._journal, run_id, resource, self._rules)
        return Before(
            run_id=told,
            report=report,
            detected=msgspec.json.decode(state.detected, type=Detection) if state.detected else None,
            detected_in=run_id if state.detected else "",
            tables=glimpse.tables if glimpse is not None else (),
            changed=_has_changed(self._plan, resource, state),
            window=window,
        )

    def _walks(self, name: str) -> Iterator[tuple[str, WalkState]]:
        """The walks of a resource that have pages, those of the newest run first."""
        for run in self._runs:
            run_id = run.run.run_id
            yield from ((run_id, state) for state in owned_walks(self._journal, run_id, name) if state.pages)

    def _seen(self, resource: Resource) -> Seen | None:
        """Where an increment goes on: an unfinished run where it began, a new one where the last one came to."""
        if resource.incremental is None:
            return None
        for run in self._runs:
            if self._is_open(run):
                return run.run.seen.get(resource.name)
            report = self._reports.get(run.run.run_id)
            found = report.resources.get(resource.name) if report is not None else None
            if found is not None and found.watermark is not None:
                return Seen(resource.incremental.cursor_path, found.watermark)
        return None


def _report(journal: Journal, run: RunSummary) -> RunReport | None:
    try:
        found = past(journal, run)
    except JournalError:
        return None
    return found.report if found.kept is not None else None


def _came(report: RunReport, name: str) -> bool:
    found = report.resources.get(name)
    return found is not None and found.pages > 0


def _has_changed(plan: Plan, resource: Resource, state: WalkState) -> bool:
    """Whether the requests are others now, as far as that can be told without a parent's rows and a window."""
    if resource.parent is not None or resource.incremental is not None or owner_of(state.walk) == resource.name:
        return False
    return fingerprint(plan.client, bind(resource, {}, EVERYTHING)) != state.fingerprint
