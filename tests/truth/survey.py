"""Drive every scaffold of the corpus, and print what came of each: `python -m tests.truth.survey [WORD]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.truth.drive import drive
from tests.truth.facts import read_facts
from tests.truth.server import played

CORPUS = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "corpus"


def main(word: str) -> None:
    """Those whose name has the word in it."""
    verdicts: Counter[str] = Counter()
    for truth in sorted((CORPUS / "truth").glob("*.yaml")):
        if word not in truth.name:
            continue
        facts = read_facts(truth)
        if facts.auth.kind in {None, "session_token"} or not facts.endpoints:
            verdicts["not played"] += 1
            continue
        started = time.perf_counter()
        with played(facts) as server, tempfile.TemporaryDirectory() as folder:
            driven = drive(CORPUS / f"{truth.stem}.txt", server, Path(folder))
        verdicts[driven.verdict] += 1
        took = time.perf_counter() - started
        row = f"{driven.verdict:8} {took:5.1f} {truth.stem} {dict(driven.flags)} {dict(driven.missing)}"
        print(row, driven.why[:300])  # noqa: T201
    print(dict(verdicts))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
