"""A webhook of the store after its first day: changed, pinged again, given up, taken up."""

from typing import Any

import pytest
from aiohttp import web

from bridge.sandbox.server import Server
from tests.sandbox.stores import Open, open_store


class Receiver:
    """Answers deliveries with `status`, and keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[str] = []
        self.app = web.Application()
        self.app.router.add_post("/{path:.*}", self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        self.got.append(await request.text())
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


async def subscribed(store: Open, url: str, topic: str = "order.updated") -> str:
    """Make a webhook, and return its path in the API."""
    made = await store.ask("POST", "webhooks", json={"topic": topic, "delivery_url": url, "secret": "s"})
    return f"webhooks/{made.body['id']}"


async def put(store: Open, path: str, **changes: Any) -> Any:
    return (await store.ask("PUT", path, json=changes)).body


async def test_active_webhook_is_pinged_at_each_change_until_a_ping_gets_through() -> None:
    receiver = Receiver()
    async with open_store() as store, Server(receiver.app) as listener:
        path = await subscribed(store, listener.url)
        receiver.status = 404
        await store.sandbox.deliver()
        await put(store, path, name="paused", status="paused")
        assert await store.sandbox.deliver() == []
        await put(store, path, status="active")
        receiver.status = 200
        assert [ping.status for ping in await store.sandbox.deliver()] == [200]
        await put(store, path, name="again")
        assert await store.sandbox.deliver() == []
        await put(store, path, delivery_url=f"{listener.url}/elsewhere")
        assert [ping.status for ping in await store.sandbox.deliver()] == [200]
    assert set(receiver.got) == {"webhook_id=1"}


async def test_webhook_that_is_taken_up_again_is_given_up_at_the_next_failure() -> None:
    receiver = Receiver()
    async with open_store() as store, Server(receiver.app) as listener:
        path = await subscribed(store, listener.url)
        order = store.sandbox.create_order({"MUGG": 1})
        await store.sandbox.deliver()
        receiver.status = 500
        for status in ("on-hold", "processing") * 3:
            store.sandbox.set_status(order, status)
            await store.sandbox.deliver()
        assert (await put(store, path, status="active"))["status"] == "active"
        store.sandbox.set_status(order, "completed")
        await store.sandbox.deliver()
        assert (await store.get(path))["status"] == "disabled"


async def test_redirect_is_not_followed_and_is_no_failure() -> None:
    receiver = Receiver()
    async with open_store() as store, Server(receiver.app) as listener:
        path = await subscribed(store, listener.url)
        order = store.sandbox.create_order({"MUGG": 1})
        await store.sandbox.deliver()
        receiver.status = 302
        for status in ("on-hold", "processing") * 4:
            store.sandbox.set_status(order, status)
            assert [delivery.status for delivery in await store.sandbox.deliver()] == [302]
        assert (await store.get(path))["status"] == "active"


@pytest.mark.parametrize(("topic", "says"), [("order.updated", "invalid_id"), ("order.deleted", '{"id":')])
async def test_order_that_is_gone_has_an_id_in_the_news_of_its_end_alone(topic: str, says: str) -> None:
    receiver = Receiver()
    async with open_store() as store, Server(receiver.app) as listener:
        await subscribed(store, listener.url, topic)
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.set_status(order, "completed")
        store.sandbox.delete(order)
        await store.sandbox.deliver()
    assert says in receiver.got[-1]
    assert ('"id"' in receiver.got[-1]) == (topic == "order.deleted")


async def test_list_is_newest_first_ten_at_a_time() -> None:
    async with open_store() as store:
        for _ in range(12):
            await subscribed(store, "https://bridge.example/hook")
        await put(store, "webhooks/3", status="disabled")
        listed = [[one["id"] for one in await store.get("webhooks", page=page)] for page in ("1", "2")]
        assert listed == [list(range(12, 2, -1)), [2, 1]]
        assert [one["id"] for one in await store.get("webhooks", status="disabled")] == [3]


async def test_change_that_makes_no_sense_is_refused() -> None:
    async with open_store() as store:
        path = await subscribed(store, "https://bridge.example/hook")
        for change in ({"topic": "order.eaten"}, {"delivery_url": "bridge"}, {"status": "asleep"}):
            answered = await store.ask("PUT", path, json=change)
            assert answered.status == 400
            assert answered.body["code"] == f"woocommerce_rest_shop_webhook_invalid_{next(iter(change))}"
        assert (await store.get(path))["status"] == "active"
