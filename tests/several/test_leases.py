"""Leases, by the server's clock alone, and what a daemon knows of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from bridge.db.leases import Terms
from bridge.db.lock import alone
from bridge.db.sharing import Shared, working
from bridge.errors import DatabaseError
from tests import databases
from tests.several.clock import Ticking

pytestmark = [pytest.mark.on_postgresql(alone=True), pytest.mark.usefixtures("database")]

LONG = Terms()
SHORT = Terms(length=2.0, renewal=0.3, call=0.2, spare=0.2)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    made = databases.url_in(tmp_path)
    await databases.make(made)
    yield made
    await databases.lose(made)


async def test_store_is_one_s_at_a_time(url: str) -> None:
    one, other = Shared(url, LONG, Ticking()), Shared(url, LONG, Ticking())
    async with one.joined(), other.joined():
        lease = await one.take("butiken")
        assert lease is not None
        assert await other.take("butiken") is None
        assert await one.take("butiken") is None, "nor twice the same one's"
        assert await other.take("another") is not None
        await one.give_back(lease)
        again = await other.take("butiken")
        assert again is not None
        assert again.token != lease.token
        assert not lease.outlives_call()


async def test_who_asks_at_the_same_time_gets_it_once(url: str) -> None:
    many = [Shared(url, LONG, Ticking()) for _ in range(5)]
    async with many[0].joined(), many[1].joined(), many[2].joined(), many[3].joined(), many[4].joined():
        for _ in range(10):
            leases = [lease for lease in await asyncio.gather(*(it.take("butiken") for it in many)) if lease]
            assert len(leases) == 1
            await asyncio.gather(*(it.give_back(leases[0]) for it in many))


async def test_lease_that_is_renewed_goes_on(url: str) -> None:
    one, other = Shared(url, SHORT, asyncio.get_running_loop().time), Shared(url, SHORT, Ticking())
    async with one.joined(), other.joined():
        lease = await one.take("butiken")
        assert lease is not None
        until = await until_of(url)
        while await until_of(url) < until + SHORT.length:
            assert await other.take("butiken") is None
        assert lease.left > 0
        assert not lease.lost.is_set()


@pytest.mark.parametrize("astray", [3600.0, -3600.0])
async def test_clock_that_jumps_costs_its_own_daemon_at_most_the_lease(url: str, astray: float) -> None:
    """Others go by the server's clock, and get the store when it says so, not before."""
    clock = Ticking()
    one, other = Shared(url, LONG, clock), Shared(url, LONG, Ticking(clock.now + astray))
    async with one.joined(), other.joined():
        lease = await one.take("butiken")
        assert lease is not None
        assert await other.take("butiken") is None
        clock.now += abs(astray)
        assert not lease.outlives_call()
        await asyncio.wait_for(lease.lost.wait(), 5)
        assert await other.take("butiken") is None
        await expire(url)
        assert await other.take("butiken") is not None


async def test_lease_counts_from_before_its_renewal_was_sent(url: str) -> None:
    clock = Ticking()
    one = Shared(url, Terms(renewal=0.1), clock)
    async with one.joined():
        lease = await one.take("butiken")
        assert lease is not None
        holder = await asyncpg.connect(url)
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM leases FOR UPDATE")
            await waiting(url)
            clock.now += 4
            was = await until_of(url)
        await holder.close()
        while await until_of(url) == was:
            await asyncio.sleep(0.01)
        left = lease.left
        assert left <= LONG.length - 4 - LONG.spare


async def test_lease_that_cannot_be_renewed_is_lost_and_taken_again_when_the_database_is_back(url: str) -> None:
    one = Shared(url, SHORT, asyncio.get_running_loop().time)
    async with one.joined():
        lease = await one.take("butiken")
        assert lease is not None
        async with databases.out_of_reach(url):
            with pytest.raises(DatabaseError):
                await one.take("another")
            await asyncio.wait_for(lease.lost.wait(), 10)
            assert not lease.outlives_call()
        async with asyncio.timeout(10):
            while (again := await one.take("butiken")) is None:
                await asyncio.sleep(0.05)
        assert again.token != lease.token
        assert lease.lost.is_set()
        assert not lease.outlives_call()


