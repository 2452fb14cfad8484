"""Working on a database: alone on a file, or side by side with others on PostgreSQL, parted by leases.

Who works on a PostgreSQL database holds its lock in shared mode, on the same connection by which its leases are
taken and renewed. So nobody who has lost the lock, which a command may have for itself then, keeps a lease.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog

from bridge.db.connection import opened, translated
from bridge.db.failures import FAILURES
from bridge.db.leases import Lease, Leases, Terms, Unending, boottime
from bridge.db.lock import KEY, alone
from bridge.db.urls import shown, sqlite_path
from bridge.errors import DatabaseError

log = structlog.get_logger()

_MAKING = KEY + 1
"""Names the lock of the one who makes the tables, of several that start on an empty database."""
_PATIENCE = 5.0
"""Seconds in which the server must have answered; then it is tried again through a new connection."""
_MADE = 60.0
"""Seconds in which another process must have made the tables."""
_WATCH = 0.5
"""Seconds from one look for leases that have run out to the next."""
_AGAIN = 1.0
"""Seconds after which a renewal that failed is tried again."""
_ASTRAY = 5.0
"""Seconds by which a machine's clock may differ from the server's without a word about it."""

_RENEW = (
    "UPDATE leases SET until = clock_timestamp() + $2::float8 * interval '1 second' "
    "WHERE token = ANY($1) AND until > clock_timestamp() RETURNING token, wanted IS NOT NULL AS wanted"
)
_TAKE_OVER = (
    "WITH free AS (SELECT store, host FROM leases WHERE store = $1 AND until <= clock_timestamp() "
    "FOR UPDATE SKIP LOCKED) "
    "UPDATE leases SET token = $2, host = $3, pid = $4, since = clock_timestamp(), wanted = NULL, "
    "until = clock_timestamp() + $5::float8 * interval '1 second' "
    "FROM free WHERE leases.store = free.store RETURNING free.host"
)
"""Waits for nobody: while a transaction that its last holder has begun is open, the store is not free."""
_TAKE_FIRST = (
    "INSERT INTO leases (store, token, host, pid, since, until) VALUES ($1, $2, $3, $4, clock_timestamp(), "
    "clock_timestamp() + $5::float8 * interval '1 second') ON CONFLICT DO NOTHING RETURNING host"
)
_ASK_FOR = (
    "WITH held AS (SELECT * FROM leases WHERE until > clock_timestamp()), "
    "richest AS (SELECT host, pid, count(*) AS stores FROM held GROUP BY host, pid "
    "HAVING bool_or(store = ANY($1)) ORDER BY stores DESC LIMIT 1) "
    "UPDATE leases SET wanted = clock_timestamp() WHERE store IN "
    "(SELECT store FROM held JOIN richest USING (host, pid) WHERE store = ANY($1) ORDER BY since DESC, store "
    "LIMIT (SELECT greatest(stores - $2::bigint, 0) / 2 FROM richest)) "
    "AND NOT EXISTS (SELECT FROM held WHERE wanted IS NOT NULL)"
)
"""Half of the difference, so that nobody is asked for it back; and nothing while others are being handed over."""
_GIVE_BACK = "UPDATE leases SET until = clock_timestamp() WHERE token = $1 RETURNING token"


@asynccontextmanager
async def working(
    url: str, *, terms: Terms | None = None, clock: Callable[[], float] = boottime
) -> AsyncIterator[Leases]:
    """Open the database to work on stores, with its tables made where there are none yet; give their leases.

    Raises DatabaseError where it can't be used, or another has it for itself.
    """
    if sqlite_path(url) is not None:
        async with alone(url), opened(url):
            yield Unending()
        return
    shared = Shared(url, terms or Terms(), clock)
    async with shared.joined():
        await shared.ask("SELECT pg_advisory_lock($1)", _MAKING, patience=_MADE)
        async with opened(url):
            await shared.ask("SELECT pg_advisory_unlock($1)", _MAKING)
            yield shared


class Shared:
    """The leases that this process holds on a PostgreSQL database. `clock` gives seconds."""

    def __init__(self, url: str, terms: Terms, clock: Callable[[], float]) -> None:
        self._url, self._terms, self._clock = url, terms, clock
        self._held: dict[str, Lease] = {}
        self._connection: Any = None
        self._one_asks = asyncio.Lock()
        self._failing = False
        """Whether the server gave no answer when it was asked last."""

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Take part in the work until the end, and give back then what is held."""
        await self.ask("SELECT 1")
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._renew())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for lease in list(self._held.values()):
                await self.give_back(lease)
            if self._connection is not None:
                with suppress(*FAILURES):
                    await self._connection.close(timeout=_PATIENCE)

    async def take(self, store: str) -> Lease | None:
        """Take the lease of a store; None while another has it. Raises DatabaseError."""
        token, asked = uuid4().hex, self._clock()
        values = (store, token, socket.gethostname(), os.getpid(), self._terms.length)
        rows = await self.ask(_TAKE_OVER, *values)
        first = not rows and await self.ask(_TAKE_FIRST, *values)
        if not rows and not first:
            return None
        lease = Lease(
            store,
            token=token,
            until=asked + self._terms.length,
            elsewhere=bool(rows) and rows[0]["host"] != socket.gethostname(),
            terms=self._terms,
            clock=self._clock,
        )
        self._held[token] = lease
        return lease

    async def give_back(self, lease: Lease) -> None:
        """Let others have the store at once; where the database can't be told, when the lease runs out."""
        lease.end()
        self._held.pop(lease.token, None)
        if self._failing:
            return
        try:
            await self.ask(_GIVE_BACK, lease.token)
        except DatabaseError:  # the end does not wait for each of many stores
            self._failing = True

    async def ask_for(self, stores: Sequence[str]) -> None:
        """Ask whoever works on the most stores for its part too many of these. Raises DatabaseError."""
        await self.ask(_ASK_FOR, list(stores), len(self._held))

    async def ask(self, statement: str, *values: object, patience: float = _PATIENCE) -> list[Any]:
        """Run a statement on the connection that has the lock. Raises DatabaseError."""
        async with self._one_asks:
            try:
                with translated(self._url):
                    async with asyncio.timeout(patience):
                        if self._connection is None or self._connection.is_closed():
                            await self._join()
                        rows: list[Any] = await self._connection.fetch(statement, *values)
            except BaseException:
                self._leave()
                raise
        return rows

    async def _join(self) -> None:
        from bridge.db.postgres import connect  # noqa: PLC0415 (its driver is an extra)

        self._connection = await connect(self._url)
        if not await self._connection.fetchval("SELECT pg_try_advisory_lock_shared($1)", KEY):
            raise DatabaseError(
                f"{shown(self._url)} is in use by a command that needs it for itself (`wc-bridge db upgrade`, "
                "`restore` or `copy`): try again when that has ended"
            )
        ahead = (datetime.now(UTC) - await self._connection.fetchval("SELECT clock_timestamp()")).total_seconds()
        if abs(ahead) > _ASTRAY:
            log.warning("clock.differs", from_the_databases_by_seconds=round(ahead))

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _watch(self) -> None:
        """Have those told whose lease runs out, also while the server gives no answer."""
        while True:
            for lease in [it for it in self._held.values() if it.left <= 0]:
                self._lose(lease)
            await asyncio.sleep(_WATCH)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN if self._failing else self._terms.renewal)
            if not self._held:  # nor, at a first start, is there a table yet
                continue
            asked = self._clock()
            held = dict(self._held)
            try:
                rows = await self.ask(_RENEW, list(held), self._terms.length)
            except DatabaseError as error:
                if not self._failing:
                    log.warning("leases.not_renewed", problem=str(error))
                self._failing = True
                continue
            self._failing = False
            renewed = {row["token"]: row["wanted"] for row in rows}
            for token, lease in held.items():
                if token in renewed:
                    lease.renewed(asked)
                    if renewed[token]:
                        lease.wanted.set()
                elif token in self._held:
                    self._lose(lease)

    def _lose(self, lease: Lease) -> None:
        log.warning("lease.lost", store=lease.store)
        del self._held[lease.token]
        lease.end()
