"""One sandbox on a loopback port."""

from typing import Self

from aiohttp import web


class Server:
    """Serves an application on 127.0.0.1; port 0 takes a free one. Use as `async with Server(app) as server`."""

    def __init__(self, app: web.Application, port: int = 0) -> None:
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        self._port = port

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"
