"""Guesses over whole runs: what was settled stays settled, what a flag states is no guess, and no table is emptied."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.api import served
from tests.e2e.workplace import Workplace

_DOCUMENT = """# A source
```python
source = rest_api_source({
 "client": {"base_url": "https://api.example.com"},
 "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
 "resources": [%s]})
```
"""
_ENDPOINT = '"http_method": "GET", "data_selector": "data"'


def configured(workplace: Workplace, *resources: str) -> str:
    (workplace.folder / "c.md").write_text(_DOCUMENT % ",".join(resources))
    return str(workplace.folder / "c.md")


def test_a_resume_goes_by_what_an_earlier_try_has_settled_of_a_child(workplace: Workplace) -> None:
    refused = {2}

    def answer(target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        if parts.path == "/orders":
            return 200, {"data": [{"id": 1}, {"id": 2}]}
        order = int(parts.path.split("/")[2])
        if order in refused:
            return 403, {"error": "no"}
        after = int(parse_qs(parts.query).get("starting_after", ["0"])[0]) % 100
        return 200, {
            "data": [{"id": order * 100 + n} for n in range(after + 1, min(after + 2, {1: 5, 2: 1}[order]) + 1)]
        }

    config = configured(
        workplace,
        f'{{"name": "orders", "endpoint": {{"path": "/orders", {_ENDPOINT}, "paginator": "single_page"}}}}',
        f'{{"name": "lines", "endpoint": {{"path": "/orders/{{resources.orders.id}}/lines", {_ENDPOINT},'
        ' "paginator": {"type": "cursor", "cursor_param": "starting_after", "limit": 2}}}',
    )
    with served(answer) as url:
        assert workplace.run(url, config=config).code == 3
        refused.clear()
        ran = workplace.run(url, config=config)
    assert ran.code == 0, ran.err


def test_a_selector_that_a_flag_states_is_no_guess(workplace: Workplace) -> None:
    order = {"id": 7, "items": [{"id": 1}, {"id": 2}]}
    config = configured(
        workplace,
        f'{{"name": "orders", "endpoint": {{"path": "/orders/7", {_ENDPOINT}, "paginator": "single_page"}}}}',
    )
    with served(lambda _: (200, {"data": order})) as url:
        ran = workplace.run(url, "--set", "resources.orders.endpoint.data_selector=data", config=config)
    assert ran.code == 0, ran.err
    assert ran.report["resources"]["orders"]["records"] == 1


def test_a_table_that_was_merged_takes_rows_that_are_appended_with_their_nested_ones(workplace: Workplace) -> None:
    """As where a guessed key holds in one run and not in the next: the nested table keeps its `_dlt_root_id`."""
    resource = (
        '{{"name": "birds", "write_disposition": "{way}", "primary_key": "id",'
        ' "endpoint": {{"path": "/birds", "data_selector": "data", "paginator": "single_page"}}}}'
    )
    with served(lambda _: (200, {"data": [{"id": 1, "tags": ["a", "b"]}]})) as url:
        for way in ("merge", "append", "replace"):
            ran = workplace.run(url, config=configured(workplace, resource.format(way=way)))
            assert ran.code == 0, ran.err


def test_an_endpoint_that_only_the_prose_lists_is_tried_before_a_row_of_it_counts(workplace: Workplace) -> None:
    prose = "\nThese are the endpoints:\n\n- **Birds**: all of them\n- **Nests**: where they are\n"
    (workplace.folder / "g.md").write_text(_DOCUMENT % "" + prose)

    def answer(target: str) -> tuple[int, Any]:
        return (200, [{"id": 1}, {"id": 2}]) if target.startswith("/birds") else (404, {"error": "no such thing"})

    with served(answer) as url:
        ran = workplace.run(url, config=str(workplace.folder / "g.md"))
    assert ran.code == 3
    assert ran.report["resources"]["birds"]["records"] == 2
    (error,) = ran.report["errors"]
    assert "`nests`, which is a guess (404)" in error["message"]
    assert "--set resources.nests.endpoint.path=PATH" in error["message"]
