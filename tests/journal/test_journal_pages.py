"""Pages and walks: what goes in comes out, in order, and a restarted walk's earlier pages do not count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import JournalError
from headrace.journal.layout import WalkState
from headrace.journal.write import open_journal
from headrace.model.page import Page
from headrace.model.position import AtOffset, AtPage, Done, NextLink, Start, Token
from tests.journal.making import IDENTITY, begun, body_of, drop_index, fill, finished, page, run, segments

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_positions = st.one_of(
    st.builds(Start),
    st.builds(Token, _text | st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(AtOffset, st.integers(0, 2**63)),
    st.builds(AtPage, st.integers(0, 2**63)),
    st.builds(NextLink, _text),
)
_pages = st.builds(
    Page,
    walk=st.just("accounts"),
    number=st.just(0),
    position=_positions,
    next=_positions | st.builds(Done, _text, st.booleans(), st.sampled_from(["end", "early", "limit"])),
    body=st.binary(max_size=3000) | st.binary(max_size=20).map(lambda data: data * 500),
    status=st.integers(200, 599),
    headers=st.dictionaries(_text.map(lambda name: f"x-{name}"), _text, max_size=4),
    fetched_at=st.floats(0, 1e12),
    records=st.integers(0, 2**40),
    records_digest=st.binary(max_size=32),
    fingerprint=_text,
    detected=st.binary(max_size=50),
)


@pytest.mark.usefixtures("no_disk")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=_pages)
def test_a_page_comes_back_as_it_went_in(tmp_path_factory: pytest.TempPathFactory, kept: Page) -> None:
    folder = tmp_path_factory.mktemp("j")
    with begun(folder) as journal:
        ref = journal.append("r1", kept)
        assert journal.read(ref) == kept
        assert journal.refs("r1", "accounts") == [ref]
        assert (ref.position, ref.next, ref.records) == (kept.position, kept.next, kept.records)
        assert (ref.records_digest, ref.detected, ref.body_bytes) == (
            kept.records_digest,
            kept.detected,
            len(kept.body),
        )
    with open_journal(folder, IDENTITY, read_only=True) as journal:
        assert journal.read(ref) == kept


def test_a_walk_that_was_not_begun_has_no_state(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        assert journal.walk("r1", "users") is None
        assert journal.walk("r9", "accounts") is None
        assert journal.refs("r1", "users") == []
        assert journal.synced_pages("r1", "users") == 0


def test_a_walk_that_was_begun_stands_before_its_first_page(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        state = WalkState("accounts", "f1", pages=0, records=0, last=None, detected=b"", ended=False)
        assert journal.walk("r1", "accounts") == state


@pytest.mark.parametrize("indexed", [True, False])
def test_a_walk_resumes_after_its_last_page(tmp_path: Path, indexed: bool) -> None:
    with begun(tmp_path, "accounts", "users") as journal:
        refs = fill(journal, 3)
        fill(journal, 1, "users")
        state = journal.walk("r1", "accounts")
    if not indexed:
        drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.walk("r1", "accounts") == state
        assert state is not None
        assert (state.pages, state.records, state.last) == (3, 6, Token("c3"))
        assert state.detected == b'{"selector":"results"}'
        assert journal.begin_walk("r1", "accounts", "f1") == state
        refs += fill(journal, 2, start=3)
        assert journal.refs("r1", "accounts") == refs
        assert [journal.read(ref) for ref in refs] == [page(number) for number in range(5)]


def test_a_walk_has_ended_when_its_last_page_says_so(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 1)
        journal.append("r1", page(1, last=True))
        for _ in range(2):  # at hand, and from the index
            state = journal.walk("r1", "accounts")
            assert state is not None
            assert state.ended
            assert state.last == Done("null cursor", proven=True)
            journal.sync()
        with pytest.raises(JournalError, match="cannot follow its 2 pages and its end"):
            journal.append("r1", page(2))
        assert journal.synced_pages("r1", "accounts") == 2


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_page_out_of_order_is_refused_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 2)
        size = segments(tmp_path)[0].stat().st_size
        with pytest.raises(JournalError, match=f"Page {number} of walk 'accounts' cannot follow its 2 pages"):
            journal.append("r1", page(number))
        assert segments(tmp_path)[0].stat().st_size == size
        fill(journal, 1, start=2)


def test_a_page_of_a_walk_that_was_not_begun_is_refused(tmp_path: Path) -> None:
    with begun(tmp_path) as journal, pytest.raises(JournalError, match="'users' has a page before it was begun"):
        journal.append("r1", page(0, "users"))


@pytest.mark.parametrize("synced", [True, False])
@pytest.mark.parametrize("indexed", [True, False])
def test_another_fingerprint_begins_the_walk_again(tmp_path: Path, synced: bool, indexed: bool) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 3)
        if synced:
            journal.sync()
        state = journal.begin_walk("r1", "accounts", "f2")
        assert (state.pages, state.records, state.last, state.detected) == (0, 0, None, b"")
        assert journal.refs("r1", "accounts") == []
        assert journal.synced_pages("r1", "accounts") == 0
        (ref,) = fill(journal, 1)
    if not indexed:
        drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == [ref]
        again = journal.walk("r1", "accounts")
        assert again is not None
        assert (again.fingerprint, again.pages) == ("f2", 1)
        assert [one for _, one in journal.all_refs()] == [ref]


def test_an_ended_walk_begins_again_with_another_fingerprint(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.append("r1", page(0, last=True))
        journal.sync()
        journal.begin_walk("r1", "accounts", "f2")
        fill(journal, 2)
        assert len(journal.refs("r1", "accounts")) == 2


def test_refs_can_begin_at_any_page(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 4)
        assert journal.refs("r1", "accounts", 2) == refs[2:]
        assert journal.refs("r1", "accounts", 9) == []


def test_more_pages_than_one_question_takes_come_in_order(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        for number in range(2300):
            journal.append("r1", page(number, body=b"x"))
        refs = journal.refs("r1", "accounts")
        assert [ref.number for ref in refs] == list(range(2300))
        assert len(list(journal.all_refs())) == 2300


def test_all_refs_gives_every_run_the_newest_first(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2", pages=2)
    with begun(tmp_path, "accounts", "users", run_id="r3") as journal:
        fill(journal, 1, run_id="r3")
        fill(journal, 1, "users", run_id="r3")
        found = [(run_id, ref.walk, ref.number) for run_id, ref in journal.all_refs()]
    assert found == [
        ("r3", "accounts", 0),
        ("r3", "users", 0),
        ("r2", "accounts", 0),
        ("r2", "accounts", 1),
        ("r1", "accounts", 0),
        ("r1", "accounts", 1),
    ]


def test_walks_come_in_the_order_in_which_they_were_begun(tmp_path: Path) -> None:
    with begun(tmp_path, "b", "a", "c") as journal:
        assert [state.walk for state in journal.walks("r1")] == ["b", "a", "c"]


def test_a_walk_may_have_any_name(tmp_path: Path) -> None:
    name = "orders/é\n'\";--\U0001f600"
    with begun(tmp_path, name) as journal:
        fill(journal, 1, name)
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert [ref.walk for ref in journal.refs("r1", name)] == [name]


def test_headers_that_hold_credentials_are_not_kept(tmp_path: Path) -> None:
    secret = "s3cret-value"
    headers = {"Set-Cookie": secret, "authorization": secret, "cookie": secret, "proxy-authorization": secret}
    kept = msgspec.structs.replace(page(0), headers={**headers, "link": "<u>; rel=next"})
    with begun(tmp_path) as journal:
        assert journal.read(journal.append("r1", kept)).headers == {"link": "<u>; rel=next"}
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_header_that_is_no_utf8_does_not_stop_the_walk(tmp_path: Path) -> None:
    kept = msgspec.structs.replace(page(0), headers={"x-name": "caf\udce9"})
    with begun(tmp_path) as journal:
        assert journal.read(journal.append("r1", kept)).headers == {"x-name": "caf?"}


@pytest.mark.parametrize("value", ["\ud800", float("inf"), float("nan")])
def test_a_position_that_would_not_come_back_is_refused(tmp_path: Path, value: str | float) -> None:
    with begun(tmp_path) as journal:
        with pytest.raises(JournalError, match="Page 0 of walk 'accounts' leads to a position that cannot be kept"):
            journal.append("r1", msgspec.structs.replace(page(0), next=Token(value)))
        fill(journal, 1)


def test_an_integer_cursor_of_any_size_is_kept(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.append("r1", msgspec.structs.replace(page(0), next=Token(2**90)))
    with open_journal(tmp_path, IDENTITY) as journal:
        state = journal.walk("r1", "accounts")
        assert state is not None
        assert state.last == Token(2**90)


def test_bodies_are_compressed_where_that_helps(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        small = journal.append("r1", page(0, body=b'{"id":1}' * 10_000))
        large = journal.append("r1", page(1, body=body_of(1, 2000)[-1000:]))
    assert small.length < 2000
    assert 1000 < large.length < 1500


def test_segments_roll_over_when_they_are_full(tmp_path: Path) -> None:
    with begun(tmp_path, segment_bytes=2000) as journal:
        refs = fill(journal, 30)
        assert journal.refs("r1", "accounts") == refs
    sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert len(sizes) > 3
    assert max(sizes) < 3000
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert [journal.read(ref) for ref in journal.refs("r1", "accounts")] == [page(number) for number in range(30)]
        assert list(journal.verify()) == []


def test_sealed_segments_do_not_change(tmp_path: Path) -> None:
    with begun(tmp_path, segment_bytes=2000) as journal:
        fill(journal, 10)
        sealed = {path: path.read_bytes() for path in segments(tmp_path)[:-1]}
        assert sealed
        fill(journal, 10, start=10)
        journal.finish("r1", b"{}")
    with open_journal(tmp_path, IDENTITY) as journal:
        journal.begin(run("r2"))
    assert all(path.read_bytes() == data for path, data in sealed.items())


def test_what_is_read_after_a_prune_says_so(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2")
    with open_journal(tmp_path, IDENTITY) as journal:
        ref = journal.refs("r1", "accounts")[0]
        journal.prune(keep_runs=1)
        with pytest.raises(JournalError, match=r"no longer there .*--new"):
            journal.read(ref)


def test_a_ref_to_another_page_is_found_out(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        first, second = fill(journal, 2)
        wrong = msgspec.structs.replace(first, offset=second.offset, length=second.length)
        with pytest.raises(JournalError, match="does not hold page 0 of 'accounts'"):
            journal.read(wrong)


def test_neighbouring_refs_share_their_positions(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 3)
        first, second, _ = journal.refs("r1", "accounts")
    assert first.next is second.position
