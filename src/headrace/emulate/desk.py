"""What happens to a request before the API sees it: counting, the key, the limit, faults; and the control paths."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from headrace.emulate import auth, conversations, refuse
from headrace.emulate.api import Api
from headrace.emulate.catalogue import KINDS
from headrace.emulate.faults import Faults
from headrace.emulate.limiter import Limiter, Limits
from headrace.emulate.mutate import Mutator
from headrace.emulate.refuse import Answer
from headrace.emulate.stats import Stats
from headrace.emulate.vitally import FAULTS, Settings
from headrace.emulate.wire import Request

PREFIX = "/resources/"
SLOW_S = 2.0
GZIP_WBITS = 31
NDJSON = b"application/x-ndjson"


class Outcome(msgspec.Struct, frozen=True):
    """An answer and how it is to be sent: after a delay, whole, cut half-way, or not at all.

    `stream` takes the place of the answer's body, `stream_bytes` is its size. `served` is the target to
    note as served once the answer is out.
    """

    answer: Answer
    delay_s: float = 0.0
    cut: Literal["", "truncate", "reset"] = ""
    stream: Iterator[bytes] | None = None
    stream_bytes: int = 0
    served: str = ""


class Clocks(msgspec.Struct, frozen=True):
    """`wall_s` gives seconds since 1970, `steady_ns` nanoseconds that never run backwards."""

    wall_s: Callable[[], float] = time.time
    steady_ns: Callable[[], int] = time.monotonic_ns


class Desk:
    """Everything of the emulator but the sockets."""

    def __init__(self, settings: Settings, clocks: Clocks) -> None:
        self._settings = settings
        self._clocks = clocks
        self.api = Api(settings, clocks.wall_s)
        self.mutator = Mutator(self.api, settings, clocks.wall_s)
        self.stats = Stats()
        self._limits = Limits(settings.limiter, settings.rate)
        self._faults = Faults(settings.faults, settings.seed)
        self._lenient: Literal["lenient", "strict"] = (
            "lenient" if settings.switch("auth.parsing") == "lenient" else "strict"
        )
        self._forbidden = settings.switch("auth.forbidden") == "on"
        self._cost = settings.number("rate.read_cost")
        self._gzip = settings.switch("encoding") == "gzip"
        self._latency_s = settings.latency_ms / 1000

    def now_s(self) -> float:
        """Seconds since 1970."""
        return self._clocks.wall_s()

    def take(self, request: Request, body: bytes) -> Outcome:
        """Decide about one request."""
        path = request.target.partition("?")[0]
        if not f"{path}/".startswith(PREFIX):
            return self._control(request.method, path, body)
        self.stats.arrived(path, self._clocks.wall_s())
        struck = self._faults.draw()
        delay_s = self._latency_s + (SLOW_S if "slow" in struck else 0.0)
        key = auth.key_of(request.authorization, self._lenient)
        limiter = self._limits.of(key if self._admits(key) and key is not None else "")
        now_ns = self._clocks.steady_ns()
        refused = self._refuse(request, key) or self._limit(limiter, struck, now_ns)
        state = limiter.state(now_ns)
        lines = b"" if state is None else state.lines()
        if refused is not None:
            self.stats.http_429 += refused.status == 429  # noqa: PLR2004 - the status
            return Outcome(_with(refused, lines), delay_s)
        return self._serve(request, struck, lines, delay_s)

    def _admits(self, key: str | None) -> bool:
        return key is not None and self._settings.token in {None, key}

    def _refuse(self, request: Request, key: str | None) -> Answer | None:
        """401, 403 and 405: none of them costs anything of the limit."""
        if request.authorization is None:
            return refuse.plain(401, "Authorization header not present.")
        if not self._admits(key):
            return refuse.plain(401, self._settings.switch("auth.wrong_key_body"))
        if self._forbidden:
            return refuse.plain(403, "Forbidden")
        if request.method not in {"GET", "HEAD"}:
            return refuse.plain(405, "This emulator only reads.", b"Allow: GET, HEAD\r\n")
        return None

    def _limit(self, limiter: Limiter, struck: frozenset[str], now_ns: int) -> Answer | None:
        """429, by a fault or by the limit; neither counts against the limit."""
        if ("429" in struck and "reset" not in struck) or not limiter.take(now_ns, self._cost):
            state = limiter.state(now_ns)
            wants = self._settings.switch("rate.retry_after") == "on"
            wait_s = (1 if state is None else state.reset_s) if wants else None
            return refuse.too_many(self._settings.switch("rate.429_body"), wait_s)
        return None

    def _serve(self, request: Request, struck: frozenset[str], lines: bytes, delay_s: float) -> Outcome:
        fault = next((kind for kind in FAULTS if kind in struck), "")
        if fault == "500":
            return Outcome(_with(refuse.plain(500, "Internal server error"), lines), delay_s)
        if fault == "html":
            return Outcome(Answer(200, refuse.HTML, refuse.HTML_TYPE, lines), delay_s)
        answer = self.api.get(request.target[len(PREFIX) :])
        whole = answer.status == 200 and fault not in {"reset", "truncate"}  # noqa: PLR2004 - the status
        if fault == "404" and answer.single:
            return Outcome(_with(refuse.plain(404, self._settings.switch("errors.404_body")), lines), delay_s)
        if whole and answer.page_of:
            self.mutator.page_served(answer.page_of, request.target[len(PREFIX) :], answer.body)
        if self._gzip and request.gzip:
            packer = zlib.compressobj(1, wbits=GZIP_WBITS)
            packed = packer.compress(answer.body) + packer.flush()
            lines += b"Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
            answer = msgspec.structs.replace(answer, body=packed)
        served = request.target if whole and request.method == "GET" else ""
        cut: Literal["", "truncate", "reset"] = (
            "reset" if fault == "reset" else "truncate" if fault == "truncate" else ""
        )
        return Outcome(_with(answer, lines), delay_s, cut, served=served)

    def _control(self, method: str, path: str, body: bytes) -> Outcome:
        """Paths beside /resources: uncounted, without a key, never faulted."""
        match (method, path):
            case ("GET", "/_stats"):
                return Outcome(Answer(200, self.stats.json()))
            case ("POST", "/_reset"):
                self.stats.reset()
                return Outcome(Answer(200, self.stats.json()))
            case ("POST", "/_mutate"):
                if self.mutator.ask(body):
                    return Outcome(Answer(200, b"{}"))
                return Outcome(refuse.plain(400, 'Send {"object", "kind": update|create|archive|delete, "id"}.'))
            case ("GET", _) if path.startswith("/_truth/"):
                return self._truth(path.removeprefix("/_truth/"))
            case _:
                return Outcome(refuse.plain(404, "Not found"))

    def _truth(self, name: str) -> Outcome:
        if name == "messages":
            lines = self._all_messages()
        elif name in KINDS:
            lines = list(self.api.shelves[name].live())
        else:
            return Outcome(refuse.plain(404, f"No object of this name; there are {', '.join(KINDS)} and messages."))
        size = sum(map(len, lines)) + len(lines)
        return Outcome(Answer(200, content_type=NDJSON), stream=_parts(lines), stream_bytes=size)

    def _all_messages(self) -> list[bytes]:
        api, bodies = self.api, self.api.shelves["conversations"].bodies
        live = [slot for slot, body in enumerate(bodies) if body is not None]
        return [msgspec.json.encode(one) for slot in live for one in conversations.messages(api.world, slot)]


def _parts(lines: list[bytes], at_once: int = 256) -> Iterator[bytes]:
    for start in range(0, len(lines), at_once):
        yield b"\n".join(lines[start : start + at_once]) + b"\n"


def _with(answer: Answer, lines: bytes) -> Answer:
    return Answer(answer.status, answer.body, answer.content_type, answer.extra + lines) if lines else answer
