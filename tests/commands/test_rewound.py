"""`rewound`: what a shop that was restored from a backup has forgotten, and how the bridge goes on with it."""

import io
import sys
from datetime import timedelta

import pytest

from bridge.db.connection import existing
from bridge.db.models import OrderRow
from bridge.engine import rewinding
from bridge.sandbox.faults import Fault
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


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What stands on stdin: nothing, until a test writes it."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", said)
    return said


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
    for words in (("actions",), ("order", "butiken", str(last))):
        told = " ".join((await shop.types(*words)).out.split())
        assert "held, nothing is called or noted: orders" in told
        assert "`wc-bridge rewound butiken` lists" in told
    before = shop.writes()
    ran = await shop.types("rewound", "butiken")
    assert ran.code == 1
    assert f"orders {first} to {last}, the newest 3, are gone while older ones are there" in ran.out
    assert f"order {last} completed, 811.25 SEK, Resurs payment {payment}; gone from the shop" in " ".join(
        ran.out.split()
    )
    assert f"capture of 811.25 SEK ({last}C81125)" in ran.out
    assert [line.strip() for line in ran.out.splitlines() if "still reserved" in line] == [
        f"811.25 SEK is still reserved at Resurs, payment {reserved}: release it in the provider's portal if "
        "nobody enters the order again"
        for _, reserved in forgetful[:2]
    ]
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
    assert [it["reserved"] for it in told["orders"]] == [81125, 81125, 0]
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
    ran = await shop.types("rewound", "butiken", "--go", "--yes")
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


@pytest.mark.parametrize("written", ["n\n", ""], ids=["no", "nobody there"])
async def test_it_shows_what_differs_and_asks(
    shop: Shop, forgetful: list[tuple[int, str]], answer: io.StringIO, written: str
) -> None:
    await shop.types("once", "--wait", "0s")
    answer.write(written)
    answer.seek(0)
    ran = await shop.types("rewound", "butiken", "--go")
    assert ran.code == 2
    assert f"capture of 811.25 SEK ({forgetful[-1][0]}C81125)" in ran.out
    assert "go on with butiken as it is now, although 3 orders differ from what is known here? [y/N]" in ran.err
    assert "nothing was changed" in ran.err
    assert (await shop.types("rewound", "butiken")).code == 1


async def test_yes_is_an_answer(shop: Shop, forgetful: list[tuple[int, str]], answer: io.StringIO) -> None:
    await shop.types("once", "--wait", "0s")
    answer.write("y\n")
    answer.seek(0)
    ran = await shop.types("rewound", "butiken", "--go", "--json")
    assert (ran.code, ran.json["gone_on"], len(ran.json["orders"])) == (0, True, len(forgetful))
    assert (await shop.types("rewound", "butiken")).code == 0


@pytest.mark.usefixtures("forgetful")
async def test_once_says_so_and_ends_1(shop: Shop) -> None:
    """Also where no order needs attention by itself."""
    await shop.types("once", "--wait", "0s")
    async with existing(f"sqlite://{shop.database}"):
        await OrderRow.all().update(problem="", attention="")
    for words in ((), ("--dry-run",)):
        ran = await shop.types("once", "--wait", "0s", *words)
        assert ran.code == 1
        assert "butiken: held, nothing is called or noted: orders" in ran.out
        assert "`wc-bridge rewound butiken` lists" in ran.out


@pytest.mark.usefixtures("forgetful")
async def test_on_a_terminal_a_bar_shows_how_far_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.types("once", "--wait", "0s")
    assert "orders compared" not in (await shop.types("rewound", "butiken")).err
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    ran = await shop.types("rewound", "butiken", "--json")
    assert ("orders compared" in ran.err, "100%" in ran.err) == (True, True)
    assert len(ran.json["orders"]) == 3


@pytest.mark.parametrize("path", ["/orders", r"/orders/\d+$"], ids=["no list", "no order by itself"])
async def test_a_shop_that_can_t_be_reached_is_gone_on_with_later(
    shop: Shop, forgetful: list[tuple[int, str]], path: str
) -> None:
    await shop.types("once", "--wait", "0s")
    shop.store.faults.plan(Fault.ERROR_BEFORE, method="GET", path=path, times=1000)
    ran = await shop.types("rewound", "butiken", "--go", "--yes")
    assert (ran.code, ran.out) == (3, "")
    shop.store.faults.planned.clear()
    ran = await shop.types("rewound", "butiken", "--json")
    assert (ran.code, len(ran.json["orders"])) == (1, len(forgetful))
