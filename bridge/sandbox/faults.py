"""Faults on cue: what networks, proxies and crashing servers do to a request, in front of any sandbox."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from aiohttp import web
from aiohttp.typedefs import Handler

_HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body><p>Please wait.</p></body></html>"


class Fault(StrEnum):
    DROP_BEFORE = "drop_before"
    """The connection closes before anything happens."""
    DROP_AFTER = "drop_after"
    """It happens, then the connection closes without an answer."""
    ERROR_BEFORE = "error_before"
    """500 as JSON; nothing happens."""
    ERROR_AFTER = "error_after"
    """It happens, and the answer is 500."""
    HTML_BEFORE = "html_before"
    """200 with an HTML page (a proxy, a captcha); nothing happens."""
    HTML_AFTER = "html_after"
    """It happens, and the answer is 200 with an HTML page."""
    BUSY = "busy"
    """429 with Retry-After; nothing happens."""
    DENIED = "denied"
    """401, as to a token that has ended; nothing happens."""
    SLOW = "slow"
    """It happens, and the answer is held back until `Faults.release` is set or the client gives up."""
    HELD_BACK = "held_back"
    """It happens only when `Faults.release` is set."""
    LOST = "lost"
    """It never happens and is never answered; the connection closes when `Faults.release` is set."""
    TWICE = "twice"
    """It happens, and something on the way sends it again; the answer is to the second."""


@dataclass(slots=True, kw_only=True)
class Planned:
    fault: Fault
    method: str
    path: re.Pattern[str]
    times: int
    retry_after: int


class Faults:
    """The faults that are to come; `middleware` goes into the sandbox's application."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.planned: list[Planned] = []
        self.release = asyncio.Event()
        self.seen: list[tuple[str, str]] = []
        """Every request as (method, path with query), faults included, for tests that count."""
        self.moments: list[datetime] = []
        """When each of them came."""
        self.under_way = 0
        """Requests that are still to be answered."""
        self._clock = clock

    def plan(self, fault: Fault, *, method: str = "", path: str = "", times: int = 1, retry_after: int = 1) -> None:
        """Let the next `times` requests of `method` (any: "") whose path matches `path` end in `fault`."""
        self.planned.append(
            Planned(fault=fault, method=method, path=re.compile(path), times=times, retry_after=retry_after)
        )

    def _next(self, request: web.Request) -> Planned | None:
        for planned in self.planned:
            if planned.times and planned.method in ("", request.method) and planned.path.search(request.path):
                planned.times -= 1
                return planned
        return None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.seen.append((request.method, request.path_qs))
        self.moments.append(self._clock())
        self.under_way += 1
        try:
            return await self._answer(request, handler)
        finally:
            self.under_way -= 1

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        planned = self._next(request)
        if planned is None:
            return await handler(request)
        answer = self._instead(request, planned)
        return answer if answer is not None else await self._around(request, handler, planned.fault)

    def _instead(self, request: web.Request, planned: Planned) -> web.Response | None:
        """The answer of a request that never gets through."""
        match planned.fault:
            case Fault.DROP_BEFORE:
                return _drop(request)
            case Fault.ERROR_BEFORE:
                return web.json_response({"code": "internal", "message": "Internal error"}, status=500)
            case Fault.HTML_BEFORE:
                return web.Response(text=_HTML, content_type="text/html")
            case Fault.BUSY:
                return web.json_response(
                    {"code": "busy", "message": "Too many requests"},
                    status=429,
                    headers={"Retry-After": str(planned.retry_after)},
                )
            case Fault.DENIED:
                return web.json_response({"code": "UNAUTHORIZED", "message": "Who are you?"}, status=401)
            case _:
                return None

    async def _around(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        if fault in (Fault.HELD_BACK, Fault.LOST):
            await self.release.wait()
        if fault is Fault.LOST:
            return _drop(request)
        answer = await handler(request)
        match fault:
            case Fault.TWICE:
                return await handler(request)
            case Fault.DROP_AFTER:
                return _drop(request)
            case Fault.ERROR_AFTER:
                return web.json_response({"code": "internal", "message": "Internal error"}, status=500)
            case Fault.HTML_AFTER:
                return web.Response(text=_HTML, content_type="text/html")
            case Fault.SLOW:
                await self.release.wait()
                return answer
            case _:
                return answer


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
