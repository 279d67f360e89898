"""Link headers are read by RFC 8288, not by splitting at commas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.walk.link_header import parse_links, target_of


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a.b/?p=2>; rel="next"', "https://a.b/?p=2"),
        ("<https://a.b/?p=2>; rel=next", "https://a.b/?p=2"),
        ("<https://a.b/?p=2>;rel=next;title=x", "https://a.b/?p=2"),
        ('<https://a.b/1>; rel="prev", <https://a.b/3>; rel="next"', "https://a.b/3"),
        ('<https://a.b/?ids=1,2;3>; rel="next"', "https://a.b/?ids=1,2;3"),
        ('<https://a.b/1>; title="a, <b>; rel=next"; rel="prev", <https://a.b/2>; REL="Next"', "https://a.b/2"),
        ('<https://a.b/1>; title="say \\"next\\", rel=next", <https://a.b/2>; rel=next', "https://a.b/2"),
        ('<?p=2>; rel="last next"', "?p=2"),
        ('<https://a.b/1>; rel="next"; anchor="#other", <https://a.b/2>; rel=next', "https://a.b/2"),
        ('<https://a.b/1>; rel="prev"; rel="next"', None),
        ('<https://a.b/1>; rel="nextish"', None),
        ("<https://a.b/1>; rel=prev;, <https://a.b/2>; rel=next", "https://a.b/2"),
        ("<>; rel=next", ""),
        (", , <https://a.b/2> ; rel = next", "https://a.b/2"),
        ('<https://a.b/2>; crossorigin; rel="next"', "https://a.b/2"),
        ("https://a.b/2; rel=next", None),
        ("<https://a.b/2", None),
        ("", None),
    ],
)
def test_the_next_link_is_found(header: str, target: str | None) -> None:
    assert target_of({"link": header}, "next") == target


def test_another_relation_can_be_asked_for_in_any_case() -> None:
    assert target_of({"link": "<a>; rel=NEXT-page"}, "Next-Page") == "a"


def test_no_header_has_no_link() -> None:
    assert target_of({}, "next") is None


@given(st.text(alphabet='<>;,="\\ relnxt/?'))
def test_any_header_is_read_without_an_error(header: str) -> None:
    parse_links(header)


_targets = st.text(st.characters(exclude_characters="<>", exclude_categories=["Cs"]), max_size=8)
_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(_targets, _values), max_size=4))
def test_links_written_by_the_rfc_are_read_back(links: list[tuple[str, str]]) -> None:
    escaped = [(target, title.replace("\\", "\\\\").replace('"', '\\"')) for target, title in links]
    header = ", ".join(f'<{target}>; rel="next"; title="{title}"' for target, title in escaped)
    assert [(link.target, link.params["title"]) for link in parse_links(header)] == links
