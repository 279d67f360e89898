"""Records are the list of texts that they were made of, whatever is in these, and hold them as one block."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from headrace.model.records import Records

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
TEXTS = st.builds(
    lambda value, indent: json.dumps(value, indent=indent, ensure_ascii=False).encode(),
    VALUES,
    st.sampled_from([None, None, 1]),
)
PAGES = st.lists(TEXTS, max_size=5)


@given(PAGES, st.integers(-6, 6), st.integers(-6, 6))
def test_records_are_the_list_of_their_texts(texts: list[bytes], start: int, stop: int) -> None:
    records = Records.of(texts)
    assert (len(records), bool(records), list(records)) == (len(texts), bool(texts), texts)
    assert records == texts
    assert records[start:stop] == texts[start:stop]
    assert [records[place] for place in range(-len(texts), len(texts))] == texts * 2
    assert records.lines == b"\n".join(texts)
    assert records.are_lines is not any(b"\n" in text for text in texts)
    assert records.are_objects is all(text.startswith(b"{") for text in texts)


@given(st.lists(PAGES, max_size=4))
def test_pages_that_are_chained_are_as_one_page_with_all_of_them(pages: list[list[bytes]]) -> None:
    chained, whole = Records.chained(map(Records.of, pages)), Records.of([text for page in pages for text in page])
    assert chained == whole
    assert (chained.lines, chained.are_lines, chained.are_objects) == (whole.lines, whole.are_lines, whole.are_objects)


def test_records_of_records_are_the_same_ones() -> None:
    records = Records.of(iter((b"1", b"2")))
    assert Records.of(records) is records
    assert records != Records.of([b"1"])
    assert records != "12"
    assert repr(records) == "Records([b'1', b'2'])"
