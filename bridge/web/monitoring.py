"""Health and metrics: `/livez`, `/readyz`, `/metrics`.

That the process answers says nothing about it, so anybody may ask that. The rest is for who has the token, where
there is one; settings.yaml must have one where the listener is not on loopback (`bridge.settings.checks`).
"""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import simplejson
from aiohttp import web

from bridge.monitoring.monitor import Monitor

_Answer = Callable[[web.Request], Awaitable[web.Response]]


def routes(monitor: Monitor, token: Callable[[], str | None]) -> list[web.RouteDef]:
    """Return the routes; who asks for more than life must show the `token`, unless there is None."""

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="OK\n")

    async def ready(_: web.Request) -> web.Response:
        found = await monitor.readiness()
        status = HTTPStatus.OK if found["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        text = simplejson.dumps(found, ensure_ascii=False) + "\n"
        return web.Response(status=status, text=text, content_type="application/json")

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = await monitor.metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    return [
        web.get("/livez", live),
        web.get("/readyz", _guarded(ready, token)),
        web.get("/metrics", _guarded(metrics, token)),
    ]


def _guarded(answer: _Answer, token: Callable[[], str | None]) -> _Answer:
    async def guarded(request: web.Request) -> web.Response:
        wanted = token()
        if wanted is None or _shows(request.headers.get("Authorization", ""), wanted):
            return await answer(request)
        status = HTTPStatus.UNAUTHORIZED
        return web.Response(status=status, text=f"{status.phrase}\n", headers={"WWW-Authenticate": "Bearer"})

    return guarded


def _shows(given: str, token: str) -> bool:
    """Whether an Authorization header has the token; compared in constant time."""
    scheme, _, shown = given.partition(" ")
    same = hmac.compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode())
    return same and scheme.lower() == "bearer"
