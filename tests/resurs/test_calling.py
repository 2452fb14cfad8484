"""Each call: what goes out, what comes of it in the provider's books, and how it is found again by its key."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.domain.lines import ChargeKind
from bridge.domain.outcomes import Done, Later, Refused
from bridge.domain.payments import EntryKind
from bridge.domain.steps import EFFECT, Call
from bridge.sandbox.resurs import FieldErrors, Line, Switches
from tests.resurs.world import World, books, charge, request, world


async def test_a_capture_takes_exactly_its_lines(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay("1000.00"))
    lines = (charge(70000), charge(4900, kind=ChargeKind.SHIPPING, name="Frakt", reference="shipping"))

    outcome = await shop.resurs.perform(request(Call.CAPTURE, payment, *lines, key="1042C74900"))

    after = await shop.resurs.read(payment.id)
    entry = after.entry(EntryKind.CAPTURE, "1042C74900")
    assert entry is not None
    assert entry.amount == 74900
    assert outcome == Done(entry.id)
    assert shop.sandbox.books(payment.id) == books(reserved=25100, captured=74900)


async def test_a_refund_returns_exactly_its_lines(shop: World) -> None:
    payment_id = shop.pay("1000.00")
    shop.sandbox.portal_capture(payment_id)

    outcome = await shop.do(Call.REFUND, payment_id, 18050, key="1042R1077")

    entry = (await shop.resurs.read(payment_id)).entry(EntryKind.RETURN, "1042R1077")
    assert entry is not None
    assert outcome == Done(entry.id)
    assert shop.sandbox.books(payment_id) == books(captured=100000, returned=18050)


async def test_a_release_of_everything_states_no_lines(shop: World) -> None:
    """The provider bounds it by itself: what it takes is what is reserved when it arrives."""
    payment_id = shop.pay("1000.00")
    payment = await shop.resurs.read(payment_id)
    shop.sandbox.portal_capture(payment_id, Decimal("300.00"))

    outcome = await shop.resurs.perform(
        request(Call.RELEASE, payment, charge(100000), key="1042V1", everything=True)
    )

    entry = (await shop.resurs.read(payment_id)).entry(EntryKind.RELEASE, "1042V1")
    assert entry is not None
    assert outcome == Done(entry.id)
    assert entry.amount == 70000
    assert shop.sandbox.books(payment_id) == books(captured=30000, cancelled=70000)


async def test_a_release_of_a_part_states_its_lines(shop: World) -> None:
    payment_id = shop.pay("1000.00")

    outcome = await shop.do(Call.RELEASE, payment_id, 12550, key="1042V1")

    entry = (await shop.resurs.read(payment_id)).entry(EntryKind.RELEASE, "1042V1")
    assert entry is not None
    assert (outcome, entry.amount) == (Done(entry.id), 12550)
    assert shop.sandbox.books(payment_id) == books(reserved=87450, cancelled=12550)


FULL, PART, BOTH = "full", "partial", "both"
"""Which names a payment by an external method lists for each of the three calls when a part of it has been done."""

LISTED = {
    FULL: Switches(lines_mean_partial=True),
    PART: Switches(lines_mean_partial=True, external_partials=True, full_action_names_stay=False),
    BOTH: Switches(lines_mean_partial=True, external_partials=True),
}


@pytest.mark.parametrize(
    ("call", "listed", "share", "lines"),
    [
        (Call.CAPTURE, FULL, 1, False),
        (Call.CAPTURE, PART, 1, True),
        (Call.CAPTURE, BOTH, 1, True),
        (Call.CAPTURE, PART, 2, True),
        (Call.CAPTURE, BOTH, 2, True),
        (Call.REFUND, FULL, 1, False),
        (Call.REFUND, PART, 1, True),
        (Call.REFUND, BOTH, 1, True),
        (Call.REFUND, PART, 2, True),
        (Call.REFUND, BOTH, 2, True),
        (Call.RELEASE, FULL, 1, False),
        (Call.RELEASE, PART, 1, True),
        (Call.RELEASE, BOTH, 1, False),
        (Call.RELEASE, PART, 2, True),
        (Call.RELEASE, BOTH, 2, True),
    ],
)
async def test_lines_state_the_amount_wherever_they_may(
    call: Call, listed: str, share: int, *, lines: bool
) -> None:
    """Whoever sends none takes what is left when the call arrives, and lines need the partial name here."""
    async with world(LISTED[BOTH]) as shop:
        payment_id = shop.pay("1000.00", external=True)
        shop.sandbox.portal_capture(payment_id, Decimal("400.00"))
        shop.sandbox.portal_cancel(payment_id, Decimal("100.00"))
        shop.sandbox.portal_refund(payment_id, Decimal("100.00"))
        shop.sandbox.switches = LISTED[listed]
        payment = await shop.resurs.read(payment_id)
        amount = (payment.net if call is Call.REFUND else payment.reserved) // share
        wanted = request(call, payment, charge(amount, reference="OURS"), everything=share == 1)

        outcome = await shop.resurs.perform(wanted)

        [*_, entry] = (await shop.resurs.read(payment_id)).log
        [line] = shop.sandbox.payment(payment_id)["order"]["actionLog"][-1]["orderLines"]
    assert (outcome, entry.kind, entry.amount) == (Done(entry.id), EFFECT[call], amount)
    assert (line["reference"] == "OURS") is lines


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE, Call.REFUND])
async def test_a_part_is_never_sent_as_everything(call: Call) -> None:
    """Where only the full name is listed Resurs refuses it, and nothing moves."""
    async with world(LISTED[FULL]) as shop:
        payment_id = shop.pay("1000.00", external=True, captured=call is Call.REFUND)
        before = shop.sandbox.books(payment_id)
        assert isinstance(await shop.do(call, payment_id, 50000), Refused)
        assert shop.sandbox.books(payment_id) == before


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE])
async def test_by_lines_it_is_what_was_seen_and_not_what_is_left(call: Call) -> None:
    """Somebody took a part of it after the payment was read."""
    async with world(LISTED[PART]) as shop:
        payment_id = shop.pay("1000.00", external=True)
        shop.sandbox.portal_cancel(payment_id, Decimal("100.00"))
        payment = await shop.resurs.read(payment_id)
        shop.sandbox.portal_capture(payment_id, Decimal("300.00"))

        outcome = await shop.resurs.perform(request(call, payment, charge(90000), everything=True))

        assert isinstance(outcome, Refused)
        assert shop.sandbox.books(payment_id) == books(reserved=60000, captured=30000, cancelled=10000)


async def test_a_raise_is_found_again_by_the_reference_of_its_lines(shop: World) -> None:
    payment_id = shop.pay("800.00")
    payment = await shop.resurs.read(payment_id)
    lines = (charge(10000, reference="B" * 60), charge(2500, rate="12"))

    outcome = await shop.resurs.perform(request(Call.RAISE, payment, *lines, key="1042V1"))

    after = await shop.resurs.read(payment_id)
    entry = after.entry(EntryKind.RAISE, "1042V1")
    assert entry is not None
    assert (outcome, entry.amount) == (Done(entry.id), 12500)
    assert after.reserved == 92500
    sent = shop.sandbox.payment(payment_id)["order"]["actionLog"][-1]["orderLines"]
    assert [line["reference"] for line in sent] == ["1042V1_" + "B" * 43, "1042V1_MUGG-01"]


async def test_a_raise_beyond_the_limit_is_refused(shop: World) -> None:
    payment_id = shop.pay("800.00", approved_limit=Decimal("850.00"))

    outcome = await shop.do(Call.RAISE, payment_id, 5001, key="1042V1")

    assert outcome == Refused("The order lines exceed the approved credit limit")
    assert shop.sandbox.books(payment_id) == books(reserved=80000)


async def test_our_name_stands_where_the_key_does_not(shop: World) -> None:
    payment_id = shop.pay("800.00")
    await shop.do(Call.CAPTURE, payment_id, 50000, key="1042C50000")
    await shop.do(Call.RELEASE, payment_id, 30000, key="1042V2", everything=True)
    await shop.do(Call.REFUND, payment_id, 10000, key="1042R7")

    log = shop.sandbox.payment(payment_id)["order"]["actionLog"]

    assert [(action["transactionId"], action["creator"]) for action in log[1:]] == [
        ("1042C50000", "wc-bridge"),
        (None, "1042V2"),
        ("1042R7", "wc-bridge"),
    ]


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE, Call.REFUND])
async def test_more_than_there_is_is_refused_and_nothing_moves(shop: World, call: Call) -> None:
    payment_id = shop.pay("800.00")
    shop.sandbox.portal_capture(payment_id, Decimal("400.00"))

    outcome = await shop.do(call, payment_id, 40001)

    assert isinstance(outcome, Refused)
    assert shop.sandbox.books(payment_id) == books(reserved=40000, captured=40000)


@pytest.mark.parametrize("shape", list(FieldErrors))
async def test_a_refusal_tells_of_the_field_in_whichever_shape_it_comes(shape: FieldErrors) -> None:
    async with world(Switches(field_errors=shape, longest_transaction_id=6)) as shop:
        outcome = await shop.do(Call.CAPTURE, shop.pay(), 80000, key="1042C80000")

    assert outcome == Refused(
        "Validation failed: transactionId size must be between 0 and 6; creator size must be between 0 and 6"
    )


async def test_a_payment_that_expired_meanwhile_refuses(shop: World) -> None:
    payment_id = shop.pay()
    payment = await shop.resurs.read(payment_id)
    shop.sandbox.reject(payment_id)
    shop.clock.advance(31 * 86400)

    assert await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000))) == Refused("Access denied")


async def test_a_frozen_payment_refuses_capture(shop: World) -> None:
    payment_id = shop.pay()
    payment = await shop.resurs.read(payment_id)
    shop.sandbox.freeze(payment_id)

    outcome = await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000)))

    assert outcome == Refused("Action CAPTURE is not possible")


@pytest.mark.parametrize(
    ("amount", "lines"),
    [
        (80000, ()),
        (80000, (79999,)),
        (80000, (80001,)),
        (80000, (80000, -1)),
        (0, ()),
        (0, (100, -100)),
        (-5, (-5,)),
    ],
)
async def test_lines_that_do_not_sum_to_a_positive_amount_are_never_sent(
    shop: World, amount: int, lines: tuple[int, ...]
) -> None:
    """Without lines Resurs would take everything."""
    payment = await shop.resurs.read(shop.pay("2000.00"))
    charges = tuple(charge(line) for line in lines)

    for call in EFFECT:
        outcome = await shop.resurs.perform(request(call, payment, *charges, amount=amount))
        assert isinstance(outcome, Refused)

    assert shop.sandbox.books(payment.id) == books(reserved=200000)
    assert len([how for how, _ in shop.sandbox.faults.seen if how == "POST"]) == 1, "only the token"


async def test_a_call_that_is_not_a_providers_is_refused(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay())

    assert isinstance(await shop.resurs.perform(request(Call.RESTORE, payment, charge(1))), Refused)


@pytest.mark.parametrize("external", [False, True], ids=["by-lines", "without-lines"])
async def test_a_payment_without_currency_is_never_charged(shop: World, *, external: bool) -> None:
    payment = replace(await shop.resurs.read(shop.pay(external=external)), currency="")

    assert isinstance(await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000))), Refused)
    assert shop.sandbox.books(payment.id) == books(reserved=80000)


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_any_success_code_is_success(status: int) -> None:
    async with world(Switches(success_status=status)) as shop:
        payment_id = shop.pay()
        outcome = await shop.do(Call.CAPTURE, payment_id, 80000)

    assert isinstance(outcome, Done)
    assert shop.sandbox.books(payment_id) == books(captured=80000)


async def test_strict_matching_refuses_a_line_of_our_own(shop: World) -> None:
    """Then a refund of an amount without lines is a person's to make; nothing else moves instead."""
    shop.sandbox.switches = Switches(strict_line_match=True)
    own = Line(total=Decimal("800.00"), description="Mugg", reference="MUGG-01")
    payment_id = shop.sandbox.create_payment("1042", lines=(own,))
    shop.sandbox.portal_capture(payment_id)
    payment = await shop.resurs.read(payment_id)

    strange = await shop.resurs.perform(request(Call.REFUND, payment, charge(100, reference="refund-25")))
    known = await shop.resurs.perform(request(Call.REFUND, payment, charge(100)))

    assert isinstance(strange, Refused)
    assert isinstance(known, Done)
    assert shop.sandbox.books(payment_id) == books(captured=80000, returned=100)


async def test_a_call_is_found_by_its_key_though_reads_lag_behind(shop: World) -> None:
    """The answer of the call is fresh; a read shows it late, whole or not at all."""
    shop.sandbox.switches = Switches(stale_reads=2)
    payment_id = shop.pay()

    outcome = await shop.do(Call.CAPTURE, payment_id, 80000, key="1042C80000")

    reads = [await shop.resurs.read(payment_id) for _ in range(3)]
    assert isinstance(outcome, Done)
    assert outcome.reference != ""
    assert [read.captured for read in reads] == [0, 0, 80000]
    assert [read.entry(EntryKind.CAPTURE, "1042C80000") is None for read in reads] == [True, True, False]


async def test_a_call_whose_look_has_grown_old_is_not_made(shop: World) -> None:
    payment_id = shop.sandbox.create_payment("1042", amount=Decimal(800))
    payment = await shop.resurs.read(payment_id)
    stale = request(Call.CAPTURE, payment, charge(80000), fresh=lambda: False)
    assert isinstance(await shop.resurs.perform(stale), Later)
    assert shop.sandbox.books(payment_id).captured == 0
