"""Who asks: HTTP Basic or key and secret in the query on HTTPS, one-legged OAuth 1.0a on plain HTTP.

A request that proves nothing is a visitor's, and a visitor may see nothing; so an unknown key on HTTPS reads as
"cannot list resources", not as a wrong key (recordings, 30).
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from bridge.sandbox.store.asking import Asked, Query
from bridge.sandbox.store.refusals import Refusal

WINDOW = timedelta(minutes=15)
_PARTS = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_DIGESTS = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    secret: str
    writes: bool = True


@dataclass(slots=True, kw_only=True)
class Doorman:
    """`https`: what the store believes of itself; the loopback is plain HTTP either way.

    `basic_on_http`: on plain HTTP it takes Basic too, which no real store does, for people with curl.
    """

    keys: dict[str, Key]
    https: bool
    strips_authorization: bool
    basic_on_http: bool = False
    window: timedelta = WINDOW
    """How far the time of a signature may be off; on HTTPS, where nothing is signed, nobody asks."""
    _nonces: set[tuple[str, str]] = field(default_factory=set)

    def admit(self, method: str, url: str, query: Query, authorization: str, now: datetime) -> bool:
        """Return whether it is somebody with a key (else a visitor); raise Refusal for one that is wrong.

        `url` is the request's own, without the query.
        """
        asked = Asked(query)
        open_handed = self.https or (self.basic_on_http and authorization.startswith("Basic "))
        key = self._by_secret(asked, authorization) if open_handed else self._by_signature(method, url, asked, now)
        if key is None:
            return False
        if method not in _READING and not key.writes:
            raise _refused("The API key provided does not have write permissions.")
        return True

    def _by_secret(self, asked: Asked, authorization: str) -> Key | None:
        name, secret = asked.text("consumer_key"), asked.text("consumer_secret")
        if not self.strips_authorization and authorization.startswith("Basic "):
            name, secret = _basic(authorization) or (name, secret)
        key = self.keys.get(name)
        if key is not None and not hmac.compare_digest(key.secret.encode(), secret.encode()):
            raise _refused("Consumer secret is invalid.")
        return key

    def _by_signature(self, method: str, url: str, asked: Asked, now: datetime) -> Key | None:
        missing = [name for name in _PARTS if not asked.text(name)]
        if len(missing) == len(_PARTS):
            return None
        if missing:
            raise _refused(f"Missing OAuth parameters {', '.join(missing)}.")
        name = asked.text("oauth_consumer_key")
        key = self.keys.get(name)
        if key is None:
            raise _refused("Consumer key is invalid.")
        if asked.text("oauth_signature_method") not in _DIGESTS:
            raise _refused("Invalid signature - signature method is invalid.")
        if not hmac.compare_digest(signature(method, url, asked.query, key.secret), asked.text("oauth_signature")):
            raise _refused("Invalid signature - provided signature does not match.")
        stamp = asked.text("oauth_timestamp")
        if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > self.window.total_seconds():
            raise _refused("Invalid timestamp.")
        nonce = (name, asked.text("oauth_nonce"))
        if nonce in self._nonces:
            raise _refused("Invalid nonce - nonce has already been used.")
        self._nonces.add(nonce)
        return key


def signature(method: str, url: str, query: Query, secret: str) -> str:
    """Return what the query's `oauth_signature` ought to be, as WooCommerce's own server works it out."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in query if name != "oauth_signature")
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method, quote(url, safe=""), quote(normalized, safe="")))
    digest = _DIGESTS[Asked(query).text("oauth_signature_method")]
    return base64.b64encode(hmac.new(f"{secret}&".encode(), base.encode(), digest).digest()).decode()


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="")


def _basic(header: str) -> tuple[str, str] | None:
    try:
        name, colon, secret = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if colon else None


def _refused(message: str) -> Refusal:
    return Refusal(401, "woocommerce_rest_authentication_error", message)
