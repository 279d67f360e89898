"""The plan knows which of its values are guesses, and that in dlt's own dialect none are."""

from __future__ import annotations

from headrace.model.plan import Plan
from headrace.spec.guesses import _GUESSES
from headrace.spec.read import Source, read
from headrace.spec.rules import RULES

SCAFFOLD = """
client: {{base_url: "https://api.acme.dev", auth: {{type: basic, username: u, password: p}}}}
resource_defaults: {{primary_key: id, write_disposition: merge}}
resources:
  - {{name: birds, endpoint: {{path: /birds, data_selector: birds, paginator: {paginator}}}}}
  - {{name: nests, endpoint: {{path: /nests}}}}
"""


def plan_of(text: str) -> Plan:
    plan = read(Source(text, "yaml", "x.yaml", "x")).plan
    assert plan is not None
    return plan


def test_what_a_scaffold_leaves_unsaid_is_guessed() -> None:
    birds, nests = plan_of(SCAFFOLD.format(paginator="{type: page_number, limit: 20}")).resources
    paginator = {"endpoint.paginator.base_page", "endpoint.paginator.limit_param"}
    assert birds.guesses == paginator | {"endpoint.data_selector", "primary_key"}
    assert nests.guesses == {"endpoint.paginator", "primary_key"}


def test_an_inherited_guess_counts_for_every_resource() -> None:
    text = SCAFFOLD.format(paginator="{type: offset, limit: 20}")
    birds, _ = plan_of(text).resources
    assert {"endpoint.paginator.offset_param", "endpoint.paginator.limit_param"} <= birds.guesses


def test_what_a_scaffold_states_is_no_guess() -> None:
    stated = "{type: page_number, page_param: p, start_from_page: 0, limit: 20, limit_param: n}"
    birds, _ = plan_of(SCAFFOLD.format(paginator=stated)).resources
    assert birds.guesses == {"endpoint.data_selector", "primary_key"}


def test_what_fills_a_path_without_a_word_is_guessed() -> None:
    text = SCAFFOLD.format(paginator="{type: single_page}")
    text += "  - {name: eggs, endpoint: {path: '/nests/{nest_id}/eggs'}}\n"
    text += "  - {name: shells, endpoint: {path: '/nests/{resources.nests.key}/shells'}}\n"
    *_, eggs, shells = plan_of(text).resources
    assert eggs.guesses - shells.guesses == {"endpoint.params.nest_id"}


def test_nothing_is_guessed_in_dlts_own_dialect() -> None:
    plan = plan_of(
        'client: {base_url: "https://api.acme.dev"}\n'
        "resources:\n  - {name: birds, primary_key: id, endpoint: {path: birds, data_selector: data}}\n"
    )
    assert plan.dialect == "dlt"
    assert plan.resources[0].guesses == frozenset()


def test_a_guessed_paginator_is_told_as_such() -> None:
    plan = plan_of(SCAFFOLD.format(paginator="{type: page_number, limit: 20}"))
    sure = {each.path: each.confidence for each in plan.provenance}
    assert sure["resources[0].endpoint.paginator"] == "guessed"
    assert sure["resources[1].endpoint.paginator"] == "guessed"
    assert sure["client.base_url"] == "stated"


def test_every_guess_is_by_a_rule() -> None:
    assert set(_GUESSES) <= set(RULES)
