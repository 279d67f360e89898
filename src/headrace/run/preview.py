"""One page of one resource, fetched as a run fetches it and decoded as a run decodes it; nothing is written.

What is a guess is settled first, as by a run: that may take some more requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from headrace.decode.rules import DecodeRules
from headrace.envelope.path import render
from headrace.envelope.pick import Picker
from headrace.errors import SourceError, WalkStuck
from headrace.model.envelope import Absent
from headrace.model.event import Event, Noticed
from headrace.model.page import Reply
from headrace.model.plan import FieldKey, Json, Plan, Resource
from headrace.model.position import Done, Position
from headrace.run.early import Arrived, fetch
from headrace.run.glimpse import Glimpse, glimpse
from headrace.run.inquest import Inquest
from headrace.run.outlook import window_of
from headrace.run.reread import joined
from headrace.transport.base import Ignored, Transport
from headrace.transport.client import open_transport
from headrace.transport.conceal import MARK
from headrace.transport.redact import MASK
from headrace.transport.resolve import Resolve
from headrace.walk.bind import Row, Unfit, batch_of, bind, fields_of, shared_of, together
from headrace.walk.course import Course
from headrace.walk.detect import Detection
from headrace.walk.parent_field import with_field
from headrace.walk.request import build
from headrace.walk.sieve import Sieve

_ATTEMPTS = 3  # somebody is waiting for the answer


@dataclass(frozen=True, slots=True)
class Above:
    """The first page of a resource above: how many rows it has, and what of one of them the next request took."""

    resource: str
    records: int
    taken: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first page. `glimpse` is what a run makes of it, `loose` the same with no key required.

    `records` are those that the page holds, of which an increment keeps `kept`. `next` None: `stuck` says why there is
    no telling. `scrub` takes out of a text what is secret. `reply` None: the response was one to be ignored.
    """

    resource: Resource
    reply: Reply | None
    records: Sequence[bytes]
    kept: int
    glimpse: Glimpse
    loose: Glimpse
    scrub: Callable[[str], str]
    detection: Detection | None = None
    next: Position | None = None
    stuck: str = ""
    above: tuple[Above, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class _Page:
    """A page that has come, with the walk that it is of; `arrived` None: it was one to be ignored, for `why`."""

    course: Course
    scrub: Callable[[str], str]
    arrived: Arrived | None
    why: str = ""


@dataclass(slots=True)
class _Notes:
    """What the rooms below have to say, each thing once."""

    said: dict[str, None] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Noticed):
            self.said[event.message] = None


async def preview(plan: Plan, name: str, *, resolve: Resolve, rules: DecodeRules, max_concurrency: int) -> Preview:
    """The first page of a resource of the plan, and before it those of the resources above.

    Raises:
        SourceError: the API refused or failed; or no row above gives a request.
        ConfigError: a secret is missing, or cannot be sent.
    """
    notes = _Notes()
    chain = _lineage(plan, name)
    paths = [each.request.path for each in chain]
    named = [path for path in paths if isinstance(path, str) and "://" in path]
    above: list[Above] = []
    added, line = b"", dict[str, bytes]()
    async with open_transport(
        plan.client, resolve=resolve, emit=notes, named=named, max_concurrency=max_concurrency
    ) as transport:
        page: _Page | None = None
        for resource in chain:
            if page is None:
                bound = _windowed(resource, {})
            else:
                records = _records(page, added)
                below = _below(resource, page.course.resource.name, records, line)
                bound, added = below.resource, below.added
                line[page.course.resource.name] = below.row
                above.append(Above(page.course.resource.name, len(records), below.taken))
            page = await _first_page(transport, plan, bound, notes)
    if page is None:
        raise SourceError(f"There is no resource `{name}` to ask for.")
    return _previewed(page, rules, above=tuple(above), added=added, notes=notes)


def _lineage(plan: Plan, name: str) -> list[Resource]:
    """The resource and those above it, the topmost first."""
    known = {each.name: each for each in plan.resources}
    found: list[Resource] = []
    above: str | None = name
    while above is not None and above in known:
        found.insert(0, known[above])
        parent = known[above].parent
        above = parent.resource if parent is not None else None
    return found


def _windowed(resource: Resource, row: Row) -> Resource:
    bound = bind(resource, row, window_of(resource, None))
    patient = msgspec.structs.replace(resource.retry, attempts=min(_ATTEMPTS, resource.retry.attempts))
    return msgspec.structs.replace(bound, retry=patient)


@dataclass(frozen=True, slots=True)
class _Below:
    """A resource, bound to `row` of its parent, or to a batch that begins with it."""

    resource: Resource
    row: bytes
    taken: dict[str, Json]
    added: bytes


