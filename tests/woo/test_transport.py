"""What happens on the wire: signatures, retries, lost connections; against a real server on loopback."""

import asyncio
import re
import socket
import traceback
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import simplejson
from aiohttp import web
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from bridge.errors import AccessDenied, AnswerLost, BridgeError, Busy, Nonsense, Rejected, RemoteError, Unreachable
from bridge.woo.client import WooStore
from bridge.woo.transport import _again
from tests.woo import recorded
from tests.woo.conftest import KEY, SECRET, Handler, MakeStore, Script
from tests.woo.test_signing import signature_as_php_sees_it

ANY = re.compile(r"https://shop\.example/wp-json/wc/v3/")
VISITOR = simplejson.dumps(recorded.read("30", "wrong key"))


def gives(status: int = 200, text: str = "[]", **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return handler


async def drops(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def stops_halfway(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'[{"id": 59,')
    assert request.transport is not None
    request.transport.close()
    return response


async def never_answers(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def test_plain_http_is_signed_anew_at_every_attempt(make_store: MakeStore, script: Script) -> None:
    script.answers(gives(502), gives(502), gives())
    assert (await make_store(script.url).changed_since(None)).whole
    urls = [URL(script.url + request.path_qs, encoded=True) for request in script.requests]
    assert len(urls) == 3
    for url in urls:
        assert url.query["oauth_consumer_key"] == KEY
        assert url.query["oauth_signature"] == signature_as_php_sees_it("GET", url, SECRET)
    assert len({url.query["oauth_nonce"] for url in urls}) == 3
    assert not [request for request in script.requests if "Authorization" in request.headers]


async def test_a_write_on_plain_http_is_signed_too(make_store: MakeStore, script: Script) -> None:
    script.answers(gives(201, '{"id": 8, "note": "x"}'))
    assert await make_store(script.url).add_note(14, "Återbetalt 50 kr") == 8
    url = URL(script.url + script.requests[0].path_qs, encoded=True)
    assert url.query["oauth_signature"] == signature_as_php_sees_it("POST", url, SECRET)
    assert simplejson.loads(script.bodies[0])["note"] == "Återbetalt 50 kr"


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (drops, AnswerLost),
        (stops_halfway, AnswerLost),
        (gives(502), AnswerLost),
        (gives(500, "<html>"), AnswerLost),
        (gives(text=""), AnswerLost),
        (gives(503), Busy),
        (gives(429, Retry_After="30"), Busy),
    ],
    ids=["dropped", "half an answer", "502", "500", "empty", "503", "429"],
)
async def test_a_read_is_tried_three_times_and_a_write_once(
    make_store: MakeStore, script: Script, trouble: Handler, error: type[BridgeError]
) -> None:
    script.answers(trouble, trouble, gives())
    assert (await make_store(script.url).changed_since(None)).whole
    script.answers(trouble)
    script.requests.clear()
    with pytest.raises(error):
        await make_store(script.url).add_note(14, "x")
    assert [request.method for request in script.requests] == ["POST"]
    script.requests.clear()
    with pytest.raises(error):
        await make_store(script.url).changed_since(None)
    assert len(script.requests) >= 3


@pytest.mark.parametrize(
    ("after", "holds"),
    [({"Retry_After": "7"}, 7), ({"Retry_After": "600"}, 30), ({}, 30)],
    ids=["its own wait", "no longer than half a minute", "none of its own"],
)
async def test_a_store_that_asked_to_wait_is_asked_nothing_for_a_while(
    make_store: MakeStore, script: Script, after: dict[str, str], holds: int
) -> None:
    now = 1795298400
    store = make_store(script.url, clock=lambda: now)
    script.answers(gives(503, **after))
    with pytest.raises(Busy):
        await store.add_note(14, "x")
    script.answers(gives())
    now += holds - 1
    with pytest.raises(Busy, match="HTTP 503") as raised:
        await store.order(14)
    assert raised.value.after == timedelta(seconds=1)
    assert len(script.requests) == 1
    now += 1
    assert (await store.changed_since(None)).whole


async def test_a_clock_that_is_set_back_keeps_no_store_waiting(make_store: MakeStore, script: Script) -> None:
    now = 1795298400
    store = make_store(script.url, clock=lambda: now)
    script.answers(gives(503, Retry_After="600"), gives())
    with pytest.raises(Busy):
        await store.changed_since(None)
    now -= 86400
    assert (await store.changed_since(None)).whole


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (gives(503, Retry_After="600"), Busy),
        (gives(400, '{"code": "rest_invalid_param", "message": ""}'), Rejected),
        (gives(403, "<html>"), AccessDenied),
        (gives(200, "<html></html>"), Nonsense),
        (gives(301, "", Location="https://shop.example/wp-json/wc/v3/orders"), Nonsense),
    ],
    ids=["a long maintenance", "400", "403", "web page", "redirect"],
)
async def test_what_no_second_attempt_mends_is_tried_once(
    make_store: MakeStore, script: Script, answer: Handler, error: type[BridgeError]
) -> None:
    script.answers(answer)
    with pytest.raises(error):
        await make_store(script.url).changed_since(None)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("after", "again"),
    [
        (timedelta(seconds=7), timedelta(seconds=7)),
        (timedelta(seconds=30), timedelta(seconds=30)),
        (timedelta(seconds=31), False),
        (None, True),
    ],
)
def test_the_wait_is_the_stores_own_up_to_half_a_minute(after: timedelta | None, again: bool | timedelta) -> None:
    assert _again(Busy("", remote="butiken", after=after)) == again


