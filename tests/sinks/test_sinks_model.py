"""Random sequences of loads, crashes and restarts, against a model that is a list of rows."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.model.plan import Disposition

from .making import InDuckDB, InMemory, Reader, World, child, people, root

Record = tuple[int, str, list[str]]


@dataclass(frozen=True)
class Act:
    """Stage a page, commit (complete or not), start the process again, begin the walk again, or the next run."""

    kind: Literal["page", "commit", "fail", "restart", "again", "next"]
    records: list[Record] = field(default_factory=list)


RECORDS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from("xyz"), st.lists(st.sampled_from("pqr"), max_size=3)), max_size=4
)
ACTS = st.lists(
    st.one_of(
        st.builds(Act, st.just("page"), RECORDS),
        st.builds(Act, st.just("page"), RECORDS),
        st.builds(Act, st.sampled_from(["commit", "fail", "restart", "again", "next"])),
    ),
    max_size=14,
)


class Model:
    """What the tables must hold: rows as (id, name, children)."""

    def __init__(self, disposition: Disposition) -> None:
        self.disposition = disposition
        self.rows: list[Record] = []
        self.staged: list[Record] = []
        self.pages = 0
        self.replaced = False
        self.done = False
        self.brought: list[Record] = []
        self.abandoned: list[Record] = []

    def page(self, records: list[Record]) -> None:
        self.staged += records
        self.pages += 1

    def commit(self, *, complete: bool) -> None:
        if not complete and (self.disposition == "replace" or not self.pages):
            return
        if self.disposition == "merge":
            last = {record[0]: record for record in self.staged}
            self.rows = [row for row in self.rows if row[0] not in last] + list(last.values())
        elif self.disposition == "replace" and not self.replaced:  # once for each attempt
            self.rows, self.replaced = list(self.staged), True
        else:
            for row in self.abandoned:
                self.rows.remove(row)
            self.rows += self.staged
            self.brought += self.staged
            self.abandoned = []
        self.staged = []
        self.done = self.done or complete

    def again(self) -> None:
        self.staged, self.pages, self.replaced, self.done = [], 0, False, False
        if self.disposition == "append":
            self.abandoned += self.brought
        self.brought = []

    def next_run(self) -> None:
        self.again()
        self.abandoned = []


def found(world: World) -> list[Record]:
    kids = sorted(world.reader.rows("people__pets"), key=lambda row: row["_dlt_list_idx"])
    under: dict[str, list[str]] = {}
    for row in kids:
        under.setdefault(row["_dlt_parent_id"], []).append(row["value"])
    roots = world.reader.rows("people")
    assert under.keys() <= {row["_dlt_id"] for row in roots}, "children without a root"
    return sorted((row["id"], row["name"], under.get(row["_dlt_id"], [])) for row in roots)


def play(reader: Reader, disposition: Disposition, acts: list[Act]) -> None:
    key = ["id"] if disposition == "merge" else []
    table = root("people", {"id": "bigint", "name": "text"}, disposition=disposition, key=key)
    pets = child(table, "pets", {"value": "text"})
    world, model, runs, number = World(reader), Model(disposition), itertools.count(), itertools.count()
    world.open(f"run{next(runs)}")
    for act in [*acts, Act("commit")]:
        match act.kind:
            # A walk that has ended takes no more pages.
            case "page" if not model.done:
                batches = people(*act.records, table=table, pets=pets, run=f"{next(number)}.")
                world.stage("people", *(part for part in batches if part.rows.num_rows))
                model.page(act.records)
            case "commit" | "fail":
                world.commit("people", disposition=disposition, complete=act.kind == "commit" or model.done)
                model.commit(complete=act.kind == "commit" or model.done)
            case "restart":
                world.reopen()
            case "again":
                world.reopen()
                world.open(world.run_id, {"people": f"attempt {next(number)}"})
                model.again()
            case "next":
                world.reopen(f"run{next(runs)}")
                model.next_run()
            case _:
                pass
        assert found(world) == sorted(model.rows)
    world.sink.close()


@given(disposition=st.sampled_from(["append", "merge", "replace"]), acts=ACTS)
@settings(max_examples=100, deadline=None)
def test_memory_holds_what_the_model_holds_after_any_sequence(disposition: Disposition, acts: list[Act]) -> None:
    play(InMemory(), disposition, acts)


@given(disposition=st.sampled_from(["append", "merge", "replace"]), acts=ACTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_duckdb_holds_what_the_model_holds_after_any_sequence(disposition: Disposition, acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        play(InDuckDB(Path(folder) / "w.duckdb"), disposition, acts)
