"""What every provider's adapter shares: one request, and what its ending says about whether it was executed."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bridge.connecting import why_unreached
from bridge.errors import AnswerLost, Busy, Unreachable
from bridge.exact import decode, encode
from bridge.ports import CALL

_CALLS = aiohttp.ClientTimeout(total=CALL, connect=5)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `body` is the decoded JSON with Decimal for every fraction, or None if it was none."""

    status: int
    body: Any
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004


async def send(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    remote: str,
    headers: dict[str, str],
    json: Any = None,
    form: dict[str, str] | None = None,
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
) -> Answer:
    """Send one request, once, with `json` or `form` as its body (or none); `headers` name its Content-Type.

    Raises Unreachable when no connection was made (so nothing was sent) and AnswerLost when the request may
    have been executed but no whole answer came back.
    """
    data = None if json is None else encode(json)
    if form is not None:
        data = urlencode(form).encode()
    try:
        async with session.request(
            method,
            url,
            headers=headers,
            data=data,
            timeout=timeout,
            allow_redirects=False,
            trace_request_ctx=remote,
        ) as response:
            text = await response.text(errors="replace")
            status, retry_after = response.status, _seconds(response.headers.get("Retry-After", ""))
    except _NEVER_SENT as error:
        raise Unreachable(f"{remote} can't be reached: {why_unreached(error)}", remote=remote) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise AnswerLost(f"{remote} gave no answer ({type(error).__name__})", remote=remote) from error
    try:
        body = decode(text)
    except (ValueError, RecursionError):
        body = None
    return Answer(status, body, retry_after)


def of_a_call(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientTimeout:
    """What remains of a timeout for what may move money; see `CALL`."""
    return min(timeout, _CALLS, key=lambda it: it.total or math.inf)


class TooLate(Busy):
    """A call waited so long for its turn that order and payment must be read again before it is made."""

    def __init__(self, remote: str) -> None:
        text = f"{remote}: the call waited for its turn, and is derived anew"
        super().__init__(text, remote=remote, after=timedelta())


def _seconds(value: str) -> timedelta | None:
    """Read Retry-After; a day is as long as anybody means it."""
    return timedelta(seconds=min(int(value[:9]), 86400)) if value.isdecimal() else None
