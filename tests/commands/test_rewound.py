"""`rewound`: what a shop that was restored from a backup has forgotten, and how the bridge goes on with it."""

from datetime import timedelta

import pytest

from bridge.engine import rewinding
from tests.commands.shop import Shop


@pytest.fixture
async def forgetful(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The shop has forgotten its three newest orders, the last of which was captured and refunded in part."""
    monkeypatch.setattr(rewinding, "LAG", timedelta())
    await shop.known()
    placed = [shop.place() for _ in range(3)]
    order, _ = placed[-1]
    shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")
    shop.store.refund(order, "125.00")
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert [action["state"] for action in await shop.actions()] == ["done", "done"]
    for order, _ in placed:
        shop.store.delete(order)
    return placed


async def test_a_shop_that_did_not_go_back(shop: Shop) -> None:
    await shop.known()
    ran = await shop.types("rewound", "butiken")
    assert (ran.code, ran.out) == (0, "butiken: not held; nothing says that the shop went back in time\n")
    assert (await shop.types("rewound", "butiken", "--go")).code == 0


async def test_a_store_that_is_not_there(shop: Shop) -> None:
    await shop.known()
    ran = await shop.types("rewound", "butik")
    assert (ran.code, ran.err) == (
        2,
        "wc-bridge: there is no store 'butik' in the settings: there is butiken\n",
    )


async def test_status_says_what_to_type_and_that_lists_what_is_missing(
    shop: Shop, forgetful: list[tuple[int, str]]
) -> None:
    (first, _), _, (last, payment) = forgetful
    assert (await shop.types("once", "--wait", "0s")).code == 1
    ran = await shop.types("status")
    assert ran.code == 1
    assert "wc-bridge rewound butiken" in " ".join(ran.out.split())
    before = shop.writes()
    ran = await shop.types("rewound", "butiken")
    assert ran.code == 1
    assert f"orders {first} to {last}, the newest 3, are gone while older ones are there" in ran.out
    assert f"order {last} completed, 811.25 SEK, Resurs payment {payment}; gone from the shop" in " ".join(
        ran.out.split()
    )
    assert f"capture of 811.25 SEK ({last}C81125)" in ran.out
    assert "`wc-bridge rewound butiken --go`" in ran.out
    assert shop.writes() == before


async def test_json_has_stable_fields(shop: Shop, forgetful: list[tuple[int, str]]) -> None:
    await shop.types("once", "--wait", "0s")
    told = (await shop.types("rewound", "butiken", "--json")).json
    assert (told["store"], told["gone_on"]) == ("butiken", False)
    assert "are gone" in told["rewound"]
    assert [(it["order"], it["status_there"]) for it in told["orders"]] == [
        (order, "deleted") for order, _ in forgetful
    ]
    last = told["orders"][-1]
    assert (last["status"], last["total"], last["payment_id"]) == ("completed", 81125, forgetful[-1][1])
    assert [(deed["kind"], deed["amount"]) for deed in last["missing"]] == [("capture", 81125), ("refund", 12500)]


async def test_go_lets_the_bridge_go_on(shop: Shop, forgetful: list[tuple[int, str]]) -> None:
    """What is still reserved for orders that are gone is told of one by one, as ever."""
    await shop.types("once", "--wait", "0s")
    other, payment = shop.place()
    assert other == forgetful[-1][0] + 2  # an order and a refund: its id was never another's
    shop.store.set_status(other, "completed")
    await shop.types("once", "--wait", "0s")
    assert shop.resurs.books(payment).captured == 0
    ran = await shop.types("rewound", "butiken", "--go")
    assert (ran.code, ran.last) == (0, "butiken goes on with the shop as it is now: see `wc-bridge status`")
    assert (await shop.types("rewound", "butiken")).code == 0
    assert (await shop.types("once", "--wait", "0s")).code == 1
    assert shop.resurs.books(payment).captured == 81125
    [status] = (await shop.types("status", "--json")).json
    assert (status["held"], [(row["order"], row["reason"]) for row in status["attention"]]) == (
        "",
        [(order, "trashed") for order, _ in forgetful[:2]],
    )
    story = (await shop.types("order", "butiken", str(forgetful[-1][0]), "--json")).json["story"]
    said = [event["text"] for event in story if event["topic"] == "person"]
    assert said == [
        "the shop went back in time: it no longer has this order",
        f"done before, and missing there: capture of 811.25 SEK ({forgetful[-1][0]}C81125)",
        f"done before, and missing there: refund {other - 1} of 125.00 SEK ({forgetful[-1][0]}R{other - 1})",
    ]


async def test_a_shop_that_can_t_be_reached_is_gone_on_with_later(
    shop: Shop, forgetful: list[tuple[int, str]]
) -> None:
    await shop.types("once", "--wait", "0s")
    shop.store.mishaps.maintenance = True
    ran = await shop.types("rewound", "butiken", "--go")
    assert (ran.code, ran.out) == (3, "")
    shop.store.mishaps.maintenance = False
    assert (await shop.types("rewound", "butiken")).code == 1
