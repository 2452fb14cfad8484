"""However many hints come, a thing is looked at at once, once a pause, and once after the last of them."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bridge.web.hints import PAUSE, Hints

QUICK, BURST = 0.02, 5


class Looks:
    """Notes what is looked at; a look lasts until `go` is set, and can look unless `held`."""

    def __init__(self) -> None:
        self.at: list[int] = []
        self.too_many = 0
        self.held = False
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, what: int) -> bool:
        self.at.append(what)
        await self.go.wait()
        return not self.held

    def refuse(self) -> None:
        self.too_many += 1


@pytest.fixture
async def looks() -> Looks:
    return Looks()


@pytest.fixture
async def hints(looks: Looks) -> AsyncIterator[Hints]:
    made = Hints(looks, looks.refuse, pause=QUICK, burst=BURST)
    yield made
    await made.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


def test_the_pause_is_a_second() -> None:
    assert PAUSE == 1


async def test_hint_is_looked_at_at_once(hints: Hints, looks: Looks) -> None:
    hints.add(1)
    await asyncio.sleep(0)
    assert looks.at == [1]


async def test_flood_is_one_look_at_once_and_one_after_it(hints: Hints, looks: Looks) -> None:
    for _ in range(1000):
        hints.add(1)
    await until(lambda: not hints._tasks)
    assert looks.at == [1, 1]


async def test_flood_that_lasts_is_one_look_a_pause(hints: Hints, looks: Looks) -> None:
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() < began + 10 * QUICK:
        hints.add(1)
        await asyncio.sleep(0.001)
    await until(lambda: not hints._tasks)
    lasted = asyncio.get_running_loop().time() - began
    assert 2 < len(looks.at) <= lasted / QUICK + 1


async def test_orders_do_not_wait_for_one_another(hints: Hints, looks: Looks) -> None:
    looks.go.clear()
    hints.add(1)
    hints.add(2)
    await asyncio.sleep(0)
    assert looks.at == [1, 2]
    looks.go.set()


async def test_hint_during_a_look_is_not_lost(hints: Hints, looks: Looks) -> None:
    """The change may have come after the look had read the order."""
    looks.go.clear()
    hints.add(1)
    await asyncio.sleep(0)
    hints.add(1)
    looks.go.set()
    await until(lambda: looks.at == [1, 1])


async def test_what_can_not_be_looked_at_now_is_looked_at_after_the_pause(hints: Hints, looks: Looks) -> None:
    looks.held = True
    hints.add(1)
    await until(lambda: len(looks.at) == 3)
    looks.held = False
    await until(lambda: not hints._tasks)
    assert looks.at == [1] * 4


async def test_flood_of_different_hints_is_bounded_and_what_is_left_out_is_said(hints: Hints, looks: Looks) -> None:
    for what in range(1000):
        hints.add(what)
    await until(lambda: not hints._tasks)
    assert looks.at == list(range(BURST))
    assert looks.too_many == 1000 - BURST


async def test_flood_of_different_hints_that_lasts_is_one_look_a_pause(hints: Hints, looks: Looks) -> None:
    """Though each is hinted at again and again, and could be looked at again each pause."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while clock() < began + 20 * QUICK:
        for what in range(50):
            hints.add(what)
        await asyncio.sleep(QUICK / 10)
    lasted = clock() - began
    assert 15 < len(looks.at) <= BURST + lasted / QUICK + 1
    await until(lambda: not hints._tasks)
    hints.add(1)
    await until(lambda: looks.at[-1] == 1)


async def test_nothing_is_remembered_of_what_was_hinted_at_long_ago(hints: Hints) -> None:
    hints.add(1)
    await until(lambda: not hints._tasks)
    assert hints._again == {}


async def test_look_that_fails_is_told_and_the_next_hint_counts(looks: Looks) -> None:
    async def fails(what: int) -> bool:
        await looks(what)
        raise RuntimeError("a bug")

    hints = Hints(fails, pause=QUICK)
    hints.add(1)
    hints.add(1)
    await until(lambda: looks.at == [1, 1])
    await hints.close()


async def test_close_ends_what_is_under_way(looks: Looks) -> None:
    looks.go.clear()
    hints = Hints(looks, pause=QUICK)
    hints.add(1)
    await asyncio.sleep(0)
    await hints.close()
    await until(lambda: not hints._tasks)
