"""The records of a page as one block of bytes, a line for each; single ones are cut out for whoever asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import overload

_BREAK = ord("\n")
_FIRST = itemgetter(slice(1))


class Records(Sequence[bytes]):
    """Untouched JSON texts, in page order. Made by `of` and `chained`.

    `lines` is all of them, joined by line breaks. `are_lines`: none has a line break inside. `are_objects`: each
    begins with a brace.
    """

    __slots__ = ("_count", "_each", "are_lines", "are_objects", "lines")

    def __init__(self, lines: bytes, count: int, each: list[bytes] | None, *, are_objects: bool) -> None:
        self.lines = lines
        self.are_lines = each is None
        self.are_objects = are_objects
        self._count = count
        self._each = each

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Records:
        """The texts, which are copied once."""
        if isinstance(texts, Records):
            return texts
        each = list(texts)
        are_lines = not any([_BREAK in text for text in each])  # noqa: C419 - a third of the time, for each page
        are_objects = {*map(_FIRST, each)} <= {b"{"}
        return cls(b"\n".join(each), len(each), None if are_lines else each, are_objects=are_objects)

    @classmethod
    def chained(cls, pages: Iterable[Records]) -> Records:
        """The records of several pages, one page behind the other."""
        parts = [page for page in pages if page]
        each = None if all(part.are_lines for part in parts) else [text for part in parts for text in part]
        lines = b"\n".join([part.lines for part in parts])
        return cls(lines, sum(map(len, parts)), each, are_objects=all(part.are_objects for part in parts))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._texts())

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        return self._texts()[place]

    def __eq__(self, other: object) -> bool:
        """Whether the other sequence has the same texts."""
        return isinstance(other, Records | list | tuple) and self._texts() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Records({self._texts()!r})"

    def _texts(self) -> list[bytes]:
        if self._each is None:
            self._each = self.lines.split(b"\n") if self._count else []
        return self._each
