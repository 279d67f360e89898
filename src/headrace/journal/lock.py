"""One process at a time writes a journal: a flock, which the kernel frees however the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from headrace.errors import JournalBusy, JournalError
from headrace.journal.room import refusal

FILE = "lock"


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock; `started_at` in seconds since the epoch."""

    pid: int
    host: str
    started_at: float


class Lock:
    """A held lock. The file stays when it is released: removing it would let two processes hold two files."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    @classmethod
    def take(cls, folder: Path, now: float) -> Lock:
        """The lock of a journal folder. Raises JournalBusy, which says who holds it."""
        try:
            fd = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refusal(
                f"The journal {folder} cannot be locked: {error.strerror}; choose another with --journal DIR.", error
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _read(fd)
            os.close(fd)
            if not isinstance(error, BlockingIOError):
                raise JournalError(
                    f"The journal {folder} cannot be locked: {error.strerror}; "
                    f"choose a folder on a local disk with --journal DIR."
                ) from error
            raise JournalBusy(
                f"Another run holds the journal {folder} ({_described(holder)}); "
                f"wait for it to end, or choose another with --journal DIR."
            ) from error
        _write(fd, Holder(os.getpid(), socket.gethostname(), now))
        return cls(fd)

    def release(self) -> None:
        """Let others have it; may be called twice."""
        if self._fd is not None:
            _write(self._fd, None)
            os.close(self._fd)
            self._fd = None


def holder_of(folder: Path) -> str:
    """Who holds the lock of a journal folder now, in words; empty where nobody does."""
    try:
        fd = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        found = _read(fd)
        # Trying the lock could turn away whoever comes in that moment: only where there is somebody it could be.
        if found is None or (found.host == socket.gethostname() and not _is_alive(found.pid)):
            return ""
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _described(found)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _read(fd: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(fd, 4096, 0), type=Holder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(fd: int, holder: Holder | None) -> None:
    """Only for the eyes of the next one to come: on a full disk the lock holds without it."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        if holder is not None:
            os.pwrite(fd, msgspec.json.encode(holder) + b"\n", 0)


def _described(holder: Holder | None) -> str:
    if holder is None:
        return "it does not say which"
    started = datetime.fromtimestamp(holder.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"process {holder.pid} on {holder.host}, started {started}"
