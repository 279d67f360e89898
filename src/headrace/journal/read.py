"""From a place in a segment back to what was written there, checked byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from headrace.errors import JournalError
from headrace.journal import frame, segment
from headrace.journal.layout import Location
from headrace.journal.scan import Segment


class Read(NamedTuple):
    """One frame, whole."""

    item: frame.Item
    body: bytes


def at(folder: Path, uid: str, location: Location) -> Read:
    """The frame at a location. Raises JournalError where it is damaged or no longer there."""
    try:
        with Segment(folder, uid, location.segment) as source:
            data = source.read(location.offset, location.length)
            header = frame.read_header(data, source.place(location.offset))
            return Read(frame.read_item(header, data), frame.read_body(header, data))
    except FileNotFoundError as error:
        raise JournalError(
            f"{segment.path_of(folder, location.segment)} is no longer there (pruned, or removed by hand); "
            f"fetch again with --new."
        ) from error
    except OSError as error:
        raise JournalError(f"{where(folder, location)} cannot be read: {error.strerror}.") from error
    except frame.Broken as broken:
        raise JournalError(
            f"{where(folder, location)} is damaged ({broken}); see how much with `headrace journal verify`, "
            f"and fetch it again with --new."
        ) from broken


def where(folder: Path, location: Location) -> str:
    """A location in words, for an error."""
    return f"{segment.path_of(folder, location.segment)}, offset {location.offset},"
