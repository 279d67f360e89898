"""dlt itself as the oracle: whether it takes a configuration."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.sources.rest_api import rest_api_resources

_OUTSIDE = (
    "TOKEN",
    "USERNAME",
    "PASSWORD",
    "API_KEY",
    "ACCESS_TOKEN_URL",
    "CLIENT_ID",
    "CLIENT_SECRET",
)


@contextmanager
def outside() -> Iterator[None]:
    """Every credential that a configuration may leave out is there to be found."""
    found = {f"CREDENTIALS__{name}": "x" for name in _OUTSIDE}
    with mock.patch.dict(os.environ, found), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def dlt_takes(config: dict[str, object]) -> bool:
    """Whether dlt takes it."""
    try:
        with outside():
            rest_api_resources(copy.deepcopy(config))
    except Exception:  # noqa: BLE001 - whatever dlt raises is a refusal
        return False
    return True
