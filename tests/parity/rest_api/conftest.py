from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.rest_api.laboratory import Laboratory
from tests.parity.rest_api.routes import Api
from tests.parity.rest_api.serving import serving
from tests.parity.rest_api.ways import WAYS, Way

HERE = Path(__file__).parent
MARKS = (
    pytest.mark.parity,
    pytest.mark.timeout(120),  # the first case of those that share a pipeline runs them all
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # dlt's client leaves its sockets to the collector
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """No socket of dlt's is left for a test of another room to trip over."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with serving(Api()) as server:
        yield Laboratory(server, tmp_path_factory.mktemp("laboratory"))


@pytest.fixture(params=WAYS)
def load(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]
