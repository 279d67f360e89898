"""The segment files: their names, the one that is open for appending, when it is full, and what is synced of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import zstandard

from headrace.errors import JournalError
from headrace.journal import frame
from headrace.journal.layout import Identity, Location, Mark
from headrace.journal.room import refusal

SEGMENT_BYTES = 128 * 1024 * 1024
HEAD_BYTES = len(frame.FILE_MAGIC)
_NAME = re.compile(r"seg-(\d{6,})\.hrj")
_LEVEL = 1  # 0.27 s for 100 MB of JSON pages at a ratio of 4.8; negative levels save 10 % of the time at best


def path_of(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / f"seg-{number:06d}.hrj"


def size_of(folder: Path, number: int) -> int:
    """The bytes that a segment takes; 0 where it is gone."""
    try:
        return path_of(folder, number).stat().st_size
    except FileNotFoundError:
        return 0


def numbers(folder: Path) -> list[int]:
    """The segments that the folder holds, in order."""
    matches = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in matches if match)


def read_opening(folder: Path, number: int) -> frame.SegmentOpened | None:
    """What the segment says of itself; None where its first frame is damaged. Needs no uid: it holds it."""
    try:
        with path_of(folder, number).open("rb") as file:
            return frame.read_opening(file.read(HEAD_BYTES + 4096)[HEAD_BYTES:], HEAD_BYTES)
    except OSError:
        return None


def sync_folder(folder: Path) -> None:
    """Make new, renamed and removed names of the folder last."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """A folder for its owner alone (0700). One that is already there keeps its mode; the files in it are 0600."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Put on the disk what any process has written to the file."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class SegmentWriter:
    """Appends frames to the last segment, and begins the next one when it is full or sealed.

    `written` and `synced` are marks: all before them is handed to the kernel, or on the disk. Not safe for several
    threads by itself, except that `sync_point`'s descriptor is the caller's own. `note` hears of every frame written.
    """

    def __init__(
        self,
        folder: Path,
        uid: str,
        identity: Identity,
        *,
        clock: Callable[[], float],
        segment_bytes: int,
        written: Mark,
        note: Callable[[frame.Entry], None],
    ) -> None:
        self._folder = folder
        self._uid = uid
        self._identity = identity
        self._clock = clock
        self._segment_bytes = segment_bytes
        self._note = note
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self._fd: int | None = None
        self._run_id = ""
        self._broken: JournalError | None = None
        self.written = written
        self.synced = written
        self.unsynced_bytes = 0

    def go_on(self, run_id: str) -> None:
        """Append to the segment at `written` (it is whole and not sealed, and holds frames of this run)."""
        self._fd = os.open(path_of(self._folder, self.written.segment), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._run_id = run_id

    def put(self, run_id: str, item: frame.Item, body: bytes = b"") -> Location:
        """Write one frame, after beginning a new segment where the open one is full, sealed or another run's.

        Raises JournalError, with nothing of the frame left behind, when the system does not take it.
        """
        if self._fd is not None and (self._run_id != run_id or self.written.offset >= self._segment_bytes):
            self.seal()
        if self._fd is None:
            self._open_next(run_id)
        return self._put(item, body)

    def seal(self) -> None:
        """Close the open segment for good, synced. Nothing to do where none is open."""
        if self._fd is None:
            return
        fd = self._fd
        self._put(frame.Sealed(self._clock()), b"")
        try:
            os.fdatasync(fd)
        except OSError as error:
            raise self.fail(error) from error
        self.synced_to(self.written)
        self._fd = None
        os.close(fd)

    def sync_point(self) -> tuple[int, Mark] | None:
        """A descriptor of the caller's own to sync, and the mark that is then synced; None: nothing to sync."""
        if self._broken:
            raise type(self._broken)(str(self._broken))
        if self._fd is None or self.written == self.synced:
            return None
        return os.dup(self._fd), self.written

    def synced_to(self, mark: Mark) -> None:
        """All before the mark is on the disk."""
        if mark > self.synced:
            self.synced = mark
            self.unsynced_bytes = self.written.offset - mark.offset if self.written.segment == mark.segment else 0

    def fail(self, error: OSError) -> JournalError:
        """After a failed sync nobody knows what is on the disk: nothing more is taken (fsync(2), errors)."""
        self._broken = refusal(
            f"The journal {self._folder} cannot be written to the disk: {error.strerror}; "
            f"mend that and run again to resume.",
            error,
        )
        return self._broken

    def close(self) -> None:
        """Let go of the open segment, unsealed."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open_next(self, run_id: str) -> None:
        number = self.written.segment + 1
        identity = self._identity
        opened = frame.SegmentOpened(
            frame.VERSION,
            self._uid,
            number,
            run_id,
            identity.pipeline,
            identity.destination,
            identity.dataset,
            self._clock(),
        )
        path = path_of(self._folder, number)
        data = frame.encode(frame.Place(self._uid, number, HEAD_BYTES), opened, b"", self._compressor)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._write(fd, frame.FILE_MAGIC + data, 0)
            sync_folder(self._folder)
        except (OSError, JournalError) as error:
            os.close(fd)
            path.unlink()
            raise error if isinstance(error, JournalError) else self._refused(error) from error
        self._fd, self._run_id = fd, run_id
        self.written = Mark(number, HEAD_BYTES + len(data))
        self.unsynced_bytes += self.written.offset
        self._note(frame.Entry(Location(number, HEAD_BYTES, len(data)), opened, 0))

    def _put(self, item: frame.Item, body: bytes) -> Location:
        if self._broken:
            raise type(self._broken)(str(self._broken))
        if self._fd is None:
            raise JournalError(f"The journal {self._folder} has no open segment; open it again.")
        number, offset = self.written
        data = frame.encode(frame.Place(self._uid, number, offset), item, body, self._compressor)
        if len(data) > frame.MAX_FRAME_BYTES:
            raise JournalError(f"A body of {len(body):,} bytes is too large for the journal; ask for smaller pages.")
        self._write(self._fd, data, offset)
        self.written = Mark(number, offset + len(data))
        self.unsynced_bytes += len(data)
        location = Location(number, offset, len(data))
        self._note(frame.Entry(location, item, len(body)))
        return location

    def _write(self, fd: int, data: bytes, offset: int) -> None:
        """All of it in one call, or nothing: what a full disk took of it is cut off again."""
        try:
            count = os.write(fd, data)
            while count < len(data):  # a second call is what says why the first one stopped
                count += os.write(fd, data[count:])
        except OSError as error:
            try:
                os.ftruncate(fd, offset)
            except OSError as second:
                raise self.fail(second) from error
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> JournalError:
        return refusal(
            f"The journal {self._folder} cannot take more: {error.strerror}; make room and run again to resume.", error
        )
