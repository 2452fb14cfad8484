"""Lines that sum to the amount: what a person expects of given orders."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.domain.lines import (
    Charge,
    ChargeKind,
    capture_charges,
    change_charges,
    left_per_rate,
    refund_charges,
)
from bridge.domain.orders import Line, LineKind, Order, Refund
from bridge.domain.refunded import gross
from tests.strategies import DAY

PRODUCT, SHIPPING, FEE = LineKind.PRODUCT, LineKind.SHIPPING, LineKind.FEE


def line(
    id_: int,
    name: str,
    net: str,
    tax: str,
    rate: str = "25",
    *,
    kind: LineKind = PRODUCT,
    reference: str = "",
    quantity: int = 1,
) -> Line:
    return Line(
        id=id_,
        kind=kind,
        name=name,
        reference=reference or name.upper(),
        quantity=Decimal(quantity),
        net=Decimal(net),
        tax=Decimal(tax),
        rate=Decimal(rate),
    )


def order(*lines: Line, total: int, refunds: Iterable[Refund] = (), currency: str = "SEK") -> Order:
    return Order(
        id=24,
        number="24",
        status="completed",
        currency=currency,
        total=total,
        created=DAY,
        modified=DAY,
        paid=DAY,
        payment_method="resursbank",
        transaction_id="",
        lines=lines,
        refunds=tuple(refunds),
    )


def told(charges: Iterable[Charge]) -> list[tuple[str, str, int]]:
    return [(charge.name, f"{charge.rate.normalize():f}", charge.amount) for charge in charges]


MUGS = line(42, "Mugg", "200.00", "50.00", quantity=2)
LAMP = line(43, "Lampa", "400.00", "100.00")
FREIGHT = line(44, "Frakt", "49.00", "12.25", kind=SHIPPING, reference="44")
LAMP_BACK = replace(LAMP, id=46)
FREIGHT_BACK = replace(FREIGHT, id=47, reference="47", quantity=Decimal(0))
LAMP_AND_FREIGHT_BACK = Refund(id=25, amount=56125, lines=(LAMP_BACK, FREIGHT_BACK))
MUGS_AND_LAMP = order(MUGS, LAMP, FREIGHT, total=81125)
"""The order that the recorded scenarios share."""
BOOK = line(50, "Bok", "200.00", "12.00", "6")
TWO_RATES = order(LAMP, BOOK, total=71200)


class TestCapture:
    def test_an_order_is_captured_by_its_own_lines(self) -> None:
        assert told(capture_charges(MUGS_AND_LAMP, 81125)) == [
            ("Mugg", "25", 25000),
            ("Lampa", "25", 50000),
            ("Frakt", "25", 6125),
        ]

    def test_kind_reference_and_quantity_come_from_the_line(self) -> None:
        mugs, _, freight = capture_charges(MUGS_AND_LAMP, 81125)
        assert (mugs.kind, mugs.reference, mugs.quantity) == (ChargeKind.PRODUCT, "MUGG", Decimal(2))
        assert (freight.kind, freight.reference, freight.quantity) == (ChargeKind.SHIPPING, "44", Decimal(1))

    def test_coupons_are_in_the_lines_and_a_negative_fee_is_a_discount(self) -> None:
        """Recorded scenario 19: 10 % off by coupon, a fee of 19.00 and one of -30.00 before VAT."""
        recorded = order(
            line(76, "Mugg", "180.00", "45.00", quantity=2),
            line(77, "Lampa", "360.00", "90.00"),
            line(78, "Frakt", "49.00", "12.25", kind=SHIPPING),
            line(79, "Fakturaavgift", "19.00", "4.75", kind=FEE),
            line(80, "Rabatt", "-30.00", "-7.50", kind=FEE),
            total=72250,
        )
        charges = capture_charges(recorded, 72250)
        assert [(charge.kind, charge.amount) for charge in charges] == [
            (ChargeKind.PRODUCT, 22500),
            (ChargeKind.PRODUCT, 45000),
            (ChargeKind.SHIPPING, 6125),
            (ChargeKind.FEE, 2375),
            (ChargeKind.DISCOUNT, -3750),
        ]

    def test_what_a_refund_took_back_is_left_out(self) -> None:
        """Recorded scenario 11, refunded before capture; the refund's freight bears another id and reference."""
        refunded = replace(MUGS_AND_LAMP, refunds=(LAMP_AND_FREIGHT_BACK,))
        assert told(capture_charges(refunded, 25000)) == [("Mugg", "25", 25000)]

    def test_one_of_two_pieces_taken_back_leaves_the_other(self) -> None:
        back = replace(MUGS, id=46, quantity=Decimal(1), net=Decimal(100), tax=Decimal(25))
        (mug,) = capture_charges(
            order(MUGS, total=25000, refunds=[Refund(id=25, amount=12500, lines=(back,))]), 12500
        )
        assert (mug.quantity, mug.amount) == (Decimal(1), 12500)

    def test_money_left_on_a_line_whose_pieces_all_came_back_is_one_piece(self) -> None:
        back = replace(MUGS, id=46, net=Decimal(100), tax=Decimal(25))
        (rest,) = capture_charges(
            order(MUGS, total=25000, refunds=[Refund(id=25, amount=12500, lines=(back,))]), 12500
        )
        assert (rest.quantity, rest.amount) == (Decimal(1), 12500)

    def test_a_piece_taken_back_without_money_changes_nothing(self) -> None:
        """The store's figures of such a line say nothing about its rate."""
        back = replace(MUGS, id=46, quantity=Decimal(1), net=Decimal(0), tax=Decimal(0), rate=Decimal(0))
        lamp_and_mug = Refund(id=25, amount=50000, lines=(LAMP_BACK, back))
        assert told(capture_charges(replace(MUGS_AND_LAMP, refunds=(lamp_and_mug,)), 31125)) == [
            ("Mugg", "25", 25000),
            ("Frakt", "25", 6125),
        ]

    def test_of_two_lines_alike_the_one_is_taken_that_the_refund_names(self) -> None:
        twin = replace(LAMP, id=45, quantity=Decimal(3), net=Decimal(1200), tax=Decimal(300))
        back = Refund(id=25, amount=50000, lines=(replace(LAMP, id=45, quantity=Decimal(1)),))
        charges = capture_charges(order(LAMP, twin, total=200000, refunds=[back]), 150000)
        assert [(charge.quantity, charge.amount) for charge in charges] == [
            (Decimal(1), 50000),
            (Decimal(2), 100000),
        ]

    def test_of_two_lines_alike_one_is_taken_that_has_enough(self) -> None:
        small = replace(LAMP, id=42, net=Decimal(40), tax=Decimal(10))
        back = Refund(id=25, amount=50000, lines=(LAMP_BACK,))
        assert told(capture_charges(order(small, LAMP, total=55000, refunds=[back]), 5000)) == [
            ("Lampa", "25", 5000)
        ]

    def test_another_amount_is_split_over_the_rates(self) -> None:
        assert told(capture_charges(TWO_RATES, 35600)) == [
            ("Order, VAT 25 %", "25", 25000),
            ("Order, VAT 6 %", "6", 10600),
        ]

    def test_another_amount_is_split_over_what_refunds_leave(self) -> None:
        refunded = replace(TWO_RATES, refunds=(Refund(id=25, amount=50000, lines=(LAMP_BACK,)),))
        assert told(capture_charges(refunded, 10000)) == [("Order, VAT 6 %", "6", 10000)]

    def test_a_refund_by_amount_alone_lowers_every_rate(self) -> None:
        refunded = replace(TWO_RATES, refunds=(Refund(id=25, amount=35600),))
        assert told(capture_charges(refunded, 35600)) == [
            ("Order, VAT 25 %", "25", 25000),
            ("Order, VAT 6 %", "6", 10600),
        ]

    def test_a_refunded_line_that_the_order_does_not_have_makes_it_a_split(self) -> None:
        back = Refund(id=25, amount=12500, lines=(line(46, "Vas", "100.00", "25.00"),))
        assert told(capture_charges(order(LAMP, total=50000, refunds=[back]), 37500)) == [
            ("Order, VAT 25 %", "25", 37500)
        ]

    def test_not_even_by_a_few_units(self) -> None:
        """Else the refund would pass for a rounding."""
        back = Refund(id=25, amount=2, lines=(line(46, "Vas", "0.02", "0.00"),))
        assert told(capture_charges(order(LAMP, total=50000, refunds=[back]), 49998)) == [
            ("Order, VAT 25 %", "25", 49998)
        ]

    def test_variants_of_one_name_are_told_apart_by_reference(self) -> None:
        small, large = line(1, "Tröja", "80", "20", reference="S"), line(2, "Tröja", "80", "20", reference="L")
        back = Refund(id=25, amount=10000, lines=(replace(large, id=46),))
        (left,) = capture_charges(order(small, large, total=20000, refunds=[back]), 10000)
        assert left.reference == "S"

    def test_lines_of_one_product_are_told_apart_by_rate(self) -> None:
        taxed, reduced = line(1, "Bok", "80", "20"), line(2, "Bok", "100", "6", "6")
        back = Refund(id=25, amount=5300, lines=(line(46, "Bok", "50", "3", "6"),))
        assert told(capture_charges(order(taxed, reduced, total=20600, refunds=[back]), 15300)) == [
            ("Bok", "25", 10000),
            ("Bok", "6", 5300),
        ]

    def test_a_deduction_from_a_refund_does_not_make_a_line_dearer(self) -> None:
        deduction = replace(FREIGHT, id=48, net=Decimal("-49.00"), tax=Decimal("-12.25"))
        refunded = replace(MUGS_AND_LAMP, refunds=(Refund(id=25, amount=43875, lines=(LAMP_BACK, deduction)),))
        assert told(capture_charges(refunded, 37250)) == [("Order, VAT 25 %", "25", 37250)]

    @pytest.mark.parametrize("off", [3, 1])
    def test_a_gap_of_a_unit_a_line_and_one_more_is_rounding(self, off: int) -> None:
        charges = capture_charges(TWO_RATES, 71200 + off)
        assert told(charges)[2:] == [("Rounding", "0", off)]
        assert charges[2].kind is ChargeKind.ROUNDING

    @pytest.mark.parametrize("off", [3, 1])
    def test_what_lines_are_beyond_the_amount_comes_off_the_largest(self, off: int) -> None:
        assert told(capture_charges(TWO_RATES, 71200 - off)) == [("Lampa", "25", 50000 - off), ("Bok", "6", 21200)]

    def test_unless_that_leaves_nothing_of_it(self) -> None:
        pins = [line(id_, "Knappnål", "0.01", "0.00", "0") for id_ in (1, 2, 3)]
        assert told(capture_charges(order(*pins, total=3), 1)) == [("Order, VAT 0 %", "0", 1)]

    @pytest.mark.parametrize("off", [4, -4])
    def test_a_wider_gap_is_not(self, off: int) -> None:
        charges = capture_charges(TWO_RATES, 71200 + off)
        assert ChargeKind.ROUNDING not in {charge.kind for charge in charges}

    def test_free_lines_are_left_out(self) -> None:
        gift = line(60, "Gåva", "0.00", "0.00")
        assert told(capture_charges(order(gift, LAMP, total=50000), 50000)) == [("Lampa", "25", 50000)]

    def test_a_line_without_a_name_goes_by_its_reference(self) -> None:
        (charge,) = capture_charges(order(replace(LAMP, name=" "), total=50000), 50000)
        assert charge.name == "LAMPA"

    def test_an_order_of_free_lines_alone_is_one_charge_at_their_rate(self) -> None:
        gift = line(60, "Gåva", "0.00", "0.00")
        assert told(capture_charges(order(gift, total=50000), 50000)) == [("Order, VAT 25 %", "25", 50000)]

    def test_an_order_without_lines_is_one_charge_without_vat(self) -> None:
        (charge,) = capture_charges(order(total=50000), 50000)
        assert (charge.name, charge.rate, charge.amount) == ("Order, VAT 0 %", Decimal(0), 50000)
        assert charge.reference == "order-24-0"


