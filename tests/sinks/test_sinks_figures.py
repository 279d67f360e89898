"""The figures of a run are those of all its tries, whichever of them was killed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from headrace.model.table import Alike, Figures, Reject, Watermark
from headrace.sinks.base import Staging
from headrace.sinks.figures import NOTHING
from tests.sinks.making import World, batch, root

THINGS = root("things", {"id": "bigint"}, disposition="merge", key=["id"])
BAD = Reject("things", "things", 0, 1, "no key", b"{}")


@pytest.fixture
def opened(world: World) -> World:
    world.open("a", {"things": "f"})
    return world


def stage(world: World, *ids: int, rejects: int = 0, figures: Figures = NOTHING) -> None:
    before = world.marks.get("things", Watermark("things", 0))
    mark = msgspec.structs.replace(before, pages=before.pages + 1, fingerprint="f")
    rows = batch(THINGS, [{"id": each, "_dlt_id": f"{mark.pages}.{each}"} for each in ids])
    world.schema = type(world.schema)({"things": THINGS})
    world.sink.stage(Staging((rows,), (BAD,) * rejects, mark, world.schema, before.pages, figures))
    world.marks["things"] = mark


def losses(counts: Sequence[tuple[str, int]], *variants: str) -> Figures:
    return Figures(losses=dict(counts), variants=variants)


def test_what_was_staged_before_a_kill_is_counted(opened: World) -> None:
    stage(opened, 1, 2, rejects=2, figures=losses([("rounded", 1)], "things.n__v_text"))
    opened.reopen()
    stage(opened, 2, rejects=1, figures=losses([("cut", 1), ("rounded", 2)]))
    figures = opened.commit("things").figures["things"]
    reasons = {"no key": Alike(3, 0, 1)}
    assert figures == Figures({"things": 2}, 1, 3, reasons, {"rounded": 3, "cut": 1}, ("things.n__v_text",))


def test_a_run_that_is_committed_gives_its_receipt_again(opened: World) -> None:
    stage(opened, 1, rejects=1)
    first = opened.commit("things", load_id="1.5")
    opened.reopen()
    again = opened.commit("things", load_id="2.5")
    assert (again.rows, again.load_id, again.figures) == ({}, "1.5", first.figures)
    assert opened.reader.loads() == ["1.5"]


def test_several_loads_of_one_run_add_up(opened: World) -> None:
    stage(opened, 1, rejects=1)
    opened.commit("things", load_id="1.5", complete=False)
    stage(opened, 2, 3)
    receipt = opened.commit("things", load_id="2.5")
    assert (receipt.load_id, receipt.figures["things"]) == (
        "2.5",
        Figures({"things": 3}, 0, 1, {"no key": Alike(1, 0, 1)}),
    )


def test_a_walk_that_has_begun_again_begins_to_count_again(opened: World) -> None:
    stage(opened, 1, rejects=1)
    opened.commit("things", complete=False)
    stage(opened, 2, rejects=1)
    opened.sink.close()
    opened.sink = opened.reader.new_sink()
    opened.open("a", {"things": "other"})
    assert opened.commit().figures == {}


def test_another_run_does_not_count_what_was_only_staged(opened: World) -> None:
    stage(opened, 1, rejects=1)
    opened.reopen("b")
    opened.reopen("a")
    assert opened.commit().figures == {}
