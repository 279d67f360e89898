"""Where a configuration is read otherwise than by dlt on purpose (docs/differences.md); dlt is asked beside."""

from __future__ import annotations

import pytest

from headrace.errors import ForeignOrigin
from headrace.transport.origin import Origins
from headrace.transport.waits import retry_after
from tests.spec.documents import errors, of, with_client, with_endpoint, with_resource
from tests.spec.oracle import dlt_takes

STRICTER: dict[str, tuple[dict[str, object], str]] = {
    "no resource": ({**with_client(), "resources": []}, "resources"),
    "an address that is none": (with_client(base_url="just a word"), "client.base_url"),
    "an unknown data type": (with_resource(columns={"x": {"data_type": "int"}}), "resources[0].columns.x.data_type"),
    "json and data together": (
        with_endpoint(method="POST", json={"a": 1}, data={"b": 2}),
        "resources[0].endpoint.data",
    ),
    "a selector that is no path": (with_endpoint(data_selector="a["), "resources[0].endpoint.data_selector"),
    "true as a number": (
        with_endpoint(paginator={"type": "offset", "limit": True}),
        "resources[0].endpoint.paginator.limit",
    ),
}


@pytest.mark.parametrize("name", STRICTER)
def test_what_dlt_only_fails_on_later_is_refused_at_once(name: str) -> None:
    config, path = STRICTER[name]
    reading = of(config)
    assert dlt_takes(config)
    assert reading.plan is None
    assert [fault.path for fault in errors(reading)] == [path]


LOOSER: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "no address": ({"client": {}, "resources": ["a"]}, ("base_url",)),
    "endpoint null": (with_resource(endpoint=None), ()),
    "path null": (with_endpoint(path=None), ()),
    "params null": (with_endpoint(params=None), ()),
    "a selector as a list of keys": (with_endpoint(data_selector=["data", "items"]), ()),
}


@pytest.mark.parametrize("name", LOOSER)
def test_what_can_only_mean_one_thing_is_read_so(name: str) -> None:
    config, needs = LOOSER[name]
    reading = of(config)
    assert not dlt_takes(config)
    assert reading.plan is not None
    assert reading.needs == needs


def test_no_credential_goes_to_another_origin_and_nothing_unless_allowed() -> None:
    """H20: dlt sends the token wherever a next link leads."""
    origins = Origins.of(["https://api.acme.io/v2"], ["https://cdn.acme.io"])
    assert origins.trusts("https://api.acme.io", via="a next link")
    assert not origins.trusts("https://cdn.acme.io", via="a next link")
    with pytest.raises(ForeignOrigin, match=r"a next link leads .* to https://evil\.io, which is not allowed"):
        origins.trusts("https://evil.io", via="a next link")


@pytest.mark.parametrize(("header", "seconds"), [("7200", 7200.0), ("0", 0.0), ("1700000060", 60.0)])
def test_a_stated_wait_is_read_whole_and_in_every_form(header: str, seconds: float) -> None:
    """H31: dlt cuts it at 300 s."""
    wait = retry_after({"retry-after": header}, now=1_700_000_000.0)
    assert wait is not None
    assert wait.seconds == seconds
