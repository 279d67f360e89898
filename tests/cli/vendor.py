"""A tiny API in this process, for what a command says of a run that is real."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Vendor:
    """A tiny API: the status and body of each path, and how often each was asked for."""

    def __init__(self, **answers: tuple[int, object]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.url = ""


@contextlib.contextmanager
def serving(**answers: tuple[int, object]) -> Iterator[Vendor]:
    vendor = Vendor(**answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").partition("?")[0]
            vendor.asked.append(name)
            status, said = vendor.answers[name]
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        vendor.url = f"http://127.0.0.1:{server.server_port}"
        yield vendor
        server.shutdown()
        thread.join()
