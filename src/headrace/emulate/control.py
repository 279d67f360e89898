"""The handle on a running emulator: what it saw, what it holds, and how to change or stop it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from headrace.errors import HeadraceError

OK = 200


class Running:
    """A running emulator. `url` ends in /resources; `pid` is None where it runs in a thread."""

    def __init__(self, url: str, stop: Callable[[], None], pid: int | None) -> None:
        self.url = url
        self.pid = pid
        self._stop = stop

    def stats(self) -> dict[str, Any]:
        """What it has counted: see `/_stats`."""
        found: dict[str, Any] = json.loads(self._ask("GET", "/_stats"))
        return found

    def truth(self, name: str) -> list[dict[str, Any]]:
        """Every live record of an object, those that a default filter hides included."""
        return [json.loads(line) for line in self._ask("GET", f"/_truth/{name}").splitlines()]

    def mutate(self, name: str, kind: str, key: str | None = None) -> None:
        """Change one record now: `kind` is update, create, archive or delete, `key` its id (else any)."""
        wish = {"object": name, "kind": kind} | ({} if key is None else {"id": key})
        self._ask("POST", "/_mutate", json.dumps(wish).encode())

    def reset(self) -> None:
        """Set all counts back to nothing."""
        self._ask("POST", "/_reset")

    def stop(self) -> None:
        """Stop it; harmless when it has stopped."""
        self._stop()

    def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != OK:
            raise HeadraceError(f"The emulator answered {method} {path} with {response.status}: {answer.decode()}")
        return answer
