"""What the server saw: every request under /resources counts, refused and faulted ones included."""

from __future__ import annotations

import time

import msgspec


class Stats:
    """Counts requests as they arrive and pages as they leave whole.

    A page is served twice when the same path and query was answered 200, in full, before.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again at nothing."""
        self.requests = 0
        self.http_429 = 0
        self.pages_served_twice = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.by_path: dict[str, int] = {}
        self._served: set[str] = set()

    def arrived(self, path: str, now_s: float) -> None:
        """Count a request; `now_s` is in seconds since 1970."""
        self.requests += 1
        self.by_path[path] = self.by_path.get(path, 0) + 1
        self.last_s = now_s
        if self.first_s is None:
            self.first_s = now_s

    def served(self, target: str) -> None:
        """Count a whole 200 answer to a path and query."""
        if target in self._served:
            self.pages_served_twice += 1
        self._served.add(target)

    def json(self) -> bytes:
        """All counts; `cpu_s` is the CPU time of the whole process so far."""
        return msgspec.json.encode(
            {
                "requests": self.requests,
                "http_429": self.http_429,
                "pages_served_twice": self.pages_served_twice,
                "first_s": self.first_s,
                "last_s": self.last_s,
                "by_path": self.by_path,
                "cpu_s": time.process_time(),
            }
        )
