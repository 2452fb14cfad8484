"""How a request proves whose it is.

WooCommerce takes the key and secret by HTTP Basic or in the query, on HTTPS alone; on plain HTTP only by a
one-legged OAuth 1.0a signature over the query, with a nonce that serves once and a timestamp that may be at most
15 minutes off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from aiohttp import encode_basic_auth
from woocommerce.oauth import OAuth
from yarl import URL


class Way(StrEnum):
    BASIC = "basic"
    QUERY = "query"
    """For servers that strip the Authorization header before PHP sees it."""
    OAUTH = "oauth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A REST API key of the store. Its repr shows as much of the key as WooCommerce's own list does."""

    key: str
    secret: str

    @property
    def hint(self) -> str:
        """The key's last seven characters, by which an administrator finds it."""
        return self.key[-7:]

    def __repr__(self) -> str:
        return f"Credentials(…{self.hint})"


@dataclass(frozen=True, slots=True)
class Signed:
    """Where a request goes and what it bears. The address is already encoded and must be sent byte for byte."""

    url: URL
    headers: dict[str, str]


def first_way(url: str) -> Way:
    """Return the way to begin with for a store at `url`."""
    return Way.BASIC if URL(url).scheme == "https" else Way.OAUTH


def sign(
    way: Way,
    method: str,
    url: str,
    query: Mapping[str, str],
    *,
    credentials: Credentials,
    timestamp: int,
    nonce: str,
) -> Signed:
    """Sign one attempt. `timestamp` (seconds since 1970) and `nonce` count for OAuth alone, and serve once.

    Values must be neither empty nor bear a "/": the signer drops the one and signs the other as PHP does not.
    """
    match way:
        case Way.BASIC:
            authorization = encode_basic_auth(credentials.key, credentials.secret)
            return Signed(_with(url, query), {"Authorization": authorization})
        case Way.QUERY:
            keys = {"consumer_key": credentials.key, "consumer_secret": credentials.secret}
            return Signed(_with(url, {**query, **keys}), {})
        case Way.OAUTH:
            signer = OAuth(
                str(_with(url, query)),
                credentials.key,
                credentials.secret,
                method=method,
                oauth_timestamp=timestamp,
            )
            signer.generate_nonce = lambda: nonce  # its own has only 10^8 values; a repeated one is refused
            return Signed(URL(signer.get_oauth_url(), encoded=True), {})


def _with(url: str, query: Mapping[str, str]) -> URL:
    return URL(f"{url}?{urlencode(query)}" if query else url, encoded=True)
