"""HTTP with Resurs: one token for everybody, requests with it, and what their failures mean.

Reads are tried three times, calls never twice: the one exception is a call answered with 401, which was not
executed and goes out once more with a new token. 30 s for a read, as the vendor's SDK has it, and `CALL` for a
call; less to connect than its 15 s, so that a call is not made on a look that is long past.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import aiohttp
import stamina
from pydantic import ValidationError

from bridge.errors import AccessDenied, AnswerLost, Busy, Nonsense, SettingsError, Unreachable
from bridge.providers.http import Answer, TooLate, of_a_call, send
from bridge.providers.resurs.settings import ResursSettings
from bridge.providers.resurs.wire import Token

NAME: Final = "Resurs"
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500
UNAVAILABLE: Final = 503

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=5)
_EARLY: Final = timedelta(seconds=60)
_PATIENCE: Final = timedelta(seconds=5)
"""The longest wait that a read sits out; what asks for more is the engine's to wait for."""
_OAUTH_ERROR: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True, repr=False)
class _Bearer:
    token: str
    stale: datetime
    """When a new one is fetched: a little before it expires."""
    client: tuple[str, str]
    """The id and the secret that it was given for."""


class Api:
    """The Merchant API of one account. `now` tells the time by which tokens expire."""

    def __init__(
        self,
        settings: ResursSettings,
        session: aiohttp.ClientSession,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> None:
        self.settings = settings
        self._session = session
        self._now = now
        self._timeout = timeout
        self._bearer: _Bearer | None = None
        self._one_fetch = asyncio.Lock()
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def get(self, path: str) -> Answer:
        """Read `path`; a 403 that a new token does not cure is returned, like every 2xx, 3xx and other 4xx.

        Raises a RemoteError: Busy (429, 503), AnswerLost (no answer, other 5xx) or Unreachable after three
        attempts, AccessDenied when no token is to be had or even a new one is not accepted.
        """
        async for attempt in stamina.retry_context(on=_worth_another_read, attempts=3):
            with attempt:
                answer = await self._authorized("GET", path, refresh_on=(UNAUTHORIZED, FORBIDDEN))
                _raise_trouble(answer)
        if answer.status == UNAUTHORIZED:
            raise AccessDenied(
                f"{NAME} does not accept its own new token: check client_id, scope and environment",
                remote=NAME,
            )
        return answer

    async def post(self, path: str, body: dict[str, Any], fresh: Callable[[], bool]) -> Answer:
        """Send a call and return whatever comes back, a 401 to a new token included.

        Raises TooLate when its turn comes and it is no longer `fresh`.

        AnswerLost alone says that it may have been executed; after any other RemoteError it was not sent.
        """
        return await self._authorized("POST", path, body, refresh_on=(UNAUTHORIZED,), fresh=fresh)

    def masked(self, text: str) -> str:
        """Take token and credentials out of a text of Resurs's, should it echo them: staff are shown it."""
        for secret in (self._bearer.token, *self._bearer.client) if self._bearer else ():
            text = text.replace(secret, "…")
        return text

    async def _authorized(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        refresh_on: tuple[int, ...],
        fresh: Callable[[], bool] = lambda: True,
    ) -> Answer:
        token = await self._token()
        answer = await self._send(method, path, body, token, fresh)
        if answer.status not in refresh_on:
            return answer
        if self._bearer and self._bearer.token == token:
            self._bearer = None
        return await self._send(method, path, body, await self._token(), fresh)

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, token: str, fresh: Callable[[], bool]
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "Accept-Language": "en",
            "Cache-Control": "no-cache",
            "User-Agent": _user_agent(),
        }
        async with self._slots:
            if not fresh():
                raise TooLate(NAME)
            url = f"{self.settings.host}{path}"
            timeout = self._timeout if body is None else of_a_call(self._timeout)
            return await send(self._session, method, url, remote=NAME, headers=headers, json=body, timeout=timeout)

    async def _token(self) -> str:
        """Return a token that is good for a while; one fetch serves all who wait. Never raises AnswerLost."""
        async with self._one_fetch:
            if self._bearer is None or self._bearer.stale <= self._now():
                asked, client = self._now(), self._client()
                granted = await self._fetch(*client)
                life = timedelta(seconds=granted.expires_in)
                self._bearer = _Bearer(granted.access_token, asked + life - _EARLY, client)
            return self._bearer.token

    async def _fetch(self, client_id: str, client_secret: str) -> Token:
        try:
            answer = await send(
                self._session,
                "POST",
                f"{self.settings.host}/oauth2/token",
                remote=NAME,
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                    "User-Agent": _user_agent(),
                },
                form={
                    "grant_type": "client_credentials",
                    "client_id": client_id,
                    "client_secret": client_secret,
                    "scope": self.settings.scope,
                },
                timeout=self._timeout,
            )
            _raise_trouble(answer)
        except AnswerLost as error:
            # For whoever needs the token, nothing has been sent.
            raise Unreachable(f"{NAME} gave no token: {error}", remote=NAME) from error
        if answer.ok:
            try:
                return Token.model_validate(answer.body)
            except ValidationError:
                raise Nonsense(f"{NAME} answered with something that is no token", remote=NAME) from None
        raise _no_token(answer)

    def _client(self) -> tuple[str, str]:
        try:
            return self.settings.client_id.reveal(), self.settings.client_secret.reveal()
        except (SettingsError, OSError) as error:
            raise AccessDenied(f"client_id or client_secret can't be read: {error}", remote=NAME) from error


@cache
def _user_agent() -> str:
    return f"wc-bridge/{version('wc-bridge')}"


def _worth_another_read(error: Exception) -> bool | timedelta:
    match error:
        case Busy(after=timedelta() as after):
            return after if after <= _PATIENCE else False
        case Busy() | Unreachable() | AnswerLost():
            return True
        case _:
            return False


def _raise_trouble(answer: Answer) -> None:
    """Raise what a status tells about the server rather than about the request."""
    if answer.status in (TOO_MANY, UNAVAILABLE):
        raise Busy(f"{NAME} asks to wait (HTTP {answer.status})", remote=NAME, after=answer.retry_after)
    if answer.status >= SERVER_ERROR:
        raise AnswerLost(f"{NAME} answered HTTP {answer.status}", remote=NAME)


def _no_token(answer: Answer) -> AccessDenied | Nonsense:
    """Why there is no token. `invalid_client` has come with 400 and with 401, and 401 also without JSON."""
    code = answer.body.get("error") if isinstance(answer.body, dict) else None
    code = code if isinstance(code, str) and _OAUTH_ERROR.fullmatch(code) else ""
    if code == "invalid_scope":
        message = f"{NAME} does not grant the scope: check scope of this provider in settings.yaml (invalid_scope)"
    elif code or answer.status in (UNAUTHORIZED, FORBIDDEN):
        message = (
            f"{NAME} does not accept the credentials: check client_id, client_secret and environment of this "
            f"provider in settings.yaml ({code or f'HTTP {answer.status}'})"
        )
    else:
        return Nonsense(f"{NAME} gave no token (HTTP {answer.status})", remote=NAME)
    return AccessDenied(message, remote=NAME)
