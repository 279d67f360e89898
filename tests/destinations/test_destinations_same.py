"""Whatever the destination, both ways into it leave the tables of dlt: on a first run, and on one that changes them."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from tests.destinations.places import NAMES, Place
from tests.destinations.ways import Way, load
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


# Of pyiceberg, in what dlt makes it do.
QUIET = [
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Delete operation did not match any records"),
]
PLACES = [pytest.param(name, marks=QUIET if name == "iceberg" else []) for name in NAMES]


def without_new_columns(records: list[Any]) -> list[Any]:
    """dlt 1.31 cannot merge a new column into Iceberg with a pyiceberg that is newer than 0.9."""
    parts = [{"k": 9, "sub": [{"v": True}]}]
    return [{"id": 1, "title": "again", "tags": [], "parts": parts}, records[1], {"id": 5, "links": [{"to": 1}]}]


@pytest.mark.parametrize("here", PLACES, indirect=True)
@pytest.mark.parametrize("disposition", ["merge", "append", "replace"])
def test_the_tables_are_those_of_dlt(api: Api, here: Place, disposition: str) -> None:
    given = config(api, disposition)
    narrow = here.name == "iceberg" and disposition == "merge"
    for records in (FIRST, without_new_columns(SECOND) if narrow else SECOND):
        api.list_of("/posts", records)
        theirs = load(here, "dlt", given)
        assert differences(load(here, "ours", given), theirs) == []
        assert differences(load(here, "run", given), theirs) == []


@pytest.mark.parametrize("here", PLACES[-1:], indirect=True)
@pytest.mark.parametrize("way", ["dlt", "run"])
def test_a_new_column_cannot_be_merged_into_iceberg_as_long_as_dlt_cannot(api: Api, here: Place, way: Way) -> None:
    api.list_of("/posts", FIRST[:1])
    load(here, way, config(api, "merge"))
    api.list_of("/posts", [{"id": 1, "added": 1}])
    with pytest.raises((PipelineStepFailed, AssertionError), match="field names are not matching"):
        load(here, way, config(api, "merge"))


@pytest.mark.parametrize("here", ["duckdb", "postgres", "parquet"], indirect=True)
def test_names_longer_than_the_destination_allows_keep_their_rows(api: Api, here: Place) -> None:
    long, leaf = "a" * 50, "b" * 40
    given = config(api, "merge")
    for number in (1, 2):
        api.list_of("/posts", [{"id": 1, long: {leaf: number}, f"{long}s": [{leaf: number, "more": [number]}]}])
        ours = load(here, "run", given)
        assert differences(ours, load(here, "dlt", given)) == []
