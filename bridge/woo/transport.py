"""One exchange with a store: signed, sent, awaited, judged.

Reads are tried up to three times, with growing waits or the wait that the store asks for; writes once. Reads go
past every cache. Redirects are not followed: a signature holds for one address, and keys are for one host.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import stamina
from yarl import URL

from bridge.connecting import why_unreached
from bridge.errors import AnswerLost, Busy, Unreachable
from bridge.exact import encode
from bridge.ports import CALL
from bridge.woo.errors import Answer, Asked, body_of, is_visitor
from bridge.woo.signing import Credentials, Way, first_way, sign

_API = "/wp-json/wc/v3/"
_ATTEMPTS = 3
_PATIENCE = timedelta(seconds=30)
"""A store that asks for a longer wait is not waited for here: the caller has other things to do."""
_WRITES = aiohttp.ClientTimeout(total=CALL, sock_connect=5)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class _StillBusy(Busy):
    """The store was not asked: what it said to another request holds for this one too."""


class Transport:
    """Asks one store with one key, at most `concurrency` requests at a time."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        name: str,
        url: str,
        credentials: Credentials,
        concurrency: int,
        timeout: aiohttp.ClientTimeout,
        may_write: Callable[[], bool],
        check: Callable[[], None],
        clock: Callable[[], float],
        nonce: Callable[[], str],
    ) -> None:
        self._session = session
        self._url = str(URL(url)).rstrip("/")
        self._credentials = credentials
        self._gate = asyncio.Semaphore(concurrency)
        self._timeout = timeout
        self._may_write, self._check = may_write, check
        self._clock = clock
        self._nonce = nonce
        self._way = first_way(self._url)
        self._busy: tuple[float, Busy] | None = None
        self.asked = Asked(store=name, url=self._url, key=credentials.hint)

    async def read(self, path: str, query: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        """Return the decoded JSON and the headers of a GET below the API's root, past any cache."""
        with self._gently():
            async for attempt in stamina.retry_context(_again, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5):
                with attempt:
                    answer = await self._exchange("GET", path, {**query, "_": self._nonce()})
                    return body_of(answer, self.asked), answer.headers
        raise AssertionError("the last attempt returns or raises")

    async def write(self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Any:
        """Send `body` as JSON, once, and return the decoded answer. Raises Unreachable where it may not write now.

        aiohttp itself sends a PUT again, once, when a kept connection turns out to be closed; it never does so
        with a POST.
        """
        with self._gently():
            return body_of(await self._exchange(method, path, query, body), self.asked)

    @contextmanager
    def _gently(self) -> Iterator[None]:
        """Remember that the store asks to wait: not every order that waits for it has to be told.

        It holds for half a minute at most; how long a store rests altogether is for the engine to say.
        """
        try:
            yield
        except Busy as error:
            longest = _PATIENCE.total_seconds()
            wait = longest if error.after is None else min(error.after.total_seconds(), longest)
            self._busy = self._clock() + wait, error
            raise

    def _heed(self) -> None:
        """Ask nothing of a store that has just asked to wait, though it was to be asked before it did."""
        if self._busy is not None:
            until, busy = self._busy
            left = until - self._clock()
            if 0 < left <= _PATIENCE.total_seconds():  # more is left only where the clock was set back
                raise _StillBusy(str(busy), remote=busy.remote, after=timedelta(seconds=left))
            self._busy = None

    async def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> Answer:
        """Ask; and ask again with the keys in the query, where the Authorization header seems to get lost.

        WordPress takes us for a visitor then and does nothing, so this repeats nothing. A way that works is kept.
        """
        answer = await self._send(self._way, method, path, query, body)
        if self._way is Way.BASIC and is_visitor(answer):
            second = await self._send(Way.QUERY, method, path, query, body)
            if second.status < HTTPStatus.BAD_REQUEST:
                self._way = Way.QUERY
            if not is_visitor(second):
                return second
        return answer

    async def _send(
        self, way: Way, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Answer:
        headers = {"Accept": "application/json", "Cache-Control": "no-cache", "User-Agent": "wc-bridge"}
        data, timeout = None, self._timeout
        if body is not None:
            timeout = min(timeout, _WRITES, key=lambda it: it.total or math.inf)
            headers["Content-Type"] = "application/json"
            data = encode(body)
        # The causes of what is raised are cut off: aiohttp's own errors quote the address, keys and all.
        try:
            async with self._gate:
                self._heed()
                self._check()
                if body is not None and not self._may_write():
                    text = f"nothing is written to store {self.asked.store} now; it is tried again"
                    raise Unreachable(text, remote=self.asked.store)
                signed = sign(
                    way,
                    method,
                    f"{self._url}{_API}{path}",
                    query,
                    credentials=self._credentials,
                    timestamp=int(self._clock()),
                    nonce=self._nonce(),
                )
                async with self._session.request(
                    method,
                    signed.url,
                    headers=headers | signed.headers,
                    data=data,
                    timeout=timeout,
                    allow_redirects=False,
                    trace_request_ctx=self.asked.store,
                ) as response:
                    text = (await response.read()).decode("utf-8", errors="replace")
                    return Answer(
                        method=method,
                        path=_API + path,
                        status=response.status,
                        headers=response.headers,
                        text=text,
                    )
        except _NEVER_SENT as error:
            raise self._unreachable(error) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLost(
                f"store {self.asked.store} gave no whole answer ({type(error).__name__}); it is tried again",
                remote=self.asked.store,
            ) from None

    def _unreachable(self, error: Exception) -> Unreachable:
        text = f"store {self.asked.store} can't be reached: {why_unreached(error)}"
        return Unreachable(text, remote=self.asked.store)


def _again(error: Exception) -> bool | timedelta:
    """Say whether a read that ended in `error` is worth another attempt, and after how long where that is known."""
    if isinstance(error, _StillBusy):
        return False
    if isinstance(error, Busy) and error.after is not None:
        return error.after if error.after <= _PATIENCE else False
    return isinstance(error, Busy | Unreachable | AnswerLost)
