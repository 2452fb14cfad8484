"""Reads that are tried again where they fail, as stamina does it."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import stamina

ATTEMPTS: Final = 3

T = TypeVar("T")


async def retried(
    read: Callable[[], Awaitable[T]],
    *,
    on: Callable[[Exception], bool | timedelta] | tuple[type[Exception], ...],
    within: float | None = 45.0,
    wait_initial: float = 0.1,
    wait_max: float = 5.0,
) -> T:
    """Return what `read` does, of three attempts begun `within` so many seconds. Raises what the last one raises.

    `on` says after which errors there is another, and after how long where it knows that. Nearly every first
    attempt succeeds, so stamina hears of it only where it did not: it takes as long as a tenth of a request.
    """
    began, failed = time.monotonic(), list[Exception]()
    try:
        return await read()
    except Exception as error:  # noqa: BLE001 (it is raised below)
        failed.append(error)
    left = None if within is None else within - (time.monotonic() - began)
    attempts = stamina.retry_context(
        on, attempts=ATTEMPTS, timeout=left, wait_initial=wait_initial, wait_max=wait_max
    )
    async for attempt in attempts:
        with attempt:
            if failed:
                raise failed.pop()
            return await read()
    raise AssertionError("the last attempt returns or raises")
