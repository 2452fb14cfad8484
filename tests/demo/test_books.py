"""What the providers' books should show for an order, and when a row says that they don't."""

from dataclasses import replace

import pytest

from bridge.demo.books import Figures, Row, Shop, asked

COMPLETED = Shop(status="completed", delivered=True, total=81125, refunded_before=0, refunded_after=12500)
ROW = Row(
    scene="refund-lines",
    title="One mug comes back",
    provider="Resurs",
    order="1046",
    order_id=23,
    currency="SEK",
    shop=COMPLETED,
    books=Figures(reserved=0, captured=81125, returned=12500),
    calls=2,
)


@pytest.mark.parametrize(
    ("shop", "figures"),
    [
        (COMPLETED, (0, 81125, 12500)),
        (replace(COMPLETED, refunded_before=10000), (0, 71125, 12500)),
        (replace(COMPLETED, status="processing", delivered=False, refunded_after=0), (81125, 0, 0)),
        (
            replace(COMPLETED, status="processing", delivered=False, refunded_before=10000, refunded_after=0),
            (71125, 0, 0),
        ),
        (replace(COMPLETED, status="cancelled", delivered=False, refunded_after=0), (0, 0, 0)),
        (replace(COMPLETED, status="refunded", refunded_after=81125), (0, 81125, 81125)),
        (
            replace(COMPLETED, status="refunded", delivered=False, refunded_before=81125, refunded_after=0),
            (0, 0, 0),
        ),
    ],
)
def test_a_shop_asks_of_the_books(shop: Shop, figures: tuple[int, int, int]) -> None:
    reserved, captured, returned = figures
    assert asked(shop) == Figures(reserved=reserved, captured=captured, returned=returned)


@pytest.mark.parametrize("name", ["reserved", "captured", "returned"])
def test_one_ore_of_any_amount_makes_the_difference(name: str) -> None:
    off = replace(ROW, books=replace(ROW.books, **{name: getattr(ROW.books, name) + 1}))
    assert (ROW.agrees, off.agrees) == (True, False)
