"""Reads are tried again exactly as stamina would, which hears only of those whose first attempt failed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from bridge.retrying import ATTEMPTS, retried

ERRORS = (ValueError, KeyError, OSError)
OUTCOMES = st.lists(st.sampled_from([*ERRORS, None]), min_size=4, max_size=4)


def some(error: Exception) -> bool | timedelta:
    return timedelta(seconds=1) if isinstance(error, ValueError) else isinstance(error, KeyError)


HOWS = st.sampled_from([some, (ValueError, KeyError)])
How = Callable[[Exception], bool | timedelta] | tuple[type[Exception], ...]


async def by_stamina(read: Callable[[], Awaitable[int]], on: How) -> int:
    async for attempt in stamina.retry_context(on, attempts=ATTEMPTS):
        with attempt:
            return await read()
    raise AssertionError


async def ends(run: Callable[[Callable[[], Awaitable[int]]], Awaitable[int]], outcomes: Sequence[object]) -> object:
    """What comes of it: the result or the error itself, the number of reads, and what is told of each retry."""
    told: list[tuple[int, str]] = []
    reads = 0

    def tell(details: RetryDetails) -> None:
        told.append((details.retry_num, repr(details.caused_by)))

    async def read() -> int:
        nonlocal reads
        reads += 1
        match outcomes[reads - 1]:
            case type() as error:
                raise error(reads)
            case _:
                return reads

    set_on_retry_hooks([tell])
    try:
        return await run(read), reads, told
    except ERRORS as error:
        return (repr(error), error.__context__), reads, told


@given(outcomes=OUTCOMES, on=HOWS)
async def test_what_fails_is_read_again_as_by_stamina(outcomes: list[object], on: How) -> None:
    ours = await ends(lambda read: retried(read, on=on), outcomes)
    assert ours == await ends(lambda read: by_stamina(read, on), outcomes)


@pytest.mark.parametrize(("within", "reads"), [(0.01, 1), (0.5, 2), (None, 2)])
async def test_the_first_attempt_counts_into_the_time_for_all(within: float | None, reads: int) -> None:
    done = 0

    async def read() -> int:
        nonlocal done
        done += 1
        await asyncio.sleep(0.05)
        if done == 1:
            raise KeyError(done)
        return done

    with stamina.set_testing(False):
        if reads == 1:
            with pytest.raises(KeyError):
                await retried(read, on=(KeyError,), within=within, wait_max=0.0)
        else:
            assert await retried(read, on=(KeyError,), within=within, wait_max=0.0) == reads
    assert done == reads
