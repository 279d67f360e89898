"""Whatever the destination, both ways into it leave the tables of dlt: on a first run, and on one that changes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.destinations.places import NAMES, Place
from tests.destinations.ways import load
from tests.parity.oracle import differences
from tests.rest_api.serving import Api

FIRST: list[Any] = [
    {"id": 1, "title": "a", "tags": ["x", "y"], "meta": {"at": "2024-01-01T10:00:00Z", "n": 1}, "parts": []},
    {"id": 2, "title": None, "tags": [], "meta": {"n": 2}, "parts": [{"k": 1, "sub": [{"v": True}]}]},
    {"id": 3, "title": "c", "tags": ["z"], "parts": [{"k": 2, "sub": []}, {"k": 3, "sub": [{"v": False}]}]},
    {"id": 4, "title": "d", "big": 9007199254740993, "ratio": 0.5},
]
SECOND: list[Any] = [
    {"id": 1, "title": "again", "tags": [], "parts": [{"k": 9, "sub": [{"v": True, "new": "leaf"}]}]},
    {"id": 3, "title": "c", "tags": ["z", "zz"], "parts": []},
    {"id": 5, "title": "e", "added": "2024-02-03", "links": [{"to": 1}]},
]


def config(api: Api, disposition: str) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    return {
        "client": {"base_url": api.url, "paginator": paginator},
        "resource_defaults": {"primary_key": "id", "write_disposition": disposition},
        "resources": [{"name": "posts", "endpoint": {"path": "posts", "data_selector": "data"}}],
    }


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Delete operation did not match any records")  # pyiceberg, of what dlt does
@pytest.mark.parametrize("here", NAMES, indirect=True)
@pytest.mark.parametrize("disposition", ["merge", "append", "replace"])
def test_the_tables_are_those_of_dlt(api: Api, here: Place, disposition: str) -> None:
    given = config(api, disposition)
    for records in (FIRST, SECOND):
        api.list_of("/posts", records)
        theirs = load(here, "dlt", given)
        assert differences(load(here, "ours", given), theirs) == []
        assert differences(load(here, "run", given), theirs) == []
