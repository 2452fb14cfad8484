"""What the adapter reads from a payment, in every state that a payment can be in."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.domain.payments import Can, EntryKind, PaymentState
from bridge.errors import AccessDenied, AnswerLost, Busy, Nonsense, NotThere, Unreachable
from bridge.providers.resurs.adapter import Resurs
from bridge.providers.resurs.api import Api
from bridge.sandbox.faults import Fault
from bridge.sandbox.resurs import Line, Stamps, Switches
from tests.resurs.world import World, settings, world

WHOLE_AND_PART = {Can.CAPTURE, Can.CAPTURE_PART, Can.RELEASE, Can.RELEASE_PART}


async def test_a_reserved_payment(shop: World) -> None:
    payment_id = shop.pay("811.25", approved_limit=Decimal(5000))

    payment = await shop.resurs.read(payment_id)

    assert (payment.id, payment.reference, payment.currency) == (payment_id, "1042", "SEK")
    assert (payment.state, payment.detail) == (PaymentState.READY, "ACCEPTED")
    assert (payment.reserved, payment.captured, payment.returned, payment.limit) == (81125, 0, 0, 500000)
    assert payment.can == WHOLE_AND_PART | {Can.RAISE}
    assert [(entry.kind, entry.amount, entry.key) for entry in payment.log] == [(EntryKind.CREATE, 81125, None)]


async def test_what_people_did_in_the_portal_is_in_amounts_and_log(shop: World) -> None:
    payment_id = shop.pay("1000.00")
    shop.sandbox.portal_capture(payment_id, Decimal("600.00"), note="faktura 77")
    shop.sandbox.portal_cancel(payment_id, Decimal("150.00"))
    shop.sandbox.portal_refund(payment_id, Decimal("180.50"))

    payment = await shop.resurs.read(payment_id)

    assert (payment.reserved, payment.captured, payment.returned) == (25000, 60000, 18050)
    assert [(entry.kind, entry.amount, entry.key) for entry in payment.log] == [
        (EntryKind.CREATE, 100000, None),
        (EntryKind.CAPTURE, 60000, "faktura 77"),
        (EntryKind.RELEASE, 15000, "merchant-portal"),
        (EntryKind.RETURN, 18050, None),
    ]
    assert payment.can == WHOLE_AND_PART | {Can.REFUND, Can.REFUND_PART, Can.RAISE}


async def test_log_entries_are_told_apart_by_the_ids_of_their_actions(shop: World) -> None:
    payment_id = shop.pay("1000.00")
    shop.sandbox.portal_capture(payment_id)

    log = (await shop.resurs.read(payment_id)).log

    shown = shop.sandbox.payment(payment_id)["order"]["actionLog"]
    assert [entry.id for entry in log] == [action["actionId"] for action in shown]
    assert len({entry.id for entry in log}) == 2


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("TASK_REDIRECTION_REQUIRED", PaymentState.PENDING),
        ("INSPECTION", PaymentState.PENDING),
        ("SUPPLEMENTING_REQUIRED", PaymentState.PENDING),
        ("FROZEN", PaymentState.PENDING),
        ("SOMETHING_NEW", PaymentState.PENDING),
        ("ACCEPTED", PaymentState.READY),
        ("REJECTED", PaymentState.DEAD),
    ],
)
async def test_states_keep_the_providers_own_word(shop: World, status: str, state: PaymentState) -> None:
    payment = await shop.resurs.read(shop.pay(status=status))

    assert (payment.state, payment.detail) == (state, status)


async def test_a_frozen_payment_can_not_be_raised(shop: World) -> None:
    payment_id = shop.pay()
    shop.sandbox.freeze(payment_id)

    assert Can.RAISE not in (await shop.resurs.read(payment_id)).can


@pytest.mark.parametrize(("country", "currency"), [("SE", "SEK"), ("NO", "NOK"), ("DK", "DKK"), ("FI", "EUR")])
async def test_the_currency_follows_the_country(shop: World, country: str, currency: str) -> None:
    payment = await shop.resurs.read(shop.pay("12.34", country=country))

    assert (payment.currency, payment.reserved) == (currency, 1234)


async def test_an_external_method_has_no_limit_and_no_parts(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay(external=True))

    assert payment.limit is None
    assert payment.can == {Can.CAPTURE, Can.RELEASE}


async def test_a_payment_that_was_captured_at_once(shop: World) -> None:
    """Swish and Trustly are paid when the order is placed; no capture of ours was there."""
    payment = await shop.resurs.read(shop.pay(external=True, captured=True))

    assert (payment.reserved, payment.captured) == (0, 80000)
    assert payment.can == {Can.REFUND}


async def test_a_partial_name_is_no_full_one() -> None:
    async with world(Switches(full_action_names_stay=False)) as shop:
        payment_id = shop.pay()
        shop.sandbox.portal_capture(payment_id, Decimal("100.00"))
        shop.sandbox.portal_cancel(payment_id, Decimal("100.00"))
        shop.sandbox.portal_refund(payment_id, Decimal("50.00"))

        payment = await shop.resurs.read(payment_id)

    assert payment.can == {Can.CAPTURE_PART, Can.RELEASE_PART, Can.REFUND_PART, Can.RAISE}


async def test_a_rejected_payment_says_why(shop: World) -> None:
    payment_id = shop.pay()
    shop.sandbox.reject(payment_id, "CREDIT_DENIED")

    payment = await shop.resurs.read(payment_id)

    assert (payment.state, payment.detail) == (PaymentState.DEAD, "REJECTED: CREDIT_DENIED")


async def test_an_unknown_payment_is_gone(shop: World) -> None:
    payment = await shop.resurs.read("6d0c2a1e-4b5f-4a55-9d0e-3f0c6a2b7e11")

    assert (payment.state, payment.detail, payment.can) == (PaymentState.GONE, "404", frozenset())


@pytest.mark.parametrize("payment_id", ["", "..", "../stores", "a/b", "a?b=c", "a%2Fb", "x" * 65])
async def test_what_is_no_payment_id_is_not_asked_for(shop: World, payment_id: str) -> None:
    payment = await shop.resurs.read(payment_id)

    assert payment.state is PaymentState.GONE
    assert shop.sandbox.faults.seen == []


async def test_a_payment_rejected_long_ago_is_gone_though_the_answer_is_403(shop: World) -> None:
    payment_id = shop.pay()
    shop.sandbox.reject(payment_id)
    shop.clock.advance(30 * 86400)

    payment = await shop.resurs.read(payment_id)

    assert (payment.state, payment.detail) == (PaymentState.GONE, "403")
    assert shop.asked("POST", "/oauth2/token") == 2, "a new token was tried before it was believed"


@pytest.mark.parametrize("stamps", list(Stamps))
async def test_every_way_of_writing_a_moment_is_the_same_moment(stamps: Stamps) -> None:
    async with world(Switches(stamps=stamps)) as shop:
        payment = await shop.resurs.read(shop.pay())

    assert payment.log[0].created is not None
    assert payment.log[0].created.replace(microsecond=0) == datetime(2026, 11, 21, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.BUSY]
)
async def test_a_read_is_tried_three_times(shop: World, fault: Fault) -> None:
    payment_id = shop.pay()
    shop.sandbox.faults.plan(fault, method="GET", times=2)

    assert (await shop.resurs.read(payment_id)).reserved == 80000


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.ERROR_BEFORE, AnswerLost), (Fault.BUSY, Busy)],
)
async def test_a_read_that_fails_three_times_says_how(shop: World, fault: Fault, error: type[Exception]) -> None:
    payment_id = shop.pay()
    shop.sandbox.faults.plan(fault, method="GET", times=9)

    with pytest.raises(error):
        await shop.resurs.read(payment_id)

    assert shop.asked("GET", payment_id) == 3


async def test_a_read_that_is_never_answered_says_so(shop: World) -> None:
    """A GET on a connection that was closed while idle is repeated by aiohttp itself: up to six arrive."""
    payment_id = shop.pay()
    shop.sandbox.faults.plan(Fault.DROP_BEFORE, method="GET", times=9)

    with pytest.raises(AnswerLost):
        await shop.resurs.read(payment_id)


async def test_a_long_wait_is_not_sat_out_but_handed_on(shop: World) -> None:
    payment_id = shop.pay()
    shop.sandbox.faults.plan(Fault.BUSY, method="GET", retry_after=120)

    with pytest.raises(Busy) as caught:
        await shop.resurs.read(payment_id)

    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 120


async def test_a_page_instead_of_a_payment_is_nonsense(shop: World) -> None:
    payment_id = shop.pay()
    shop.sandbox.faults.plan(Fault.HTML_BEFORE, method="GET")

    with pytest.raises(Nonsense):
        await shop.resurs.read(payment_id)


async def test_an_answer_about_another_payment_is_nonsense(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cache in between mixes up must not be taken for this order's money."""
    asked, other = shop.pay("100.00"), shop.pay("200.00")
    accounts = shop.sandbox._payments._accounts
    monkeypatch.setitem(accounts, asked, accounts[other])

    with pytest.raises(Nonsense, match="another payment"):
        await shop.resurs.read(asked)


