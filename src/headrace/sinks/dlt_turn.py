"""Runs of one machine that load one dataset through dlt take turns: a flock, which the kernel frees in any case."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from dlt.common.runtime.run_context import active


@contextlib.contextmanager
def turn(destination: str, dataset: str, *, wait: bool = True) -> Iterator[None]:
    """Within this block nobody else is. Raises BlockingIOError where it is taken and nobody wants to `wait`.

    Datasets of one name in two places of one kind take turns as well, which costs no more than time.
    """
    name = hashlib.blake2b(f"{destination} {dataset}".encode(), digest_size=16).hexdigest()
    folder = Path(active().data_dir, "headrace")
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(fd)