async def test_a_redirect_is_not_followed_with_the_keys(make_store: MakeStore, script: Script) -> None:
    script.answers(gives(302, "", Location="/elsewhere"), gives())
    with pytest.raises(Nonsense):
        await make_store(script.url).changed_since(None)
    assert [request.path for request in script.requests] == ["/wp-json/wc/v3/orders"]


async def test_a_store_that_never_answers_is_an_answer_lost(make_store: MakeStore, script: Script) -> None:
    script.answers(never_answers)
    with pytest.raises(AnswerLost):
        await make_store(script.url, timeout=aiohttp.ClientTimeout(total=0.05)).add_note(14, "x")


async def test_a_closed_port_is_unreachable(make_store: MakeStore) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        with pytest.raises(Unreachable, match="no connection"):
            await make_store(f"http://127.0.0.1:{taken.getsockname()[1]}").changed_since(None)


async def test_https_on_a_plain_port_is_unreachable_and_nothing_was_sent(
    make_store: MakeStore, script: Script
) -> None:
    script.answers(gives())
    with pytest.raises(Unreachable, match="HTTPS fails"):
        await make_store(script.url.replace("http:", "https:")).add_note(14, "x")
    assert script.requests == []


class Keeper:
    """A store over HTTPS that lets in whoever shows the keys where it looks for them."""

    def __init__(self, *, in_query: bool, in_header: bool) -> None:
        self.in_query, self.in_header = in_query, in_header
        self.seen: list[tuple[str, bool, bool]] = []

    def __call__(self, url: URL, **call: Any) -> CallbackResult:
        header, query = "Authorization" in call["headers"], "consumer_secret" in url.query
        self.seen.append((url.path.rpartition("/")[2], header, query))
        if (header and self.in_header) or (query and self.in_query):
            return CallbackResult(body='{"id": 8}' if "notes" in url.path else "[]")
        return CallbackResult(status=401, body=VISITOR)


async def test_where_the_header_gets_lost_the_keys_go_into_the_query_from_then_on(
    store: WooStore, answers: aioresponses
) -> None:
    keeper = Keeper(in_query=True, in_header=False)
    answers.get(ANY, callback=keeper, repeat=True)
    answers.post(ANY, callback=keeper, repeat=True)
    assert (await store.changed_since(None)).whole
    assert await store.add_note(14, "x") == 8
    assert keeper.seen == [("orders", True, False), ("orders", False, True), ("notes", False, True)]


async def test_where_the_header_arrives_the_keys_stay_out_of_the_address(
    store: WooStore, answers: aioresponses
) -> None:
    keeper = Keeper(in_query=True, in_header=True)
    answers.get(ANY, callback=keeper, repeat=True)
    await store.changed_since(None)
    assert keeper.seen == [("orders", True, False)]


async def test_an_unknown_key_is_denied_and_the_query_not_kept(store: WooStore, answers: aioresponses) -> None:
    keeper = Keeper(in_query=False, in_header=False)
    answers.get(ANY, callback=keeper, repeat=True)
    for _ in range(2):
        with pytest.raises(AccessDenied, match="does not know the REST API key ending in 1234567"):
            await store.changed_since(None)
    assert keeper.seen == [("orders", True, False), ("orders", False, True)] * 2


async def test_keys_never_go_into_the_query_on_plain_http(make_store: MakeStore, script: Script) -> None:
    script.answers(gives(401, VISITOR))
    with pytest.raises(AccessDenied):
        await make_store(script.url).changed_since(None)
    assert len(script.requests) == 1
    assert SECRET not in script.requests[0].path_qs


@pytest.mark.parametrize("trouble", [drops, stops_halfway, never_answers, gives(404), gives(200, "<p>")])
async def test_no_error_and_no_traceback_bears_a_secret(
    make_store: MakeStore, script: Script, trouble: Handler
) -> None:
    script.answers(trouble)
    with pytest.raises(RemoteError) as raised:
        await make_store(script.url, timeout=aiohttp.ClientTimeout(total=0.05)).add_note(14, "x")
    told = "".join(traceback.format_exception(raised.value))
    for secret in (SECRET, KEY, "oauth_signature="):
        assert secret not in told


async def test_an_unreachable_store_with_keys_in_the_query_does_not_tell_them(
    store: WooStore, answers: aioresponses
) -> None:
    for _ in range(3):
        answers.get(ANY, status=401, body=VISITOR)
        answers.get(ANY, exception=aiohttp.ConnectionTimeoutError(f"https://shop/?consumer_secret={SECRET}"))
    with pytest.raises(Unreachable) as raised:
        await store.changed_since(None)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
