"""The list of all refunds of the store, where the recordings do not show it (WooCommerce's own source does)."""

import pytest

from tests.sandbox.stores import Open, open_store


async def refunds(store: Open) -> list[int]:
    """Four refunds of two orders, ten seconds apart."""
    orders = [store.sandbox.create_order({"MUGG": 2}) for _ in range(2)]
    made = []
    for order in (*orders, *orders):
        made.append(store.sandbox.refund(order, "10.00"))
        store.clock.advance(10)
    return made


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, (3, 2, 1, 0)),
        ({"order": "asc"}, (0, 1, 2, 3)),
        ({"per_page": "2"}, (3, 2)),
        ({"per_page": "2", "page": "2"}, (1, 0)),
        ({"include": "{0},{2}"}, (2, 0)),
        ({"include[]": "{1}"}, (1,)),
        ({"include": "7777"}, ()),
        ({"exclude": "{0},{2}"}, (3, 1)),
        ({"after": "2026-11-21T21:00:10Z"}, (3, 2)),
        ({"after": "2026-11-21T21:00:10", "dates_are_gmt": "true"}, (3, 2)),
        ({"after": "2026-11-21T22:00:10"}, (3, 2)),
        ({"before": "2026-11-21T21:00:10Z"}, (0,)),
        ({"include": "{0},{3}", "after": "2026-11-21T21:00:10Z"}, (3,)),
        ({"parent": "7777"}, (3, 2, 1, 0)),
    ],
)
async def test_what_the_list_is_asked_for(query: dict[str, str], listed: tuple[int, ...]) -> None:
    async with open_store() as store:
        made = await refunds(store)
        asked = {name: value.format(*made) for name, value in query.items()}
        rows = await store.get("refunds", **asked)
        assert [row["id"] for row in rows] == [made[n] for n in listed]
        assert {row["parent_id"] for row in rows} <= set(store.sandbox.shop.orders)


async def test_a_store_may_ignore_which_ones_are_asked_for() -> None:
    async with open_store() as store:
        made = await refunds(store)
        store.sandbox.mishaps.ignores_include = True
        assert {row["id"] for row in await store.get("refunds", include=str(made[0]))} == set(made)


async def test_an_old_store_does_not_have_the_list() -> None:
    async with open_store(version="8.2.2") as store:
        [made, *_] = await refunds(store)
        assert (await store.ask("GET", "refunds", query={"include": str(made)})).status == 404
