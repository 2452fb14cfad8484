"""A store sandbox with a client beside it, for tests of the sandbox itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import simplejson

from bridge.sandbox.clock import ManualClock
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox

START = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any
    """Decoded JSON, or the text where it is none."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Open:
    """A served store; requests carry its read-write key unless told otherwise."""

    sandbox: StoreSandbox
    clock: ManualClock
    url: str
    session: aiohttp.ClientSession

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        auth: tuple[str, str] | None = ("ck_sandbox", "cs_sandbox"),
        root: str = "/wp-json/wc/v3/",
        query: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request; `path` is below wc/v3, or a whole URL."""
        url = path if path.startswith("http") else f"{self.url}{root}{path}"
        headers = {} if auth is None else {"Authorization": aiohttp.encode_basic_auth(*auth)}
        async with self.session.request(
            method,
            url,
            params=query,
            json=json,
            headers=headers,
            allow_redirects=False,
        ) as response:
            text = await response.text()
        try:
            body = simplejson.loads(text, use_decimal=True)
        except ValueError:
            body = text
        return Answered(response.status, body, response.headers)

    async def get(self, path: str, **query: str) -> Any:
        """Return the body of a GET that went well."""
        answered = await self.ask("GET", path, query=query)
        assert answered.status == 200, answered
        return answered.body


@asynccontextmanager
async def open_store(**options: Any) -> AsyncIterator[Open]:
    clock = ManualClock(START)
    sandbox = StoreSandbox(clock=clock.now, **options)
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        yield Open(sandbox, clock, server.url, session)
