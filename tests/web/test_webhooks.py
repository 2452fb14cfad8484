"""What the listener takes for a hint, and that everything else causes nothing."""

import asyncio
import gzip
import io
from urllib.parse import urlsplit

import pytest

from bridge.web import listener, webhooks
from bridge.web.listener import LARGEST
from bridge.web.signature import HEADER, signature
from bridge.web.subscription import install
from bridge.web.webhooks import Shop
from tests.web.shop import NAME, SECRET, Place, open_place

UPDATE = b'{"id": 1042}'


async def test_every_topic_of_the_shop_is_a_hint_at_its_order() -> None:
    async with open_place() as place:
        await install(place.client, place.url, SECRET)
        pings = await place.store.deliver()
        assert sorted(ping.body for ping in pings) == [f"webhook_id={n}" for n in (1, 2, 3, 4)]
        assert [ping.status for ping in pings] == [200] * 4, "the shop takes nothing else for a good ping"
        assert place.hinted == []
        order = place.store.create_order({"MUGG": 1})
        assert "order.created" in await topics_delivered(place)
        place.store.set_status(order, "completed")
        assert await topics_delivered(place) == ["order.updated"]
        place.store.trash(order)
        assert "order.deleted" in await topics_delivered(place)
        place.store.restore(order)
        assert "order.restored" in await topics_delivered(place)
        place.store.delete(order)
        assert await topics_delivered(place) == ["order.deleted"]
    assert set(place.hinted) == {order}


async def topics_delivered(place: Place) -> list[str]:
    """Let the shop deliver; every delivery is taken, and each is one hint."""
    before = len(place.hinted)
    deliveries = await place.store.deliver()
    assert {delivery.status for delivery in deliveries} == {202}
    assert len(place.hinted) - before == len(deliveries)
    return [delivery.headers["X-WC-Webhook-Topic"] for delivery in deliveries]


UNSIGNED_ENOUGH = {
    "with the signature of another secret": signature("another secret", UPDATE),
    "with the signature of another body": signature(SECRET, b'{"id": 1043}'),
    "with the signature in hexadecimal": "5f" * 32,
    "with an empty signature": "",
    "with a signature that is no ASCII": "\xe5\xe4\xf6",
    "with the signature of an empty secret": signature("", UPDATE),
}


@pytest.mark.parametrize("case", UNSIGNED_ENOUGH)
async def test_delivery_that_is_not_the_shops_is_refused_and_causes_nothing(case: str) -> None:
    async with open_place() as place:
        assert await place.send(UPDATE, signed=UNSIGNED_ENOUGH[case]) == 401
        assert place.hinted == []
        assert await place.send(UPDATE) == 202
        assert place.hinted == [1042]


async def test_without_a_secret_nothing_is_signed_well_enough() -> None:
    async with open_place(Book(secret="").read) as place:
        assert await place.send(UPDATE, signed=signature("", UPDATE)) == 401
        assert place.hinted == []


class Book:
    """Where the secret is kept: it may be written at any time, slow to be read, or not be there."""

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.reads = 0
        self.broken = False
        self.open = asyncio.Event()
        self.open.set()

    async def read(self) -> str:
        self.reads += 1
        await self.open.wait()
        if self.broken:
            raise OSError("disk I/O error")
        return self.secret


async def test_secret_that_was_made_a_moment_ago_counts_and_the_one_before_no_more() -> None:
    book = Book(secret="")
    async with open_place(book.read) as place:
        assert await place.send(UPDATE) == 401
        book.secret = SECRET
        assert await place.send(UPDATE) == 202
        book.secret = "another one"
        assert await place.send(UPDATE, signed=signature("another one", UPDATE)) == 202
        assert await place.send(UPDATE) == 401


async def test_shop_is_answered_at_once_while_the_database_is_busy() -> None:
    """A shop gives its webhook up when five answers in a row come too late."""
    book = Book()
    async with open_place(book.read) as place:
        assert await place.send(UPDATE) == 202
        book.open.clear()
        forged = [asyncio.create_task(place.send(UPDATE, signed=signature("guessed", UPDATE))) for _ in range(20)]
        async with asyncio.timeout(5):
            for _ in range(5):
                assert await place.send(UPDATE) == 202
        book.open.set()
        assert set(await asyncio.gather(*forged)) == {401}
        assert book.reads <= 3, "all who wait are told by one"


async def test_shop_is_known_though_the_database_has_failed_since(capsys: pytest.CaptureFixture[str]) -> None:
    book = Book()
    async with open_place(book.read) as place:
        assert await place.send(UPDATE) == 202
        book.broken = True
        assert await place.send(UPDATE, signed=signature("guessed", UPDATE)) == 401
        assert await place.send(UPDATE) == 202
    told = capsys.readouterr().out
    assert "webhook.secret_not_read" in told
    assert "Traceback" not in told


