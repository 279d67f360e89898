"""What a run report holds, and how it is made: events for what happened, arguments for what the warehouse says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from headrace.errors import ConfigError
from headrace.model.event import Event
from headrace.report.exits import exit_code, kind_of
from headrace.report.mend import Mend, mend_of
from headrace.report.tally import Stopped, Tally, WalkTally
from headrace.report.usage import Usage, process_usage

Status: TypeAlias = Literal["complete", "incomplete", "failed"]
Kind: TypeAlias = Literal["interrupted", "config", "disk", "journal", "sink", "source", "internal"]
Scalar: TypeAlias = str | int | float | bool | None


class Proof(msgspec.Struct, frozen=True):
    """Whether the walk's own end was seen, and the sentence that says which."""

    complete: bool
    why: str


class Finding(msgspec.Struct, frozen=True):
    """One finding in the document, as `check` tells it (`spec.faults.Fault`)."""

    code: str
    severity: Literal["error", "warning", "note"]
    path: str
    line: int | None
    problem: str
    fix: str


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error of a run. `kind` decides the exit code; `resource` is empty where the whole run is meant.

    `mend` is what must change before the run can go on; `secrets` are the names of those that the request carried;
    `faults` are those of the document, where it is the document.
    """

    kind: Kind
    message: str
    resource: str = ""
    status: int | None = None
    url: str = ""
    mend: Mend = "cause"
    secrets: tuple[str, ...] = ()
    faults: tuple[Finding, ...] = ()


class RejectReason(msgspec.Struct, frozen=True):
    """Why so many records became no row; `page` and `record` (from 0) are the place of the first."""

    reason: str
    records: int
    page: int
    record: int


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that the reader should know; `count` is how often it was said."""

    message: str
    severity: Literal["note", "warning", "error"] = "note"
    resource: str = ""
    count: int = 1


class ResourceReport(msgspec.Struct, frozen=True):
    """One resource of a run. `pages` and `records` are of the whole walk, `resumed_pages` of them from earlier tries.

    `rows` counts by table (child tables included) what entered the warehouse, `bytes` bodies decompressed,
    `retried` the retries by reason ("429", "500", "reset", "truncated", "html", "timeout" …), `throttled_s` how
    long the budget held requests back, `hides` what a default of the API keeps from the list, as sentences.
    `parent_rows` and `cut_by` are of a child resource: how many rows of its parent were walked (None: it has no parent,
    or did not come so far), and the parent that was not walked to its end, where that is why it ended.
    """

    pages: int = 0
    records: int = 0
    rows: dict[str, int] = {}
    rejects: int = 0
    duplicates: int = 0
    bytes: int = 0
    requests: int = 0
    retries: int = 0
    throttled_s: float = 0.0
    proof: Proof = Proof(complete=False, why="nothing was asked for")
    watermark: Scalar = None
    stopped: Stopped = "error"
    resumed_pages: int = 0
    retried: dict[str, int] = {}
    hides: tuple[str, ...] = ()
    reject_reasons: tuple[RejectReason, ...] = ()
    parent_rows: int | None = None
    cut_by: str = ""


class RunReport(msgspec.Struct, frozen=True):
    """What a run did, ready for JSON. `wall_s` and `cpu_s` are of this process's try, `resources` of the whole run.

    `running` is there, and true, where the run is under way and this is what it has so far.
    """

    run_id: str
    status: Status
    resources: dict[str, ResourceReport] = {}
    requests: int = 0
    http_429: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0
    load_id: str = ""
    errors: tuple[Failure, ...] = ()
    notices: tuple[Notice, ...] = ()
    resumed: bool = False
    budget: str = ""
    running: Literal[True] | msgspec.UnsetType = msgspec.UNSET

    @property
    def exit_code(self) -> int:
        """What a shell is told, by the table in `exits`."""
        return int(exit_code(self))

    @property
    def pages(self) -> int:
        """Pages of all resources that are in the journal, from this try or an earlier one."""
        return sum(each.pages for each in self.resources.values())

    @property
    def records(self) -> int:
        """Records of all resources."""
        return sum(each.records for each in self.resources.values())

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table over all resources, in order of resources and tables."""
        return {table: count for each in self.resources.values() for table, count in each.rows.items()}

    def to_json(self) -> bytes:
        """The report as one compact JSON object."""
        return msgspec.json.encode(self)

    @staticmethod
    def from_json(data: bytes) -> RunReport:
        """The report that `to_json` wrote. Raises msgspec.ValidationError on anything else."""
        return msgspec.json.decode(data, type=RunReport)

    @staticmethod
    def refused(*errors: BaseException | Failure) -> RunReport:
        """The report of a run that never began."""
        return RunReport(run_id="", status="failed", errors=tuple(failure(each) for each in errors))


def failure(error: BaseException | Failure, resource: str = "", secrets: tuple[str, ...] = ()) -> Failure:
    """An exception as a report keeps it. Only headrace's own errors may speak: others could hold a secret."""
    if isinstance(error, Failure):
        return error
    kind: Kind = msgspec.convert(kind_of(error), Kind)
    said = error.message if isinstance(error, ConfigError) else str(error)  # the faults go beside it
    message = said or ("stopped by the user" if kind == "interrupted" else type(error).__name__)
    if kind == "internal":
        message = f"headrace itself failed ({type(error).__name__}); run again to resume, and report it if it stays"
    return Failure(
        kind=kind,
        message=message,
        resource=resource,
        status=getattr(error, "status", None),
        url=getattr(error, "url", ""),
        mend=(mend := mend_of(error)),
        secrets=secrets if mend == "credentials" else (),
        faults=msgspec.convert(getattr(error, "faults", ()), tuple[Finding, ...], from_attributes=True),
    )


