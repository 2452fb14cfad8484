"""Signatures, checked the way WooCommerce checks them (`WC_REST_Authentication`), written down independently."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bridge.woo.signing import Credentials, Way, first_way, sign

CREDENTIALS = Credentials(key="ck_0000000000000000000000000000000001234567", secret="cs_0000000000000000007654321")
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["C"], exclude_characters="/%"), min_size=1)


def signature_as_php_sees_it(method: str, url: URL, secret: str) -> str:
    """Recompute the signature from what a server receives, by RFC 5849 and PHP's rawurlencode."""
    received = dict(parse_qsl(url.raw_query_string, keep_blank_values=True))
    received.pop("oauth_signature")
    pairs = [f"{quote(key, safe='~')}={quote(unquote(value), safe='~')}" for key, value in received.items()]
    base = f"{method}&{quote(str(url.with_query(None)), safe='')}&{quote('&'.join(sorted(pairs)), safe='~')}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@given(values=st.lists(VALUES, min_size=3, max_size=3))
def test_a_signed_address_holds_before_the_server(values: list[str]) -> None:
    query = dict(zip(("_", "_fields", "modified_after"), values, strict=True))
    signed = sign(
        Way.OAUTH,
        "GET",
        "http://shop.example:8080/butik/wp-json/wc/v3/orders",
        query,
        credentials=CREDENTIALS,
        timestamp=1795298400,
        nonce="n1",
    )
    received = dict(parse_qsl(signed.url.raw_query_string))
    assert {key: received[key] for key in query} == query
    assert received["oauth_timestamp"] == "1795298400"
    assert received["oauth_nonce"] == "n1"
    assert received["oauth_signature"] == signature_as_php_sees_it("GET", signed.url, CREDENTIALS.secret)
    assert CREDENTIALS.secret not in str(signed.url)
    assert signed.headers == {}


def test_https_bears_the_keys_in_the_header_and_not_in_the_address() -> None:
    signed = sign(
        Way.BASIC,
        "GET",
        "https://shop.example/wp-json/wc/v3/orders",
        {"modified_after": "2026-11-21T21:00:00"},
        credentials=CREDENTIALS,
        timestamp=0,
        nonce="",
    )
    scheme, _, encoded = signed.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(encoded).decode()) == ("Basic", f"{CREDENTIALS.key}:{CREDENTIALS.secret}")
    assert dict(signed.url.query) == {"modified_after": "2026-11-21T21:00:00"}


def test_keys_in_the_query_stand_beside_what_is_asked() -> None:
    signed = sign(
        Way.QUERY,
        "POST",
        "https://shop.example/wp-json/wc/v3/orders/7/notes",
        {"_": "x"},
        credentials=CREDENTIALS,
        timestamp=0,
        nonce="",
    )
    assert dict(signed.url.query) == {
        "_": "x",
        "consumer_key": CREDENTIALS.key,
        "consumer_secret": CREDENTIALS.secret,
    }
    assert signed.headers == {}


@pytest.mark.parametrize(("url", "way"), [("https://shop.example", Way.BASIC), ("http://shop.example", Way.OAUTH)])
def test_keys_never_travel_in_the_clear(url: str, way: Way) -> None:
    assert first_way(url) is way


def test_credentials_do_not_show_themselves() -> None:
    assert repr(CREDENTIALS) == "Credentials(…1234567)"
