"""What the process has used of the machine, as the kernel counts it."""

from __future__ import annotations

import resource as rusage
import sys

import msgspec

_KIB_PER_MB = 1024
_BYTES_PER_MB = 1024 * 1024


class Usage(msgspec.Struct, frozen=True):
    """What the process has used so far."""

    cpu_s: float
    peak_rss_mb: float


def process_usage() -> Usage:
    """CPU time of all threads of this process, and its peak resident memory (`getrusage(2)`)."""
    used = rusage.getrusage(rusage.RUSAGE_SELF)
    unit = _BYTES_PER_MB if sys.platform == "darwin" else _KIB_PER_MB
    return Usage(cpu_s=used.ru_utime + used.ru_stime, peak_rss_mb=used.ru_maxrss / unit)
