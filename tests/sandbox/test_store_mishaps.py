"""A store that is not well, and its background jobs."""

from aiohttp import web

from bridge.sandbox.faults import Fault
from bridge.sandbox.server import Server
from tests.sandbox.stores import open_store


async def test_with_plain_permalinks_only_the_query_leads_to_the_api() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.mishaps.plain_permalinks = True
        pretty = await store.ask("GET", "orders")
        plain = await store.ask("GET", "", root="/", query={"rest_route": f"/wc/v3/orders/{order}"})
    assert (pretty.status, pretty.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert plain.body["status"] == "processing"


async def test_a_cache_answers_the_same_url_as_before_and_lets_writes_through() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.mishaps.caching = True
        await store.get(f"orders/{order}")
        await store.ask("PUT", f"orders/{order}", json={"status": "completed"})
        assert (await store.get(f"orders/{order}"))["status"] == "processing"
        assert (await store.get(f"orders/{order}", fresh="1"))["status"] == "completed"
        store.sandbox.mishaps.caching = False
        assert (await store.get(f"orders/{order}"))["status"] == "completed"


async def test_maintenance_changes_nothing() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.mishaps.maintenance = True
        await store.ask("PUT", f"orders/{order}", json={"status": "completed"})
        assert store.sandbox.status(order) == "processing"


async def test_faults_lie_in_front_of_the_store() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.faults.plan(Fault.ERROR_AFTER, method="PUT", path=rf"/orders/{order}$")
        answered = await store.ask("PUT", f"orders/{order}", json={"status": "completed"})
        assert (answered.status, store.sandbox.status(order)) == (500, "completed")


async def test_the_time_of_an_answer_is_the_stores() -> None:
    async with open_store() as store:
        store.clock.advance(5)
        assert (await store.ask("GET", "orders")).headers["Date"] == "Sat, 21 Nov 2026 21:00:05 GMT"


async def test_the_store_gives_a_webhook_up_after_five_failures_in_a_row() -> None:
    refusing = web.Application()
    async with open_store() as store, Server(refusing) as listener:
        hook = {"topic": "order.updated", "delivery_url": f"{listener.url}/gone", "secret": "s"}
        made = await store.ask("POST", "webhooks", json=hook)
        order = store.sandbox.create_order({"MUGG": 1})
        await store.sandbox.deliver()  # the ping, which does not count
        for status in ("completed", "processing", "completed", "processing"):
            store.sandbox.set_status(order, status)
            await store.sandbox.deliver()
        assert (await store.get(f"webhooks/{made.body['id']}"))["status"] == "active"
        store.sandbox.set_status(order, "completed")
        assert [delivery.status for delivery in await store.sandbox.deliver()] == [404]
        assert (await store.get(f"webhooks/{made.body['id']}"))["status"] == "disabled"
        store.sandbox.set_status(order, "processing")
        assert await store.sandbox.deliver() == []


async def test_several_changes_before_the_jobs_run_are_one_delivery_of_the_order_as_it_is() -> None:
    got = []

    async def receive(request: web.Request) -> web.Response:
        got.append((request.headers.get("X-WC-Webhook-Topic"), await request.text()))
        return web.Response()

    hook = web.Application()
    hook.router.add_post("/hook", receive)
    async with open_store() as store, Server(hook) as listener:
        order = store.sandbox.create_order({"MUGG": 1})
        posted = {"topic": "order.updated", "delivery_url": f"{listener.url}/hook", "secret": "s"}
        await store.ask("POST", "webhooks", json=posted)
        store.sandbox.set_status(order, "on-hold")
        store.sandbox.set_status(order, "completed")
        await store.sandbox.deliver()
    assert [topic for topic, _ in got] == [None, "order.updated"]
    assert '"status":"completed"' in got[1][1]
