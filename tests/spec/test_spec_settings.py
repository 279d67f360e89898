"""Values of `--set` that a document has no use for are found, with the name that was probably meant."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from headrace.spec.read import Options, Source, read
from headrace.spec.settings import Settings

DOCUMENT = """
client: {base_url: "https://{tenant}.acme.dev/v1"}
resources:
  - {name: users, endpoint: {path: users, params: {region: 'dlt.config["region"]'}}}
"""


def surplus(given: Mapping[str, str], **options: str) -> dict[str, str]:
    settings = Settings(given)
    read(Source(DOCUMENT, "yaml", "x.yaml", "x"), Options(settings=settings, **options))  # type: ignore[arg-type]
    return settings.surplus()


def test_what_the_document_asks_for_is_not_surplus() -> None:
    assert surplus({"tenant": "acme", "region": "eu"}) == {}


@pytest.mark.parametrize(("key", "fix"), [("tenat", "did you mean `tenant`?"), ("Region", "did you mean `region`?")])
def test_a_misspelt_key_is_surplus_and_recognised(key: str, fix: str) -> None:
    assert surplus({key: "x"}) == {key: fix}


def test_a_key_like_none_gets_the_list() -> None:
    assert surplus({"colour": "x"}) == {"colour": "the configuration asks for `tenant` or `region`"}


def test_the_value_comes_through() -> None:
    reading = read(Source(DOCUMENT, "yaml", "x.yaml", "x"), Options(settings=Settings({"tenant": "t", "region": "eu"})))
    assert reading.plan is not None
    assert reading.plan.client.base_url == "https://t.acme.dev/v1"
    assert dict(Settings({"a": "1"})) == {"a": "1"}
    assert len(Settings({"a": "1"})) == 1
