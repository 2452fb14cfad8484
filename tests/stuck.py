"""A test that never ends is ended by pytest-timeout, and tells before what it was waiting for.

Where each thread stands says little of an event loop, so what each of its tasks awaits is told too. It goes to the
standard error of the process, for what a worker of pytest-xdist writes elsewhere is lost with it.
"""

import asyncio
import faulthandler
import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

_BEFORE = 2.0
"""Seconds before the process is ended."""
_TIMER = pytest.StashKey[threading.Timer]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    timer = item.stash[_TIMER] = threading.Timer(settings.timeout - _BEFORE, _tell, (item,))
    timer.daemon = True
    timer.start()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_cancel_timer(item: pytest.Item) -> None:
    item.stash[_TIMER].cancel()


def _tell(item: pytest.Item) -> None:
    capturing = item.config.pluginmanager.getplugin("capturemanager")
    if capturing:
        capturing.suspend_global_capture(in_=False)
    tasks = [it for it in gc.get_objects() if isinstance(it, asyncio.Task) and not it.done()]
    told = [f"  {task.get_name()}: {' > '.join(_awaited(task.get_coro()))}\n" for task in tasks]
    os.write(2, f"\n{item.nodeid} does not end; its tasks await:\n{''.join(told)}".encode())
    faulthandler.dump_traceback(file=2)


def _awaited(coroutine: Any) -> Iterator[str]:
    """Yield the places in which a coroutine awaits another, the innermost last."""
    while coroutine is not None:
        frame = next((getattr(coroutine, f"{kind}_frame", None) for kind in ("cr", "gi", "ag")), None)
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}" if frame else type(coroutine).__name__
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
