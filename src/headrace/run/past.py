"""What a journal tells of its runs: the report that was kept, and of a run that left none what its pages say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from headrace.errors import ConfigError
from headrace.journal.layout import RunSummary, WalkState
from headrace.journal.write import Journal
from headrace.model.position import Done
from headrace.report.collect import Notice, Proof, ResourceReport, RunReport, Status
from headrace.run.resume import owner_of

_WORDS = {
    "unfinished": "This run is not over: the same `headrace run` goes on where it stopped. What was loaded, asked again"
    " or refused is told by its report, which comes with its end.",
    "abandoned": "This run was abandoned with --new, and left no report: the figures are those of its pages.",
    "finished": "The report of this run cannot be read any more: the figures are those of its pages.",
    "running": "This run is under way ({holder}): the figures are those of the pages that are in its journal by now."
    " What was loaded, asked again or refused is told by its report, which comes with its end.",
    "lost": "The journal is damaged where this run began: the figures are those of the pages that are left.",
}


class Past(msgspec.Struct, frozen=True):
    """One run. `kept` is its report as it was printed; without one, `report` is made from the pages."""

    run: RunSummary
    report: RunReport
    kept: bytes | None


def find_run(runs: Iterable[RunSummary], wanted: str) -> RunSummary:
    """The run of an id, of which the beginning or the end is enough. Raises ConfigError, also where several fit."""
    newest_first = sorted(runs, key=lambda each: each.run.started_at, reverse=True)
    fitting = [each for each in newest_first if each.run.run_id.startswith(wanted) or each.run.run_id.endswith(wanted)]
    exact = [each for each in fitting if each.run.run_id == wanted]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    ids = [each.run.run_id for each in fitting or newest_first][:3]
    if fitting:
        raise ConfigError(f"{len(fitting)} runs begin or end with {wanted}, such as {', '.join(ids)}: write more of it")
    raise ConfigError(f"There is no run {wanted}: the last ones are {', '.join(ids)}")


def past(journal: Journal, run: RunSummary) -> Past:
    """One run of a journal. Raises JournalError where its report is damaged."""
    holder = journal.holder if run.state == "unfinished" else ""
    kept = journal.report(run.run.run_id)
    if kept is not None and not holder:  # that of an earlier try
        try:
            return Past(run, RunReport.from_json(kept), kept)
        except msgspec.DecodeError:  # of another version
            pass
    report = _from_pages(run, list(journal.walks(run.run.run_id)))
    return Past(run, _under_way(report, holder) if holder else report, None)


def owned_walks(journal: Journal, run_id: str, resource: str) -> Iterator[WalkState]:
    """The walks of one resource in a run: its own, or those of its parent's rows."""
    return (each for each in journal.walks(run_id) if resource in {each.walk, owner_of(each.walk)})


def _from_pages(run: RunSummary, walks: list[WalkState]) -> RunReport:
    owned: dict[str, list[WalkState]] = {name: [] for name in run.run.resources}
    for state in walks:
        name = state.walk if state.walk in owned else owner_of(state.walk) or state.walk
        owned.setdefault(name, []).append(state)
    resources = {name: _resource(name, states) for name, states in owned.items()}
    ended = bool(resources) and all(each.stopped not in {"error", "interrupted"} for each in resources.values())
    proven = all(each.proof.complete for each in resources.values())
    status: Status = "failed" if not ended else "complete" if proven else "incomplete"
    notices = (Notice(_WORDS[run.state]),)
    return RunReport(run_id=run.run.run_id, status=status, resources=resources, notices=notices)


def _under_way(report: RunReport, holder: str) -> RunReport:
    """The same of a run that is going on."""
    resources = {
        name: each
        if each.stopped != "interrupted"
        else msgspec.structs.replace(each, proof=Proof(complete=False, why="it is under way"))
        for name, each in report.resources.items()
    }
    notices = (Notice(_WORDS["running"].format(holder=holder)),)
    return msgspec.structs.replace(report, status="incomplete", resources=resources, notices=notices, running=True)


def _resource(name: str, states: list[WalkState]) -> ResourceReport:
    """A resource by its walk; that of one with a parent only stands for those of the parent's rows."""
    own = next((each for each in states if each.walk == name), None)
    last = own.last if own is not None else None
    done = last if isinstance(last, Done) else None
    begun = any(each.pages for each in states)
    return ResourceReport(
        pages=sum(each.pages for each in states),
        records=sum(each.records for each in states),
        bytes=sum(each.body_bytes for each in states),
        proof=Proof(complete=done.proven, why=done.why)
        if done is not None
        else Proof(complete=False, why="its end is not in the journal" if begun else "the walk was not begun"),
        stopped=done.stopped if done is not None else "interrupted",
    )
