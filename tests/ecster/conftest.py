from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import stamina
from aiohttp import web

from bridge.providers.ecster.adapter import Ecster
from bridge.providers.ecster.api import Api
from bridge.sandbox.server import Server
from tests.ecster.canned import Canned
from tests.ecster.world import API_KEY, MERCHANT, World, world


@pytest.fixture(autouse=True)
def no_waits_between_retries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
async def shop() -> AsyncIterator[World]:
    """The adapter over a sandbox with every switch at its default."""
    async with world() as made:
        yield made


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    app = web.Application()
    async with aiohttp.ClientSession() as session:
        made = Canned(ecster=None)  # type: ignore[arg-type]  # it needs the server's address
        app.router.add_route("*", "/{tail:.*}", made.answer)
        async with Server(app) as server:
            made.ecster = Ecster(
                Api(session, host=server.url, api_key=API_KEY, merchant_key=MERCHANT, concurrency=1)
            )
            yield made
