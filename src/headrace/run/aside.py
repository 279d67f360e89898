"""A run called from within a running event loop, as in a notebook: in a thread of its own, and stopped from here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Go = Callable[[Coroutine[Any, Any, T]], T]
"""Runs a coroutine to its end, in an event loop of its own: `asyncio.run`, or what stands for it."""


def in_own_thread(call: Callable[[Go[T]], T]) -> T:
    """`call`, in a thread of its own, with what runs its coroutine. Ctrl-C here cancels that, and is not raised."""
    done: Future[T] = Future()
    stop: list[Callable[[], object]] = []

    def go(work: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            task = loop.create_task(work)
            stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
            return loop.run_until_complete(task)

    def run() -> None:
        try:
            done.set_result(call(go))
        except BaseException as error:  # noqa: BLE001 - it is raised where the run was called
            done.set_exception(error)

    thread = threading.Thread(target=run, name="headrace", daemon=True)
    thread.start()
    try:
        return done.result()
    except KeyboardInterrupt:
        if not stop:
            raise
        stop[0]()
        return done.result()
    finally:
        if done.done():
            thread.join()


def is_in_loop() -> bool:
    """Whether an event loop runs in this thread, so that `asyncio.run` cannot."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
