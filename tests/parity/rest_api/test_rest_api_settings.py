"""What dlt finds in its own configuration (environment, `.dlt/config.toml`) is found in the same places."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.parity.rest_api.asking import config, rows, things
from tests.parity.rest_api.outcome import ORACLE, OURS
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import in_pipeline

NAMES = ["SOURCES__REST_API__CREDENTIALS__TOKEN", "SOURCES__CREDENTIALS__TOKEN", "CREDENTIALS__TOKEN"]
MODULES = {"dlt": ORACLE, "headrace": OURS}


def guarded(asked: Asked) -> Answer:
    return rows(1) if asked.headers.get("authorization") == "Bearer from outside" else Answer({}, 401)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    "name", ["SOURCES__REST_API__CREDENTIALS__TOKEN", "SOURCES__CREDENTIALS__TOKEN", "CREDENTIALS__TOKEN"]
)
def test_a_missing_token_comes_from_the_environment(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "from outside")
    rest_api = import_module(MODULES[module])
    with serving(guarded) as server:
        whole = config(server.url, things(), auth={"type": "bearer"})
        loaded = in_pipeline(lambda: rest_api.rest_api_source(whole), tmp_path)
    assert not loaded.problem, loaded.problem
    assert loaded.values("things") == [1]


@pytest.mark.parametrize("module", MODULES)
def test_a_missing_token_is_named(module: str, tmp_path: Path) -> None:
    rest_api = import_module(MODULES[module])
    whole = config("http://127.0.0.1:9", things(), auth={"type": "bearer"})
    loaded = in_pipeline(lambda: rest_api.rest_api_source(whole), tmp_path)
    assert "token" in loaded.problem


@pytest.mark.parametrize("module", MODULES)
def test_a_connection_is_checked_with_one_page(module: str) -> None:
    rest_api = import_module(MODULES[module])
    check = import_module("dlt.sources.rest_api.utils" if module == "dlt" else OURS).check_connection
    with serving(lambda asked: rows(1) if asked.segments == ["things"] else Answer({}, 403)) as server:
        source = rest_api.rest_api_source(config(server.url, things(), "secrets"))
        assert check(source, "things") == (True, "")
        fine, problem = check(source, "secrets")
    assert not fine
    assert "403" in problem
