"""Scaffolds as found, unmodified, against servers that behave as the facts of their APIs say.

`whole`: the run ends with exit code 0, and every table holds every record once. `partly`: the same for all resources
that the API has and the server can play; the others are a 404, which is told. Both are loads to the last record: a
document that names what its API has not can be followed no further. Rows that are missing or doubled with exit code 0
are what must never be.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.truth.drive import drive
from tests.truth.facts import read_facts
from tests.truth.server import played
from tests.truth.survey import CORPUS

WHOLE = (
    "001",
    "029",
    "039",
    "042",
    "055",
    "074",
    "084",
    "086",
    "137",
    "143",
    "150",
    "151",
    "173",
    "174",
    "185",
    "217",
    "222",
    "224",
    "227",
    "263",
    "269",
    "270",
    "273",
    "277",
    "286",
    "291",
    "300",
    "315",
    "321",
    "334",
    "337",
    "338",
    "351",
    "360",
    "363",
    "372",
    "375",
    "377",
    "388",
    "390",
    "402",
    "413",
    "419",
    "427",
    "431",
)
PARTLY = ("111", "127", "172", "191", "233", "282", "287", "312", "358", "407")

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the project")


def driven(number: str, folder: Path) -> str:
    truth = next((CORPUS / "truth").glob(f"{number}_*.yaml"))
    with played(read_facts(truth)) as server:
        return drive(CORPUS / f"{truth.stem}.txt", server, folder).verdict


@pytest.mark.parametrize("number", WHOLE)
def test_a_scaffold_is_loaded_to_the_last_record(number: str, tmp_path: Path) -> None:
    assert driven(number, tmp_path) == "whole"


@pytest.mark.parametrize("number", PARTLY)
def test_what_a_scaffold_invents_does_not_keep_the_rest_from_being_loaded_whole(number: str, tmp_path: Path) -> None:
    assert driven(number, tmp_path) == "partly"


EVERY = sorted((CORPUS / "truth").glob("*.yaml"))


@pytest.mark.skipif(not os.environ.get("HEADRACE_PARITY"), reason="all of them take a minute: `make parity`")
@pytest.mark.parametrize("truth", EVERY, ids=str)
def test_no_scaffold_is_loaded_wrongly_without_a_word(truth: Path, tmp_path: Path) -> None:
    facts = read_facts(truth)
    if facts.auth.kind in {None, "session_token"} or not facts.endpoints:
        pytest.skip("how this API proves or pages is code of its own")
    with played(facts) as server:
        assert drive(CORPUS / f"{truth.stem}.txt", server, tmp_path).verdict != "wrong"
