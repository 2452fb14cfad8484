"""`rebind`, and what `status` and `once` say of a shop or a machine that the database does not belong to."""

import io
import sys
from pathlib import Path

import pytest

from bridge.db import place
from tests.commands.shop import Shop

OLD, NEW = "https://store.example", "https://newname.example"


@pytest.fixture
async def renamed(shop: Shop) -> tuple[int, str]:
    """The shop has another address; an order of it was completed since."""
    order, payment = await shop.known()
    shop.store.home = NEW
    shop.store.set_status(order, "completed")
    return order, payment


async def test_status_and_once_say_what_to_type_and_end_1(shop: Shop, renamed: tuple[int, str]) -> None:
    once = await shop.types("once", "--wait", "5s")
    assert once.code == 1
    assert f"the shop says that its address is {NEW}; what is known here is of {OLD}" in once.err
    assert "`wc-bridge rebind butiken`" in once.err
    status = await shop.types("status")
    assert status.code == 1
    assert "refused, nothing is done: " in status.out
    assert "wc-bridge rebind butiken" in " ".join(status.out.split())
    [told] = (await shop.types("status", "--json")).json
    assert NEW in told["unbound"]
    assert shop.resurs.books(renamed[1]).captured == 0


async def test_rebind_shows_old_and_new_and_changes_nothing_without_a_yes(
    shop: Shop, renamed: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    await shop.types("once", "--wait", "0s")
    before = shop.writes()
    ran = await shop.types("rebind", "butiken")
    assert ran.code == 2
    assert f"shop: {OLD}  ->  {NEW}" in ran.out
    assert "1 of 1 known orders are there: it is the same shop, or a copy of it" in ran.out
    assert "nothing was changed: nobody is here to answer, so say --yes to do it" in ran.err
    assert (await shop.types("once", "--wait", "0s")).code == 1
    assert shop.writes() == before


async def test_rebind_lets_it_go_on(shop: Shop, renamed: tuple[int, str]) -> None:
    """Also before the daemon has noticed."""
    ran = await shop.types("rebind", "--yes")
    assert (ran.code, ran.last) == (0, "bound anew; the daemon goes on by itself at its next poll")
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert shop.resurs.books(renamed[1]).captured == 81125
    ran = await shop.types("rebind", "butiken")
    assert (ran.code, ran.out.startswith(f"butiken: bound to {NEW} and ")) == (0, True)


async def test_the_daemon_goes_on_when_a_person_has_said_so(shop: Shop, renamed: tuple[int, str]) -> None:
    async with shop.daemon() as daemon:
        await daemon.says("store.alert")
        assert (await shop.types("rebind", "butiken", "--yes")).code == 0
        await daemon.says("action.answer")
        assert (await daemon.stop()).code == 0
    assert shop.resurs.books(renamed[1]).captured == 81125


async def test_json_has_stable_fields(shop: Shop, renamed: tuple[int, str]) -> None:
    [told] = (await shop.types("rebind", "--yes", "--json")).json
    assert list(told) == [
        *("store", "refused", "address", "address_now", "place", "place_now", "orders", "bound_anew")
    ]
    assert (told["address"], told["address_now"], told["bound_anew"]) == (OLD, NEW, True)
    assert told["orders"] == {"known": 1, "same": 1, "others": 0}


async def test_another_shop_is_refused_even_with_yes(shop: Shop, renamed: tuple[int, str]) -> None:
    """Its orders are not those that are known."""
    shop.store.delete(renamed[0])
    ran = await shop.types("rebind", "butiken", "--yes")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "0 of 1 known orders are there: it is another shop" in ran.out
    assert "give it a name of its own in settings.yaml" in ran.err
    assert (await shop.types("once", "--wait", "0s")).code == 1


async def test_another_machine_is_bound_anew_too(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    (tmp_path / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(place, "MACHINE_ID", tmp_path / "machine-id")
    ran = await shop.types("once", "--wait", "5s")
    assert ran.code == 1
    assert "the database was begun on" in ran.err
    ran = await shop.types("rebind", "butiken", "--yes")
    assert ran.code == 0
    assert "database on: " in ran.out
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert shop.resurs.books(payment).captured == 81125


async def test_a_shop_that_can_t_be_reached_ends_3_and_one_that_is_not_there_2(
    shop: Shop, renamed: tuple[int, str]
) -> None:
    shop.store.mishaps.maintenance = True
    assert (await shop.types("rebind", "--yes")).code == 3
    ran = await shop.types("rebind", "butik")
    assert (ran.code, ran.err) == (
        2,
        "wc-bridge: there is no store 'butik' in the settings: there is butiken\n",
    )


async def test_a_shop_that_was_never_polled_is_bound_by_its_first_cycle(shop: Shop) -> None:
    await shop.types("once", "--wait", "0s")
    shop.only["name"] = "outlet"
    ran = await shop.types("rebind", "outlet", "--yes")
    assert (ran.code, ran.out) == (0, "outlet: not bound yet; the first cycle binds it\n")
