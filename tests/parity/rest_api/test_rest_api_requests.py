"""Where dlt's requests hurt (H20 … H27, H43 of the contract): what is sent, to whom, how often, and what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.parity.rest_api.asking import FAMILY, child, config, of_parents, rows, things, went_well
from tests.parity.rest_api.case import Config
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import Way, by_drop_in, by_load


def test_h20_a_credential_does_not_follow_a_link_to_another_host(load: Way, tmp_path: Path) -> None:
    with (
        serving(lambda _: rows(2, next=None)) as other,
        serving(lambda _: rows(1, next=f"{other.url}/things")) as server,
    ):
        resource = things(paginator="json_link")
        loaded = load(config(server.url, resource, auth={"type": "bearer", "token": "tok-5f2c9d"}), tmp_path)
        assert server.asked[0].headers["authorization"] == "Bearer tok-5f2c9d"
        assert ["authorization" in asked.headers for asked in other.asked] in ([], [False])
    assert other.url in loaded.problem
    assert "tok-5f2c9d" not in loaded.problem


@pytest.mark.parametrize(
    ("placeholder", "path"),
    [("id", "/of/a%2Fb%3Fc%20d%23%25/children"), ("id:raw", "/of/a/b/children")],
    ids=["quoted", "raw"],
)
def test_h21_a_value_in_a_path_is_quoted_unless_it_is_a_path(
    load: Way, placeholder: str, path: str, tmp_path: Path
) -> None:
    value = "a/b" if "raw" in placeholder else "a/b?c d#%"
    with serving(of_parents({"id": value})) as server:
        resource = child(f"of/{{resources.parents.{placeholder}}}/children")
        loaded = went_well(load(config(server.url, FAMILY, resource), tmp_path))
    assert loaded.values("children") == [path]


def test_h22_a_parent_without_an_id_is_a_reject_and_not_asked_for(load: Way, tmp_path: Path) -> None:
    with serving(of_parents({"id": 1}, {"id": None, "name": "x"}, {"id": 3})) as server:
        loaded = load(config(server.url, FAMILY, child("of/{resources.parents.id}/children")), tmp_path)
        assert server.paths[1:] == ["/of/1/children", "/of/3/children"]
    assert loaded.values("children") == ["/of/1/children", "/of/3/children"]


def test_h22_a_null_parent_value_is_told(tmp_path: Path) -> None:
    with serving(of_parents({"id": 1}, {"id": None})) as server:
        loaded = by_load(config(server.url, FAMILY, child("of/{resources.parents.id}/children")), tmp_path)
    assert "id" in loaded.problem


def test_h23_a_field_that_a_parent_does_not_have_is_told_and_not_guessed(load: Way, tmp_path: Path) -> None:
    with serving(of_parents({"name": "x"})) as server:
        loaded = load(config(server.url, FAMILY, child("of/{resources.parents.number}/children")), tmp_path)
        assert server.paths == ["/parents"]
    assert "number" in loaded.problem


def test_h24_equal_parents_are_asked_for_once(load: Way, tmp_path: Path) -> None:
    with serving(of_parents({"id": 1}, {"id": 2}, {"id": 1})) as server:
        loaded = went_well(load(config(server.url, FAMILY, child("of/{resources.parents.id}/children")), tmp_path))
        assert sorted(server.paths[1:]) == ["/of/1/children", "/of/2/children"]
    assert set(loaded.values("children")) == {"/of/1/children", "/of/2/children"}


def test_h25_a_single_brace_is_named_with_its_place_and_the_mend(load: Way, tmp_path: Path) -> None:
    with serving(lambda _: rows(1)) as server:
        resource = things(method="POST", json={"query": "{ things { id } }"})
        loaded = load(config(server.url, resource), tmp_path)
        assert server.asked == []
    assert "endpoint.json" in loaded.problem
    assert "double" in loaded.problem


def test_h25_doubled_braces_are_sent_as_single_ones(load: Way, tmp_path: Path) -> None:
    with serving(lambda _: rows(1)) as server:
        resource = things(method="POST", json={"query": "{{ things {{ id }} }}"})
        went_well(load(config(server.url, resource), tmp_path))
        assert [asked.json for asked in server.asked] == [{"query": "{ things { id } }"}]


@pytest.mark.parametrize("actions", [[], [{"status_code": 409, "action": "ignore"}]], ids=["without", "with"])
def test_h26_an_error_shows_no_secret_whatever_actions_there_are(load: Way, actions: list[Any], tmp_path: Path) -> None:
    with serving(lambda asked: Answer({"error": f"bad key {asked.query['key']}"}, 403)) as server:
        auth = {"type": "api_key", "name": "key", "api_key": "sec-7781/x", "location": "query"}
        loaded = load(config(server.url, things(response_actions=actions), auth=auth), tmp_path)
    assert "403" in loaded.problem
    assert "7781" not in loaded.problem


class Bank:
    """A token endpoint, and an API that takes each token for so many requests."""

    def __init__(self, uses: int, *, basic: bool = False) -> None:
        self.uses, self.basic, self.tokens, self.left = uses, basic, 0, 0

    def __call__(self, asked: Asked) -> Answer:
        if asked.segments == ["token"]:
            if self.basic and ("authorization" not in asked.headers or "client_secret" in asked.form):
                return Answer({"error": "invalid_client"}, 401)
            self.tokens, self.left = self.tokens + 1, self.uses
            return Answer({"access_token": f"t{self.tokens}", "expires_in": 3600})
        if asked.headers.get("authorization") != f"Bearer t{self.tokens}" or not self.left:
            return Answer({"error": "expired"}, 401)
        self.left -= 1
        page = int(asked.query.get("page", 0))
        return rows(*([page] if page < 4 else []))


def oauth2(at: str, **more: Any) -> Config:
    fields = {"access_token_url": f"{at}/token", "client_id": "me", "client_secret": "hush-hush"}
    return {"type": "oauth2_client_credentials", **fields, **more}


NUMBERED = {"type": "page_number", "total_path": None}


def test_h27_a_token_that_is_refused_is_renewed(load: Way, tmp_path: Path) -> None:
    bank = Bank(uses=2)
    with serving(bank) as server:
        loaded = went_well(load(config(server.url, things(paginator=NUMBERED), auth=oauth2(server.url)), tmp_path))
    assert loaded.values("things") == [0, 1, 2, 3]
    assert bank.tokens == 3


def test_h27_the_client_may_authenticate_by_a_header(load: Way, tmp_path: Path) -> None:
    bank = Bank(uses=99, basic=True)
    with serving(bank) as server:
        auth = oauth2(server.url, client_auth="basic")
        loaded = went_well(load(config(server.url, things(paginator=NUMBERED), auth=auth), tmp_path))
    assert loaded.values("things") == [0, 1, 2, 3]


def test_h27_several_resources_get_one_token(load: Way, tmp_path: Path) -> None:
    bank = Bank(uses=99)
    names = ["one", "two", "three", "four"]
    with serving(bank) as server:
        resources = [
            {"name": name, "parallelized": True, "endpoint": {"path": name, "paginator": NUMBERED}} for name in names
        ]
        loaded = went_well(load(config(server.url, *resources, auth=oauth2(server.url)), tmp_path))
    assert [loaded.values(name) for name in names] == [[0, 1, 2, 3]] * 4
    assert bank.tokens == 1


# --- what is told


def test_h43_a_misspelt_key_is_one_line_with_its_place_and_the_nearest_key(tmp_path: Path) -> None:
    with serving(lambda _: rows(1)) as server:
        loaded = by_drop_in(config(server.url, things(paginatr="json_link"), auth={"token": "tok-5f2c9d"}), tmp_path)
        assert server.asked == []
    line = next(line for line in loaded.problem.splitlines() if "paginatr" in line)
    assert "resources[0].endpoint.paginatr" in line
    assert "`paginator`" in line
    assert len(line) < 300
    assert "tok-5f2c9d" not in loaded.problem


@pytest.mark.parametrize("item", [{"id": 1}, [{"id": 1}]], ids=["single dicts", "lists of dicts"])
def test_a_resource_of_the_user_may_give_its_rows_in_either_form(item: Any, tmp_path: Path) -> None:
    import dlt

    own = dlt.resource(lambda: iter([item]), name="parents", selected=False)
    with serving(of_parents()) as server:
        loaded = went_well(by_drop_in(config(server.url, own, child("of/{resources.parents.id}/children")), tmp_path))
    assert loaded.values("children") == ["/of/1/children"]
