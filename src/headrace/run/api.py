"""The Python API: the same runs as the command line's, called by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Unpack

from headrace.errors import ConfigError
from headrace.model.event import Emit, ignore
from headrace.model.plan import Plan
from headrace.report.collect import RunReport
from headrace.run.aside import in_own_thread, is_in_loop
from headrace.run.choices import chosen
from headrace.run.options import Choices
from headrace.run.wire import execute
from headrace.spec.read import Options, open_source, read
from headrace.spec.secrets import Lookup


def load(
    config: str | Path, *, listen: Emit = ignore, environ: Mapping[str, str] | None = None, **options: Unpack[Choices]
) -> RunReport:
    """Fetch what `config` describes and load it: `headrace run`.

    `options` are those of `Choices` (`to`, `base_url`, `dataset`, `resources`, `journal`, `rate`, …), named as the
    flags of the command line. `environ` None is that of the process. An unfinished run is resumed. Within a running
    event loop (a notebook) it goes on in a thread of its own, and this call waits for it.

    Returns the report; its `status` is "failed" where the API or the warehouse refused, and the same call resumes.

    Raises:
        ConfigError: the configuration, an option or a need is wrong; nothing was fetched.
    """
    return _run("run", config, listen, environ, options)


def fetch(
    config: str | Path, *, listen: Emit = ignore, environ: Mapping[str, str] | None = None, **options: Unpack[Choices]
) -> RunReport:
    """The first half of `load`: from the API to the journal."""
    return _run("fetch", config, listen, environ, options)


def replay(
    config: str | Path, *, listen: Emit = ignore, environ: Mapping[str, str] | None = None, **options: Unpack[Choices]
) -> RunReport:
    """The second half of `load`: from the journal to the warehouse, with no request."""
    return _run("replay", config, listen, environ, options)


def read_plan(config: str | Path, *, base_url: str | None = None, environ: Mapping[str, str] | None = None) -> Plan:
    """What `config` means. Raises ConfigError, with all its faults, where it cannot run."""
    source = open_source(str(config))
    reading = read(source, Options(base_url=base_url, lookup=Lookup(_given(environ), None)))
    if reading.plan is None:
        raise ConfigError(f"{source.path} cannot run", faults=reading.faults)
    return reading.plan


def _run(
    mode: Literal["run", "fetch", "replay"],
    config: str | Path,
    listen: Emit,
    given: Mapping[str, str] | None,
    options: Choices,
) -> RunReport:
    if not isinstance(config, str | Path):
        raise ConfigError(
            f"headrace.{'load' if mode == 'run' else mode} takes the path of a configuration, not a"
            f" {type(config).__name__}; write it to a file (.py, .yaml, .json) and pass its path"
        )
    asked, environ = chosen(str(config), mode, options), _given(given)
    if is_in_loop():
        return in_own_thread(lambda go: execute(asked, environ=environ, listen=listen, go=go)).report
    return execute(asked, environ=environ, listen=listen).report


def _given(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """Never a default of a signature: what shows a signature would show every secret in the environment."""
    return os.environ if environ is None else environ
