"""A packed body is unpacked whole or not at all, and never beyond the limit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.transport.content import unpacked
from headrace.transport.fault import Fault

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress,
}  # fmt: skip
LIMIT = 1 << 20


@pytest.mark.parametrize("coding", PACK)
@given(body=st.binary(max_size=5000))
def test_what_was_packed_comes_out(coding: str, body: bytes) -> None:
    assert unpacked(PACK[coding](body), coding.upper(), LIMIT) == body


@pytest.mark.parametrize("coding", PACK)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_body_cut_anywhere_is_truncated(coding: str, share: float) -> None:
    packed = PACK[coding](bytes(range(256)) * 20)
    cut = packed[: max(1, int(len(packed) * share))]
    with pytest.raises(Fault) as caught:
        unpacked(cut, coding, LIMIT)
    assert caught.value.kind in {"truncated", "encoding"}


@pytest.mark.parametrize("coding", PACK)
@given(garbage=st.binary(min_size=1, max_size=200))
def test_garbage_is_a_fault_and_nothing_else(coding: str, garbage: bytes) -> None:
    try:
        unpacked(garbage, coding, LIMIT)
    except Fault as fault:
        assert fault.kind in {"truncated", "encoding", "too_large"}  # noqa: PT017 - garbage may be valid by chance


@pytest.mark.parametrize("coding", PACK)
def test_a_body_at_the_limit_passes_and_one_beyond_does_not(coding: str) -> None:
    packed = PACK[coding](b"0" * LIMIT)
    assert len(unpacked(packed, coding, LIMIT)) == LIMIT
    with pytest.raises(Fault, match="1,048,575 bytes") as caught:
        unpacked(packed, coding, LIMIT - 1)
    assert caught.value.kind == "too_large"
    assert caught.value.final


def test_the_limit_holds_for_all_members_together() -> None:
    packed = gzip.compress(b"0" * 600) * 2
    assert len(unpacked(packed, "gzip", 1200)) == 1200
    with pytest.raises(Fault, match="1,000 bytes"):
        unpacked(packed, "gzip", 1000)


def test_codings_come_off_in_reverse() -> None:
    assert unpacked(gzip.compress(zlib.compress(b"a")), "deflate, identity, gzip", LIMIT) == b"a"


def test_zeros_after_the_last_gzip_member_are_padding() -> None:
    assert unpacked(gzip.compress(b"a") + b"\0" * 9, "x-gzip", LIMIT) == b"a"


def test_frames_of_zstd_follow_one_another() -> None:
    assert unpacked(zstandard.compress(b"a") + zstandard.compress(b"b"), "zstd", LIMIT) == b"ab"


def test_a_coding_that_was_not_asked_for_is_named() -> None:
    with pytest.raises(Fault, match="packed as 'compress'"):
        unpacked(b"x", "compress", LIMIT)


@pytest.mark.parametrize("piece", [1, 2, 3, 20, 21, 1000])
def test_members_of_gzip_may_end_anywhere_in_a_piece(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.transport.content._PIECE", piece)
    packed = b"".join(gzip.compress(body) for body in (b"", b"a", b"", b"bc" * 50))
    assert unpacked(packed, "gzip", LIMIT) == b"a" + b"bc" * 50
    assert unpacked(packed + b"\0" * 5, "gzip", LIMIT) == b"a" + b"bc" * 50
    with pytest.raises(Fault, match="ends too early"):
        unpacked(packed[:-1], "gzip", LIMIT)
    with pytest.raises(Fault, match="larger"):
        unpacked(packed, "gzip", 100)
