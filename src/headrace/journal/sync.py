"""When written pages must be on the disk: the thread that syncs them in groups."""

from __future__ import annotations

import threading
from collections.abc import Callable

from headrace.errors import JournalError

AFTER_S = 0.05
AFTER_BYTES = 4 * 1024 * 1024
LIMIT_BYTES = 8 * 1024 * 1024
"""The promise is 100 ms or 8 MB: the thread begins at half of both, and at 8 MB the appending thread syncs itself."""


class Syncer:
    """A thread that calls `sync` soon after `nudge`; once it has failed, it stops and keeps the error."""

    def __init__(self, sync: Callable[[], None], *, after_s: float = AFTER_S) -> None:
        self._sync = sync
        self._after_s = after_s
        self._dirty = threading.Event()
        self._hurry = threading.Event()
        self._stopping = False
        self.error: JournalError | None = None
        self._thread = threading.Thread(target=self._work, name="headrace-journal-sync", daemon=True)
        self._thread.start()

    def nudge(self, unsynced_bytes: int) -> None:
        """Something was written; `unsynced_bytes` wait in all."""
        self._dirty.set()
        if unsynced_bytes >= AFTER_BYTES:
            self._hurry.set()

    def stop(self) -> None:
        """End the thread; what it has not synced is the caller's. May be called twice."""
        self._stopping = True
        self._dirty.set()
        self._hurry.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._dirty.wait()
            self._hurry.wait(self._after_s)
            self._hurry.clear()
            if self._stopping:
                return
            self._dirty.clear()
            try:
                self._sync()
            except JournalError as error:
                self.error = error
                return
            except Exception as error:  # noqa: BLE001 — the appending thread raises it; nobody would see it here
                self.error = JournalError(f"The journal cannot be synced: {type(error).__name__}: {error}.")
                self.error.__cause__ = error
                return
