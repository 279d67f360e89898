"""Pages, runs and journals for the tests of this room."""

from __future__ import annotations

import random
from pathlib import Path

from headrace.journal.layout import Identity, RunRecord
from headrace.journal.segment import numbers, path_of
from headrace.journal.write import Journal, open_journal
from headrace.model.page import Page, PageRef
from headrace.model.position import Done, Start, Token

IDENTITY = Identity("vitally", "duckdb:///v.duckdb", "vitally_data")


def run(run_id: str = "r1", started_at: float = 100.0) -> RunRecord:
    return RunRecord(run_id, started_at, ("accounts",), "vitally")


def body_of(number: int, size: int = 300, seed: int = 0) -> bytes:
    """Half of it compresses, half does not; the same each time."""
    noise = random.Random(f"{seed}.{number}").randbytes(size // 2)
    return b'{"results":[' + b'{"id":1},' * (size // 18) + noise


def page(number: int, walk: str = "accounts", *, last: bool = False, body: bytes | None = None) -> Page:
    return Page(
        walk=walk,
        number=number,
        position=Start() if number == 0 else Token(f"c{number}"),
        next=Done("null cursor", proven=True) if last else Token(f"c{number + 1}"),
        body=body_of(number) if body is None else body,
        status=200,
        headers={"content-type": "application/json", "x-page": str(number)},
        fetched_at=1000.5 + number,
        records=number + 1,
        records_digest=number.to_bytes(16, "big"),
        fingerprint="f1",
        detected=b'{"selector":"results"}' if number == 0 else b"",
    )


def begun(folder: Path, *walks: str, run_id: str = "r1", segment_bytes: int = 1 << 20) -> Journal:
    """A journal with a run under way."""
    journal = open_journal(folder, IDENTITY, segment_bytes=segment_bytes, clock=lambda: 200.0)
    journal.begin(run(run_id))
    for walk in walks or ("accounts",):
        journal.begin_walk(run_id, walk, "f1")
    return journal


def fill(journal: Journal, count: int, walk: str = "accounts", *, run_id: str = "r1", start: int = 0) -> list[PageRef]:
    return [journal.append(run_id, page(number, walk)) for number in range(start, start + count)]


def finished(folder: Path, *run_ids: str, pages: int = 3, segment_bytes: int = 1 << 20) -> None:
    """A journal of runs that are over; run `rN` is over at N × 100 s."""
    for at, run_id in enumerate(run_ids, start=1):
        with open_journal(folder, IDENTITY, segment_bytes=segment_bytes, clock=lambda at=at: at * 100.0) as journal:  # type: ignore[misc]
            journal.begin(run(run_id, at * 100.0 - 50))
            journal.begin_walk(run_id, "accounts", "f1")
            fill(journal, pages, run_id=run_id)
            journal.finish(run_id, f"report of {run_id}".encode())


def last_report(journal: Journal) -> tuple[str, bytes | None] | None:
    """Run id and report of the run that finished last."""
    over = [summary.run.run_id for summary in journal.runs() if summary.state == "finished"]
    return (over[-1], journal.report(over[-1])) if over else None


def segments(folder: Path) -> list[Path]:
    return [path_of(folder, number) for number in numbers(folder)]


def drop_index(folder: Path) -> None:
    for path in folder.glob("index.sqlite*"):
        path.unlink()


def flip(path: Path, offset: int, mask: int = 0x01) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.write_bytes(data)
