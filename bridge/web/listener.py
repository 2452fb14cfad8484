"""The bridge's own small web server: an address, and the routes that other modules bring.

It belongs behind the web server of the machine, which speaks TLS and passes on what outsiders may see. What it
answers says nothing about itself, and its requests are not logged: anybody can send any number of them.
"""

import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import web

from bridge.errors import BridgeError

log = structlog.get_logger()

LARGEST: Final = 1024 * 1024
"""Bytes of a request's body; an order of a hundred lines has a tenth of that."""
_IDLE: Final = 75.0
"""Seconds after which a connection is closed on which nothing is asked any more."""
_LINGERING: Final = 1.0
"""Seconds for which the rest of a body is read that nobody wants, so that its sender still gets the answer."""


class AddressTaken(BridgeError):
    """The address to listen on can't be had. Tried again later it may be: a process that ends lets go of it."""

    who = "the administrator"


@asynccontextmanager
async def listening(listen: str | None, routes: Iterable[web.AbstractRouteDef]) -> AsyncIterator[str]:
    """Serve `routes` on `listen` ("127.0.0.1:8787"), and give the address; "" and no server where it is None.

    Raises AddressTaken.
    """
    if listen is None:
        yield ""
        return
    app = web.Application(client_max_size=LARGEST)
    app.add_routes(routes)
    app.on_response_prepare.append(_say_nothing_of_ourselves)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # a signature is over the bytes as they came
        keepalive_timeout=_IDLE,
        lingering_time=_LINGERING,
        shutdown_timeout=1.0,
    )
    host, _, port = listen.rpartition(":")
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except (OSError, UnicodeError) as error:
            raise AddressTaken(
                f"web.listen: {listen} can't be listened on ({_why(error)}): stop what holds it, or choose another "
                "address, or null, in settings.yaml"
            ) from None
        address = f"http://{host}:{runner.addresses[0][1]}"
        log.info("web.listening", address=address)
        yield address
    finally:
        await runner.cleanup()


async def _say_nothing_of_ourselves(_: web.Request, response: web.StreamResponse) -> None:
    del response.headers["Server"]


def _why(error: OSError | UnicodeError) -> str:
    """Return the system's own words, without the address that asyncio puts around them."""
    if isinstance(error, UnicodeError | socket.gaierror):
        return "no machine has this name"
    return os.strerror(error.errno or 0)