class TestRefund:
    def test_a_refund_by_lines_pays_exactly_these(self) -> None:
        refunded = replace(MUGS_AND_LAMP, refunds=(LAMP_AND_FREIGHT_BACK,))
        charges = refund_charges(refunded, LAMP_AND_FREIGHT_BACK, 56125)
        assert told(charges) == [("Lampa", "25", 50000), ("Frakt", "25", 6125)]
        assert [charge.quantity for charge in charges] == [1, 1]

    def test_an_amount_alone_is_one_charge_a_rate(self) -> None:
        charges = refund_charges(TWO_RATES, Refund(id=1077, amount=7120), 7120)
        assert [(charge.name, charge.reference, charge.amount) for charge in charges] == [
            ("Refund, VAT 25 %", "refund-1077-25", 5000),
            ("Refund, VAT 6 %", "refund-1077-6", 2120),
        ]

    def test_the_whole_order_by_an_amount_alone_gives_each_rate_back_whole(self) -> None:
        assert told(refund_charges(TWO_RATES, Refund(id=1077, amount=71200), 71200)) == [
            ("Refund, VAT 25 %", "25", 50000),
            ("Refund, VAT 6 %", "6", 21200),
        ]

    def test_the_rest_after_refunds_goes_to_the_rates_that_have_something_left(self) -> None:
        """Recorded scenario 13 with two rates: one refund by hand, the store makes another of the rest."""
        lamp, rest = Refund(id=29, amount=50000, lines=(LAMP_BACK,)), Refund(id=30, amount=21200)
        refunded = replace(TWO_RATES, refunds=(lamp, rest))
        assert told(refund_charges(refunded, rest, 21200)) == [("Refund, VAT 6 %", "6", 21200)]

    def test_lines_take_before_amounts_whichever_came_first(self) -> None:
        by_amount, lamp = Refund(id=29, amount=10600), Refund(id=30, amount=50000, lines=(LAMP_BACK,))
        refunded = replace(TWO_RATES, refunds=(by_amount, lamp))
        assert left_per_rate(refunded) == {Decimal(25): 0, Decimal(6): 10600}

    def test_a_part_of_a_refund_by_lines_is_split_over_the_rates_of_these(self) -> None:
        """Some of it was released before capture, or it goes out in several calls."""
        refund = Refund(id=29, amount=50000, lines=(LAMP_BACK,))
        refunded = replace(TWO_RATES, refunds=(refund,))
        assert told(refund_charges(refunded, refund, 7120)) == [("Refund, VAT 25 %", "25", 7120)]

    def test_in_proportion_to_what_its_lines_give_back(self) -> None:
        half_a_lamp = replace(LAMP_BACK, net=Decimal(200), tax=Decimal(50))
        refund = Refund(id=29, amount=46200, lines=(half_a_lamp, replace(BOOK, id=48)))
        refunded = replace(TWO_RATES, refunds=(refund,))
        assert told(refund_charges(refunded, refund, 23100)) == [
            ("Refund, VAT 25 %", "25", 12500),
            ("Refund, VAT 6 %", "6", 10600),
        ]

    def test_two_by_amount_made_before_the_first_is_paid_share_the_rates_out(self) -> None:
        pins = line(1, "Knappnål", "0.01", "0", "25"), line(2, "Nål", "0.01", "0", "6")
        two = Refund(id=29, amount=1), Refund(id=30, amount=1)
        refunded = order(*pins, total=2, refunds=two)
        assert [told(refund_charges(refunded, refund, 1)) for refund in two] == [
            [("Refund, VAT 25 %", "25", 1)],
            [("Refund, VAT 6 %", "6", 1)],
        ]

    def test_nothing_left_at_all_falls_back_to_the_order_as_it_was(self) -> None:
        gone = replace(TWO_RATES, refunds=(Refund(id=29, amount=71200),))
        assert told(refund_charges(gone, Refund(id=0, amount=7120), 7120)) == [
            ("Refund, VAT 25 %", "25", 5000),
            ("Refund, VAT 6 %", "6", 2120),
        ]

    def test_goods_less_their_discount_come_back_without_a_negative_charge(self) -> None:
        rebate = line(80, "Rabatt", "-30.00", "-7.50", kind=FEE)
        refund = Refund(id=25, amount=46250, lines=(LAMP_BACK, replace(rebate, id=48, reference="48")))
        refunded = order(LAMP, rebate, BOOK, total=67450, refunds=[refund])
        assert told(refund_charges(refunded, refund, 46250)) == [("Refund, VAT 25 %", "25", 46250)]

    def test_a_discount_without_vat_comes_off_the_goods(self) -> None:
        rebate = line(80, "Rabatt", "-30.00", "0.00", "0", kind=FEE)
        refund = Refund(id=25, amount=47000, lines=(LAMP_BACK, replace(rebate, id=48)))
        refunded = order(LAMP, rebate, BOOK, total=68200, refunds=[refund])
        assert told(refund_charges(refunded, refund, 47000)) == [("Refund, VAT 25 %", "25", 47000)]

    def test_a_discount_without_vat_that_came_back_leaves_nothing_at_its_rate(self) -> None:
        rebate = line(80, "Rabatt", "-30.00", "0.00", "0", kind=FEE)
        lamp_less_rebate = Refund(id=25, amount=47000, lines=(LAMP_BACK, replace(rebate, id=48)))
        refunded = order(LAMP, BOOK, rebate, total=68200, refunds=[lamp_less_rebate])
        assert left_per_rate(refunded) == {Decimal(25): 0, Decimal(6): 21200, Decimal(0): 0}

    def test_a_discount_that_came_back_twice_leaves_nothing_either(self) -> None:
        rebate = line(80, "Rabatt", "-30.00", "0.00", "0", kind=FEE)
        lines = (replace(LAMP_BACK, net=Decimal(200), tax=Decimal(50)), replace(rebate, id=48))
        twice = [Refund(id=25, amount=22000, lines=lines), Refund(id=26, amount=22000, lines=lines)]
        refunded = order(LAMP, rebate, total=47000, refunds=twice)
        assert left_per_rate(refunded) == {Decimal(25): 0, Decimal(0): 0}

    def test_a_deduction_from_a_refund_is_no_discount_and_makes_it_a_split(self) -> None:
        """Staff put -49.00 on the freight row, as postage kept: no provider is sent a negative refund line."""
        deduction = replace(FREIGHT, id=48, net=Decimal("-49.00"), tax=Decimal("-12.25"))
        refund = Refund(id=25, amount=43875, lines=(LAMP_BACK, deduction))
        assert told(refund_charges(replace(MUGS_AND_LAMP, refunds=(refund,)), refund, 43875)) == [
            ("Refund, VAT 25 %", "25", 43875)
        ]

    def test_a_refund_of_little_but_the_tax_is_split(self) -> None:
        """Staff gave back 10.00 and all the tax of 100.00: a line of 1000 % VAT is refused by providers."""
        refund = Refund(id=25, amount=11000, lines=(line(43, "Lampa", "10.00", "100.00", "1000"),))
        assert told(refund_charges(MUGS_AND_LAMP, refund, 11000)) == [("Refund, VAT 25 %", "25", 11000)]

    def test_lines_that_net_negative_do_not_do(self) -> None:
        rebate = line(80, "Rabatt", "-30.00", "-7.50", kind=FEE)
        refund = Refund(id=25, amount=1000, lines=(replace(rebate, id=48),))
        assert told(refund_charges(order(LAMP, rebate, total=46250), refund, 1000)) == [
            ("Refund, VAT 25 %", "25", 1000)
        ]

    def test_odd_rates_are_named_as_people_write_them(self) -> None:
        odd = order(line(1, "A", "100", "12.5", "12.500"), line(2, "B", "100", "15.474", "15.47375"), total=22797)
        charges = refund_charges(odd, Refund(id=7, amount=2000), 2000)
        assert [(charge.name, charge.reference) for charge in charges] == [
            ("Refund, VAT 15.47 %", "refund-7-15.47"),
            ("Refund, VAT 12.5 %", "refund-7-12.5"),
        ]


