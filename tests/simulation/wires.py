"""HTTP without a network: aiohttp's own client and server, joined by wires in memory.

Requests and answers are written and parsed as on a socket; only the bytes' way is ours, so that their order
is the same at every run. What is on its way when the client's process dies still arrives, as on a network.
"""

import asyncio
from collections.abc import Iterable
from contextvars import Context, copy_context
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.client_proto import ResponseHandler

from tests.simulation.life import OWNER, Life


class Wire(asyncio.Transport):
    """One end; what is written to it arrives at the other end in the loop's next round."""

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context, life: Life | None = None) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self._loop, self._context, self._life = loop, context, life
        self._protocol: Any = None
        self._peer: Wire | None = None
        self._closing = self._paused = False
        self._kept: list[bytes] = []

    def join(self, peer: "Wire", protocol: asyncio.BaseProtocol) -> None:
        self._peer, self._protocol = peer, protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        silent = self._closing or (self._life is not None and self._life.dead)
        if data and not silent and self._peer is not None:
            self._loop.call_soon(self._peer.receive, bytes(data), context=self._peer._context)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def receive(self, data: bytes) -> None:
        if self._paused:
            self._kept.append(data)
        elif self._protocol is not None:
            self._protocol.data_received(data)

    def close(self) -> None:
        if not self._closing and self._peer is not None:
            self._loop.call_soon(self._peer.lose, context=self._peer._context)
            self._loop.call_soon(self.lose, context=self._context)
        self._closing = True

    def abort(self) -> None:
        self.close()

    def lose(self) -> None:
        self._closing = True
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        kept, self._kept = self._kept, []
        for data in kept:
            self._loop.call_soon(self.receive, data, context=self._context)

    def is_reading(self) -> bool:
        return not self._paused

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever kept back."""

    def can_write_eof(self) -> bool:
        return False


class Exchange:
    """Where addresses lead: each application under a port of its own, and what can't be reached at the moment."""

    def __init__(self) -> None:
        self._servers: dict[int, web.Server] = {}
        self._runners: list[web.AppRunner] = []
        self.down: set[int] = set()

    async def serve(self, app: web.Application, port: int) -> str:
        """Serve an application; return its address."""
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        assert runner.server is not None
        self._runners.append(runner)
        self._servers[port] = runner.server
        return f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    def connect(self, port: int, client: ResponseHandler) -> None:
        loop, life = asyncio.get_running_loop(), OWNER.get()
        outside = Context()  # what a server does is no part of the process that asks it
        server: Any = outside.run(self._servers[port])
        here, there = Wire(loop, copy_context(), life), Wire(loop, outside)
        here.join(there, client)
        there.join(here, server)
        client.connection_made(here)
        outside.run(server.connection_made, there)
        if life is not None:
            life.wires.append(here)


class Connector(aiohttp.BaseConnector):
    """aiohttp's connector over an `Exchange`."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(limit=0)
        self._exchange = exchange

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        port = req.url.port or 0
        if port in self._exchange.down:
            raise aiohttp.ClientConnectorError(req.connection_key, ConnectionRefusedError("refused"))
        protocol: ResponseHandler = self._factory()
        self._exchange.connect(port, protocol)
        return protocol
