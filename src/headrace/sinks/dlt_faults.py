"""What dlt's exceptions mean, in one sentence each, with the mend."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.exceptions import DltException, MissingDependencyException
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.errors import SinkError

_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_PASSWORDS = re.compile(r"(?i)\b(password|secret|token|key)(\s*[=:]\s*)\S+")
_SHOWN_CHARACTERS = 300


@contextlib.contextmanager
def told(destination: str) -> Iterator[None]:
    """Errors of dlt become SinkErrors here, and nowhere else."""
    try:
        yield
    except DltException as error:
        cause = _cause(error)
        raise SinkError(str(cause) if isinstance(cause, SinkError) else sentence(error, destination)) from error


def sentence(error: BaseException, destination: str) -> str:
    """Which destination, what happened, and what to do. Never a credential."""
    where = f"the destination dlt:{destination}"
    cause = _cause(error)
    if isinstance(cause, ConfigFieldMissingException):
        return f"{where} {lacking(cause)}"
    if isinstance(cause, MissingDependencyException):
        wanted = " ".join(f'"{name}"' for name in cause.dependencies)
        return f"{where} needs what is not installed: pip install {wanted}"
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    said = _PASSWORDS.sub(r"\1\2…", _CREDENTIALS.sub("…", " ".join(lines[:3])))[:_SHOWN_CHARACTERS].rstrip(".;: ")
    return f"{where} refused: {said}; mend that, then run again: what was fetched is kept"


def lacking(error: ConfigFieldMissingException) -> str:
    """Which of dlt's settings are missing, to stand after the destination."""
    names = ", ".join(repr(name) for name in error.fields)
    return (
        f"lacks its settings {names}: put them into .dlt/secrets.toml, .dlt/config.toml or the environment, "
        "as dlt wants them"
    )


def _cause(error: BaseException) -> BaseException:
    """The error behind dlt's frames: what the last step failed with."""
    while True:
        inner = error.exception if isinstance(error, PipelineStepFailed) else None
        inner = inner or getattr(error, "client_exception", None) or error.__cause__
        if not isinstance(inner, BaseException) or inner is error:
            return error
        error = inner
