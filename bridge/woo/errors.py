"""Every answer of a store that is not what was asked for, as one error that says what is wrong and who must act.

Pure. Bodies are looked at and never quoted: they may hold anything. Of the key only its last seven characters
show, of an address no query. WordPress speaks the shop's language, so nothing stands on the wording of a
message where a status, a code or the kind of request decides as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError

from bridge.errors import AccessDenied, AnswerLost, Busy, Nonsense, NotThere, Rejected, RemoteError
from bridge.exact import decode
from bridge.woo import wire

_NO_SUCH_ORDER = {
    "woocommerce_rest_shop_order_invalid_id",
    "woocommerce_rest_order_invalid_id",
    "woocommerce_rest_invalid_order_id",
}
_NO_SUCH_GATEWAY = "woocommerce_rest_payment_gateway_invalid"
_AUTHENTICATION = "woocommerce_rest_authentication_error"
_FORBIDDEN = "woocommerce_rest_cannot_"
_CAPTCHA = re.compile(r"sgcaptcha|cf[-_]chl|<title>[^<]*(captcha|just a moment|robot|human)|you are (a )?human")
_CODE = re.compile(r"[a-z0-9_]{1,80}")
_GATEWAY = range(502, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer to one request. Header names are looked up as they stand; pass a case-blind mapping."""

    method: str
    path: str
    """Below the store's address: "/wp-json/wc/v3/orders"."""
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom we asked: the store's name in settings, its address there, and the end of the key."""

    store: str
    url: str
    key: str


def body_of(answer: Answer, asked: Asked) -> Any:
    """Return the decoded JSON of a good answer (Decimal for fractions). Raises what `error_for` says otherwise.

    What the Content-Type says does not count: some servers get it wrong, and JSON proves itself.
    """
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise error_for(answer, asked)
    try:
        return decode(answer.text)
    except ValueError:
        raise error_for(answer, asked) from None


def error_for(answer: Answer, asked: Asked) -> RemoteError:
    """Return the one error that an answer is: of another status than 2xx, or of 2xx without JSON.

    AnswerLost and Busy may pass by themselves, and a write that met them may have been done; nothing was done
    where it is AccessDenied, NotThere or Rejected.
    """
    status = answer.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return _no_json(answer, asked)
    if status < HTTPStatus.BAD_REQUEST:
        return _redirected(answer, asked)
    error = error_body(answer.text)
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return _denied(answer, error, asked)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return _missing(answer, error, asked)
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            return _busy(answer, asked)
        case HTTPStatus.REQUEST_TIMEOUT:
            return _lost(asked, "its server gave up waiting for the request (HTTP 408); it is tried again")
    if status in _GATEWAY:
        return _lost(asked, f"its web server got no answer from PHP in time (HTTP {status}); it is tried again")
    crashed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if error is not None and (not crashed or error.code.startswith("woocommerce_rest_")):
        code = error.code if _CODE.fullmatch(error.code) else ""
        return Rejected(
            f"store {asked.store} does not accept {_request(answer)} (HTTP {status}, {code or 'no code'}): "
            "report this together with the shop's WooCommerce version and plugins",
            remote=asked.store,
            code=code,
        )
    if crashed:
        return _lost(
            asked,
            f"WordPress broke down over {_request(answer)} (HTTP {status}): "
            "whoever keeps the shop finds the reason in its PHP error log",
        )
    return _nonsense(
        asked, f"answers {_request(answer)} with HTTP {status} and no reason: ask its host what stands in front"
    )


def error_body(text: str) -> wire.ErrorBody | None:
    """Return the error that WordPress states, if `text` is one."""
    try:
        return wire.ErrorBody.model_validate(decode(text))
    except (ValidationError, ValueError):
        return None


def is_visitor(answer: Answer) -> bool:
    """Whether WordPress took us for a visitor: the key is unknown, or never reached PHP."""
    error = error_body(answer.text)
    return answer.status == HTTPStatus.UNAUTHORIZED and error is not None and error.code.startswith(_FORBIDDEN)


def wrong_shape(asked: Asked, what: str) -> Nonsense:
    """Return the error for JSON that is not `what` was asked for ("a list of orders")."""
    return _nonsense(
        asked, f"sent JSON that is not {what}: look for a plugin, proxy or cache that changes its REST API"
    )


def ignored(asked: Asked, parameter: str) -> Nonsense:
    """Return the error for a listing that can't be walked, because the store takes no notice of `parameter`."""
    return _nonsense(
        asked,
        f"ignores `{parameter}`, so its changes can't be followed: "
        "update WooCommerce (5.8 or later), or look for a plugin or cache that changes its REST API",
    )


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return the wait that an answer asks for: in seconds, or until a date, counted from the answer's own."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value[:9]), 86400))
    try:
        until, now = (parsedate_to_datetime(text) for text in (value, headers.get("Date", "")))
        return max(until - now, timedelta())
    except (TypeError, ValueError):
        return None


def _request(answer: Answer) -> str:
    return f"{answer.method} {answer.path}"


def _nonsense(asked: Asked, what: str) -> Nonsense:
    return Nonsense(f"store {asked.store} {what}", remote=asked.store)


