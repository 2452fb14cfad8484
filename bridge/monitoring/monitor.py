"""The monitor of one daemon: reads the database seldom, whoever asks how often, and keeps a registry of its own."""

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from bridge.db.failures import database_failed, said
from bridge.db.vitals import Endings, Vitals, vitals
from bridge.domain.steps import Kind
from bridge.monitoring.edges import Edges
from bridge.monitoring.metrics import ENDED, Seen, Stores

FRESH: Final = 5.0
"""Seconds for which what was read of the database is told again."""
_PATIENCE: Final = 5.0
"""Seconds in which the database must have answered."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # as many series again, which nobody asks for


class Monitor:
    """What one daemon tells. `intervals` are those of the polls of its stores, by name."""

    def __init__(self, intervals: Callable[[], Mapping[str, timedelta]], now: Callable[[], datetime]) -> None:
        self._registry = CollectorRegistry()
        self.edges = Edges(self._registry)
        self._intervals, self._now = intervals, now
        self._stores = Stores(intervals)
        self._registry.register(self._stores)
        self._endings = Endings(now())
        self._ended = Counter(
            "wc_bridge_actions_ended_total",
            "Actions that ended since this daemon started, whoever ended them",
            ("store", "kind", "outcome"),
            registry=self._registry,
        )
        for labels in ((store, kind, state) for store in intervals() for kind in Kind for state in ENDED):
            self._ended.labels(*labels)
        build = Gauge("wc_bridge_build_info", "Always 1", ("version", "python"), registry=self._registry)
        build.labels(version("wc-bridge"), platform.python_version()).set(1)
        ProcessCollector(registry=self._registry)
        self._vitals: Mapping[str, Vitals] | None = None
        self._problem = ""
        self._read: float | None = None
        """When that was, by the loop's clock."""
        self._reading: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Within this the database is open; a read that is under way at its end is given up."""
        try:
            yield
        finally:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.wait([self._reading])

    async def metrics(self, accepted: str) -> tuple[bytes, str]:
        """Return all metrics in the form that is `accepted` (of HTTP), and its content type."""
        await self._look()
        encode, content_type = choose_encoder(accepted)
        return encode(self._registry), content_type

    async def readiness(self) -> dict[str, Any]:
        """Whether the database can be used and every store was polled in time, and what is wrong."""
        stores = await self._look()
        usable = not self._problem
        return {
            "ready": usable and all(it.health.ready for it in stores.values()),
            "database": {"usable": usable, "wrong": self._problem},
            "stores": [
                {
                    "store": name,
                    "ready": it.health.ready,
                    "poll_age": None if it.health.poll_age is None else round(it.health.poll_age, 1),
                    "wrong": it.health.wrong,
                }
                for name, it in stores.items()
                if usable
            ],
        }

    async def _look(self) -> Mapping[str, Seen]:
        """Read the database, unless that was done a moment ago; many who ask at once wait for the same read."""
        clock = asyncio.get_running_loop().time
        if self._read is None or clock() - self._read >= FRESH:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._learn())
            done, _ = await asyncio.wait([self._reading], timeout=_PATIENCE)
            if not done:
                self._vitals, self._problem = None, "it does not answer"
            elif self._reading.done():
                self._reading.result()
        return self._stores.see(self._vitals, self._now())

    async def _learn(self) -> None:
        try:
            self._vitals, self._problem = await vitals(list(self._intervals()), self._now()), ""
            for it in await self._endings.new(self._now()):
                if it.store in self._intervals():
                    self._ended.labels(it.store, it.kind, it.state).inc()
        except Exception as error:
            if not database_failed(error):
                raise
            self._vitals, self._problem = None, said(error)
        self._read = asyncio.get_running_loop().time()
