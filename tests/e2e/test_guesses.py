"""Guesses over whole runs: what was settled stays settled, what a flag states is no guess, and no table is emptied."""

from __future__ import annotations

import json
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


IGNORES_404 = '"response_actions": [{"status_code": 404, "action": "ignore"}]'


def test_a_404_that_is_ignored_does_not_bear_out_a_path(workplace: Workplace) -> None:
    birds = f'{{"name": "birds", "endpoint": {{"path": "/v1/birds", {_ENDPOINT}, {IGNORES_404}}}}}'
    config = configured(workplace, birds)
    with served(lambda target: (200, {"data": [{"id": 1}]}) if target.startswith("/birds") else (404, {})) as url:
        ran = workplace.run(url, config=config)
    assert (ran.code, ran.report["resources"]["birds"]["records"]) == (0, 1), ran.err
    with served(lambda _: (404, {})) as url:
        ran = workplace.run(url, "--journal", "other", "--to", "duckdb:///other.duckdb", config=config)
    assert ran.code == 3
    assert "--set resources.birds.endpoint.path=PATH" in ran.report["errors"][0]["message"]


def below(workplace: Workplace, endpoint: str) -> str:
    return configured(
        workplace,
        f'{{"name": "orders", "endpoint": {{"path": "/v1/orders", {_ENDPOINT}, "paginator": "single_page"}}}}',
        f'{{"name": "lines", "endpoint": {{"path": "/v1/orders/{{resources.orders.id}}/lines", {_ENDPOINT},'
        f" {endpoint}}}}}",
    )


def test_a_child_without_anything_does_not_keep_the_path_of_the_others_from_being_found(workplace: Workplace) -> None:
    config = below(workplace, f'"paginator": "single_page", {IGNORES_404}')

    def answer(target: str) -> tuple[int, Any]:
        if target.startswith("/orders/") and not target.startswith("/orders/1/"):
            return 200, {"data": [{"id": target}]}
        return (
            (200, {"data": [{"id": 1}, {"id": 2}, {"id": 3}]})
            if target.startswith("/orders?") or target == "/orders"
            else (404, {})
        )

    with served(answer) as url:
        ran = workplace.run(url, config=config)
    assert (ran.code, ran.report["resources"]["lines"]["records"]) == (0, 2), ran.err


def test_children_that_are_all_nowhere_prove_nothing(workplace: Workplace) -> None:
    config = below(workplace, f'"paginator": "single_page", {IGNORES_404}')
    with served(
        lambda target: (
            (200, {"data": [{"id": 1}]}) if target.startswith("/orders") and "lines" not in target else (404, {})
        )
    ) as url:
        ran = workplace.run(url, config=config)
    assert ran.code == 1
    proof = ran.report["resources"]["lines"]["proof"]
    assert (proof["complete"], "--set resources.lines.endpoint.path=PATH" in proof["why"]) == (False, True)


def numbered(pages: dict[int, list[int]], *, honoured: bool = True) -> Any:
    """Orders, each with so many lines on each page; behind the last page comes the last page again."""

    def answer(target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        if parts.path.endswith("/orders"):
            return 200, {"data": [{"id": order} for order in pages]}
        order = int(parts.path.split("/")[-2])
        asked = int(parse_qs(parts.query).get("page", ["1"])[0]) if honoured else 1
        held = pages[order]
        at = min(max(asked, 1), len(held)) - 1 if asked <= len(held) or len(held) == 1 else None
        if at is None:
            return 200, {"data": []}
        return 200, {"data": [{"id": order * 100 + sum(held[:at]) + n} for n in range(held[at])]}

    return answer


def test_a_first_child_with_a_short_page_leaves_the_question_to_the_next(workplace: Workplace) -> None:
    config = below(workplace, '"paginator": {"type": "page_number", "limit": 4}')
    with served(numbered({1: [1], 2: [4, 4, 1], 3: [2], 4: [4, 3]})) as url:
        ran = workplace.run(url, config=config)
    assert (ran.code, ran.report["resources"]["lines"]["records"]) == (0, 19), ran.err


def test_children_that_are_all_too_short_to_tell_are_loaded_once_and_prove_nothing(workplace: Workplace) -> None:
    config = below(workplace, '"paginator": {"type": "page_number", "limit": 4}')
    with served(numbered({1: [1], 2: [2], 3: [1]}, honoured=False)) as url:
        ran = workplace.run(url, config=config)
        again = workplace.run(url, config=config)
    for one in (ran, again):
        lines = one.report["resources"]["lines"]
        assert (one.code, lines["records"], lines["proof"]["complete"]) == (1, 4, False), one.err
        assert "single_page" in lines["proof"]["why"]


def test_a_list_of_a_round_number_is_told_until_a_flag_says_that_it_is_all(workplace: Workplace) -> None:
    config = {"client": {"base_url": "https://api.example.com"}, "resources": ["birds"]}
    (workplace.folder / "c.json").write_text(json.dumps(config))
    with served(lambda _: (200, [{"id": number} for number in range(20)])) as url:
        ran = workplace.run(url, config="c.json")
        assert (ran.code, ran.report["resources"]["birds"]["records"]) == (0, 20), ran.err
        words = " ".join(ran.err.split())
        assert "the list has just 20 records" in words
        flag, setting = words.partition("state `")[2].partition("`")[0].split()
        ran = workplace.run(url, flag, setting, config="c.json")
    assert (ran.code, "just 20 records" in " ".join(ran.err.split())) == (0, False), ran.err


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
