"""Which warehouse a URL means."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from headrace.errors import ConfigError
from headrace.model.plan import Resource
from headrace.model.position import Seen
from headrace.sinks.base import Sink
from headrace.sinks.dlt_merges import words_for

_DUCKDB, _MEMORY, _DLT = "duckdb:///", "memory://", "dlt:"
_SUPPORTED = "duckdb:///FILE (relative to the working directory), duckdb:////FILE (absolute) or dlt:DESTINATION"
DEFAULT_BUDGET_BYTES = 192 << 20


def open_sink(
    url: str,
    dataset: str,
    *,
    pipeline: str = "",
    folder: Path | None = None,
    memory_budget_bytes: int = DEFAULT_BUDGET_BYTES,
    resources: Iterable[Resource] = (),
) -> Sink:
    """The sink for `dataset` at `url`; connects to nothing yet, and imports no driver. Raises ConfigError.

    `pipeline` is what loads it, by the name that it has in dlt's tables of the dataset, `resources` are those that it
    loads.
    `duckdb:///rel.db` and `duckdb:////abs.db` are DuckDB files; `dlt:NAME` is a destination of dlt's, for which what is
    under way waits below `folder`, the journal's; `memory://` forgets everything, for tests.
    """
    if not dataset:
        raise ConfigError("the dataset has no name: give one with --dataset")
    if url.startswith(_DUCKDB):
        from headrace.sinks.duckdb import DuckDBSink  # noqa: PLC0415 - only what the URL asks for

        done = {each.name: words_for(each) for each in resources}
        return DuckDBSink(_file(url), dataset, pipeline=pipeline, memory_budget_bytes=memory_budget_bytes, done=done)
    if url.startswith(_MEMORY):
        from headrace.sinks.memory import MemorySink  # noqa: PLC0415 - only what the URL asks for

        return MemorySink()
    if url.startswith(_DLT):
        return _through_dlt(url.removeprefix(_DLT), dataset, pipeline, (folder or Path(".headrace", dataset)) / "dlt")
    raise ConfigError(f"the destination {_shown(url)!r} is not supported: give {_SUPPORTED} with --to")


def read_seen(url: str, dataset: str, pipeline: str, *, folder: Path | None = None) -> dict[str, Seen]:
    """How far the increments of a dataset have come, by walk. Raises ConfigError, SinkError."""
    sink = open_sink(url, dataset, pipeline=pipeline, folder=folder)
    try:
        return sink.seen()
    finally:
        sink.close()


def _through_dlt(name: str, dataset: str, pipeline: str, folder: Path) -> Sink:
    try:
        from headrace.sinks.dlt import DltSink  # noqa: PLC0415 - a second that only a run into dlt should pay
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "dlt":
            raise
        raise ConfigError(
            f"the destination 'dlt:{name}' needs dlt, which is not installed: pip install 'headrace[dlt]'"
        ) from missing
    return DltSink(name, dataset, folder, pipeline=pipeline)


def _file(url: str) -> Path:
    name = url.removeprefix(_DUCKDB)
    if not name or name.endswith("/") or name.startswith(":memory:"):
        raise ConfigError(f"the destination {url!r} names no file: give {_SUPPORTED} with --to")
    return Path(name)


def _shown(url: str) -> str:
    """Enough of a URL to know it by; whatever could be a password in it stays out."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://…" if separator and "@" in rest else url
