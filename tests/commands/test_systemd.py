"""What systemd hears of the daemon, on a real socket: ready, ending, and turning for as long as nothing hangs."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bridge.app import read_settings
from bridge.daemon import serve
from bridge.liveness import Pulse, trace
from bridge.sandbox.faults import Fault
from bridge.systemd import Patience, Systemd
from tests.commands.shop import Shop, started, until

FED = "WATCHDOG=1"
QUIET = 0.5
"""Seconds without a word, in which there would be five of them, to call it silence."""


class Ear:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(address)
        self.heard: list[str] = []

    def close(self) -> None:
        self._socket.close()

    async def hears(self, word: str, times: int = 1) -> None:
        """Wait until so many more of this word have come in."""
        async with asyncio.timeout(60):
            while times:
                await self._next()
                times -= self.heard[-1] == word

    async def hears_nothing(self) -> None:
        """Wait until nothing comes in any more."""
        async with asyncio.timeout(60):
            while await self._is_told():
                pass

    async def _is_told(self) -> bool:
        try:
            await asyncio.wait_for(self._next(), QUIET)
        except TimeoutError:
            return False
        return True

    async def _next(self) -> None:
        self.heard.append((await asyncio.get_running_loop().sock_recv(self._socket, 1000)).decode())


@pytest.fixture
def ear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    ear = Ear(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    yield ear
    ear.close()


@asynccontextmanager
async def serving(shop: Shop, patience: Patience) -> AsyncIterator[None]:
    """The daemon in this process, with less patience than it has."""
    task = asyncio.create_task(serve(read_settings(shop.path), patience=patience))
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await task


async def test_ready_once_polled_fed_while_it_turns_and_stopping_at_the_end(shop: Shop, ear: Ear) -> None:
    shop.store.faults.plan(Fault.HELD_BACK, times=99)
    async with started("run", "--settings", str(shop.path)) as daemon:
        await until(lambda: shop.store.faults.under_way > 0)
        await ear.hears(FED, 3)
        assert "READY=1" not in ear.heard
        assert "STATUS=not polled yet: butiken" in ear.heard
        shop.store.faults.release.set()
        await ear.hears("READY=1")
        assert ear.heard[-2] == "STATUS=every store is polled"
        daemon.process.send_signal(signal.SIGSTOP)
        await ear.hears_nothing()
        daemon.process.send_signal(signal.SIGCONT)
        await ear.hears(FED)
        daemon.process.send_signal(signal.SIGTERM)
        await ear.hears("STOPPING=1")
        assert (await daemon.ended()).code == 0
    assert ear.heard.count("READY=1") == 1


async def test_a_shop_that_is_down_neither_keeps_it_from_being_ready_nor_starves_it(shop: Shop, ear: Ear) -> None:
    shop.only["url"] = "http://127.0.0.1:9"
    async with serving(shop, Patience(ready=0.2, hung=0.1)):
        await ear.hears("READY=1")
        assert ear.heard[:-1] == ["STATUS=not polled yet: butiken", FED, FED]
        await ear.hears(FED, 20)  # in two seconds; a poll is due after one


async def test_a_job_that_hangs_is_not_fed_and_told_until_it_goes_on(shop: Shop, ear: Ear) -> None:
    async with serving(shop, Patience(hung=0.1)):
        await ear.hears("READY=1")
        shop.store.faults.plan(Fault.SLOW, times=99)
        await until(lambda: shop.store.faults.under_way > 0)
        await ear.hears_nothing()
        assert ear.heard[-1] == "STATUS=hangs: poll of butiken"
        shop.store.faults.release.set()
        await ear.hears(FED)


async def test_each_request_that_ends_is_a_beat_of_its_job_alone(shop: Shop) -> None:
    now = [0.0]
    ours, theirs = (Pulse(name, 30, lambda: now[0]) for name in ("ours", "theirs"))

    async def job(url: str) -> None:
        ours.begin()
        now[0] += 100
        async with aiohttp.ClientSession(trace_configs=[trace()]) as session:
            with suppress(aiohttp.ClientConnectorError):
                async with session.get(f"{url}/wp-json/") as answer:
                    assert answer.status

    for url in (shop.store_url, "http://127.0.0.1:9"):
        theirs.beat()
        await asyncio.create_task(job(url))
        assert (ours.hangs(60), theirs.hangs(60), theirs.hangs(70)) == (False, True, False)


async def test_without_systemd_nobody_is_told(tmp_path: Path) -> None:
    assert Systemd({}, 1).say("READY=1")
    assert not Systemd({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, 1).say("READY=1")
    name = f"wc-bridge-{os.getpid()}"
    ear = Ear(f"\0{name}")
    Systemd({"NOTIFY_SOCKET": f"@{name}"}, 1).say("READY=1")
    await ear.hears("READY=1")
    ear.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [({}, 0), ({"WATCHDOG_USEC": "60000000"}, 60), ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "2"}, 0)],
)
def test_the_watchdog_is_fed_by_whom_it_asks(environment: dict[str, str], seconds: float) -> None:
    assert Systemd(environment, 1).watchdog == seconds