def _lost(asked: Asked, what: str) -> AnswerLost:
    return AnswerLost(f"store {asked.store} gave no whole answer: {what}", remote=asked.store)


def _denied_for(asked: Asked, what: str) -> AccessDenied:
    named = "" if asked.key in what else f" (asked with the REST API key ending in {asked.key})"
    return AccessDenied(f"store {asked.store} {what}{named}", remote=asked.store)


def _denied(answer: Answer, error: wire.ErrorBody | None, asked: Asked) -> AccessDenied:
    key = f"the REST API key ending in {asked.key}"
    if error is None:
        return _denied_for(
            asked,
            f"is shut by its web server or a firewall (HTTP {answer.status}): "
            "have its host let this machine through to /wp-json/",
        )
    if error.code == _AUTHENTICATION:
        words = error.message.lower()
        if "timestamp" in words:
            return _denied_for(asked, "says that the time is wrong: set the clock of this machine, or the shop's")
        if answer.method != "GET":
            return _denied_for(
                asked, f"does not let {key} write: give it Read/Write in WooCommerce, Settings, Advanced, REST API"
            )
        if "permission" in words:
            return _denied_for(
                asked, f"does not let {key} read: give it Read/Write in WooCommerce, Settings, Advanced, REST API"
            )
        if not asked.url.startswith("https:"):
            # Where all is signed, an unknown key is refused as a wrong secret is.
            return _denied_for(
                asked,
                f"refuses {key}, or its secret: correct consumer_key and consumer_secret in settings.yaml, and see "
                "that this machine's clock is right",
            )
        return _denied_for(asked, f"refuses the secret of {key}: correct its consumer_secret in settings.yaml")
    if error.code.startswith(_FORBIDDEN):
        if answer.status == HTTPStatus.FORBIDDEN:
            return _denied_for(
                asked, f"forbids it to the user of {key}: give that key to an administrator or shop manager"
            )
        return _denied_for(
            asked,
            f"does not know {key}: correct its consumer_key in settings.yaml, or, where a proxy ends HTTPS, "
            "have it tell WordPress so (X-Forwarded-Proto)",
        )
    return _denied_for(
        asked, "has a plugin that shuts its REST API: allow /wp-json/wc/v3/ for requests that bear a key"
    )


def _missing(answer: Answer, error: wire.ErrorBody | None, asked: Asked) -> RemoteError:
    if error is not None and error.code in _NO_SUCH_ORDER:
        return NotThere(f"store {asked.store} has no order under {answer.path}", remote=asked.store)
    if error is not None and error.code == _NO_SUCH_GATEWAY:
        return NotThere(f"store {asked.store} has no payment gateway under {answer.path}", remote=asked.store)
    return _nonsense(
        asked,
        f"has no WooCommerce REST API under {asked.url}/wp-json/wc/v3/: correct its url in settings.yaml, choose "
        "permalinks other than Plain in WordPress, and see that WooCommerce is active",
    )


def _busy(answer: Answer, asked: Asked) -> Busy:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        what = "takes no more requests for now (HTTP 429): if it lasts, lower its concurrency in settings.yaml"
    else:
        what = "is down for maintenance or overloaded (HTTP 503): if it lasts, whoever keeps the shop must look"
    return Busy(f"store {asked.store} {what}", remote=asked.store, after=retry_after(answer.headers))


def _redirected(answer: Answer, asked: Asked) -> Nonsense:
    """Name the address to put into settings where only what stands before the API's path differs."""
    better = _moved_to(asked.url, answer.path, answer.headers.get("Location", ""))
    if better not in ("", asked.url):
        return _nonsense(asked, f"lives at {better}: put that address into its url in settings.yaml")
    return _nonsense(
        asked,
        f"sends us from its REST API to another page (HTTP {answer.status}): choose permalinks other than Plain in "
        "WordPress, and look for a plugin that wants visitors to log in",
    )


def _moved_to(url: str, path: str, location: str) -> str:
    try:
        target = urlsplit(urljoin(url + path, location))
        port = f":{target.port}" if target.port else ""
    except ValueError:
        return ""
    there = target.path.rstrip("/")
    if target.scheme not in ("http", "https") or not target.hostname or not there.endswith(path):
        return ""
    return f"{target.scheme}://{target.hostname}{port}{there.removesuffix(path)}"


def _no_json(answer: Answer, asked: Asked) -> RemoteError:
    text = answer.text.strip()
    if not text:
        return _lost(
            asked, "the page was empty; if it lasts, whoever keeps the shop must look in its PHP error log"
        )
    if text[0] in "[{":
        return _lost(asked, "its JSON is broken or cut off; if it lasts, whoever keeps the shop must look why")
    if text[-1] in "]}":
        return _nonsense(
            asked,
            "prints something ahead of its JSON: have PHP's display_errors and WP_DEBUG_DISPLAY turned off "
            "(a plugin or theme raises warnings)",
        )
    if _CAPTCHA.search(text.lower()):
        return _denied_for(asked, "is behind a captcha: have its host let this machine through to /wp-json/")
    return _nonsense(
        asked,
        f"answers {_request(answer)} with something else than JSON (HTTP {answer.status}): look for a cache, a "
        "coming-soon page or a firewall in front of /wp-json/",
    )
