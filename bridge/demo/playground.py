"""The sandboxes on real time and fixed ports, with orders in them and a settings.yaml that points at them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bridge.app import utc_now
from bridge.demo.portal import Portal
from bridge.demo.sandboxes import BASKET, Sale, Sandboxes
from bridge.errors import UsageError
from bridge.sandbox.server import Server

PORTS = 4
"""The shop's, Resurs's, Ecster's and the portals', one after the other."""
ORDERS_EACH = 3
"""That each provider's customers have made before it opens."""
FILES = ("settings.yaml", "bridge.sqlite3")
"""What must not be there yet: an older database would know other orders by the same numbers."""
QUICK: dict[str, Any] = {
    "poll": {"interval": "2s", "sweep": "10s"},
    "settle": {"change": "1s", "refund": "3s", "unknown": "30s", "others": "2s"},
}
"""Patience for people who wait for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playground:
    settings: Path
    store: str
    """The shop's address."""
    portal: str
    sandboxes: Sandboxes

    @property
    def key(self) -> str:
        """The store's key and secret as curl takes them."""
        return f"{self.sandboxes.store.consumer_key}:{self.sandboxes.store.consumer_secret}"

    def sales(self, provider: str) -> list[Sale]:
        """The orders that were paid with `provider` ("resurs", "ecster"), oldest first."""
        return [sale for sale in self.sandboxes.sales if sale.house.name.lower() == provider]


@asynccontextmanager
async def playground(folder: Path, port: int) -> AsyncIterator[Playground]:
    """Serve store, Resurs, Ecster and the portals, with a settings.yaml in `folder`.

    They are on the PORTS ports from `port` up, or on free ones (0).
    Raises UsageError for a taken port, and for a folder that has a settings.yaml or database already.
    """
    settings = _free_place(folder)
    sandboxes = Sandboxes(utc_now, basic_on_http=True)
    opened = utc_now()
    for _ in range(ORDERS_EACH):
        for house in sandboxes.houses:
            sandboxes.sell(house, BASKET)
    async with AsyncExitStack() as stack:
        try:
            urls = await stack.enter_async_context(sandboxes.served(port))
            portal = Server(Portal(sandboxes).app, port + len(urls) if port else 0)
            await stack.enter_async_context(portal)
        except OSError as error:
            wanted = f"{port} to {port + PORTS - 1}"
            raise UsageError(
                f"can't have the ports {wanted}: choose others with --port ({error.strerror})"
            ) from error
        _write_settings(sandboxes, settings, urls, opened.date())
        yield Playground(settings=settings, store=urls[0], portal=portal.url, sandboxes=sandboxes)


def _free_place(folder: Path) -> Path:
    """Return where settings.yaml goes. Raises UsageError where one lies already, or a database."""
    place = folder.resolve()
    for name in FILES:
        if (place / name).exists():
            raise UsageError(f"{place / name} is there already: name another folder, or remove it")
    return place / FILES[0]


def _write_settings(sandboxes: Sandboxes, path: Path, urls: list[str], today: date) -> None:
    """Write them such that what happens from today on counts: also an order completed before the bridge looks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sandboxes.write_settings(path, urls, start_from=today.isoformat(), **QUICK)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error


def stop_signals() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set from now on."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    return stopping
