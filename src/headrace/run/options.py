"""What a caller may ask of a run, and what comes back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

import msgspec

from headrace.model.plan import DeclaredLimit

if TYPE_CHECKING:
    from headrace.report.collect import RunReport


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
    memory_mb: int = 192
    mode: Literal["run", "fetch", "replay"] = "run"


class Choices(TypedDict, total=False):
    """The options of the Python API, named as those of `RunOptions`."""

    base_url: str | None
    to: str | None
    dataset: str | None
    resources: tuple[str, ...]
    settings: dict[str, str]
    secrets: str | None
    journal: str | None
    rate: DeclaredLimit | None
    max_concurrency: int | None
    new: bool
    full_refresh: bool
    allow_origins: tuple[str, ...]
    widen_numbers: bool
    strict: bool
    limit_pages: int | None
    memory_mb: int


class Outcome(msgspec.Struct, frozen=True):
    """A run that has ended, whichever way: its report, where its data went, and the exit code of CLI.md."""

    report: RunReport
    exit_code: int
    destination: str
    dataset: str
    journal: str
