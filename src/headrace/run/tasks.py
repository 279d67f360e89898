"""How the coroutines of a run go side by side, to their end whatever comes, and stop on a Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it side by side; the first failure cancels the rest and is raised as itself, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from failures


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Do it to its end, whatever comes: a Ctrl-C meanwhile came too late to stop anything, and is let go."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
            if (own := asyncio.current_task()) is not None:
                own.uncancel()
    return task.result()


@contextlib.contextmanager
def ctrl_c_cancels_this_task() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM cancels this task, so that the run ends in order; a second one ends the process.

    A SIGTERM that the caller has taken for himself (a scheduler that runs us in its own process) is left to him.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    before = signal.getsignal(signal.SIGTERM)
    ours = before in (signal.SIG_DFL, signal.default_int_handler)
    taken = (signal.SIGINT, signal.SIGTERM) if ours else (signal.SIGINT,)

    def release() -> None:
        for number in taken:
            loop.remove_signal_handler(number)
        if ours:
            signal.signal(signal.SIGTERM, before)

    def cancel() -> None:
        release()
        task.cancel()

    for number in taken:
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        release()
