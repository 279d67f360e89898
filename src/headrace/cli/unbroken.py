"""How imports are kept from being broken off: an extension module that is half made can crash the interpreter."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

STOPS = frozenset({signal.SIGINT, signal.SIGTERM})


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """A Ctrl-C or SIGTERM in here waits in the kernel, and is delivered at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
