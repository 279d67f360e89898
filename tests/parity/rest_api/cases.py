"""All configurations of the suite, and which of them share a pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.parity.rest_api import (
    cases_auth,
    cases_family,
    cases_hints,
    cases_incremental,
    cases_paging,
    cases_rest,
    routes_auth,
    routes_family,
    routes_paging,
    routes_rest,
)
from tests.parity.rest_api.case import Build, Case, Config, as_it_is, nothing

ROOMS = (cases_paging, cases_auth, cases_family, cases_incremental, cases_rest, cases_hints)
ROUTES = (routes_auth, routes_family, routes_paging, routes_rest)
"""What answers: importing them is what registers their paths."""
SHARING = 10
"""How many cases one pipeline takes. A run costs dlt half a second, whatever is in it."""


@dataclass(frozen=True)
class Bundle:
    """Cases that go through one pipeline, and the configuration of them all."""

    cases: tuple[Case, ...]
    together: Case


def _collected(case: Case) -> Case:
    """The case; its last resource is named after it if nothing but that and its parent is in the configuration."""
    config = case.build("")
    *heads, last = config["resources"]
    plain = not (case.source or case.differs or case.alone) and case.change is as_it_is and case.prepare is nothing
    if not plain or config.keys() != {"client", "resources"} or config["client"] != {"base_url": ""}:
        return case
    if heads not in ([], [cases_family.PARENTS]) or isinstance(last, str) or "table_name" in last:
        return case
    old, name = last["name"], re.sub(r"\W+", "_", case.name.lower())

    def build(at: str) -> Config:
        config = case.build(at)
        config["resources"][-1]["name"] = name
        return config

    rows = {table.replace(old, name): counts for table, counts in case.rows.items()}
    return replace(case, build=build, rows=rows, shared=(*(head["name"] for head in heads), name))


def _together(cases: list[Case]) -> Build:
    def build(at: str) -> Config:
        configs = [case.build(at) for case in cases]
        *heads, _ = configs[0]["resources"]
        return configs[0] | {"resources": [*heads, *(config["resources"][-1] for config in configs)]}

    return build


def _bundles(cases: list[Case]) -> Iterator[Bundle]:
    yield from (Bundle((case,), case) for case in cases if not case.shared)
    kinds = {case.shared[:-1] for case in cases if case.shared}
    for kind in sorted(kinds):
        shared = [case for case in cases if case.shared and case.shared[:-1] == kind]
        for start in range(0, len(shared), SHARING):
            some = shared[start : start + SHARING]
            yield Bundle(tuple(some), Case(f"{some[0].name} and so on", _together(some), {}))


BUNDLES = [bundle for room in ROOMS for bundle in _bundles([_collected(case) for case in room.CASES])]
CASES = {case.name: (case, bundle) for bundle in BUNDLES for case in bundle.cases}
assert len(CASES) == sum(len(room.CASES) for room in ROOMS), "two cases of one name"

USUAL = {
    "json_link absolute",
    "detected page number from 1",
    "oauth2",
    "child by path",
    "a parent that is not selected",
    "start_param",
    "merge",
    "add_map",
}
EVERYDAY = [name for name, (_, bundle) in CASES.items() if USUAL & {case.name for case in bundle.cases}]
"""The slice of every test run: the usual ones, and what shares a pipeline with them."""
