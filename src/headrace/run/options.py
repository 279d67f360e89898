"""What a caller may ask of a run, and what comes back from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

import msgspec

from headrace.model.plan import DeclaredLimit

if TYPE_CHECKING:
    from headrace.report.collect import RunReport


_RATE = re.compile(r"(\d+)\s*/\s*(\d+(?:\.\d+)?)s?")


def rate_of(value: str) -> DeclaredLimit:
    """`1000/60`: at most 1000 requests in any 60 seconds. Raises ValueError, with a sentence."""
    read = _RATE.fullmatch(value.strip())
    if not read or int(read[1]) < 1 or not 0 < float(read[2]) < math.inf:
        raise ValueError(f"{value!r} is not N/SECONDS, such as 1000/60")
    return DeclaredLimit(requests=int(read[1]), window_s=float(read[2]))


class RunOptions(msgspec.Struct, frozen=True):
    """The flags of `run`, `fetch` and `replay`, already of their types; None or empty means the default."""

    config: str
    base_url: str | None = None
    to: str | None = None
    dataset: str | None = None
    resources: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    secrets: str | None = None
    journal: str | None = None
    rate: DeclaredLimit | None = None
    max_concurrency: int | None = None
    new: bool = False
    full_refresh: bool = False
    allow_origins: tuple[str, ...] = ()
    widen_numbers: bool = False
    strict: bool = False
    limit_pages: int | None = None
    walk_deadline: float | None = None
    memory_mb: int = 192
    mode: Literal["run", "fetch", "replay"] = "run"


class Choices(TypedDict, total=False):
    """The options of the Python API, named as those of `RunOptions`, in the forms in which people have them.

    A path as `to` is a DuckDB file, a `rate` may be the text of the flag ("1000/60"), one resource needs no list.
    """

    base_url: str | None
    to: str | Path | None
    dataset: str | None
    resources: str | Sequence[str]
    settings: Mapping[str, str]
    secrets: str | Path | None
    journal: str | Path | None
    rate: DeclaredLimit | str | None
    max_concurrency: int | None
    new: bool
    full_refresh: bool
    allow_origins: str | Sequence[str]
    widen_numbers: bool
    strict: bool
    limit_pages: int | None
    walk_deadline: float | None
    memory_mb: int


class Outcome(msgspec.Struct, frozen=True):
    """A run that has ended, whichever way: its report, where its data went, and the exit code of CLI.md."""

    report: RunReport
    exit_code: int
    destination: str
    dataset: str
    journal: str
