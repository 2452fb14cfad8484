"""OAuth2 client credentials: tokens that end by the sandbox's clock."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bridge.sandbox.resurs.answers import answer
from bridge.sandbox.resurs.switches import Switches


class Tokens:
    def __init__(
        self, client_id: str, client_secret: str, clock: Callable[[], datetime], new: Callable[[], str]
    ) -> None:
        self._client = (client_id, client_secret)
        self._clock = clock
        self._new = new
        self._expiry: dict[str, datetime] = {}
        self.given: list[str] = []
        """Every token ever given out."""

    def grant(self, form: Mapping[str, Any], switches: Switches) -> web.Response:
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return answer({"error": "invalid_client"}, switches.invalid_client_status)
        if form.get("grant_type") != "client_credentials":
            return answer({"error": "unsupported_grant_type"}, 400)
        if form.get("scope") not in switches.scopes:
            return answer({"error": "invalid_scope"}, 400)
        token = self._new()
        self.given.append(token)
        self._expiry[token] = self._clock() + timedelta(seconds=switches.token_lifetime)
        return answer({"access_token": token, "token_type": "Bearer", "expires_in": switches.token_lifetime})

    def good(self, authorization: str) -> bool:
        """Whether the header names a token that has not ended."""
        scheme, _, token = authorization.partition(" ")
        expiry = self._expiry.get(token)
        return scheme == "Bearer" and expiry is not None and self._clock() < expiry

    def replace_client(self, client_id: str, client_secret: str) -> None:
        """Accept these credentials from now on, and no others."""
        self._client = (client_id, client_secret)

    def end_all(self) -> None:
        """End every token before its time."""
        self._expiry.clear()
