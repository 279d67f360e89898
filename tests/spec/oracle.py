"""dlt itself as the oracle: whether it takes a configuration."""

from __future__ import annotations

import copy
import os
import warnings
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


def dlt_takes(config: dict[str, object]) -> bool:
    """Whether dlt takes it, with every credential that is not stated there to be found."""
    outside = {f"CREDENTIALS__{name}": "x" for name in _OUTSIDE}
    try:
        with mock.patch.dict(os.environ, outside), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rest_api_resources(copy.deepcopy(config))
    except Exception:  # noqa: BLE001 - whatever dlt raises is a refusal
        return False
    return True
