"""The pages of the emulated vendor, all nine objects in both profiles, give the tables of dlt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import pytest

from headrace.decode.names import normalise
from headrace.emulate.server import running
from headrace.emulate.vitally import Settings
from headrace.envelope.split import compile_splitter
from headrace.model.envelope import Ask
from tests.emulate.conftest import SMALL
from tests.emulate.talk import ask
from tests.parity.cases import Case
from tests.parity.oracle import differences, through_decode, through_dlt

pytestmark = [pytest.mark.parity, pytest.mark.timeout(120)]
SPLITTER = compile_splitter(Ask(selector="results", cursor="next"))


def pages(url: str, name: str) -> Iterator[list[bytes]]:
    """The records of a list as they were sent, page by page."""
    following: object = None
    while True:
        reply = ask(url, f"/{name}?{urlencode({'limit': 20} | ({'from': following} if following else {}))}")
        assert reply.status == 200, reply.body
        found = SPLITTER.split(reply.body)
        yield list(found.records)
        following = found.cursor
        if following is None:
            return


@pytest.mark.parametrize("profile", ["lean", "full"])
def test_the_emulators_pages_give_the_tables_of_dlt(profile: Literal["lean", "full"], tmp_path: Path) -> None:
    with running(Settings(records=SMALL, profile=profile, limiter="none"), where="thread") as emulator:
        cases = [
            Case(normalise(name), list(pages(emulator.url, name)), disposition="merge", primary_key=("id",))
            for name in SMALL
        ]
    assert [len(case.pages) > 1 for case in cases].count(True) >= 6
    theirs = through_dlt(cases, tmp_path)
    problems = {}
    for case in cases:
        ours, rejects = through_decode(case)
        assert not rejects, case.name
        assert sum(len(rows) for rows in ours.rows.values()) >= sum(len(page) for page in case.pages) > 0
        problems[case.name] = differences(ours, theirs[case.name])
    assert not any(problems.values()), problems