async def test_lease_that_is_lost_stays_so_though_a_renewal_was_under_way(url: str) -> None:
    clock = Ticking()
    one = Shared(url, Terms(renewal=1.0), clock)
    holder = await asyncpg.connect(url)
    async with one.joined():
        lease = await one.take("butiken")
        assert lease is not None
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM leases FOR UPDATE")
            clock.now += LONG.length - 4
            await waiting(url)
            clock.now += 4
            await asyncio.wait_for(lease.lost.wait(), 5)
        await holder.close()
        assert await one.take("another") is not None, "the renewal's answer has come before this one's"
        assert lease.left < 0


async def test_daemon_that_has_fewer_stores_is_given_its_part_and_no_more(url: str) -> None:
    terms = Terms(renewal=0.1)
    one, other = Shared(url, terms, Ticking()), Shared(url, terms, Ticking())
    stores = [f"shop-{number}" for number in range(5)]
    async with one.joined(), other.joined():
        leases = [await one.take(store) for store in stores]
        await as_of_another_process(url)
        await other.ask_for(stores)
        await other.ask_for(stores)
        async with asyncio.timeout(10):
            while sum(lease.wanted.is_set() for lease in leases if lease) < 2:
                await asyncio.sleep(0.05)
        given = [lease for lease in leases if lease and lease.wanted.is_set()]
        assert len(given) == 2
        for lease in given:
            await one.give_back(lease)
        taken = [await other.take(lease.store) for lease in given]
        await other.ask_for(stores)
        await one.ask_for(stores)
        assert await wanted(url) == 0
        assert not any(lease is None or lease.wanted.is_set() for lease in taken)


async def test_lost_connection_alone_loses_no_lease(url: str) -> None:
    one = Shared(url, Terms(length=20, renewal=0.1), asyncio.get_running_loop().time)
    async with one.joined():
        lease = await one.take("butiken")
        assert lease is not None
        async with databases.out_of_reach(url):
            pass
        until = await until_of(url)
        async with asyncio.timeout(10):
            while await until_of(url) == until:
                await asyncio.sleep(0.05)
        assert not lease.lost.is_set()


async def test_who_needs_the_database_for_itself_and_who_works_on_it_refuse_each_other(url: str) -> None:
    async with Shared(url, LONG, Ticking()).joined(), Shared(url, LONG, Ticking()).joined():
        with pytest.raises(DatabaseError, match="another wc-bridge works on"):
            async with alone(url):
                pass
    async with alone(url):
        with pytest.raises(DatabaseError, match="is in use by a command that needs it for itself"):
            async with Shared(url, LONG, Ticking()).joined():
                pass


async def until_of(url: str) -> float:
    """When the lease runs out, in seconds since 1970."""
    database = await asyncpg.connect(url)
    try:
        return float(
            await database.fetchval("SELECT extract(epoch FROM until) FROM leases WHERE store = 'butiken'")
        )
    finally:
        await database.close()


async def as_of_another_process(url: str) -> None:
    """Let what is leased now be held by another process than this one."""
    database = await asyncpg.connect(url)
    await database.execute("UPDATE leases SET pid = -1")
    await database.close()


async def wanted(url: str) -> int:
    database = await asyncpg.connect(url)
    try:
        return int(await database.fetchval("SELECT count(*) FROM leases WHERE wanted IS NOT NULL"))
    finally:
        await database.close()


async def expire(url: str) -> None:
    database = await asyncpg.connect(url)
    await database.execute("UPDATE leases SET until = clock_timestamp()")
    await database.close()


async def waiting(url: str) -> None:
    """Wait until somebody waits for a row."""
    watcher = await asyncpg.connect(url)
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await watcher.fetchval(query):
            await asyncio.sleep(0.01)
    await watcher.close()


async def test_tables_are_made_by_one_however_slow_its_server(tmp_path: Path) -> None:
    """A renewal that asks for them before they are there would lose the locks that are held meanwhile."""
    empty = databases.url_in(tmp_path / "empty")
    await databases.make_empty(empty)
    with capture_logs() as told:
        async with working(empty, terms=Terms(renewal=0.01)):
            pass
    await databases.lose(empty)
    assert [it["event"] for it in told] == []
