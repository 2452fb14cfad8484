"""The daemon with its listener, and a shop that has its webhooks there."""

import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.commands.shop import Daemon, Shop, until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listens(shop: Shop) -> str:
    """Have the bridge listen on a port of its own, where the shop reaches it directly; returns the address."""
    port = free_port()
    shop.settings["web"] = {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    return f"http://127.0.0.1:{port}"


def swept(shop: Shop) -> str:
    database = sqlite3.connect(shop.database)
    [(moment,)] = database.execute("SELECT swept FROM stores").fetchall()
    database.close()
    return str(moment)


@asynccontextmanager
async def daemon_at_rest(shop: Shop) -> AsyncIterator[Daemon]:
    """A daemon that has polled and swept, and does neither again by itself for an hour."""
    shop.only["poll"] = {"interval": "1h", "overlap": "2m", "sweep": "1h"}
    before = swept(shop)
    async with shop.daemon() as daemon:
        await until(lambda: swept(shop) != before)
        yield daemon
        assert (await daemon.stop()).code == 0


def reads_of(shop: Shop, order: int) -> int:
    """How often the order itself was read."""
    path = f"/wp-json/wc/v3/orders/{order}"
    return sum(method == "GET" and seen.partition("?")[0] == path for method, seen in shop.store.faults.seen)


def polls(shop: Shop) -> int:
    """How often the shop was asked for what changed, the trash left out."""
    return sum("orderby=modified" in path and "status=any" in path for _, path in shop.store.faults.seen)
