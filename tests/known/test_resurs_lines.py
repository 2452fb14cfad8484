"""Known bugs of the Resurs plugin about lines: discounts, VAT, fees, decimals, names."""

from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.store.refunds import Part, make_refund
from tests.flow.ways import complete
from tests.flow.world import GOODS, TOTAL, Placed, World, known_order, world
from tests.known.resurs import log, minor, ordered, pays, per_rate, sent, switch, total

FULL, REDUCED = Decimal(25), Decimal(12)


def _with_a_coupon(w: World) -> Placed:
    """2 mugs, a lamp and a paper of 12 % VAT, 10 % off; freight."""
    w.store.add_product("TIDNING", "Tidning", "100.00", tax_class="reduced-rate")
    w.store.add_coupon("TIO", "10")
    return pays(w, ordered(w, lines={**GOODS, "TIDNING": 1}, coupon="tio"))


def _asked_per_rate(w: World, it: Placed) -> dict[Decimal, int]:
    """What the store's own lines come to at each VAT rate."""
    items = w.store.order(it.id).items
    return per_rate([(item.name, item.taxes[0].rate.percent, minor(item.total + item.tax)) for item in items])


async def test_woo_1025_1049_a_line_refunded_on_its_own_bears_its_own_discount_and_vat(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = _with_a_coupon(w)
        await complete(w, it)
        for sku, line in (("MUGG", ("MUGG", FULL, 11250)), ("TIDNING", ("TIDNING", REDUCED, 10080))):
            w.store.refund(it.id, lines={sku: 1})
            await w.cycle()
            assert sent(w, it) == [line]
        w.store.refund(it.id, lines={"MUGG": 1, "LAMPA": 1, "Frakt": 1})
        await w.cycle()
        assert per_rate(sent(w, it)) == {FULL: 11250 + 45000 + 6125}
        assert (w.books(it), await w.attention()) == ((0, total(w, it), total(w, it)), {})


async def test_woo_985_1090_a_line_taken_away_takes_its_discount_and_vat_along(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = _with_a_coupon(w)
        await w.cycle()
        for name in ("LAMPA", "TIDNING"):
            w.store.remove_line(it.id, name)
            await w.cycle()
            assert w.books(it) == (total(w, it), 0, 0)
        asked = _asked_per_rate(w, it)
        await complete(w, it)
        assert per_rate(sent(w, it)) == asked == {FULL: 22500 + 6125}


async def test_woo_985_1090_a_capture_states_discounts_and_vat_as_the_store_has_them(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = _with_a_coupon(w)
        await complete(w, it)
        assert per_rate(sent(w, it)) == _asked_per_rate(w, it)


@pytest.mark.parametrize(
    ("decimals", "price", "reserved", "refunded", "attention"),
    [
        (0, "159.968", "649.00", 20000, ""),
        (2, "159.968", "648.88", 19996, ""),
        (3, "159.968", "648.88", 19996, ""),
        (3, "159.9684", "648.88", 0, "unreadable"),
        (0, "159.968", "648.88", 0, "less-reserved"),
    ],
)
async def test_woo_687_1149_1181_the_decimals_of_a_shop_change_no_amount(
    tmp_path: Path, decimals: int, price: str, reserved: str, refunded: int, attention: str
) -> None:
    """What the shop rounds to whole kronor is its total; a tenth of an öre is told instead of rounded."""
    async with world(tmp_path) as w:
        w.store.shop.decimals = decimals
        await w.cycle()
        w.store.add_product("VAS", "Vas", price)
        it = pays(w, ordered(w, lines={"VAS": 3}, shipping="39.20"), amount=Decimal(reserved))
        await complete(w, it)
        assert (await w.attention()).get(it.id, "") == attention
        paid = minor(Decimal(reserved))
        assert w.books(it) == ((paid, 0, 0) if attention else (0, paid, 0))
        if refunded:
            w.store.refund(it.id, lines={"VAS": 1})
            await w.cycle()
            assert w.books(it) == (0, paid, refunded)


async def test_woo_1252_names_longer_than_resurs_takes_are_cut(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        w.store.add_product("SKU-" * 20, "Vinterjacka i återvunnen ull 🧥 " * 8, "100.00")
        it = pays(w, ordered(w, lines={"SKU-" * 20: 1}))
        await complete(w, it)
        w.store.refund(it.id, lines={"SKU-" * 20: 1})
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, 18625, 12500), {})
        [line] = log(w, it)[-1]["orderLines"]
        assert line["description"].startswith("Vinterjacka i återvunnen ull 🧥 Vinterjacka")
        assert 50 < len(line["description"]) <= 100


@pytest.mark.parametrize("amount", ["0.01", "100.00", "811.24"])
async def test_amount_only_a_refund_without_lines_pays_its_amount_and_no_more(tmp_path: Path, amount: str) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.store.refund(it.id, amount)
        await w.cycle()
        refunded = minor(Decimal(amount))
        assert (w.books(it), sum(per_rate(sent(w, it)).values())) == ((0, TOTAL, refunded), refunded)


async def test_amount_only_a_refund_in_part_that_the_method_does_not_take_is_not_made_a_full_one(
    tmp_path: Path,
) -> None:
    """Swish and the like list no partial refund."""
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, ordered(w), external=True, captured=True)
        await complete(w, it)
        w.store.refund(it.id, "100.00")
        await w.cycle()
        assert (w.calls(), w.books(it), await w.attention()) == ([], (0, TOTAL, 0), {it.id: "cannot-refund"})


@pytest.mark.parametrize("name", ["Montering", "Frakt", "MUGG"])
async def test_fee_refunded_in_part_is_paid_in_part(tmp_path: Path, name: str) -> None:
    """Money back on a line, and nothing of it in pieces."""
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, ordered(w, fees={"Montering": "200.00"}))
        await complete(w, it)
        order, line = w.store.order(it.id), w.store.line(it.id, name)
        part = Part(total=Decimal(40), taxes={line.taxes[0].rate.id: Decimal(10)})
        make_refund(w.store.shop, order, amount=Decimal(50), parts={line.id: part})
        await w.cycle()
        assert [line[1:] for line in sent(w, it)] == [(FULL, 5000)]
        assert w.books(it) == (0, total(w, it), 5000)


@pytest.mark.parametrize("refused", [True, False], ids=["no-negative-lines-in-refunds", "any-lines"])
async def test_negative_fee_is_a_discount_and_is_taken_back_as_one(tmp_path: Path, *, refused: bool) -> None:
    async with world(tmp_path) as w:
        switch(w, negative_refund_lines_refused=refused)
        await w.cycle()
        it = pays(w, ordered(w, fees={"Rabatt": "-100.00"}))
        assert total(w, it) == TOTAL - 12500
        await complete(w, it)
        assert [amount for *_, amount in sent(w, it)] == [25000, 50000, 6125, -12500]
        for lines in ({"MUGG": 2, "Rabatt": 1}, {"LAMPA": 1}, {"Frakt": 1}):
            w.store.refund(it.id, lines=lines)
            await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, total(w, it), total(w, it)), {})
