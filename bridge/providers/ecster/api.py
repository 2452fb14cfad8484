"""Ecster's REST API: addresses, keys, timeouts. Reads are tried three times; a POST is sent once, never again."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import stamina

from bridge.errors import AccessDenied, AnswerLost, Busy, Nonsense, Unreachable
from bridge.providers.http import Answer, TooLate, of_a_call, send

REMOTE = "Ecster"
KEYS_REFUSED = "Ecster refuses the keys: check api_key and merchant_key in settings.yaml, and their permissions"
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 401, 403, 429, 503


def is_order_id(text: str) -> bool:
    """Whether `text` can stand in a path (samples: 20 letters and digits); anything else names no order."""
    return _ORDER_ID.fullmatch(text) is not None


class Api:
    """`host` is scheme and host; /rest/public/ follows it. At most `concurrency` requests at a time."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        host: str,
        api_key: str,
        merchant_key: str,
        concurrency: int,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._session = session
        self._orders = f"{host}/rest/public/v1/orders/"
        self._api_key = api_key
        self._headers = {
            "x-api-key": api_key,
            "x-merchant-key": merchant_key,
            "Content-Type": "application/json",
            "User-Agent": "wc-bridge",
        }
        self._room = asyncio.Semaphore(concurrency)
        self._timeout = timeout

    @stamina.retry(on=(Unreachable, AnswerLost, Nonsense), attempts=3, timeout=45, wait_initial=0.2, wait_max=2)
    async def get(self, path: str) -> Answer:
        """Read `path` below the orders. The answer is a JSON object with 2xx, or any other 4xx.

        Raises AccessDenied (401, 403), Busy (429, 503), Unreachable, AnswerLost, and Nonsense for the rest.
        """
        answer = await self._send("GET", path)
        if answer.status in (_UNAUTHORIZED, _FORBIDDEN):
            raise AccessDenied(KEYS_REFUSED, remote=REMOTE)
        if answer.status in (_TOO_MANY, _UNAVAILABLE):
            raise Busy("Ecster asks to wait", remote=REMOTE, after=answer.retry_after)
        understood = answer.ok and isinstance(answer.body, dict)
        if not understood and not 400 <= answer.status < 500:  # noqa: PLR2004
            shape = "" if answer.body is not None else " and no JSON"
            raise Nonsense(f"Ecster answered {answer.status}{shape} to a read", remote=REMOTE)
        return answer

    async def post(self, path: str, body: dict[str, object], fresh: Callable[[], bool]) -> Answer:
        """Send `body` once. Raises AnswerLost when it may have been executed.

        Unreachable, and TooLate when its turn comes and it is no longer `fresh`: nothing was sent.
        """
        answer = await self._send("POST", path, body, fresh)
        return replace(answer, body=self._masked(answer.body)) if isinstance(answer.body, dict) else answer

    def _masked(self, body: dict[str, object]) -> dict[str, object]:
        """Take the secret out of the texts of an answer, should one echo it: they are shown to staff."""
        return {
            name: value.replace(self._api_key, "***") if isinstance(value, str) else value
            for name, value in body.items()
        }

    async def _send(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        fresh: Callable[[], bool] = lambda: True,
    ) -> Answer:
        async with self._room:
            if not fresh():
                raise TooLate(REMOTE)
            return await send(
                self._session,
                method,
                self._orders + path,
                remote=REMOTE,
                headers=self._headers,
                json=body,
                timeout=self._timeout if body is None else of_a_call(self._timeout),
            )
