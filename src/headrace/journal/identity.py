"""Whose a journal folder is: `identity.json`, checked on every open, and made again from the segments when lost."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from headrace.errors import JournalError
from headrace.journal import segment
from headrace.journal.frame import VERSION, PageKept
from headrace.journal.layout import Identity
from headrace.journal.room import refusal
from headrace.journal.scan import Damage, Segment

FILE = "identity.json"


class Known(msgspec.Struct, frozen=True):
    """What the file holds. `uid` is 16 hexadecimal characters, made once; `crc` covers the other fields."""

    version: int
    uid: str
    pipeline: str
    destination: str
    dataset: str
    crc: int = 0

    @property
    def identity(self) -> Identity:
        """Whom the folder belongs to."""
        return Identity(self.pipeline, self.destination, self.dataset)


def settle(folder: Path, wanted: Identity | None, *, random: Callable[[int], bytes] = os.urandom) -> Known:
    """The folder's identity, written first if the folder has none yet. The caller holds the lock.

    A folder that holds no page is anybody's: where it was begun for another destination, it begins anew.
    Raises JournalError where it is another than `wanted` (None: whichever it is, but there must be one).
    """
    known = _found(folder)
    if known is not None and wanted is not None and wanted != known.identity and not _has_page(folder, known.uid):
        _clear(folder)
        known = None
    if known is None:
        if wanted is None:
            raise _absent(folder)
        known = Known(VERSION, random(8).hex(), wanted.pipeline, wanted.destination, wanted.dataset)
    _compare(folder, known, wanted)
    _check_segments(folder, known)
    if not (folder / FILE).exists():
        _write(folder, known)
    return known


def look(folder: Path, wanted: Identity | None) -> Known:
    """The folder's identity, nothing written. Raises JournalError as `settle` does, and where there is none."""
    known = _found(folder)
    if known is None:
        raise _absent(folder)
    _compare(folder, known, wanted)
    _check_segments(folder, known)
    return known


def read(folder: Path) -> Known | None:
    """What `identity.json` holds; None where it is absent. Raises JournalError where it is damaged."""
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"The journal {folder} cannot be read: {error.strerror}; mend its permissions.") from error
    try:
        known = msgspec.json.decode(data, type=Known)
    except (msgspec.DecodeError, UnicodeDecodeError):
        known = None
    if known is None or known.crc != _crc(known) or data != _bytes(known):
        raise JournalError(f"{folder / FILE} is damaged; remove that file, and it is made again from the segments.")
    if known.version > VERSION:
        raise _newer(folder, known.version)
    return known


def _found(folder: Path) -> Known | None:
    known = read(folder) if folder.is_dir() else None
    if known is not None or not folder.is_dir():
        return known
    numbers = segment.numbers(folder)
    for opened in filter(None, (segment.read_opening(folder, number) for number in numbers)):
        return Known(VERSION, opened.uid, opened.pipeline, opened.destination, opened.dataset)
    if any(segment.size_of(folder, number) > segment.HEAD_BYTES for number in numbers):
        raise JournalError(
            f"The journal {folder} has lost {FILE}, and no segment says whose it is; choose another with --journal DIR."
        )
    return None


def _has_page(folder: Path, uid: str) -> bool:
    """Whether any segment holds a page, or something that may have been one."""
    for number in segment.numbers(folder):
        with Segment(folder, uid, number) as open_segment:
            for found in open_segment.frames(segment.HEAD_BYTES, open_segment.size, whole=False):
                if isinstance(found, Damage) or isinstance(found.item, PageKept):
                    return True
    return False


def _clear(folder: Path) -> None:
    for path in (*(segment.path_of(folder, number) for number in segment.numbers(folder)), folder / FILE):
        path.unlink(missing_ok=True)
    segment.sync_folder(folder)


def _compare(folder: Path, known: Known, wanted: Identity | None) -> None:
    if wanted is not None and wanted != known.identity:
        ours, theirs = msgspec.structs.asdict(wanted), msgspec.structs.asdict(known.identity)
        differs = [name for name in ours if ours[name] != theirs[name]]
        asked, holds = (" and ".join(f"{name} {one[name]}" for name in differs) for one in (ours, theirs))
        raise JournalError(
            f"The journal {folder} is that of {holds}; {asked} needs one of its own: give it with --journal DIR."
        )


def _check_segments(folder: Path, known: Known) -> None:
    for number in segment.numbers(folder)[-1:]:
        opened = segment.read_opening(folder, number)
        if opened is not None and opened.uid != known.uid:
            raise JournalError(
                f"{segment.path_of(folder, number)} is of another journal than {FILE} beside it; "
                f"put back the file that belongs there, or choose another with --journal DIR."
            )
        if opened is not None and opened.version > VERSION:
            raise _newer(folder, opened.version)


def _newer(folder: Path, version: int) -> JournalError:
    return JournalError(
        f"The journal {folder} was written by a newer headrace (format {version}, this one reads up to {VERSION}); "
        f"update headrace or choose another with --journal DIR."
    )


def _absent(folder: Path) -> JournalError:
    return JournalError(f"There is no journal in {folder}; name the folder with --journal DIR.")


def _write(folder: Path, known: Known) -> None:
    fresh = folder / f"{FILE}.new"
    try:
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:  # noqa: PTH123 — a descriptor, for the file mode
            file.write(_bytes(known))
            file.flush()
            os.fsync(fd)
        fresh.rename(folder / FILE)
        segment.sync_folder(folder)
    except OSError as error:
        raise refusal(
            f"The journal {folder} cannot be written: {error.strerror}; mend that, or choose another with --journal.",
            error,
        ) from error


def _bytes(known: Known) -> bytes:
    return msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(known, crc=_crc(known)))) + b"\n"


def _crc(known: Known) -> int:
    return zlib.crc32(msgspec.msgpack.encode(msgspec.structs.replace(known, crc=0)))
