"""The object graph of a run, in one visible place, and the order in which it is taken up and put down."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from headrace.errors import ConfigError, HeadraceError, Interrupted, JournalError, SinkError, SourceError
from headrace.journal.layout import Identity
from headrace.journal.write import Journal, open_journal
from headrace.model.event import Emit, Event, RunEnded, RunStarted, WalkStarted
from headrace.model.plan import Plan
from headrace.model.strategy import takes_whole_loads
from headrace.report.collect import Collector, Failure, RunReport, failure
from headrace.report.exits import Exit, exit_code
from headrace.run.aside import Go
from headrace.run.flow import Flow, Job, Loaded
from headrace.run.options import Outcome, RunOptions
from headrace.run.resume import OpenRun, OpenWalk, open_run, to_resume
from headrace.sinks.open import open_sink, read_seen
from headrace.spec.read import Options, Source, open_source, read
from headrace.spec.secrets import Lookup
from headrace.spec.settings import Settings
from headrace.transport.auth import references

Publish = Callable[[Outcome], None]


def execute(
    options: RunOptions,
    *,
    environ: Mapping[str, str],
    listen: Emit,
    publish: Publish = lambda _outcome: None,
    go: Go[Outcome] = asyncio.run,
) -> Outcome:
    """Run, fetch or replay by `options`. `publish` gets the outcome before the journal marks the run as over.

    `go` runs the asynchronous part.

    Raises:
        ConfigError: the configuration, a flag or a need is wrong, or another run holds the journal; nothing was
            fetched. Faults of the document are in its `faults`.
    """
    collector = Collector()

    def emit(event: Event) -> None:
        collector(event)
        listen(event)

    source, now = open_source(options.config), dt.datetime.now(dt.UTC)
    job = _prepare(source, options, environ, emit, now)
    identity = Identity(pipeline=job.plan.name, destination=job.destination, dataset=job.dataset)
    with open_journal(job.folder, identity) as journal:
        journal.start_syncer()
        seen = partial(read_seen, job.destination, job.dataset, job.plan.name, folder=job.folder)
        if (begun := to_resume(journal, options)) is not None:  # a template of the time has the value that it had then
            job = _prepare(source, options, environ, emit, dt.datetime.fromtimestamp(begun.started_at, dt.UTC))
        run = open_run(journal, job.plan, options, emit, seen, started_at=now.timestamp())
        flow = Flow(job, journal, run)
        outcome = go(_conclude(job, flow, run, collector))
        if run.resumed and not (flow.loaded and flow.loaded.is_new):
            outcome = _told_before(job, journal, run, outcome)
        over = not outcome.report.errors and not run.over and not run.waiting and options.mode != "fetch"
        # What a replay does not find fetched to its end goes on with the next run.
        over = over and all(end.held for end in flow.ends.values())
        if over:
            journal.note_report(run.record.run_id, outcome.report.to_json())
        publish(outcome)
        if over:
            journal.finish(run.record.run_id, outcome.report.to_json())
    return outcome


def _told_before(job: Job, journal: Journal, run: OpenRun, outcome: Outcome) -> Outcome:
    """Where nothing was left to do, the kept report of a run that may have been killed before anybody saw it.

    Without one, the outcome at hand says the same: the warehouse keeps the figures of a run with its rows.
    """
    idle = not outcome.report.errors and not outcome.report.requests
    kept = journal.report(run.record.run_id) if idle else None
    if kept is None:
        return outcome
    report = RunReport.from_json(kept)
    return Outcome(report, report.exit_code, job.destination, job.dataset, str(job.folder))


def _prepare(source: Source, options: RunOptions, environ: Mapping[str, str], emit: Emit, now: dt.datetime) -> Job:
    named = "stdin" if source.path == "-" else source.path
    lookup = Lookup(environ, options.secrets)
    wanted = Options(
        base_url=options.base_url,
        settings=Settings(options.settings),
        lookup=lookup,
        rate=options.rate,
        walk_deadline_s=options.walk_deadline,
        allow_origins=options.allow_origins,
        resources=options.resources,
        now=now,
    )
    reading = read(source, wanted)
    if reading.plan is None:
        raise ConfigError(f"{named} cannot run; mend what is listed and try again", faults=reading.faults)
    _check_refresh(reading.plan, options)
    if reading.needs and options.mode != "replay":
        raise ConfigError(f"{named} needs {' and '.join(reading.lacking)} before it can run")
    destination = f"duckdb:///{reading.name}.duckdb" if options.to is None else options.to
    dataset = options.dataset or f"{reading.name}_data"
    open_sink(destination, dataset)  # which connects to nothing: a URL that means no warehouse is refused here
    return Job(
        plan=reading.plan,
        options=options,
        resolve=lookup,
        destination=destination,
        dataset=dataset,
        folder=Path(options.journal or f".headrace/{reading.name}"),
        emit=emit,
    )


def _check_refresh(plan: Plan, options: RunOptions) -> None:
    """A full refresh drops tables, a replace empties them: none that a resource fills which is not loaded again."""
    named = {each.name for each in plan.resources if each.selected}
    for each in plan.resources:
        left_out = [name for name in each.beside if name not in named]
        empties = takes_whole_loads(each.disposition, each.strategy) and options.mode != "fetch"
        if each.selected and left_out and (options.full_refresh or empties):
            what = "--full-refresh of" if options.full_refresh else f"to {each.disposition}"
            raise ConfigError(
                f"{what} {each.name} would drop the rows of {' and '.join(left_out)}, which fill the same"
                f" table {each.table!r}: name all of them with --resource, or none"
            )


async def _conclude(job: Job, flow: Flow, run: OpenRun, collector: Collector) -> Outcome:
    """Go through the run; also when it fails, there is an outcome."""
    names = tuple(walk.resource.name for walk in run.walks)
    held = tuple(WalkStarted(state.walk, state.pages, state.records) for each in run.walks if (state := each.state))
    job.emit(RunStarted(run.record.run_id, names, resumed=run.resumed, held=held))
    errors: list[HeadraceError | Failure] = []
    try:
        await flow.go()
    except asyncio.CancelledError:
        if flow.loaded is None:  # after the commit there was nothing left to stop
            errors.append(Interrupted("The run was interrupted."))
    except (ConfigError, SinkError, JournalError, SourceError) as error:
        errors.append(error)
    for walk in run.walks:
        end = flow.ends.get(walk.resource.name)
        if end is not None and end.error:
            errors.append(failure(end.error, end.walk, _secrets(job, walk)))
    loaded = flow.loaded or Loaded()
    report = collector.report(
        load_id=loaded.load_id,
        rows=loaded.rows,
        rejects=loaded.rejects,
        watermarks=flow.watermarks,
        duplicates=loaded.duplicates,
        hides={walk.resource.name: walk.resource.hides for walk in run.walks},
        errors=errors,
    )
    code = exit_code(report)
    job.emit(RunEnded("interrupted" if code == Exit.INTERRUPTED else report.status))
    return Outcome(report, int(code), job.destination, job.dataset, str(job.folder))


def _secrets(job: Job, walk: OpenWalk) -> tuple[str, ...]:
    """The names of what a walk's requests prove themselves by."""
    auth = references(walk.resource.auth or job.plan.client.auth)
    headers = [value for _, value in (*job.plan.client.headers, *walk.resource.request.headers)]
    return tuple(dict.fromkeys(ref.name for ref in (*auth, *(ref for value in headers for ref in value.refs))))