class Collector:
    """Subscribes to a run's events (it is an `Emit`) and makes its report. Wall and CPU time count from its making."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, usage: Callable[[], Usage] = process_usage
    ) -> None:
        self.tally = Tally()
        self._clock = clock
        self._usage = usage
        self._began_s = clock()
        self._cpu_s = usage().cpu_s

    def __call__(self, event: Event) -> None:
        """Count one event."""
        self.tally.add(event)

    def report(
        self,
        *,
        status: Status | None = None,
        run_id: str | None = None,
        load_id: str = "",
        rows: Mapping[str, Mapping[str, int]] | None = None,
        rejects: Mapping[str, int] | None = None,
        duplicates: Mapping[str, int] | None = None,
        watermarks: Mapping[str, Scalar] | None = None,
        hides: Mapping[str, Iterable[str]] | None = None,
        errors: Iterable[BaseException | Failure] = (),
    ) -> RunReport:
        """The report of all events so far. All mappings go by resource name; `rows` then by table.

        `status` None is decided here: "failed" with any error, "incomplete" with an unproven walk, else "complete".
        """
        failures, so_far = tuple(self._placed(failure(each)) for each in errors), self._so_far()
        resources = {
            walk.name: _resource(
                walk,
                failures,
                longest_s=so_far.wall_s,
                rows=dict((rows or {}).get(walk.name, {})),
                rejects=(rejects or {}).get(walk.name, 0),
                duplicates=(duplicates or {}).get(walk.name, 0),
                watermark=(watermarks or {}).get(walk.name),
                hides=tuple((hides or {}).get(walk.name, ())),
            )
            for walk in self.tally.snapshot()
            if walk.name
        }
        return msgspec.structs.replace(
            so_far,
            run_id=self.tally.run_id if run_id is None else run_id,
            status=status or _status(resources, failures),
            resources=resources,
            load_id=load_id,
            errors=failures,
        )

    def _so_far(self) -> RunReport:
        """What the events and the process alone say of the run as a whole."""
        used, tally = self._usage(), self.tally
        return RunReport(
            run_id=tally.run_id,
            status="failed",
            requests=tally.requests,
            http_429=tally.http_429,
            wall_s=round(self._clock() - self._began_s, 3),
            cpu_s=round(used.cpu_s - self._cpu_s, 3),
            peak_rss_mb=round(used.peak_rss_mb, 1),
            notices=tuple(
                Notice(message=said.message, severity=said.severity, resource=said.walk, count=count)
                for said, count in tally.notices.items()
            ),
            resumed=tally.resumed,
            budget=tally.budget.model if tally.budget else "",
        )

    def _placed(self, fault: Failure) -> Failure:
        """With the resource whose walk ended by this very error."""
        if fault.resource:
            return fault
        names = [walk.name for walk in self.tally.snapshot() if walk.stopped == "error" and walk.why == fault.message]
        return msgspec.structs.replace(fault, resource=names[0]) if len(names) == 1 else fault


def _status(resources: Mapping[str, ResourceReport], failures: tuple[Failure, ...]) -> Status:
    if failures or any(each.stopped in {"error", "interrupted"} for each in resources.values()):
        return "failed"
    return "complete" if all(each.proof.complete for each in resources.values()) else "incomplete"


def _resource(
    walk: WalkTally,
    failures: tuple[Failure, ...],
    *,
    longest_s: float,
    rows: dict[str, int],
    rejects: int,
    duplicates: int,
    watermark: Scalar,
    hides: tuple[str, ...],
) -> ResourceReport:
    return ResourceReport(
        pages=walk.pages,
        records=walk.records,
        rows=rows,
        rejects=rejects,
        duplicates=duplicates,
        bytes=walk.body_bytes,
        requests=walk.requests,
        retries=walk.retries,
        throttled_s=round(min(walk.throttled_s, longest_s), 3),  # the walks of a child wait side by side
        proof=Proof(complete=walk.proven, why=walk.why or _unended(walk, failures)),
        watermark=watermark,
        stopped=walk.stopped or ("error" if failures else "interrupted"),
        resumed_pages=walk.resumed_pages,
        retried=dict(walk.retried),
        hides=hides,
        reject_reasons=tuple(
            RejectReason(each.reason, each.records, each.page, each.record)
            for each in sorted(walk.rejected.values(), key=lambda each: -each.records)
        ),
        parent_rows=walk.rows,
        cut_by=walk.cut_by,
    )


def _unended(walk: WalkTally, failures: tuple[Failure, ...]) -> str:
    own = next((each.message for each in failures if each.resource in {walk.name, ""}), "")
    return own or ("the walk was stopped before its end" if walk.pages else "the walk was not begun")
