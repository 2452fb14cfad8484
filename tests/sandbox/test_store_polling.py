"""What a poll of the store sees, where the recordings do not show it."""

from datetime import UTC, datetime

import pytest

from tests.sandbox.stores import Open, open_store


async def ids(store: Open, **query: str) -> list[int]:
    return [order["id"] for order in await store.get("orders", _fields="id", order="asc", **query)]


async def test_without_dates_are_gmt_the_date_is_the_shops_own_time() -> None:
    """The order is changed at 21:00:00 GMT, which is 22:00:00 in Stockholm."""
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        assert await ids(store, modified_after="2026-11-21T21:59:59") == [order]
        assert await ids(store, modified_after="2026-11-21T22:00:00") == []
        assert await ids(store, modified_after="2026-11-21T20:59:59", dates_are_gmt="true") == [order]
        assert await ids(store, modified_after="2026-11-21T21:00:00", dates_are_gmt="true") == []


async def test_an_offset_in_the_date_is_honoured() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        assert await ids(store, modified_after="2026-11-21T20:59:59Z") == [order]
        assert await ids(store, modified_after="2026-11-21T21:00:00Z", dates_are_gmt="true") == []
        assert await ids(store, modified_after="2026-11-21T21:59:59+01:00", dates_are_gmt="true") == [order]
        assert await ids(store, modified_after="2026-11-21T22:00:00+01:00") == []


async def test_local_time_in_summer_is_two_hours_ahead() -> None:
    async with open_store() as store:
        store.clock.advance(60 * 60 * 24 * 200)  # 9 June, 21:00 GMT, 23:00 in Stockholm
        order = store.sandbox.create_order({"MUGG": 1})
        read = await store.get(f"orders/{order}")
        assert (read["date_created"], read["date_created_gmt"]) == ("2027-06-09T23:00:00", "2027-06-09T21:00:00")
        assert await ids(store, modified_after="2027-06-09T22:59:59") == [order]


@pytest.mark.parametrize(("storage", "moved"), [("hpos", True), ("posts", False)])
async def test_meta_moves_the_date_on_hpos_alone(storage: str, moved: bool) -> None:
    async with open_store(storage=storage) as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.clock.advance(1)
        await store.ask("PUT", f"orders/{order}", json={"meta_data": [{"key": "wc_bridge", "value": "pause"}]})
        assert bool(await ids(store, modified_after="2026-11-21T21:00:00Z")) is moved
        store.clock.advance(1)
        store.sandbox.set_meta(order, "wc_bridge", "off")
        assert bool(await ids(store, modified_after="2026-11-21T21:00:01Z")) is moved
        assert (await store.get(f"orders/{order}"))["meta_data"][0]["value"] == "off"


@pytest.mark.parametrize("storage", ["hpos", "posts"])
async def test_saving_the_same_status_again_moves_the_date_only_where_every_save_does(storage: str) -> None:
    async with open_store(storage=storage) as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.clock.advance(1)
        await store.ask("PUT", f"orders/{order}", json={"status": "processing"})
        assert len(await ids(store, modified_after="2026-11-21T21:00:00Z")) == (storage == "hpos")


async def test_any_hides_the_trash_even_beside_trash() -> None:
    async with open_store() as store:
        kept, trashed = store.sandbox.create_order({"MUGG": 1}), store.sandbox.create_order({"MUGG": 1})
        store.sandbox.trash(trashed)
        assert await ids(store) == [kept]
        assert await ids(store, status="any,trash") == [kept]
        assert await ids(store, status="trash") == [trashed]
        assert await ids(store, status="trash,processing") == [kept, trashed]
        store.sandbox.restore(trashed)
        assert await ids(store, status="any") == [kept, trashed]


async def test_a_status_of_a_plugin_is_known_once_it_is_registered() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        assert (await store.ask("PUT", f"orders/{order}", json={"status": "packad"})).status == 400
        store.sandbox.register_status("packad", "Packad")
        assert (await store.ask("PUT", f"orders/{order}", json={"status": "packad"})).status == 200
        assert await ids(store, status="packad") == [order]
        assert {"slug": "packad", "name": "Packad"} in await store.get("orders/statuses")
        assert store.sandbox.notes(order)[-1].text == "Order status changed from Processing to Packad."


async def test_numbers_may_run_apart_from_ids() -> None:
    async with open_store(first_number=1042) as store:
        orders = [store.sandbox.create_order({"MUGG": 1}) for _ in range(2)]
        read = await store.get("orders", orderby="id", order="asc", _fields="id,number")
    assert read == [{"id": orders[0], "number": "1042"}, {"id": orders[1], "number": "1043"}]


async def test_an_old_store_does_not_know_the_filter() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        store.sandbox.mishaps.ignores_modified_after = True
        assert await ids(store, modified_after="2030-01-01T00:00:00Z") == [order]


async def test_with_unstable_ties_a_walk_by_pages_misses_orders() -> None:
    async with open_store(storage="posts") as store:
        all_ids = {store.sandbox.create_order({"MUGG": 1}) for _ in range(40)}
        store.sandbox.mishaps.unstable_ties = True
        walked = [i for page in "1234" for i in await ids(store, orderby="modified", per_page="10", page=page)]
        assert len(walked) == 40
        assert set(walked) < all_ids
        assert await ids(store, orderby="modified", per_page="10") == walked[:10]


@pytest.mark.parametrize(("storage", "first"), [("hpos", "early"), ("posts", "late")])
async def test_posts_storage_sorts_by_the_shops_own_time(storage: str, first: str) -> None:
    """In the night to 25 October 2026 it is 02:50 in Stockholm, and twenty minutes later 02:10."""
    async with open_store(storage=storage) as store:
        orders = {name: store.sandbox.create_order({"MUGG": 1}) for name in ("early", "late")}
        store.sandbox.order(orders["early"]).modified = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
        store.sandbox.order(orders["late"]).modified = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
        assert (await ids(store, orderby="modified"))[0] == orders[first]
        after = await ids(store, orderby="modified", modified_after="2026-10-25T00:50:00Z")
        assert after == [orders["late"]]


async def test_what_an_order_is_asked_for_may_reach_into_objects() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        read = await store.get(f"orders/{order}", _fields="id,billing.city,line_items.id")
        del read["_links"]
        assert read == {"id": order, "billing": {"city": "Lund"}}