OTHER_REQUESTS = {
    "another path": ("POST", "/", b"", 404),
    "no store": ("POST", "/webhooks/woocommerce/", b"", 404),
    "a store that is not there": ("POST", "/webhooks/woocommerce/boutique", UPDATE, 404),
    "a ping for a store that is not there": ("POST", "/webhooks/woocommerce/boutique", b"webhook_id=1", 404),
    "to read": ("GET", f"/webhooks/woocommerce/{NAME}", b"", 405),
    "to write": ("PUT", f"/webhooks/woocommerce/{NAME}", UPDATE, 405),
    "no signature": ("POST", f"/webhooks/woocommerce/{NAME}", UPDATE, 401),
    "nothing": ("POST", f"/webhooks/woocommerce/{NAME}", b"", 401),
    "a ping and more": ("POST", f"/webhooks/woocommerce/{NAME}", b"webhook_id=1&id=1042", 401),
    "too much": ("POST", f"/webhooks/woocommerce/{NAME}", b" " * (LARGEST + 1), 413),
}


@pytest.mark.parametrize("case", OTHER_REQUESTS)
async def test_anything_else_gets_a_small_answer_that_tells_nothing(case: str) -> None:
    method, path, body, status = OTHER_REQUESTS[case]
    async with (
        open_place() as place,
        place.session.request(method, place.address + path, data=io.BytesIO(body)) as answer,
    ):
        said = await answer.text()
    assert (answer.status, place.hinted) == (status, [])
    assert "Server" not in answer.headers
    assert len(said) < 60
    assert not [word for word in (NAME, "boutique", "aiohttp", "wc-bridge", str(LARGEST)) if word in said]


SIGNED_NONSENSE = {
    "about nothing": b"{}",
    "no JSON": b"\xff{",
    "no object": b"[1042]",
    "no number": b'{"id": "1042"}',
    "a truth": b'{"id": true}',
    "no order's number": b'{"id": 0}',
    "a number beyond every order": b'{"id": 9223372036854775808}',
    "a fraction": b'{"id": 1042.0}',
    "a refusal of the shop's own API": b'{"code": "woocommerce_rest_shop_order_invalid_id"}',
    "deeper than anybody reads": b"[" * 200_000,
}


@pytest.mark.parametrize("case", SIGNED_NONSENSE)
async def test_signed_nonsense_is_taken_and_forgotten(case: str) -> None:
    """A refusal would count against the webhook, which the shop gives up after five in a row."""
    async with open_place() as place:
        assert (await place.send(SIGNED_NONSENSE[case]), place.hinted) == (202, [])


async def test_what_is_about_no_order_is_taken_and_forgotten() -> None:
    async with open_place() as place:
        assert (await place.send(UPDATE, topic="product.updated"), place.hinted) == (202, [])


async def test_largest_body_is_read() -> None:
    body = UPDATE[:-1] + b" " * (LARGEST - len(UPDATE)) + b"}"
    async with open_place() as place:
        assert (await place.send(body), place.hinted) == (202, [1042])


async def test_signature_is_over_the_bytes_as_they_came() -> None:
    """Nothing is unpacked: neither to be checked, nor by anybody who has no secret."""
    packed = gzip.compress(UPDATE)
    async with open_place() as place:
        signed = signature(SECRET, UPDATE)
        assert await place.send(packed, signed=signed, **{"Content-Encoding": "gzip"}) == 401
        assert await place.send(packed, **{"Content-Encoding": "gzip"}) == 202
        assert place.hinted == []


async def test_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_PATIENCE", 0.05)
    monkeypatch.setattr(listener, "_LINGERING", 0.05)
    async with open_place() as place:
        reader, writer = await begun(place.address, place.url)
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), "and then it hangs up"
        writer.close()
        await writer.wait_closed()
        assert place.hinted == []


async def test_sender_who_goes_away_is_no_matter(capsys: pytest.CaptureFixture[str]) -> None:
    async with open_place() as place:
        _, writer = await begun(place.address, place.url)
        writer.close()
        await writer.wait_closed()
        assert await place.send(UPDATE) == 202
        assert place.hinted == [1042]
    assert "web.failed" not in capsys.readouterr().out


async def begun(address: str, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the beginning of a delivery whose rest never comes."""
    server, path = urlsplit(address), urlsplit(url).path
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    head = f"POST {path} HTTP/1.1\r\nHost: bridge\r\n{HEADER}: x\r\nContent-Length: 100\r\n\r\n"
    writer.write(head.encode() + UPDATE)
    await writer.drain()
    return reader, writer


async def test_store_whose_settings_change_is_met_by_its_new_secret_at_once() -> None:
    """The old one, which may have been found out, opens nothing any more; nor does a store that is gone."""
    async with open_place() as place:
        assert await place.send(UPDATE) == 202

        async def another() -> str:
            return "another"

        place.shops[NAME] = Shop(secret=another, hint=place.hinted.append)
        assert await place.send(UPDATE) == 401
        assert await place.send(UPDATE, signed=signature("another", UPDATE)) == 202
        del place.shops[NAME]
        assert await place.send(UPDATE, signed=signature("another", UPDATE)) == 404
