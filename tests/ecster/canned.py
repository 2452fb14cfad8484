"""A server that gives the same answer to every request of a kind, for answers no sandbox would give."""

from dataclasses import dataclass, field

import simplejson
from aiohttp import web

from bridge.providers.ecster.adapter import Ecster


@dataclass(slots=True, kw_only=True)
class Canned:
    ecster: Ecster
    get: object = None
    post: object = None
    """A value goes out as JSON; text goes out as it is."""
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, object]] = field(default_factory=list)
    """The bodies of the POSTs that came."""

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(text=_text(self.get), content_type="application/json")
        self.sent.append(simplejson.loads(await request.text(), use_decimal=True))
        return web.Response(text=_text(self.post), status=self.status, headers=self.headers)


def _text(body: object) -> str:
    return body if isinstance(body, str) else simplejson.dumps(body, use_decimal=True)