def _below(resource: Resource, parent: str, records: Sequence[bytes], line: Mapping[str, bytes]) -> _Below:
    """The resource, bound to the first record of its parent that gives a request, or to a first batch of them.

    `line` are the rows for which the records were asked, by resource.

    Raises:
        SourceError: none does.
    """
    resource, _ = with_field(resource, records)
    size, shared = batch_of(resource) or 1, shared_of(resource)
    rows: list[Row] = []
    first = b""
    problem = "its first page has no record"
    for record in records:
        try:
            row = _values(fields_of(resource), parent, {**line, parent: record})
            bind(resource, row, window_of(resource, None))
        except (Unfit, msgspec.DecodeError) as unfit:
            problem = f"no record on its first page gives a request ({unfit})"
            continue
        if rows and any(row[key] != rows[0][key] for key in shared):
            break
        first = first or record
        rows.append(row)
        if len(rows) == size:
            break
    if not rows:
        raise SourceError(
            f"`{resource.name}` hangs on the records of `{parent}`, and {problem}; preview `{parent}` first."
        )
    whole = rows[0] if batch_of(resource) is None else together(resource, rows)
    taken = {key if isinstance(key, str) else ".".join(key): _plain(value) for key, value in whole.items()}
    return _Below(_windowed(resource, whole), first, taken, _members(resource, {**line, parent: first}))


def _values(keys: Iterable[FieldKey], parent: str, line: Mapping[str, bytes]) -> dict[FieldKey, Json | Absent]:
    """What stands in the rows of a line."""
    pairs = {key: (parent, key) if isinstance(key, str) else key for key in keys}
    return {key: Picker([path]).pick(line[name])[0] for key, (name, path) in pairs.items()}


def _members(resource: Resource, line: Mapping[str, bytes]) -> bytes:
    """What every record takes from the rows above, as members of an object without its braces."""
    parent = resource.parent
    if parent is None:
        return b""
    keys = [(parent.resource, render((key,))) for key in parent.include]
    keys += [(name, render((key,))) for name, key in parent.above]
    values = _values(keys, parent.resource, line)
    given = ((name, values[key]) for name, key in zip(parent.columns, keys, strict=True))
    return msgspec.json.encode({name: value for name, value in given if not isinstance(value, Absent)})[1:-1]


def _records(page: _Page, added: bytes) -> list[bytes]:
    """The records of a page, with what they take from the rows above."""
    records = page.arrived.envelope.records if page.arrived is not None else []
    return [joined(record, added) if added else record for record in records]


def _plain(value: Json | Absent) -> Json:
    """Of a batch, the values of its rows."""
    return list(value) if isinstance(value, tuple) else value


async def _first_page(transport: Transport, plan: Plan, resource: Resource, notes: _Notes) -> _Page:
    course = Course(resource, emit=notes, recall=lambda _position: ())
    request = build(plan.client, resource, course.position)

    def scrub(text: str) -> str:
        return MARK.sub(MASK, transport.conceal(request, text))

    try:
        if course.is_doubtful:
            return _Page(course, scrub, await Inquest().first(transport, plan.client, course))
        return _Page(course, scrub, await fetch(transport, plan.client, course, course.position))
    except Ignored as ignored:
        return _Page(course, scrub, None, ignored.why)


def _previewed(page: _Page, rules: DecodeRules, *, above: tuple[Above, ...], added: bytes, notes: _Notes) -> Preview:
    course, arrived = page.course, page.arrived
    resource = course.resource
    records = _records(page, added)
    following: Position | None = None
    stuck = ""
    try:
        following = course.judge(arrived.reply, arrived.envelope).next if arrived else Done(page.why, proven=True)
        rule = resource.incremental
        kept = Sieve(resource, rule).sift(records) if rule is not None else range(len(records))
    except WalkStuck as error:
        stuck, kept = str(error), range(len(records))
    taken = [records[place] for place in kept]
    loose = msgspec.structs.replace(resource, disposition="append")
    said = dict(notes.said)
    detection = msgspec.json.decode(course.detected, type=Detection) if course.detected else None
    if detection is not None:
        said.pop(detection.why, None)
    return Preview(
        resource=resource,
        reply=arrived.reply if arrived else None,
        records=records,
        kept=len(taken),
        glimpse=glimpse(resource, [taken], rules),
        loose=glimpse(loose, [taken], rules),
        scrub=page.scrub,
        detection=detection,
        next=following,
        stuck=stuck,
        above=above,
        notices=tuple(said),
    )
