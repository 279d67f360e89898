"""Small configurations and answers for tests that bring an API of their own."""

from __future__ import annotations

from typing import Any

from tests.parity.rest_api.case import Config
from tests.parity.rest_api.serving import Answer, Asked
from tests.parity.rest_api.ways import Loaded


def config(at: str, *resources: Any, **client: Any) -> Config:
    return {"client": {"base_url": at, **client}, "resources": list(resources)}


def things(**endpoint: Any) -> Config:
    return {"name": "things", "endpoint": {"path": "things", **endpoint}}


def rows(*numbers: int, **beside: Any) -> Answer:
    return Answer({"data": [{"id": number} for number in numbers], **beside})


def went_well(loaded: Loaded) -> Loaded:
    assert not loaded.problem, loaded.problem
    return loaded


FAMILY: dict[str, Any] = {"name": "parents", "endpoint": {"path": "parents", "paginator": "single_page"}}


def child(path: str, **hints: Any) -> Config:
    return {
        "name": "children",
        "endpoint": {"path": path, "paginator": "single_page", "data_selector": "data"},
        **hints,
    }


def of_parents(*parents: Config) -> Any:
    """A server whose every child list holds one row, which says what was asked for."""

    def handle(asked: Asked) -> Answer:
        if asked.segments == ["parents"]:
            return Answer({"data": list(parents)})
        return Answer({"data": [{"id": asked.raw_path, "query": sorted(asked.query.items())}]})

    return handle