async def test_nobody_listens(shop: World) -> None:
    deaf = Resurs(Api(settings("http://127.0.0.1:1"), shop.resurs._api._session, now=shop.clock.now))

    with pytest.raises(Unreachable):
        await deaf.read(shop.pay())


async def test_the_store_is_told_by_name_and_country(shop: World) -> None:
    assert await shop.resurs.check() == "store Butiken (SE)"


async def test_a_store_id_of_nobody_is_named_as_what_is_wrong(shop: World) -> None:
    elsewhere = settings(shop.url, store_id="11111111-1111-4111-8111-111111111111")
    resurs = Resurs(Api(elsewhere, shop.resurs._api._session, now=shop.clock.now))

    with pytest.raises(NotThere, match="check store_id"):
        await resurs.check()


async def test_lines_that_were_given_back_show_in_the_log_with_what_was_taken(shop: World) -> None:
    """A full capture without lines is filled in by the API; a discount counts with its sign."""
    lines = (
        Line(total=Decimal("900.00"), description="Rock", reference="ROCK"),
        Line(total=Decimal("-100.00"), type="DISCOUNT", description="Rabatt", reference="discount_25"),
    )
    payment_id = shop.sandbox.create_payment("1042", lines=lines)
    shop.sandbox.portal_capture(payment_id)

    log = (await shop.resurs.read(payment_id)).log

    assert [(entry.kind, entry.amount) for entry in log] == [
        (EntryKind.CREATE, 80000),
        (EntryKind.CAPTURE, 80000),
    ]


async def test_wrong_credentials_name_the_settings_to_look_at() -> None:
    async with world(secret="of yesterday") as shop:
        with pytest.raises(AccessDenied, match="client_id, client_secret") as caught:
            await shop.resurs.read(shop.pay())

    assert "of yesterday" not in str(caught.value)
