"""Leases: the right to work on a store, which runs out by itself.

Several daemons may work on one PostgreSQL database, each store by one of them at a time: the one that holds its
lease. The server's clock alone says how long that lives; the clocks of the daemons' machines may be wrong. What a
daemon knows of it can only be too short: it counts from before it asked, on a clock that runs on while the process
or the machine sleeps. So whoever was away for long finds its lease run out, before it calls anybody; and what it
still writes is refused by the database, where somebody else may have the store by then.

An SQLite database has one worker, whose leases never run out.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from bridge.errors import LeaseLost
from bridge.ports import CALL

_OURS = "SELECT 1 FROM leases WHERE store = $1 AND token = $2 AND until > clock_timestamp() FOR KEY SHARE"
"""Renewing changes no key, so it does not wait for those who look this up; whoever takes the lease over does."""
_HOLDERS = "SELECT store, host, pid, since FROM leases WHERE until > clock_timestamp()"


def boottime() -> float:
    """Seconds since the machine was started, those included for which it was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For how long a store is leased; in seconds.

    A call starts only while the lease outlives it, so `length` is longer than a call by what may pass until the
    next renewal comes through. And a store of a daemon that died is free after `length`, which bounds how long
    nobody works on it.
    """

    length: float = 24.0
    renewal: float = 4.0
    """From one renewal to the next."""
    call: float = CALL + 1.0
    """The longest call; aiohttp rounds the end of a timeout up to whole seconds."""
    spare: float = 1.0
    """What is left of a lease is taken to be less by this: two clocks need not run equally fast."""


class Lease:
    """The lease of one store, from when it was taken until it is lost or given back; never the same one again."""

    def __init__(
        self,
        store: str,
        *,
        token: str = "",
        until: float = math.inf,
        elsewhere: bool = False,
        terms: Terms = Terms(),
        clock: Callable[[], float] = boottime,
    ) -> None:
        self.store = store
        self.token = token
        """Names it among all leases there ever were; "" for one that never runs out."""
        self.elsewhere = elsewhere
        """Whether the store was worked on from another machine before, by that one's clock."""
        self.lost = asyncio.Event()
        self.wanted = asyncio.Event()
        """Set once a daemon that has fewer stores has asked for this one."""
        self._until, self._terms, self._clock = until, terms, clock

    @property
    def left(self) -> float:
        """Seconds for which it is sure to be ours."""
        return self._until - self._clock() - self._terms.spare

    def outlives_call(self) -> bool:
        """Whether a call that starts now has ended, one way or another, while the store is still ours."""
        return self.left >= self._terms.call

    def check(self) -> None:
        """Raise LeaseLost where the store may be another's by now, of which nobody is asked anything either."""
        if self.left <= 0:
            raise LeaseLost(self.store)

    def renewed(self, asked: float) -> None:
        """The server has renewed it after `asked`, a moment of our clock."""
        if not self.lost.is_set():
            self._until = max(self._until, asked + self._terms.length)

    def end(self) -> None:
        """It is ours no more, and will not be again."""
        self._until = -math.inf
        self.lost.set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction that is committed only while the lease is ours, by the server's clock.

        Raises LeaseLost. Nobody takes the lease over before the transaction has ended.
        """
        async with in_transaction() as connection:
            if self.token and not await connection.execute_query_dict(_OURS, [self.store, self.token]):
                self.end()
                raise LeaseLost(self.store)
            yield

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """The same for one statement, which needs no transaction where there is nothing to guard."""
        if not self.token:
            yield
            return
        async with self.transaction():
            yield


class Leases(Protocol):
    """The leases of one process."""

    async def take(self, store: str) -> Lease | None:
        """Take the lease of a store; None while another has it. Raises DatabaseError."""

    async def give_back(self, lease: Lease) -> None:
        """Let others have the store at once."""

    async def ask_for(self, stores: Sequence[str]) -> None:
        """Ask whoever works on the most stores for its part too many of these. Raises DatabaseError."""


class Unending:
    """The leases of a process that has the database to itself."""

    async def take(self, store: str) -> Lease | None:
        return Lease(store)

    async def give_back(self, lease: Lease) -> None:
        lease.end()

    async def ask_for(self, stores: Sequence[str]) -> None:
        """Nobody else has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The process that works on a store."""

    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.host} (process {self.pid}) since {self.since:%Y-%m-%d %H:%M:%S} UTC"


async def holders() -> dict[str, Holder]:
    """Return who works on which store now; nobody, as far as is known, where there are no leases."""
    connection = get_connection("default")
    if not connection.capabilities.support_for_update:  # SQLite
        return {}
    rows = await connection.execute_query_dict(_HOLDERS)
    return {row["store"]: Holder(host=row["host"], pid=row["pid"], since=row["since"]) for row in rows}


class OfStore:
    """What the database keeps of one store, written under its lease."""

    def __init__(self, store: str, lease: Lease | None = None) -> None:
        """`lease`: what is written needs it; None: nobody else works on the store, or it matters to nobody."""
        self.store = store
        self.lease = lease or Lease(store)
