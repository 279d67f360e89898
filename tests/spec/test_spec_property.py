"""Properties of the reader over mutilated documents: it never fails, and what it says can be pointed to."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.spec.data_tree import read_data
from headrace.spec.explain import check_json
from headrace.spec.faults import Faults, did_you_mean, listed, nearest
from headrace.spec.json_path import join_path
from headrace.spec.node import plain
from headrace.spec.read import Reading

from .documents import EXAMPLE, errors, told

TEXT = EXAMPLE.read_text(encoding="utf-8")
CODE = TEXT.split("```python\n", 1)[1].split("```", 1)[0]


def holds(reading: Reading, rows: int) -> None:
    """What is true of every reading."""
    assert (reading.plan is not None) == (not errors(reading))
    json.loads(check_json(reading))
    for fault in reading.faults:
        assert fault.problem
        assert fault.line is None or 1 <= fault.line <= rows + 1
    lines = [fault.line or 0 for fault in reading.faults]
    assert lines == sorted(lines)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(CODE) - 1), st.sampled_from(["", "'", '"', "{", "}", ",", ":", "\n", "“", "x", "(", "]"]))
def test_one_wrong_sign_anywhere_never_makes_the_reader_fail(at: int, sign: str) -> None:
    text = CODE[:at] + sign + CODE[at + 1 :]
    holds(told(text, "py"), text.count("\n") + 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 400))
def test_a_document_with_a_piece_cut_out_never_makes_the_reader_fail(at: int, length: int) -> None:
    text = TEXT[:at] + TEXT[at + length :]
    holds(told(text), text.count("\n") + 1)


STRINGS = ["", "a", "{x}", "a b", "{{", 'dlt.secrets["k"]', "{resources.a.id}", "cursor", "basic"]
INNER_KEYS = st.sampled_from(["type", "name", "path", "limit", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.sampled_from(STRINGS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER_KEYS, inner, max_size=3),
    max_leaves=6,
)
CLIENT = "base_url auth headers paginator"
RESOURCE = (
    "name endpoint primary_key write_disposition columns selected table_name max_table_nesting "
    "processing_steps error_handler"
)
ENDPOINT = (
    "path method params json data headers auth paginator data_selector incremental response_actions "
    "error_handler http_method"
)
PAGINATOR = "type limit cursor_path cursor_param cursor_value stop_condition total_path limit_param"
KEYS: list[tuple[str | int, ...]] = [
    ("client",),
    ("client", "auth", "type"),
    ("client", "auth", "token"),
    ("resource_defaults",),
    ("resource_defaults", "endpoint"),
    ("resource_defaults", "columns"),
    ("resources",),
    *[("client", key) for key in CLIENT.split()],
    *[("resources", 0, key) for key in RESOURCE.split()],
    *[("resources", 0, "endpoint", key) for key in ENDPOINT.split()],
    *[("resources", 0, "endpoint", "paginator", key) for key in PAGINATOR.split()],
]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(KEYS), VALUES, st.sampled_from(["cursor", "offset", "page_number"]), st.booleans())
def test_any_value_at_any_place_never_makes_the_reader_fail(
    keys: tuple[str | int, ...], value: object, kind: str, scaffold: bool
) -> None:
    config: Any = {
        "client": {"base_url": "https://a.io", "auth": {"type": "bearer", "token": "t"}},
        "resource_defaults": {"endpoint": {"params": {"q": 1}}, "columns": {}},
        "resources": [
            {"name": "a", "endpoint": {"path": "a", "paginator": {"type": kind, "limit": 5, "cursor_path": "n"}}},
            "b",
        ],
    }
    if not scaffold and kind != "offset":
        del config["resources"][0]["endpoint"]["paginator"]["limit"]
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    text = json.dumps(config, indent=1)
    holds(told(text, "json"), text.count("\n") + 1)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8)
NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=5)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), DATA, max_size=3))
def test_json_is_read_for_its_values_whatever_they_are(data: dict[str, object]) -> None:
    node = read_data(json.dumps(data, indent=2, ensure_ascii=False), "json", Faults())
    assert node is not None
    assert plain(node) == data


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), DATA, max_size=3))
def test_each_line_of_json_is_the_line_of_its_key(data: dict[str, object]) -> None:
    text = json.dumps(data, indent=2)
    node = read_data(text, "json", Faults())
    assert node is not None
    rows = text.splitlines()
    for key, sub in node.items.items():
        assert rows[sub.at - 1].startswith(f'  "{key}":')


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_path_joined_of_plain_keys_is_one_that_the_envelope_takes(keys: list[str]) -> None:
    from headrace.envelope.path import parse

    if not any("'" in key or "\\" in key for key in keys):
        parse(join_path(keys))


@given(st.text(max_size=12), st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_a_nearest_word_is_one_of_the_known(word: str, known: list[str]) -> None:
    assert nearest(word, known) in {None, *known}
    assert did_you_mean(word, known, "delete it")


def test_a_word_itself_in_other_letters_is_nearest() -> None:
    assert nearest("Base-URL", ["base", "base_url"]) == "base_url"


def test_words_are_listed_with_an_or() -> None:
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "`a`", "`a`, `b` or `c`")
