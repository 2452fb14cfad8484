"""What a store answers when it is not well, and what we then say."""

from datetime import timedelta
from typing import Any

import pytest
import simplejson
from aiohttp import web
from multidict import CIMultiDict

from bridge.errors import (
    AccessDenied,
    AnswerLost,
    BridgeError,
    Busy,
    Nonsense,
    NotThere,
    Rejected,
    RemoteError,
)
from bridge.woo.errors import Answer, Asked, body_of, retry_after
from tests.woo import recorded

ASKED = Asked(store="butiken", url="https://shop.example", key="1234567")
HTML = {"Content-Type": "text/html; charset=UTF-8"}
JSON = {"Content-Type": "application/json; charset=UTF-8"}
PAGE = "<!DOCTYPE html><html><head><title>Butiken</title></head><body>Kattens hemlighet</body></html>"
"""Bears a sentence that must show up nowhere."""


def answer(
    status: int, text: str = PAGE, method: str = "GET", path: str = "/wp-json/wc/v3/orders", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(method=method, path=path, status=status, headers=CIMultiDict(HTML | named), text=text)


def wp(code: str, message: str = "Kattens hemlighet", status: int = 401) -> str:
    return simplejson.dumps({"code": code, "message": message, "data": {"status": status}})


def error_of(given: Answer, asked: Asked = ASKED) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        body_of(given, asked)
    return raised.value


RECORDED: dict[str, tuple[type[BridgeError], str] | None] = {
    "create order": None,
    "wrong key": (AccessDenied, "does not know the REST API key ending in 1234567: correct its consumer_key"),
    "wrong secret": (AccessDenied, "refuses the secret of the REST API key ending in 1234567"),
    "no credentials": (AccessDenied, "does not know the REST API key"),
    "unknown order": (NotThere, "no order under /wp-json/wc/v3/orders/99999999"),
    "not a number": (Nonsense, "has no WooCommerce REST API"),
    "unknown status": (Rejected, "rest_invalid_param"),
    "page too large": (Rejected, "rest_invalid_param"),
    "bad date": (Rejected, "rest_invalid_param"),
    "unknown route": (Nonsense, "choose permalinks other than Plain"),
    "note on unknown order": (NotThere, "no order under /wp-json/wc/v3/orders/99999999/notes"),
    "empty note": (Rejected, "rest_missing_callback_param"),
    "plain page, no REST": (Nonsense, "sends us from its REST API to another page (HTTP 301)"),
    "read-only key reads": None,
    "read-only key writes a note": (AccessDenied, "does not let the REST API key ending in 1234567 write"),
    "while WordPress updates itself (maintenance mode)": (Busy, "is down for maintenance"),
    "a plugin crashes PHP": (AnswerLost, "PHP error log"),
    "a plugin prints a notice ahead of the JSON": (Nonsense, "prints something ahead of its JSON"),
}


@pytest.mark.parametrize(
    "exchange", [pytest.param(exchange, id=exchange.name) for exchange in recorded.exchanges("30-errors")]
)
def test_each_recorded_answer_is_one_error(exchange: recorded.Exchange) -> None:
    given = Answer(
        method=exchange.method,
        path=exchange.path,
        status=exchange.status,
        headers=CIMultiDict(exchange.headers),
        text=exchange.text if exchange.body is None else simplejson.dumps(exchange.body, use_decimal=True),
    )
    expected = RECORDED[exchange.what]
    if expected is None:
        assert body_of(given, ASKED) == exchange.body
        return
    error = error_of(given)
    assert type(error) is expected[0]
    assert expected[1] in str(error)


def test_every_kind_of_recorded_answer_is_expected_somewhere() -> None:
    for folder in recorded.FOLDERS:
        assert {exchange.what for exchange in recorded.exchanges("30-errors", folder)} == set(RECORDED)


ODD: list[tuple[str, Answer, type[BridgeError], str]] = [
    ("firewall", answer(403), AccessDenied, "a firewall (HTTP 403)"),
    ("server's own login", answer(401), AccessDenied, "its web server or a firewall (HTTP 401)"),
    (
        "key of a customer",
        answer(403, wp("woocommerce_rest_cannot_view")),
        AccessDenied,
        "give that key to an administrator",
    ),
    (
        "REST shut by a plugin",
        answer(401, wp("rest_not_logged_in")),
        AccessDenied,
        "a plugin that shuts its REST API",
    ),
    (
        "write-only key",
        answer(
            401,
            wp(
                "woocommerce_rest_authentication_error",
                "The API key provided does not have read permissions.",
            ),
        ),
        AccessDenied,
        "1234567 read: give it Read/Write",
    ),
    (
        "clock",
        answer(401, wp("woocommerce_rest_authentication_error", "Invalid timestamp.")),
        AccessDenied,
        "the time is wrong",
    ),
    (
        "read-only key, in Swedish",
        answer(401, wp("woocommerce_rest_authentication_error"), method="PUT"),
        AccessDenied,
        "does not let",
    ),
    ("plain permalinks", answer(404), Nonsense, "choose permalinks other than Plain"),
    ("REST switched off", answer(404, wp("rest_no_route")), Nonsense, "see that WooCommerce is active"),
    ("rate limit", answer(429, Retry_After="7"), Busy, "lower its concurrency"),
    ("crash as JSON", answer(500, wp("internal_server_error")), AnswerLost, "PHP error log"),
    (
        "500 with a reason",
        answer(500, wp("woocommerce_rest_cannot_create_order_refund"), method="POST"),
        Rejected,
        "POST /wp-json/wc/v3/orders (HTTP 500, woocommerce_rest_cannot_create_order_refund)",
    ),
    ("gateway", answer(502), AnswerLost, "no answer from PHP in time (HTTP 502)"),
    ("gateway time-out", answer(504), AnswerLost, "HTTP 504"),
    ("cloudflare", answer(524), AnswerLost, "HTTP 524"),
    ("request time-out", answer(408), AnswerLost, "HTTP 408"),
    ("teapot", answer(418), Nonsense, "HTTP 418 and no reason"),
    ("a web page", answer(200), Nonsense, "something else than JSON (HTTP 200)"),
    (
        "captcha",
        answer(202, '<html><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=x"></html>'),
        AccessDenied,
        "behind a captcha",
    ),
    ("challenge", answer(200, "<html><title>Just a moment...</title></html>"), AccessDenied, "behind a captcha"),
    ("PHP notice", answer(200, "<b>Notice</b>: x in y.php\n[]"), Nonsense, "display_errors"),
    ("cut off", answer(200, '[{"id": 59, "total": "81'), AnswerLost, "broken or cut off"),
    ("empty", answer(200, " \n"), AnswerLost, "empty"),
    ("not a number", answer(200, '[{"id": 59, "total": NaN}]'), AnswerLost, "broken"),
    ("plain text", answer(200, "Kattens hemlighet"), Nonsense, "something else than JSON"),
    (
        "www",
        answer(301, Location="https://www.shop.example/wp-json/wc/v3/orders?consumer_secret=cs_1"),
        Nonsense,
        "lives at https://www.shop.example: put that address into its url",
    ),
    (
        "moved into a folder",
        answer(308, Location="https://shop.example:8443/shop/wp-json/wc/v3/orders/"),
        Nonsense,
        "lives at https://shop.example:8443/shop:",
    ),
    (
        "slash",
        answer(301, Location="https://shop.example/wp-json/wc/v3/orders/"),
        Nonsense,
        "sends us from its REST API",
    ),
    (
        "login wall",
        answer(302, Location="/wp-login.php?redirect_to=x"),
        Nonsense,
        "a plugin that wants visitors to log in",
    ),
    ("nowhere", answer(302, Location="https://[shop"), Nonsense, "sends us from its REST API"),
]


@pytest.mark.parametrize(("given", "kind", "says"), [case[1:] for case in ODD], ids=[case[0] for case in ODD])
def test_each_odd_answer_is_one_error(given: Answer, kind: type[BridgeError], says: str) -> None:
    error = error_of(given)
    assert type(error) is kind
    assert says in str(error)


@pytest.mark.parametrize("given", [case[1] for case in ODD], ids=[case[0] for case in ODD])
def test_an_error_names_the_store_and_quotes_nothing(given: Answer) -> None:
    text = str(error_of(given))
    assert text.startswith("store butiken ")
    for secret in ("Kattens", "hemlighet", "consumer_secret=", "cs_1", "redirect_to"):
        assert secret not in text


def test_plain_http_adds_a_word_about_the_clock() -> None:
    given = answer(401, wp("woocommerce_rest_authentication_error", "Signaturen stämmer inte."))
    plain = Asked(store="butiken", url="http://shop.example", key="1234567")
    assert "clock" in str(error_of(given, plain))
    assert "clock" not in str(error_of(given))


def test_an_error_code_that_is_prose_is_not_passed_on() -> None:
    error = error_of(answer(400, wp("Kattens hemlighet")))
    assert isinstance(error, Rejected)
    assert error.code == ""
    assert "Kattens" not in str(error)


@pytest.mark.parametrize("text", ["[]", "\ufeff[]", " []\n"], ids=["plain", "byte order mark", "white space"])
def test_json_is_json_whatever_the_content_type(text: str) -> None:
    assert body_of(answer(200, text, Content_Type="text/plain"), ASKED) == []


DATE = "Sat, 21 Nov 2026 21:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "600"}, timedelta(minutes=10)),
        ({"retry-after": " 7 "}, timedelta(seconds=7)),
        ({"Retry-After": "Sat, 21 Nov 2026 21:02:00 GMT", "Date": DATE}, timedelta(minutes=2)),
        ({"Retry-After": "Sat, 21 Nov 2026 20:00:00 GMT", "Date": DATE}, timedelta()),
        ({"Retry-After": "Sat, 21 Nov 2026 21:02:00 GMT"}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 5000}, timedelta(days=1)),
        ({}, None),
    ],
)
def test_the_wait_that_a_store_asks_for(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(CIMultiDict(headers)) == wait


def test_maintenance_says_how_long() -> None:
    given = next(e for e in recorded.exchanges("30-errors") if e.status == web.HTTPServiceUnavailable.status_code)
    error: Any = error_of(answer(given.status, given.text, Retry_After=given.headers["Retry-After"]))
    assert error.after == timedelta(minutes=10)
