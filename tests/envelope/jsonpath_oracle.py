"""jsonpath-ng, which dlt uses: what a path finds by it."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def _compiled(path: str) -> Any:
    from jsonpath_ng.ext import parse

    return parse(path)


def oracle(path: str, document: Any) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [match.value for match in _compiled(path).find(document)]
