"""Reads many documents made worse, and says which of them the reader fails on or hangs with: `make fuzz`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import FrameType

from headrace.spec.explain import check_json
from headrace.spec.read import FORMATS, Source, read
from tests.spec.mutation import mutated

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
LIMIT_S = 10


class Hang(Exception):
    """The reader took longer than any document is worth."""


def checked(text: str, form: str) -> None:
    """Reads a document, and checks what is true of every reading."""
    reading = read(Source(text, form, f"doc.{form}", "doc"))
    told = json.loads(check_json(reading))
    rows = text.count("\n") + text.count("\r") + 2
    for fault in reading.faults:
        assert fault.problem, fault
        assert fault.line is None or 1 <= fault.line <= rows, fault
    assert told["runnable"] == (not any(fault.severity == "error" for fault in reading.faults))


def documents(folder: Path) -> list[tuple[str, str]]:
    """The texts of a folder, each with its format."""
    files = sorted(path for path in folder.iterdir() if path.suffix in FORMATS)
    return [(path.read_text(encoding="utf-8", errors="replace"), FORMATS[path.suffix]) for path in files]


def tried(known: list[tuple[str, str]], seed: int) -> str | None:
    """What goes wrong with the document of this seed; None if nothing does."""
    text, form = known[seed % len(known)]
    worse = mutated(text, [other for other, _ in known[seed % 7 :: 29]], seed)
    signal.signal(signal.SIGALRM, _hang)
    signal.alarm(LIMIT_S)
    try:
        checked(worse, form)
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"seed {seed} ({form}):\n{traceback.format_exc(limit=-4)}"
    finally:
        signal.alarm(0)
    return None


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang(number, frame)


def failures(folder: Path, count: int, first: int) -> Iterator[str]:
    """Every failure among so many mutated documents."""
    with ProcessPoolExecutor(2) as pool:
        for failure in pool.map(partial(tried, documents(folder)), range(first, first + count), chunksize=200):
            if failure is not None:
                yield failure


def main(arguments: list[str]) -> int:
    """1 if the reader failed on any document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args(arguments)
    if not given.corpus.is_dir():
        sys.stdout.write(f"there is no folder of documents at {given.corpus}: name one with --corpus\n")
        return 2
    found = 0
    for failure in failures(given.corpus, given.count, given.first):
        found += 1
        sys.stdout.write(failure)
    sys.stdout.write(f"{given.count} documents read, {found} failures\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
