"""What was lost is told once for each kind of loss, with the places where it happened most."""

from __future__ import annotations

from headrace.decode.losses import Loss, Lost, summed


def test_one_sentence_for_each_kind() -> None:
    counts = {Lost(f"t.{name}", Loss.NAMES).notice: count for name, count in (("a", 2), ("b", 1000), ("c", 5))}
    counts[Lost("t.d", Loss.TRUTH).notice] = 1
    first, second = summed(counts)
    assert first.startswith("t.b, t.c and 1 more: two keys of one record")
    assert first.endswith("(1,007 times)")
    assert second.startswith("t.d: a number other than 0 and 1")
    assert "times" not in second
