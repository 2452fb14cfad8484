"""The bridge's own small web server: an address, and the routes that other modules bring.

It belongs behind the web server of the machine, which speaks TLS and passes on what outsiders may see. What it
answers says nothing about itself, and its requests are not logged, whatever they are: anybody can send any number
of them.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web

from bridge.errors import BridgeError

log = structlog.get_logger()

LARGEST: Final = 1024 * 1024
"""Bytes of a request's body; an order of a hundred lines has a tenth of that."""
MOST: Final = 64
"""Connections at a time; a shop has a handful. One more takes the place of the oldest, which is none of its."""
_IDLE: Final = 15.0
"""Seconds after which a connection is closed on which no whole request has come."""
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
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    host, _, port = listen.rpartition(":")
    await runner.setup()
    try:
        try:
            server = await _serve(runner, host.strip("[]"), int(port))
        except (OSError, UnicodeError) as error:
            raise AddressTaken(
                f"web.listen: {listen} can't be listened on ({_why(error)}): stop what holds it, or choose another "
                "address, or null, in settings.yaml"
            ) from None
        with closing(server):
            address = f"http://{host}:{server.sockets[0].getsockname()[1]}"
            log.info("web.listening", address=address)
            yield address
    finally:
        await runner.cleanup()


async def _serve(runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
    loop, connections = asyncio.get_running_loop(), runner.server
    assert connections is not None
    options: dict[str, Any] = {
        "access_log": None,
        "auto_decompress": False,  # a signature is over the bytes as they came
        "keepalive_timeout": _IDLE,
        "lingering_time": _LINGERING,
    }

    def connect() -> web.RequestHandler:
        there = connections.connections
        for oldest in there[: max(0, len(there) - MOST + 1)]:
            if oldest.transport is not None:
                oldest.transport.abort()
        return _Connection(connections, loop=loop, **options)

    return await loop.create_server(connect, host, port, reuse_address=True)


class _Connection(web.RequestHandler):
    """One connection. What is no HTTP is told so in two words; aiohttp would quote it, there and in the log."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 (aiohttp passes it)
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (it quotes what came)
    ) -> web.StreamResponse:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("web.failed", exc_info=exc)
        answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}\n", headers={"Server": ""})
        answer.force_close()
        return answer


async def _say_nothing_of_ourselves(_: web.Request, response: web.StreamResponse) -> None:
    del response.headers["Server"]


def _why(error: OSError | UnicodeError) -> str:
    """Return the system's own words, without the address that asyncio puts around them."""
    if isinstance(error, UnicodeError | socket.gaierror):
        return "no machine has this name"
    return os.strerror(error.errno or 0)
