"""A small API on a real socket: lists of records in pages, and what was asked of it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[Mapping[str, str]], Any]


class Api:
    """`routes` answer by path; `asked` counts every request by path and query."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.url = ""

    def list_of(self, path: str, records: list[Any], size: int = 2) -> None:
        """Records behind a cursor that is a number, under `data`, the next cursor under `next`."""

        def answer(query: Mapping[str, str]) -> Any:
            start = int(query.get("cursor", "0"))
            following = start + size if start + size < len(records) else None
            return {"data": records[start : start + size], "next": following}

        self.routes[path] = answer


@contextmanager
def serving() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            api.asked[self.path] += 1
            api.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = api.routes.get(parts.path)
            body = json.dumps(answer({k: v[-1] for k, v in parse_qs(parts.query).items()}) if answer else {}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
