"""A whole bridge whose alerts go to a real program, on the world's clock."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.alerts.running import Alarms, Lasting, alarms
from bridge.app import read_settings
from bridge.sandbox.server import Server
from bridge.settings import Alerts, Secret, Settings
from tests.alerts.sink import Address, Sink
from tests.flow.world import START, World


@dataclass(slots=True, kw_only=True)
class Told:
    """What has come in, and the alerts of a daemon that tells it."""

    w: World
    sink: Sink
    there: Address
    settings: Alerts

    async def round(self, *, seconds: int = 61) -> list[str]:
        """Let time pass, and then do all once; return the topics of the message that has come in."""
        self.w.clock.advance(seconds)
        before = len(self.sink.kept)
        async with self.daemon() as daemon:
            await daemon.once()
        return [alert["topic"] for message in self.sink.messages[before:] for alert in message["alerts"]]

    @asynccontextmanager
    async def daemon(self, lasting: Lasting | None = None) -> AsyncIterator[Alarms]:
        """The alerts of another process each time: what is told twice is told twice by a restart."""
        unit = await self.w.bridge()
        settings = self.in_force()
        began = lasting or Lasting(settings, START)
        async with alarms(settings, unit.urgent, began, self.w.clock.now) as made:
            yield made

    def in_force(self) -> Settings:
        """What settings.yaml says, and these alerts."""
        return read_settings(self.w.folder / "settings.yaml").model_copy(update={"alerts": self.settings})

    @property
    def last(self) -> dict[str, Any]:
        return self.sink.messages[-1]


@asynccontextmanager
async def telling(w: World, folder: Path, **more: Any) -> AsyncIterator[Told]:
    async with AsyncExitStack() as stack:
        sink, there = Sink(folder / "sink"), Address()
        server = await stack.enter_async_context(Server(there.app))
        url = Secret(f"{server.url}/ping/s3cret")
        settings = Alerts(command=(str(sink.path),), heartbeat_url=url, **more)
        yield Told(w=w, sink=sink, there=there, settings=settings)
