"""What anybody can send over TCP: each gets a small answer or none, and neither log nor answer quotes it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from bridge.web import listener
from bridge.web.listener import MOST
from bridge.web.signature import HEADER, signature
from tests.web.shop import NAME, SECRET, Place, open_place

PATH = f"/webhooks/woocommerce/{NAME}"
MARK = "a-customers-name"
UPDATE = b'{"id": 1042, "name": "a-customers-name"}'
SIGNED = f"{HEADER}: {signature(SECRET, UPDATE)}"
TOPIC = "X-WC-Webhook-Topic: order.updated"
LENGTH = f"Content-Length: {len(UPDATE)}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(UPDATE), UPDATE)


def post(
    *headers: str, path: str = PATH, body: bytes = UPDATE, method: str = "POST", version: str = "1.1"
) -> bytes:
    """A request with these headers, and no others but Host."""
    lines = [f"{method} {path} HTTP/{version}", "Host: bridge", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


TAKEN = {
    "as the shop sends it": post(SIGNED, TOPIC, LENGTH),
    "in chunks, without a length": post(SIGNED, TOPIC, CHUNKED, body=CHUNKS),
    "of another type": post(SIGNED, TOPIC, LENGTH, "Content-Type: multipart/form-data"),
    "in a character set that is not there": post(SIGNED, TOPIC, LENGTH, "Content-Type: text/x; charset=bogus"),
    "with a query": post(SIGNED, TOPIC, LENGTH, path=f"{PATH}?id=7"),
    "as a proxy asks": post(SIGNED, TOPIC, LENGTH, path=f"http://elsewhere{PATH}"),
    "as nginx passes it on": post(SIGNED, TOPIC, LENGTH, version="1.0"),
    "with an upgrade that nobody offers": post(SIGNED, TOPIC, LENGTH, "Connection: Upgrade", "Upgrade: websocket"),
}


@pytest.mark.parametrize("case", TAKEN)
async def test_signed_delivery_is_taken_in_whatever_form_it_comes(case: str) -> None:
    async with open_place() as place:
        assert status(await said(place, TAKEN[case])) == 202
        assert place.hinted == [1042]


REFUSED = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50), 400),
    "no HTTP": (f"{MARK}\r\n\r\n".encode(), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "an endless line": (post(path=f"/{MARK * 1000}"), 400),
    "an endless header": (post(f"X: {MARK * 1000}"), 400),
    "thousands of headers": (post(*(f"X-{n}: {MARK}" for n in range(5000))), 400),
    "a length below nothing": (post(SIGNED, TOPIC, "Content-Length: -1"), 400),
    "a length beyond counting": (post(SIGNED, TOPIC, f"Content-Length: {10**30}"), 400),
    "two lengths": (post(SIGNED, TOPIC, LENGTH, "Content-Length: 3"), 400),
    "length and chunks": (post(SIGNED, TOPIC, LENGTH, CHUNKED, body=CHUNKS), 400),
    "chunks that are none": (post(SIGNED, TOPIC, CHUNKED, body=f"{MARK}\r\n0\r\n\r\n".encode()), 400),
    "a body longer than its length": (post(SIGNED, TOPIC, "Content-Length: 3"), 400),
    "an expectation": (post(SIGNED, TOPIC, LENGTH, "Expect: miracles"), 417),
    "a tunnel": (post(SIGNED, TOPIC, LENGTH, method="CONNECT", path="elsewhere:443"), 404),
    "no address": (post(SIGNED, LENGTH, path=f"http://[{MARK}/"), 400),
    "all addresses": (post(SIGNED, LENGTH, path="*", method="OPTIONS"), 404),
    "a way up": (post(SIGNED, LENGTH, path=f"{PATH}/../../../etc/passwd"), 404),
    "a way up and back": (post(SIGNED, LENGTH, path=f"/webhooks/woocommerce/x/../{NAME}"), 404),
    "a slash that is none": (post(SIGNED, LENGTH, path=f"/webhooks/woocommerce%2F{NAME}"), 404),
    "two slashes": (post(SIGNED, LENGTH, path=f"/{PATH}"), 404),
    "a slash at the end": (post(SIGNED, LENGTH, path=f"{PATH}/"), 404),
    "an end that is none": (post(SIGNED, LENGTH, path=f"{PATH}%00"), 404),
    "a name that is no text": (post(SIGNED, LENGTH, path="/webhooks/woocommerce/%ff%fe"), 404),
    "the signature of another shop": (post(f"{HEADER}: {signature('its', UPDATE)}", TOPIC, LENGTH), 401),
    "two signatures": (post(f"{HEADER}: x", SIGNED, TOPIC, LENGTH), 401),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_anything_else_is_refused_and_quoted_nowhere(
    case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    sent, expected = REFUSED[case]
    async with open_place() as place:
        answer = await said(place, sent)
        assert place.hinted == []
        assert status(await said(place, TAKEN["as the shop sends it"])) == 202, "and the next one is served"
    assert status(answer) == expected
    assert len(answer) < 250
    told = answer.decode() + caplog.text + "".join(capfd.readouterr())
    assert [word for word in (MARK, "Python", "aiohttp/", "Traceback", "passwd") if word in told] == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_pipelined_deliveries_are_taken_one_after_the_other() -> None:
    async with open_place() as place:
        answer = await said(place, TAKEN["as the shop sends it"] * 500)
        assert (answer.count(b"HTTP/1.1 202"), len(place.hinted)) == (500, 500)


async def test_more_connections_than_any_shop_has_cost_the_oldest_ones_theirs() -> None:
    """Whoever holds connections open, saying little or nothing, keeps nobody else out."""
    async with open_place() as place, open_connections(place, 4 * MOST) as (first, *_, last):
        assert status(await said(place, TAKEN["as the shop sends it"])) == 202
        assert place.hinted == [1042]
        async with asyncio.timeout(5):
            assert await first.read() == b"", "that one is closed, long before its time"
        assert not last.at_eof()


async def test_connection_on_which_nothing_whole_comes_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_IDLE", 0.05)
    async with open_place() as place, open_connections(place, 1) as (only,):
        async with asyncio.timeout(5):
            assert await only.read() == b""


async def test_body_that_is_announced_too_long_is_not_read_to_its_end() -> None:
    async with open_place() as place, aiohttp.ClientSession() as session:
        async with session.post(place.url, data=endless(), headers={HEADER: "x"}) as answer:
            assert answer.status == 413
        assert place.hinted == []


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65536


async def said(place: Place, sent: bytes) -> bytes:
    """Send these bytes on a connection of their own, and return all that comes back."""
    server = urlsplit(place.address)
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(10):
            answer = b""
            while b"\r\n\r\n" not in answer or answer.count(b"HTTP/1.") < sent.count(b"POST " + PATH.encode()):
                piece = await reader.read(65536)
                if not piece:
                    break
                answer += piece
        return answer
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@asynccontextmanager
async def open_connections(place: Place, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections that have sent half a line each."""
    server = urlsplit(place.address)
    made = [await asyncio.open_connection(server.hostname, server.port) for _ in range(count)]
    try:
        for _, writer in made:
            writer.write(b"POST /")
        yield [reader for reader, _ in made]
    finally:
        for _, writer in made:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for _, writer in made), return_exceptions=True)
