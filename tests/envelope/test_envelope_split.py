"""One look into a body gives its records untouched and the values that paging needs, or says why it is no page."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.envelope.absent import SelectorAbsent
from headrace.envelope.split import compile_splitter
from headrace.errors import BodyRejected, WalkStuck
from headrace.model.envelope import ABSENT, Ask, Envelope


def split(body: bytes | str, selector: str | None = "data", **paths: str) -> Envelope:
    return compile_splitter(Ask(selector, **paths)).split(body.encode() if isinstance(body, str) else body)


def test_records_are_the_bytes_of_the_body_with_every_digit_and_space() -> None:
    envelope = split('{"data": [ {"a" : 1.10, "b":[ 1e400]} ,2,"\\u00e9", null], "x": 1}')
    assert list(envelope.records) == [b'{"a" : 1.10, "b":[ 1e400]}', b"2", b'"\\u00e9"', b"null"]
    assert envelope.shape == "list"
    assert envelope.selector == "data"


def test_records_do_not_keep_the_body_in_memory() -> None:
    assert all(type(record) is bytes for record in split('{"data": [{}, {}]}').records)


@pytest.mark.parametrize(
    ("body", "records", "shape"),
    [
        ('{"data": []}', [], "list"),
        ('{"data": null}', [], "null"),
        ('{"data": {"id": 1}}', [b'{"id": 1}'], "object"),
        ('{"data": 7}', [b"7"], "object"),
        ('{"data": "x"}', [b'"x"'], "object"),
        ('{"data": [[1], [2]]}', [b"[1]", b"[2]"], "list"),
        ('{"data": 1, "data": [2]}', [b"2"], "list"),
        ('{"data": [1], "data": null}', [], "null"),
        ("", [], "empty_body"),
        (" \r\n", [], "empty_body"),
        ("\ufeff", [], "empty_body"),
        ('\ufeff{"data": [1]}', [b"1"], "list"),
    ],
)
def test_a_selector_may_lead_to_a_list_an_object_a_scalar_or_null(body: str, records: list[bytes], shape: str) -> None:
    envelope = split(body)
    assert (list(envelope.records), envelope.shape) == (records, shape)


@pytest.mark.parametrize(
    ("selector", "body", "records"),
    [
        ("$", "[1, 2]", [b"1", b"2"]),
        ("$", '{"a": 1}', [b'{"a": 1}']),
        ("$", "null", []),
        ("a.b", '{"a": {"b": [1]}}', [b"1"]),
        ("$.a['b.c']", '{"a": {"b.c": [1]}}', [b"1"]),
        ("a.'é \\' x'", '{"a": {"é \' x": [1]}}', [b"1"]),
        ("'a\"b'", '{"a\\"b": [1]}', [b"1"]),
        ("$[1]", '[{"page": 1}, [{"id": 1}, {"id": 2}]]', [b'{"id": 1}', b'{"id": 2}']),
        ("data[0].rows", '{"data": [{"rows": [1, 2]}]}', [b"1", b"2"]),
        ("data[*].item", '{"data": [{"item": {"a": 1}}, {"item": {"a": 2}}]}', [b'{"a": 1}', b'{"a": 2}']),
        ("data[*].rows", '{"data": [{"rows": [1, 2]}, {"rows": [3]}, {"rows": null}]}', [b"1", b"2", b"3"]),
        ("$..rows", '{"x": {"rows": [1, 2]}}', [b"1", b"2"]),
        ("data[?(@.ok == true)]", '{"data": [{"ok": true}, {"ok": false}]}', [b'{"ok": true}']),
        ("data[?(@.ok == true)]", '{"data": [{"ok": false}]}', []),
        ("data[*]", '{"data": []}', []),
        ("data[*]", '{"data": null}', []),
        ("data.*", '{"data": {"k1": {"id": 1}, "k2": {"id": 2}}}', [b'{"id": 1}', b'{"id": 2}']),
        ("['users','admins']", '{"users": [1], "admins": [2]}', [b"1", b"2"]),
        ("items|data", '{"data": [1]}', [b"1"]),
    ],
)
def test_every_kind_of_selector_gives_the_records_it_leads_to(selector: str, body: str, records: list[bytes]) -> None:
    assert list(split(body, selector).records) == records


@pytest.mark.parametrize("count", [1, 2])
def test_a_wildcard_gives_one_record_for_each_element_however_many_there_are(count: int) -> None:
    """H6: dlt flattens `items[*]` a level where there is one element and that is a list."""
    body = json.dumps({"items": [[1, 2]] * count})
    assert [json.loads(record) for record in split(body, "items[*]").records] == [[1, 2]] * count


@pytest.mark.parametrize(
    ("selector", "body", "where"),
    [
        ("data", '{"items": [], "next": null}', "the body has the keys items, next"),
        ("data", "{}", "the body is an object without keys"),
        ("data", "[1, 2]", "the body is a list of 2"),
        ("data", "null", "the body is null"),
        ("data", '"x"', "the body is a single value"),
        ("data.items", '{"data": {"rows": [1]}}', "`data` has the keys rows"),
        ("data.items", '{"data": null, "errors": [1]}', "`data` is null"),
        ("data[*].items", '{"data": [{"rows": []}]}', "has the keys rows"),
        ("data[*]", '{"items": []}', "the body has the keys items"),
        ("$[1]", '[{"message": "no"}]', "the body is a list of 1"),
        ("$..items", '{"data": {}}', "the body has the keys data"),
    ],
)
def test_an_absent_selector_is_an_error_that_names_what_is_there(selector: str, body: str, where: str) -> None:
    with pytest.raises(SelectorAbsent) as caught:
        split(body, selector)
    assert f"no records at `{selector}`" in str(caught.value)
    assert where in str(caught.value)


@pytest.mark.parametrize("error", ['"error": "no"', '"errors": [{"message": "no"}]'])
def test_null_beside_an_error_is_no_empty_page(error: str) -> None:
    with pytest.raises(SelectorAbsent, match="null at `data` and names an error") as caught:
        split(f'{{"data": null, {error}}}')
    assert caught.value.attempts == 3
    assert split('{"data": null, "errors": []}').shape == "null"


def test_an_absent_selector_names_a_dozen_keys_at_most_and_shortens_long_ones() -> None:
    body = json.dumps({("k" * 100) + str(number): number for number in range(50)})
    with pytest.raises(SelectorAbsent, match="and others") as caught:
        split(body)
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b'{"data": [{"id": 1}, {"id"', "cut short"),
        (b'{"data": [1]', "cut short"),
        (b'{"data": [1]} trailing', "trailing"),
        (b'{"data": [1,]}', "not JSON"),
        (b'{"data": [NaN]}', "not JSON"),
        (b'{"data": [], "x": Infinity}', "not JSON"),
        (b'{"data": [], "x": "a\nb"}', "not JSON"),
        (b"upstream connect error", "not JSON"),
        (b'{"data": ["\xff"]}', "UTF-8"),
        (b'{"data": [], "x": "\xe9"}', "UTF-8"),
        (b'{"data": ["\xed\xa0\x80"]}', "UTF-8"),
        ('{"data": []}'.encode("utf-16"), "UTF-8"),
        ('{"data": []}'.encode("utf-16-le"), "not JSON"),
        (b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deeply"),
        (b'{"data": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deeply"),
    ],
)
def test_a_body_that_is_no_page_is_rejected_with_what_it_looks_like(body: bytes, says: str) -> None:
    with pytest.raises(BodyRejected, match=says):
        split(body)


@given(st.binary(max_size=40), st.sampled_from(["data", "$", "data[*]", None]))
def test_any_bytes_are_split_or_rejected(body: bytes, selector: str | None) -> None:
    try:
        split(body, selector)
    except BodyRejected as error:
        assert len(str(error)) < 400  # noqa: PT017 - both outcomes are right


def test_a_rejected_body_shows_no_more_than_80_characters_of_itself() -> None:
    secret = "hunter2"
    with pytest.raises(BodyRejected) as caught:
        split("<html>" + "x" * 100 + secret)
    assert secret not in str(caught.value)
    assert "x" * 81 not in str(caught.value)


def test_every_cut_of_a_body_is_rejected() -> None:
    body = '{"data": [{"id": 1, "n": "é\\u00e9"}, -1.5e3, true], "next": "abc"}'.encode()
    for end in range(1, len(body)):
        with pytest.raises(BodyRejected):
            split(body[:end], cursor="next")


@pytest.mark.parametrize("selector", ["data", "data[*]", None])
def test_half_surrogate_pairs_stay_as_they_are_in_a_record(selector: str | None) -> None:
    body = r'{"data": [{"a": "\ud800 \\ud800 \ud83d\ude00 \uDC00"}, {"b": "<lone0:"}], "next": "x"}'
    envelope = split(body, selector, cursor="next")
    assert list(envelope.records) == [rb'{"a": "\ud800 \\ud800 \ud83d\ude00 \uDC00"}', b'{"b": "<lone0:"}']
    assert envelope.cursor == "x"


def test_half_a_surrogate_pair_does_not_make_broken_json_good() -> None:
    with pytest.raises(BodyRejected, match="not JSON"):
        split(r'{"data": ["\ud800"], }')


def test_a_cursor_of_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(WalkStuck, match="surrogate"):
        split(r'{"data": [], "next": "\ud800"}', cursor="next")


@pytest.mark.parametrize(
    ("body", "cursor"),
    [
        ('{"data": [], "next": "abc="}', "abc="),
        ('{"data": [], "next": ""}', ""),
        ('{"data": [], "next": null}', None),
        ('{"data": []}', ABSENT),
        ('{"data": [], "next": false}', False),
        ('{"data": [], "next": 0}', 0),
        ('{"data": [], "next": 123456789012345678901234567890}', 123456789012345678901234567890),
        ('{"data": [], "next": -7}', -7),
        ('{"data": [], "next": 1.5}', 1.5),
        ('{"data": [], "next": 1.50}', 1.5),
        ('{"data": [], "next": 1700000000.12345678901}', "1700000000.12345678901"),
        ('{"data": [], "next": 1e400}', "1e400"),
        ('{"next": "early", "data": [1]}', "early"),
        ('{"data": [], "next": "a", "next": "b"}', "b"),
        ('{"data": [], "next": "\\u00e9"}', "é"),
    ],
)
@pytest.mark.parametrize("selector", ["data", "data[*]"])
def test_a_cursor_keeps_its_type_and_digits_and_absent_is_not_null(selector: str, body: str, cursor: Any) -> None:
    found = split(body, selector, cursor="next").cursor
    assert found == cursor
    assert type(found) is type(cursor)


@pytest.mark.parametrize(
    ("path", "body", "cursor"),
    [
        ("meta.next", '{"data": [1], "meta": {"next": "a"}}', "a"),
        ("meta.next", '{"data": [1], "meta": null}', None),
        ("meta.next", '{"data": [1], "meta": {}}', ABSENT),
        ("meta.next", '{"data": [1], "meta": [1]}', ABSENT),
        ("meta.next", '{"data": [1], "meta": 3}', ABSENT),
        ("@odata.nextLink", '{"data": [1], "@odata.nextLink": "u"}', "u"),
        ("data[-1].id", '{"data": [{"id": 1}, {"id": 2}]}', 2),
        ("data[0].id", '{"data": [{"id": 1}, {"id": 2}]}', 1),
        ("data[-1].a.b", '{"data": [{"a": {"b": "x"}}]}', "x"),
        ("data[-1].id", '{"data": []}', ABSENT),
        ("data[-1].id", '{"data": [{"x": 1}]}', ABSENT),
        ("data[5].id", '{"data": [{"id": 1}]}', ABSENT),
        ("data[-1]", '{"data": ["a", "b"]}', "b"),
        ("data[*].id", '{"data": [{"id": 1}, {"id": 2}]}', 1),
        ("links[?(@.rel == 'next')].href", '{"data": [], "links": [{"rel": "x"}, {"rel": "next", "href": "n"}]}', "n"),
        ("data.next", '{"data": {"next": "a"}}', "a"),
        ("a|b", '{"data": [], "b": 2}', 2),
    ],
)  # fmt: skip
def test_a_cursor_may_stand_anywhere(path: str, body: str, cursor: Any) -> None:
    assert split(body, cursor=path).cursor == cursor


def test_a_cursor_in_the_records_of_a_bare_list_is_found() -> None:
    assert split('[{"id": 1}, {"id": 9}]', "$", cursor="[-1].id").cursor == 9
    assert split('[{"id": 1}, {"id": 9}]', "$", cursor="$[-1].id").cursor == 9
    assert split('[{"id": 1}]', "$", cursor="next").cursor is ABSENT


def test_all_values_come_from_one_look() -> None:
    envelope = split(
        '{"meta": {"total": "12", "more": true, "next": "c"}, "data": [1]}',
        cursor="meta.next",
        total="meta.total",
        has_more="meta.more",
    )
    assert (envelope.cursor, envelope.total, envelope.has_more) == ("c", "12", True)


def test_one_path_may_serve_two_roles() -> None:
    envelope = split('{"data": [], "next": "c"}', cursor="next", has_more="next")
    assert (envelope.cursor, envelope.has_more) == ("c", "c")


@pytest.mark.parametrize("value", ['{"after": "x"}', '["x"]'])
@pytest.mark.parametrize("selector", ["data", "data[*]"])
def test_a_cursor_that_is_an_object_or_a_list_is_an_error_that_asks_for_a_longer_path(
    selector: str, value: str
) -> None:
    with pytest.raises(WalkStuck, match=r"cursor at `next` .* longer path"):
        split('{"data": [], "next": ' + value + "}", selector, cursor="next")


def test_a_cursor_of_thousands_of_digits_is_an_error() -> None:
    with pytest.raises(WalkStuck, match="5000 digits"):
        split('{"data": [], "next": ' + "1" * 5000 + "}", cursor="next")


_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.lists(_values, max_size=5),
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    st.dictionaries(st.text(max_size=4), _values, max_size=3),
    st.booleans(),
)
def test_the_fast_way_and_the_general_way_see_the_same(
    records: list[Any], cursor: Any, extra: dict[str, Any], ascii_only: bool
) -> None:
    body = json.dumps({**extra, "data": records, "next": cursor}, ensure_ascii=ascii_only).encode("utf-8", "replace")
    fast, general = split(body, "data", cursor="next"), split(body, "data[*]", cursor="next")
    assert list(fast.records) == list(general.records)
    assert fast.cursor == general.cursor
    assert [json.loads(record) for record in list(fast.records)] == json.loads(body)["data"]


@given(st.lists(st.text(max_size=5), min_size=1, max_size=3), st.lists(st.integers(), max_size=3))
def test_a_key_of_any_characters_can_lead_to_the_records(keys: list[str], records: list[int]) -> None:
    from headrace.envelope.path import render

    document: Any = records
    for key in reversed(keys):
        document = {key: document}
    body = json.dumps(document).encode()
    assert [int(record) for record in split(body, render(tuple(keys))).records] == records


def test_a_page_of_a_hundred_records_is_split_in_well_under_a_millisecond() -> None:
    record = json.dumps({"id": "x" * 36, "traits": {f"k{number}": "v" * 12 for number in range(40)}})
    body = ('{"data": [' + ",".join([record] * 100) + '], "next": "abc"}').encode()
    splitter = compile_splitter(Ask("data", cursor="next"))
    times = []
    for _ in range(30):
        started = time.perf_counter()
        splitter.split(body)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.001


def test_a_body_with_no_list_but_that_of_its_errors_is_no_page() -> None:
    with pytest.raises(SelectorAbsent, match="names an error, and has no list but that at `errors`"):
        split('{"errors": [{"msg": "quota"}]}', None)
    assert split('{"errors": [], "users": [{"id": 1}]}', None).selector == "users"
    assert list(split('{"errors": [{"id": 1}]}', "errors").records) == [b'{"id": 1}']
