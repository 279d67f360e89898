"""The options of the Python API, read and checked as the flags of the command line are."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from headrace.errors import ConfigError
from headrace.run.options import RunOptions, rate_of

_COUNTS = ("limit_pages", "max_concurrency", "memory_mb")
_NAMES = tuple(name for name in RunOptions.__struct_fields__ if name not in {"config", "mode"})


def chosen(config: str, mode: Literal["run", "fetch", "replay"], options: Mapping[str, object]) -> RunOptions:
    """The options of a run. Raises ConfigError, which names the option."""
    for name in options:
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(_NAMES)}."
            raise ConfigError(f"{name!r} is no option: {hint}")
    read = {name: _READERS.get(name, _as_it_is)(value) for name, value in options.items()}
    try:
        asked = msgspec.convert({**read, "config": config, "mode": mode}, RunOptions)
    except msgspec.ValidationError as error:
        raise ConfigError(f"An option is not of its type: {error}.") from error
    for name in _COUNTS:
        count = getattr(asked, name)
        if count is not None and count < 1:
            raise ConfigError(f"{name} is {count}: give a whole number from 1.")
    if asked.walk_deadline is not None and not 0 < asked.walk_deadline < math.inf:
        raise ConfigError(f"walk_deadline is {asked.walk_deadline}: give a number of seconds above 0.")
    return asked


def _as_it_is(value: object) -> object:
    return value


def _path(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _destination(value: object) -> object:
    return f"duckdb:///{value}" if isinstance(value, Path) else value


def _several(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return list(value) if isinstance(value, Sequence | set | frozenset) else value


def _mapping(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return rate_of(value)
    except ValueError as error:
        raise ConfigError(f"rate: {error}.") from None


_READERS: Mapping[str, Callable[[object], object]] = {
    "to": _destination,
    "secrets": _path,
    "journal": _path,
    "resources": _several,
    "allow_origins": _several,
    "settings": _mapping,
    "rate": _rate,
}
