"""Frames by themselves: any bytes in come out, and any change or any other place is found."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.journal import frame
from headrace.journal.frame import Broken, Place, ReportKept, RunOver, Sealed, WalkBegun
from headrace.journal.layout import Location, Mark

PLACE = Place("00ff" * 4, 3, 12_345)
_items = st.one_of(
    st.builds(WalkBegun, st.text(max_size=9), st.text(max_size=9), st.integers(0, 99), st.text(max_size=9)),
    st.builds(ReportKept, st.text(max_size=9), st.floats(allow_nan=False)),
    st.builds(RunOver, st.text(max_size=9), st.floats(allow_nan=False), st.sampled_from(["finished", "abandoned"])),
    st.builds(Sealed, st.floats(allow_nan=False)),
)
_bodies = st.binary(max_size=200) | st.binary(min_size=1, max_size=9).map(lambda data: data * 100)


def encoded(item: frame.Item, body: bytes, place: Place = PLACE) -> bytes:
    return frame.encode(place, item, body, zstandard.ZstdCompressor(level=1))


def decoded(data: bytes, place: Place = PLACE) -> tuple[frame.Item, bytes]:
    header = frame.read_header(data, place)
    if header.frame_bytes != len(data):
        raise Broken("length")
    return frame.read_item(header, data), frame.read_body(header, data)


@given(item=_items, body=_bodies)
def test_a_frame_comes_back_as_it_went_in(item: frame.Item, body: bytes) -> None:
    assert decoded(encoded(item, body)) == (item, body)


@given(item=_items, body=_bodies, where=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_any_change_of_a_byte_is_found(item: frame.Item, body: bytes, where: float, mask: int) -> None:
    data = bytearray(encoded(item, body))
    data[int(where * len(data))] ^= mask
    with pytest.raises(Broken):
        decoded(bytes(data))


@given(item=_items, body=_bodies, cut=st.integers(1, 60))
def test_a_cut_is_found(item: frame.Item, body: bytes, cut: int) -> None:
    with pytest.raises(Broken):
        decoded(encoded(item, body)[:-cut])


@pytest.mark.parametrize(
    "place", [PLACE._replace(uid="11ff" * 4), PLACE._replace(segment=4), PLACE._replace(offset=12_346)]
)
def test_a_frame_of_another_place_is_found(place: Place) -> None:
    data = encoded(Sealed(1.0), b"")
    assert decoded(data) == (Sealed(1.0), b"")
    with pytest.raises(Broken, match="header"):
        decoded(data, place)


def test_a_frame_is_never_larger_than_its_body_and_a_header() -> None:
    body = bytes(range(256))
    assert len(encoded(Sealed(1.0), body)) - len(encoded(Sealed(1.0), b"")) == 256


def test_every_item_that_can_be_written_can_be_read() -> None:
    assert set(frame._KINDS) == set(frame._KIND_OF)
    assert len(set(frame._KIND_OF.values())) == len(frame._KINDS) == len(frame._DECODERS)


def test_an_unknown_kind_of_frame_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(frame._KIND_OF, Sealed, 77)
    data = encoded(Sealed(1.0), b"")
    with pytest.raises(Broken, match="kind 77 are not known to this version"):
        decoded(data)


def test_marks_compare_by_segment_then_offset() -> None:
    assert Location(1, 900, 100).mark == Mark(1, 1000)
    assert Mark(1, 1000) < Mark(1, 1001) < Mark(2, 0)
