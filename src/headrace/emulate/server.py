"""The emulator as a server: its life from the first record to SIGTERM, in this process, a thread or a child."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Literal

from headrace.emulate import cli
from headrace.emulate.connection import Connection
from headrace.emulate.control import Running
from headrace.emulate.desk import Clocks, Desk
from headrace.emulate.vitally import Settings
from headrace.errors import HeadraceError

SEND_BUFFER_BYTES = 1 << 20
BACKLOG = 512
TICK_S = 0.01
STOP_S = 10.0
GREETING = "listening on "


def serve(settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` gets the base URL once requests are answered."""
    gc.disable()  # records are bytes: collecting while they are made would only cost time
    asyncio.run(_serve(settings, ready, None))


@contextlib.contextmanager
def running(settings: Settings, *, where: Literal["process", "thread"] = "process") -> Iterator[Running]:
    """An emulator for the length of a `with` block, in a process of its own or in a thread of this one."""
    with _process(settings) if where == "process" else _thread(settings) as emulator:
        yield emulator


@contextlib.contextmanager
def _process(settings: Settings) -> Iterator[Running]:
    command = [sys.executable, "-m", "headrace.emulate", *cli.argv(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program

        def stop() -> None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()

        assert process.stdout is not None  # noqa: S101 - it is a pipe
        line = process.stdout.readline().strip()
        if not line.startswith(GREETING):
            stop()
            raise HeadraceError(f"The emulator did not start: it ended with exit code {process.returncode}.")
        try:
            yield Running(line.removeprefix(GREETING), stop, process.pid)
        finally:
            stop()


@contextlib.contextmanager
def _thread(settings: Settings) -> Iterator[Running]:
    started: Future[tuple[str, Callable[[], object]]] = Future()

    def main() -> None:
        try:
            asyncio.run(_serve(settings, lambda _: None, started))
        except BaseException as fault:  # noqa: BLE001 - handed to whoever waits for the start
            if not started.done():
                started.set_exception(fault)

    thread = threading.Thread(target=main, name="emulator", daemon=True)
    thread.start()
    url, ask = started.result()

    def stop() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            ask()
        thread.join(STOP_S)

    try:
        yield Running(url, stop, None)
    finally:
        stop()


async def _serve(
    settings: Settings, ready: Callable[[str], None], started: Future[tuple[str, Callable[[], object]]] | None
) -> None:
    """Serve until stopped: by a signal, or, where `started` waits, by the function that it is given."""
    loop, stopped, alive = asyncio.get_running_loop(), asyncio.Event(), set[Connection]()
    if started is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
    listener = _listen(settings)
    desk = Desk(settings, Clocks())
    if started is None:
        gc.freeze()
        gc.enable()
    server = await loop.create_server(lambda: Connection(desk, alive), sock=listener, backlog=BACKLOG)
    host, port = listener.getsockname()[:2]
    url = f"http://{host}:{port}/resources"
    if started is not None:
        started.set_result((url, lambda: loop.call_soon_threadsafe(stopped.set)))
    ready(url)
    moving = asyncio.create_task(_mutate(desk, settings.mutate_per_s)) if settings.mutate_per_s else None
    await stopped.wait()
    if moving is not None:
        moving.cancel()
    server.close()
    for connection in list(alive):
        connection.abort()
    await asyncio.sleep(0)  # lets the aborted transports close their sockets


def _listen(settings: Settings) -> socket.socket:
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=BACKLOG)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise HeadraceError(
            f"The emulator cannot listen on {settings.host}:{settings.port} ({reason}); give another --port, or 0."
        ) from fault
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return listener


async def _mutate(desk: Desk, per_s: float) -> None:
    """Change `per_s` records a second, as many at a time as are due."""
    loop = asyncio.get_running_loop()
    begun, done = loop.time(), 0
    while True:
        await asyncio.sleep(max(TICK_S, 1 / per_s))
        due = int((loop.time() - begun) * per_s)
        while done < due:
            desk.mutator.any()
            done += 1