class TestChange:
    def test_a_difference_is_one_charge_a_rate(self) -> None:
        charges = change_charges(TWO_RATES, 7120)
        assert [(charge.name, charge.reference, charge.amount) for charge in charges] == [
            ("Order change, VAT 25 %", "change-24-25", 5000),
            ("Order change, VAT 6 %", "change-24-6", 2120),
        ]

    def test_a_rate_too_small_for_a_unit_gets_no_charge(self) -> None:
        assert told(change_charges(TWO_RATES, 1)) == [("Order change, VAT 25 %", "25", 1)]


@pytest.mark.parametrize(
    ("currency", "net", "tax", "minor"),
    [
        ("SEK", "2.995", "0", 300),
        ("SEK", "-2.995", "0", -300),
        ("SEK", "79.192", "19.798", 9899),
        ("JPY", "909", "90.9", 1000),
        ("KWD", "1.2345", "0", 1235),
    ],
)
def test_gross_is_rounded_once_half_up(currency: str, net: str, tax: str, minor: int) -> None:
    assert gross(line(1, "A", net, tax), currency) == minor


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_of_amount_0_is_ever_sent(amount: int) -> None:
    with pytest.raises(ValueError, match="never sent"):
        capture_charges(TWO_RATES, amount)
    with pytest.raises(ValueError, match="never sent"):
        refund_charges(TWO_RATES, Refund(id=1, amount=1), amount)
    with pytest.raises(ValueError, match="never sent"):
        change_charges(TWO_RATES, amount)
