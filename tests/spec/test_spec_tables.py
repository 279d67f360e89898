"""Resources that fill one table must agree on how; names that would meet are told before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.spec.faults import Fault

from .documents import errors, of

CODES = {"one-table", "merged-table", "two-spellings", "nested-table", "reserved-table"}


def found(*resources: dict[str, Any], **defaults: Any) -> list[Fault]:
    config = {"client": {"base_url": "https://api.acme.io"}, "resources": list(resources)}
    reading = of(config | ({"resource_defaults": defaults} if defaults else {}))
    assert (reading.plan is None) == bool(errors(reading))
    return [
        fault
        for fault in reading.faults
        if fault.code in {"one-table", "merged-table", "two-spellings", "nested-table", "reserved-table"}
    ]


def one(name: str, table: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, **({"table_name": table} if table else {}), **more}


def test_resources_that_agree_may_fill_one_table() -> None:
    assert found(one("a", "t"), one("b", "t")) == []
    assert found(one("a", "t"), one("b", "t"), write_disposition="replace") == []
    merge = {"write_disposition": "merge", "primary_key": ["x", "y"]}
    assert found(one("a", "t", **merge), one("b", "t", **merge | {"primary_key": ["y", "X"]})) == []


def test_a_table_that_one_merges_and_another_appends_to_is_merged() -> None:
    resources = [one("a", "t"), one("b", "t", write_disposition="merge", primary_key="id")]
    reading = of({"client": {"base_url": "https://api.acme.io"}, "resources": resources})
    (fault,) = found(*resources)
    assert (fault.severity, fault.path) == ("warning", "resources[1].write_disposition")
    assert reading.plan is not None
    assert [(each.disposition, each.primary_key) for each in reading.plan.resources] == [("merge", ("id",))] * 2


@pytest.mark.parametrize(("first", "second"), [("replace", "append"), ("merge", "replace")])
def test_one_table_is_not_filled_in_two_ways(first: str, second: str) -> None:
    keyed = {"primary_key": "id"}
    resources = [one("a", "t", write_disposition=first, **keyed), one("b", "t", write_disposition=second, **keyed)]
    (fault,) = found(*resources)
    assert (fault.severity, fault.path) == ("error", "resources[1].write_disposition")
    assert fault.problem == f"`a` and `b` fill the table `t`, one by `{first}` and one by `{second}`"
    assert fault.fix == "give both the same `write_disposition`, or one of them another `table_name`"


def test_one_table_is_not_merged_by_two_keys() -> None:
    merge = {"write_disposition": "merge"}
    (fault,) = found(one("a", "t", primary_key="id", **merge), one("b", "t", primary_key="sku", **merge))
    assert (fault.severity, fault.path) == ("error", "resources[1].primary_key")
    assert fault.problem == "`a` and `b` fill the table `t` by `merge` with different keys"


@pytest.mark.parametrize("more", [{"selected": False}, {"write_disposition": "skip"}])
def test_a_resource_that_loads_nothing_is_in_nobodys_way(more: dict[str, Any]) -> None:
    assert found(one("a", "t", write_disposition="replace"), one("b", "t", **more)) == []


def test_two_names_that_become_one_are_told() -> None:
    (fault,) = found(one("userItems"), one("user_items"))
    assert (fault.severity, fault.path) == ("warning", "resources[1]")
    assert fault.problem == (
        "`userItems` and `user_items` fill the table `user_items`, though their own names are written differently"
    )


@pytest.mark.parametrize("order", [1, -1])
def test_a_table_that_a_list_of_another_resource_may_fill_is_told(order: int) -> None:
    (fault,) = found(*[one("users"), one("posts", "users__posts")][::order])
    assert (fault.severity, fault.path.partition(".")[2]) == ("warning", "table_name")
    assert fault.problem == (
        "`posts` fills the table `users__posts`, and so would a list `posts` in the records of `users`, "
        "which would be set aside"
    )


@pytest.mark.parametrize("table", ["_dlt_loads", "_headrace_walks", "_DltLoads"])
def test_tables_of_the_loader_are_not_for_data(table: str) -> None:
    (fault,) = found(one("a", table))
    assert (fault.severity, fault.path, fault.fix) == ("error", "resources[0].table_name", "set another `table_name`")
    assert found(one("_headraces"), one("dlt_loads")) == []
