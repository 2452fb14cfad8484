"""What the shop's staff read: amounts, outcomes, and what to do when a person is needed."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from string import Formatter

import pytest
from babel import UnknownLocaleError
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, get_currency_symbol
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bridge.domain.decisions import Facts, Hold
from bridge.domain.money import AmountError, decimals, to_major
from bridge.domain.notes import LONGEST_NOTE, done_note, hold_note, marked, money, remark_note
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.remarks import Remark, Topics
from bridge.domain.steps import EFFECT, Call, Kind, Step
from bridge.domain.wording.english import ENGLISH
from bridge.domain.wording.swedish import SWEDISH
from bridge.providers.ecster import ledger
from bridge.providers.resurs.wire import WirePayment
from tests.strategies import DAY, currencies


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (80000, "SEK", "en", "800.00 kr"),
        (80000, "SEK", "sv", "800,00 kr"),
        (80000, "SEK", "sv_SE", "800,00 kr"),
        (304500, "SEK", "sv", "3045,00 kr"),
        (123456789, "SEK", "en", "1234567.89 kr"),
        (5, "SEK", "en", "0.05 kr"),
        (0, "SEK", "sv", "0,00 kr"),
        (80000, "NOK", "sv", "800,00 kr"),
        (80000, "DKK", "en", "800.00 kr"),
        (80000, "EUR", "en", "800.00 €"),
        (80000, "EUR", "sv", "800,00 €"),
        (800, "JPY", "en", "800 ¥"),
        (800123, "KWD", "en", "800.123 KWD"),
        (800123, "IQD", "en", "800.123 IQD"),
        (800, "XOF", "en", "800 F CFA"),
    ],
)
def test_amounts_read_as_the_shop_writes_them(amount: int, currency: str, language: str, text: str) -> None:
    """ISO 4217 decides the decimals: babel would show the Iraqi dinar without any."""
    assert money(amount, currency, language) == text


@given(st.integers(0, 10**15), currencies, st.sampled_from(("en", "sv")))
def test_every_digit_stands_and_the_only_space_is_plain(amount: int, currency: str, language: str) -> None:
    figure, symbol = money(amount, currency, language).split(" ")
    assert int("".join(filter(str.isdigit, figure))) == amount
    assert not any(character.isspace() or character in "<>&;" for character in figure + symbol)


@given(st.integers(-(10**20), 10**20), currencies, st.sampled_from(sorted(locale_identifiers())))
def test_amounts_are_babels_own_in_every_language(amount: int, currency: str, language: str) -> None:
    """Babel works each one out from a pattern, for ten times as long."""
    places = decimals(currency)
    pattern = f"0.{'0' * places}" if places else "0"
    figure = format_decimal(to_major(amount, currency), format=pattern, locale=language)
    symbol = "kr" if currency in ("SEK", "NOK", "DKK") else get_currency_symbol(currency, locale=language)
    assert money(amount, currency, language) == " ".join([figure, *symbol.split()])


def test_an_unknown_currency_or_language_is_an_error() -> None:
    with pytest.raises(AmountError):
        money(1, "XXQ", "en")
    with pytest.raises(UnknownLocaleError):
        money(1, "SEK", "tlh")


ORDER = Order(
    id=1042,
    number="1042",
    status="completed",
    currency="SEK",
    total=80000,
    created=DAY,
    modified=DAY,
    paid=DAY,
    payment_method="ecster",
    transaction_id="",
    refunds=(Refund(id=1077, amount=12500, created=DAY, paid_by_shop=False),),
)
PAYMENT = Payment(
    id="p1",
    reference="1042",
    currency="SEK",
    state=PaymentState.READY,
    detail="",
    reserved=30100,
    captured=50200,
    returned=10300,
    limit=None,
    can=frozenset(),
    log=(
        Entry(id="T-1", kind=EntryKind.CAPTURE, amount=20000, key="1042C20000", created=DAY),
        Entry(id="T-2", kind=EntryKind.CAPTURE, amount=80000, key="1042C80000", created=DAY),
        Entry(id="T-3", kind=EntryKind.RETURN, amount=12500, key="1042R1077", created=DAY),
    ),
)
ALL_CAPTURED = replace(PAYMENT, reserved=0, captured=80000, returned=0)
PART_REFUNDED = replace(PAYMENT, reserved=0, captured=80000, returned=12500)
NOTHING = replace(PAYMENT, reserved=0, captured=0, returned=0)
OPEN = replace(PAYMENT, reserved=70000, captured=0, returned=0)
PENDING = replace(OPEN, state=PaymentState.PENDING, detail="FROZEN")
GONE = replace(NOTHING, state=PaymentState.GONE, detail="404", log=())
ALL_OR_NOTHING = replace(ALL_CAPTURED, can=frozenset({Can.REFUND}))
RESERVED_THEN_CAPTURED = (
    Entry(id="T-0", kind=EntryKind.CREATE, amount=80000, key=None, created=DAY),
    Entry(id="T-1", kind=EntryKind.RAISE, amount=20000, key=None, created=DAY),
    Entry(id="T-2", kind=EntryKind.RELEASE, amount=7500, key=None, created=DAY),
    Entry(id="T-3", kind=EntryKind.CAPTURE, amount=80000, key="1042C80000", created=DAY),
)
REST_CLOSED = replace(ALL_CAPTURED, log=RESERVED_THEN_CAPTURED)
REST_KEPT = replace(REST_CLOSED, reserved=12500)
REST_BEYOND_KNOWING = replace(REST_CLOSED, log=RESERVED_THEN_CAPTURED[1:])


def step(kind: Kind, call: Call, amount: int, target: int, key: str = "1042V1", **more: object) -> Step:
    plain = Step(kind=kind, call=call, key=key, amount=amount, target=target, why="a story")
    return structs.replace(plain, **more)


CAPTURE = step(Kind.CAPTURE, Call.CAPTURE, 80000, 80000, "1042C80000")
CANCEL = step(Kind.CANCEL, Call.RELEASE, 80000, 0)
REFUND = step(Kind.REFUND, Call.REFUND, 12500, 12500, "1042R1077", refund=1077)
REST = step(Kind.REFUND, Call.REFUND, 12500, 12500, "1042R0")
PART = structs.replace(REFUND, amount=10000)
LOWER = step(Kind.MODIFY, Call.RELEASE, 10000, 70000)
RAISE = step(Kind.MODIFY, Call.RAISE, 10000, 90000)
REPLACE = step(Kind.MODIFY, Call.RELEASE, 80000, 70000, "1042X1", everything=True)
RESTORE = step(Kind.RESTORE_STATUS, Call.RESTORE, 0, 0, "1042S20261121", status="completed")

OUTCOMES = [
    (
        CAPTURE,
        ALL_CAPTURED,
        "Resurs",
        "Resurs: successfully captured 800.00 kr. Now 0.00 kr is reserved and 800.00 kr captured.",
        "Resurs: 800,00 kr har debiterats. Nu är 0,00 kr reserverat och 800,00 kr debiterat.",
    ),
    (
        CANCEL,
        NOTHING,
        "Resurs",
        "Resurs: successfully cancelled 800.00 kr. Now 0.00 kr is reserved and 0.00 kr captured.",
        "Resurs: 800,00 kr har annullerats. Nu är 0,00 kr reserverat och 0,00 kr debiterat.",
    ),
    (
        REFUND,
        PART_REFUNDED,
        "Resurs",
        (
            "Resurs: successfully refunded 125.00 kr (refund 1077). "
            "Now 0.00 kr is reserved and 675.00 kr captured after refunds."
        ),
        (
            "Resurs: 125,00 kr har återbetalats (återbetalning 1077). "
            "Nu är 0,00 kr reserverat och 675,00 kr debiterat efter återbetalningar."
        ),
    ),
    (
        PART,
        None,
        "Resurs",
        "Resurs: successfully refunded 100.00 kr (a part of refund 1077 of 125.00 kr).",
        "Resurs: 100,00 kr har återbetalats (en del av återbetalning 1077 på 125,00 kr).",
    ),
    (
        REST,
        None,
        "Resurs",
        "Resurs: successfully refunded 125.00 kr (the rest of the order).",
        "Resurs: 125,00 kr har återbetalats (resten av ordern).",
    ),
    (
        LOWER,
        OPEN,
        "Resurs",
        (
            "Resurs: successfully updated payment to 700.00 kr reserved (100.00 kr released). "
            "Now 700.00 kr is reserved and 0.00 kr captured."
        ),
        (
            "Resurs: betalningen har uppdaterats till 700,00 kr reserverat (100,00 kr annullerat). "
            "Nu är 700,00 kr reserverat och 0,00 kr debiterat."
        ),
    ),
    (
        RAISE,
        None,
        "Resurs",
        "Resurs: successfully updated payment to 900.00 kr reserved (100.00 kr added).",
        "Resurs: betalningen har uppdaterats till 900,00 kr reserverat (100,00 kr tillagt).",
    ),
    (
        REPLACE,
        NOTHING,
        "Resurs",
        (
            "Resurs: the reservation of 800.00 kr was cancelled, to be replaced by one of 700.00 kr. "
            "Do not ship before the new one is there. Now 0.00 kr is reserved and 0.00 kr captured."
        ),
        (
            "Resurs: reservationen på 800,00 kr har annullerats för att ersättas av en på 700,00 kr. "
            "Skicka inte varorna förrän den nya finns. Nu är 0,00 kr reserverat och 0,00 kr debiterat."
        ),
    ),
    *[
        (
            structs.replace(CANCEL, amount=12500),
            ALL_CAPTURED,
            provider,
            (
                f"{provider}: what was left after the capture, 125.00 kr, was released and is never charged. "
                "Now 0.00 kr is reserved and 800.00 kr captured."
            ),
            (
                f"{provider}: det som fanns kvar efter debiteringen, 125,00 kr, har annullerats och debiteras "
                "aldrig. Nu är 0,00 kr reserverat och 800,00 kr debiterat."
            ),
        )
        for provider in ("Resurs", "Ecster")
    ],
    (
        CAPTURE,
        ALL_CAPTURED,
        "Ecster",
        (
            "Ecster payment debited, transaction T-2. Amount: 800.00 kr. "
            "Now 0.00 kr is reserved and 800.00 kr captured."
        ),
        (
            "Ecster payment debited, transaction T-2. Belopp: 800,00 kr. "
            "Nu är 0,00 kr reserverat och 800,00 kr debiterat."
        ),
    ),
    (
        CAPTURE,
        REST_CLOSED,
        "Ecster",
        (
            "Ecster payment debited, transaction T-3. Amount: 800.00 kr. The rest, 125.00 kr, was released and is "
            "never charged. Now 0.00 kr is reserved and 800.00 kr captured."
        ),
        (
            "Ecster payment debited, transaction T-3. Belopp: 800,00 kr. Resten, 125,00 kr, har annullerats och "
            "debiteras aldrig. Nu är 0,00 kr reserverat och 800,00 kr debiterat."
        ),
    ),
    (
        CAPTURE,
        None,
        "Ecster",
        "Ecster payment debited. Amount: 800.00 kr.",
        "Ecster payment debited. Belopp: 800,00 kr.",
    ),
    (
        CANCEL,
        NOTHING,
        "Ecster",
        (
            "Ecster payment was successfully cancelled. Amount: 800.00 kr. "
            "Now 0.00 kr is reserved and 0.00 kr captured."
        ),
        (
            "Ecster payment was successfully cancelled. Belopp: 800,00 kr. "
            "Nu är 0,00 kr reserverat och 0,00 kr debiterat."
        ),
    ),
    (
        REFUND,
        PART_REFUNDED,
        "Ecster",
        (
            "Ecster order credited with 125.00 kr for refund 1077, transaction T-3. "
            "Now 0.00 kr is reserved and 675.00 kr captured after refunds."
        ),
        (
            "Ecster order credited with 125,00 kr for refund 1077, transaction T-3. "
            "Nu är 0,00 kr reserverat och 675,00 kr debiterat efter återbetalningar."
        ),
    ),
    (
        PART,
        None,
        "Ecster",
        "Ecster order credited with 100.00 kr for a part of refund 1077 of 125.00 kr.",
        "Ecster order credited with 100,00 kr for a part of refund 1077 of 125,00 kr.",
    ),
    (
        structs.replace(REFUND, amount=12600),
        None,
        "Ecster",
        "Ecster order credited with 126.00 kr for refund 1077.",
        "Ecster order credited with 126,00 kr for refund 1077.",
    ),
    (
        REST,
        None,
        "Ecster",
        "Ecster order credited with 125.00 kr.",
        "Ecster order credited with 125,00 kr.",
    ),
    (
        RESTORE,
        ALL_CAPTURED,
        "Ecster",
        (
            "The order was put back to “Completed”: it is closed, and another status moves no money at Ecster. "
            "To change it, make a refund or a new order."
        ),
        (
            "Ordern har satts tillbaka till ”Färdigbehandlad”: den är avslutad, och en annan status flyttar inga "
            "pengar hos Ecster. Gör en återbetalning eller en ny order om något ska ändras."
        ),
    ),
]


@pytest.mark.parametrize(("done", "payment", "provider", "english", "swedish"), OUTCOMES)
def test_an_outcome_reads_as_staff_know_it(
    done: Step, payment: Payment | None, provider: str, english: str, swedish: str
) -> None:
    entry = payment.entry(EFFECT[done.call], done.key) if payment and done.call in EFFECT else None
    reference = entry.id if entry else ""
    assert done_note(done, ORDER, payment, provider, "en", reference) == english
    assert done_note(done, ORDER, payment, provider, "sv", reference) == swedish


def test_every_kind_of_step_is_tried() -> None:
    assert {done.kind for done, *_ in OUTCOMES} == set(Kind)


@pytest.mark.parametrize("payment", [REST_KEPT, REST_BEYOND_KNOWING, ALL_CAPTURED])
def test_no_rest_is_said_to_be_released_that_is_reserved_or_not_known(payment: Payment) -> None:
    note = done_note(CAPTURE, ORDER, payment, "Ecster", "en")
    assert "released" not in note


@pytest.mark.parametrize(
    "payment", [replace(REST_CLOSED, state=PaymentState.GONE), replace(REST_CLOSED, currency="?"), None]
)
def test_no_amounts_are_told_of_a_payment_whose_amounts_are_not_known(payment: Payment | None) -> None:
    assert done_note(CAPTURE, ORDER, payment, "Resurs", "en") == "Resurs: successfully captured 800.00 kr."
    note = hold_note(Hold(Reason.NO_MONEY, {"asked": 80000}), ORDER, payment, "Resurs", "en")
    assert "Resurs shows no amounts for the payment." in note
    assert re.findall(r"[\d.]+ kr", note) == ["800.00 kr"]


@pytest.mark.parametrize("language", ["tlh", "", "de_DE", "en-GB", "svenska"])
def test_an_unknown_language_gets_english(language: str) -> None:
    assert done_note(CAPTURE, ORDER, None, "Resurs", language).startswith("Resurs: successfully captured")


@pytest.mark.parametrize("language", ["sv", "sv_SE", "sv-SE", "SV"])
def test_a_swedish_locale_gets_swedish(language: str) -> None:
    assert done_note(CAPTURE, ORDER, None, "Resurs", language) == "Resurs: 800,00 kr har debiterats."


HELD: Mapping[Reason, tuple[Facts, Step | None]] = {
    Reason.NO_MONEY: ({"asked": 80000, "reserved": 0, "limit": 90000}, None),
    Reason.LESS_RESERVED: (
        {"asked": 40000, "reserved": 30100, "limit": 90000},
        structs.replace(CAPTURE, amount=30100),
    ),
    Reason.MORE_RESERVED: ({"asked": 20000, "reserved": 30100}, LOWER),
    Reason.CANNOT_CHANGE: ({"asked": 20000, "reserved": 30100}, None),
    Reason.UNDERPAID: ({"asked": 50000, "paid": 39900}, None),
    Reason.OVERPAID: ({"asked": 20000, "paid": 39900}, None),
    Reason.CANCELLED_BUT_CAPTURED: ({"paid": 39900}, None),
    Reason.REFUNDED_NOT_ALL: (
        {"asked": 20000, "paid": 39900, "reserved": 30100},
        structs.replace(CANCEL, amount=30100),
    ),
    Reason.REFUND_TOO_LARGE: ({"amount": 12500, "left": 2500}, structs.replace(REFUND, amount=2500)),
    Reason.CANNOT_REFUND: ({"amount": 12500, "paid": 39900}, REFUND),
    Reason.SHOP_SAYS_PAID: ({"amount": 12500}, REFUND),
    Reason.OLD_REFUND: ({"amount": 12500}, REFUND),
    Reason.UNMATCHED_RETURN: ({"amount": 12500}, None),
    Reason.PENDING_LONG: ({"detail": "FROZEN"}, None),
    Reason.NOT_SHOWN: ({"detail": "404"}, None),
    Reason.UNPAID_BUT_RESERVED: ({"reserved": 30100, "paid": 39900}, None),
    Reason.TRASHED: ({"reserved": 30100}, None),
    Reason.DOUBT_CURRENCY: ({"currency": "SEK", "payment_currency": "NOK"}, None),
    Reason.DOUBT_OWNER: ({"reference": "1043"}, None),
    Reason.DOUBT_ID: ({"payment_id": "too long to be a payment id (70 characters)"}, None),
    Reason.REFUSED: ({"said": "The order is locked"}, CAPTURE),
    Reason.OTHER_AMOUNT: ({"amount": 80000, "done": 79900}, CAPTURE),
    Reason.NOT_SEEN: ({"amount": 80000}, CAPTURE),
    Reason.RESTORED: ({"amount": 80000}, CAPTURE),
    Reason.BASELINE_RESERVED: ({"asked": 80000, "reserved": 30100}, None),
}
"""The facts of `Reason`'s own docstrings, with the step that such a hold has."""

SEEN: Mapping[Reason, Payment] = {Reason.NOT_SHOWN: GONE, Reason.PENDING_LONG: PENDING, Reason.NO_MONEY: NOTHING}
"""What such a hold's payment is like, where it is not like `PAYMENT`."""

UNSAID = {
    Reason.NO_MONEY: {"reserved"},
    Reason.REFUNDED_NOT_ALL: {"paid", "reserved"},
    Reason.DOUBT_ID: {"payment_id"},
}
"""Facts that the second sentence tells instead, from the payment; and one that only the administrator needs."""

HOLDS = [
    *((Hold(reason, facts, held), SEEN.get(reason, PAYMENT)) for reason, (facts, held) in HELD.items()),
    (Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "limit": 90000}, RAISE), NOTHING),
    (Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "detail": "403"}), GONE),
    (Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "detail": "REJECTED: CREDIT_DENIED"}), NOTHING),
    (Hold(Reason.LESS_RESERVED, {"asked": 40000, "reserved": 30100}, RAISE), PAYMENT),
    (Hold(Reason.LESS_RESERVED, {"asked": 40000, "reserved": 30100}), PAYMENT),
    (Hold(Reason.MORE_RESERVED, {"asked": 20000, "reserved": 30100}), PAYMENT),
    (Hold(Reason.MORE_RESERVED, {"asked": 70000, "reserved": 80000}, REPLACE), PAYMENT),
    (Hold(Reason.REFUNDED_NOT_ALL, {"asked": 20000, "paid": 39900, "reserved": 0}, REST), PAYMENT),
    (Hold(Reason.REFUNDED_NOT_ALL, {"asked": 20000, "paid": 39900, "reserved": 30100}), PAYMENT),
    (Hold(Reason.CANNOT_REFUND, {"amount": 12500, "paid": 80000}, REFUND), ALL_OR_NOTHING),
    (Hold(Reason.PENDING_LONG, {"detail": "BLOCKED"}), replace(PENDING, captured=10000)),
    (Hold(Reason.PENDING_LONG, {"detail": "BLOCKED"}), replace(PENDING, captured=80000, reserved=0)),
    (Hold(Reason.NOT_SHOWN, {}), OPEN),
    (Hold(Reason.DOUBT_OWNER, {}), PAYMENT),
    (Hold(Reason.REFUSED, {"said": "The order is locked"}, RESTORE), PAYMENT),
    (Hold(Reason.REFUSED, {"said": "The order is locked"}, REPLACE), PAYMENT),
]


def test_every_reason_is_tried() -> None:
    assert HELD.keys() == set(Reason)


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize(("hold", "payment"), HOLDS)
def test_a_hold_is_three_sentences_with_its_figures(hold: Hold, payment: Payment, language: str) -> None:
    note = hold_note(hold, ORDER, payment, "Resurs", language)
    happened, shows, advice = re.split(r"(?<=\.) ", note)
    assert all(len(sentence) < 160 for sentence in (happened, shows, advice))
    assert all(not sentence[0].islower() for sentence in (happened, shows, advice))
    assert not re.search(r"[<>&{}?\n]", note)
    if payment is not GONE:
        for figure in (payment.reserved, payment.captured, payment.returned):
            assert money(figure, "SEK", language) in shows
    for name, value in hold.facts.items():
        if name not in UNSAID.get(Reason(hold.reason), set()):
            assert (money(value, "SEK", language) if isinstance(value, int) else value) in note


@pytest.mark.parametrize("reason", Reason)
def test_no_sentence_of_a_hold_is_left_in_the_other_language(reason: Reason) -> None:
    hold, payment = Hold(reason, *HELD[reason]), SEEN.get(reason, PAYMENT)
    pair = (hold_note(hold, ORDER, payment, "Resurs", language) for language in ("en", "sv"))
    english, swedish = (set(re.split(r"(?<=\.) ", note)) for note in pair)
    assert not english & swedish


IN_FULL = [
    (
        Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "limit": 90000}),
        NOTHING,
        (
            "No money is secured for this order, which asks for 800.00 kr. "
            "Resurs shows 0.00 kr reserved, 0.00 kr captured and 0.00 kr refunded, with a limit of 900.00 kr. "
            "Do not ship before the customer has paid in another way; else cancel the order."
        ),
        (
            "Inga pengar är säkrade för ordern, där 800,00 kr ska debiteras. "
            "Resurs visar 0,00 kr reserverat, 0,00 kr debiterat och 0,00 kr återbetalat, "
            "med en gräns på 900,00 kr. "
            "Skicka inte varorna förrän kunden har betalat på annat sätt; avbryt annars ordern."
        ),
    ),
    (
        Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "detail": "REJECTED: CREDIT_DENIED"}),
        None,
        (
            "No money is secured for this order, which asks for 800.00 kr: the credit was denied "
            "(REJECTED: CREDIT_DENIED). Resurs shows no amounts for the payment. "
            "Do not ship before the customer has paid in another way; else cancel the order."
        ),
        (
            "Inga pengar är säkrade för ordern, där 800,00 kr ska debiteras: krediten nekades "
            "(REJECTED: CREDIT_DENIED). Resurs visar inga belopp för betalningen. "
            "Skicka inte varorna förrän kunden har betalat på annat sätt; avbryt annars ordern."
        ),
    ),
    (
        Hold(Reason.LESS_RESERVED, *HELD[Reason.LESS_RESERVED]),
        PAYMENT,
        (
            "400.00 kr of the order is still to be captured, but only 301.00 kr is reserved. "
            "Resurs shows 301.00 kr reserved, 502.00 kr captured and 103.00 kr refunded, "
            "with a limit of 900.00 kr. Do not ship yet: lower the order's total by 99.00 kr, "
            "or ask the administrator to approve a capture of 301.00 kr."
        ),
        (
            "400,00 kr av ordern återstår att debitera, men bara 301,00 kr är reserverat. "
            "Resurs visar 301,00 kr reserverat, 502,00 kr debiterat och 103,00 kr återbetalat, "
            "med en gräns på 900,00 kr. Skicka inte varorna än: sänk orderns summa med 99,00 kr, "
            "eller be administratören godkänna en debitering av 301,00 kr."
        ),
    ),
    (
        Hold(Reason.MORE_RESERVED, {"asked": 70000, "reserved": 80000}, REPLACE),
        None,
        (
            "800.00 kr is reserved, but only 700.00 kr of the order is still to be captured. "
            "Resurs shows no amounts for the payment. Correct the order's total if it is wrong, else ask the "
            "administrator to approve a replacement of the reservation of 800.00 kr by one of 700.00 kr."
        ),
        (
            "800,00 kr är reserverat, men bara 700,00 kr av ordern återstår att debitera. "
            "Resurs visar inga belopp för betalningen. Rätta orderns summa om den är fel, annars be "
            "administratören godkänna ett byte av reservationen på 800,00 kr mot en på 700,00 kr."
        ),
    ),
    (
        Hold(Reason.OVERPAID, *HELD[Reason.OVERPAID]),
        PAYMENT,
        (
            "The customer is charged 399.00 kr, but the order asks for only 200.00 kr. "
            "Resurs shows 301.00 kr reserved, 502.00 kr captured and 103.00 kr refunded. "
            "Set the order's total to 999.00 kr, then make a refund of 199.00 kr in the shop."
        ),
        (
            "Kunden har debiterats 399,00 kr, men ska enligt ordern bara betala 200,00 kr. "
            "Resurs visar 301,00 kr reserverat, 502,00 kr debiterat och 103,00 kr återbetalat. "
            "Sätt orderns summa till 999,00 kr och gör sedan en återbetalning på 199,00 kr i butiken."
        ),
    ),
    (
        Hold(Reason.CANNOT_REFUND, {"amount": 12500, "paid": 80000}, REFUND),
        None,
        (
            "The customer has paid 800.00 kr, but Resurs takes no refund of 125.00 kr on this payment. "
            "Resurs shows no amounts for the payment. Make refund 1077 in the Resurs portal (it is then "
            "recognised here), or pay it in another way and tell the administrator."
        ),
        (
            "Kunden har betalat 800,00 kr, men Resurs tillåter ingen återbetalning på 125,00 kr av betalningen. "
            "Resurs visar inga belopp för betalningen. Gör återbetalning 1077 i portalen hos Resurs (den känns då "
            "igen här), eller betala på annat sätt och säg till administratören."
        ),
    ),
    (
        Hold(Reason.CANNOT_REFUND, {"amount": 12500, "paid": 80000}, REFUND),
        ALL_OR_NOTHING,
        (
            "Resurs takes no refund of 125.00 kr on this payment, only one of all that is paid, 800.00 kr. "
            "Resurs shows 0.00 kr reserved, 800.00 kr captured and 0.00 kr refunded. Make refund 1077 in the "
            "Resurs portal (it is then recognised here), or delete it and make one of 800.00 kr."
        ),
        (
            "Resurs tillåter ingen återbetalning på 125,00 kr av betalningen, bara en på hela beloppet 800,00 kr. "
            "Resurs visar 0,00 kr reserverat, 800,00 kr debiterat och 0,00 kr återbetalat. Gör återbetalning 1077 "
            "i portalen hos Resurs (den känns då igen här), eller ta bort den och gör en på 800,00 kr."
        ),
    ),
    (
        Hold(Reason.PENDING_LONG, {"detail": "SWISH_REFUND_ONGOING"}),
        replace(ALL_CAPTURED, state=PaymentState.PENDING),
        (
            "The payment is still not final at Resurs: a Swish refund is on its way. "
            "Resurs shows 0.00 kr reserved, 800.00 kr captured and 0.00 kr refunded. "
            "Ask Resurs what is missing, and refund nothing in its portal before you know."
        ),
        (
            "Betalningen är fortfarande inte klar hos Resurs: en återbetalning med Swish är på väg. "
            "Resurs visar 0,00 kr reserverat, 800,00 kr debiterat och 0,00 kr återbetalat. "
            "Fråga Resurs vad som saknas, och återbetala inget i portalen innan du vet det."
        ),
    ),
    (
        Hold(Reason.NOT_SHOWN, {"detail": "ACCEPTED"}),
        OPEN,
        (
            "Resurs shows an older state of the payment than it did before. "
            "Resurs shows 700.00 kr reserved, 0.00 kr captured and 0.00 kr refunded. Do not ship or refund: look "
            "in the Resurs portal how it really stands, and tell the administrator."
        ),
        (
            "Resurs visar ett äldre läge för betalningen än förut. "
            "Resurs visar 700,00 kr reserverat, 0,00 kr debiterat och 0,00 kr återbetalat. Skicka eller "
            "återbetala inget: se i portalen hos Resurs hur det är, och säg till administratören."
        ),
    ),
    (
        Hold(Reason.DOUBT_CURRENCY, {"currency": "SEK", "payment_currency": "?"}),
        None,
        (
            "The order is in SEK, but its payment is in an unknown currency. "
            "Resurs shows no amounts for the payment. "
            "Do not ship before the administrator has checked the order; no money is moved until then."
        ),
        (
            "Ordern är i SEK, men betalningen är i en okänd valuta. "
            "Resurs visar inga belopp för betalningen. Skicka inte varorna innan administratören har kontrollerat "
            "ordern; inga pengar flyttas dessförinnan."
        ),
    ),
    (
        Hold(Reason.DOUBT_OWNER, {"reference": ""}),
        None,
        (
            "The payment of this order does not say which order it belongs to. "
            "Resurs shows no amounts for the payment. "
            "Do not ship before the administrator has checked that it belongs to this one."
        ),
        (
            "Betalningen för ordern anger inte vilken order den hör till. "
            "Resurs visar inga belopp för betalningen. "
            "Skicka inte varorna innan administratören har kontrollerat att den hör till den här."
        ),
    ),
    (
        Hold(Reason.REFUSED, *HELD[Reason.REFUSED]),
        OPEN,
        (
            "Resurs refused a capture of 800.00 kr: “The order is locked”. "
            "Resurs shows 700.00 kr reserved, 0.00 kr captured and 0.00 kr refunded. "
            "Do it in the Resurs portal, or ask the administrator to try again; ship only what is captured."
        ),
        (
            "Resurs nekade en debitering av 800,00 kr: ”The order is locked”. "
            "Resurs visar 700,00 kr reserverat, 0,00 kr debiterat och 0,00 kr återbetalat. "
            "Gör det i portalen hos Resurs, eller be administratören försöka igen; "
            "skicka bara det som är debiterat."
        ),
    ),
    (
        Hold(Reason.OTHER_AMOUNT, {"amount": 12500, "done": 12400}, REFUND),
        None,
        (
            "A refund of 125.00 kr was sent to Resurs, but its books show 124.00 kr instead. "
            "Resurs shows no amounts for the payment. Do nothing more with the order before the administrator has "
            "asked Resurs, and approved that the rest is done, or dropped it."
        ),
        (
            "En återbetalning av 125,00 kr skickades till Resurs, men där syns 124,00 kr i stället. "
            "Resurs visar inga belopp för betalningen. Gör inget mer med ordern innan administratören har frågat "
            "Resurs, och godkänt att resten görs eller strukit den."
        ),
    ),
    (
        Hold(Reason.NOT_SEEN, {"amount": 12500}, REFUND),
        ALL_CAPTURED,
        (
            "A refund of 125.00 kr was sent to Resurs, but its books do not show whether it was done. "
            "Resurs shows 0.00 kr reserved, 800.00 kr captured and 0.00 kr refunded. "
            "Do nothing more with the order, here or in the portal, before the administrator has found out."
        ),
        (
            "En återbetalning av 125,00 kr skickades till Resurs, men där syns inte om det har skett. "
            "Resurs visar 0,00 kr reserverat, 800,00 kr debiterat och 0,00 kr återbetalat. "
            "Gör inget mer med ordern, varken här eller i portalen, innan administratören har tagit reda på det."
        ),
    ),
]


@pytest.mark.parametrize(("hold", "payment", "english", "swedish"), IN_FULL)
def test_a_hold_says_what_to_do_with_figures_that_add_up(
    hold: Hold, payment: Payment | None, english: str, swedish: str
) -> None:
    assert hold_note(hold, ORDER, payment, "Resurs", "en") == english
    assert hold_note(hold, ORDER, payment, "Resurs", "sv") == swedish


def test_a_status_is_refused_by_the_shop_and_not_by_the_provider() -> None:
    hold = Hold(Reason.REFUSED, {"said": "invalid status"}, RESTORE)
    note = hold_note(hold, ORDER, PAYMENT, "Resurs", "en")
    assert note.startswith("The shop refused a return to the status “Completed”: “invalid status”.")
    assert note.endswith("Set the status by hand; it moves no money at Resurs.")


@pytest.mark.parametrize(("reserved", "warned"), [(70000, True), (0, False)])
def test_nobody_is_warned_of_shipping_what_is_paid(reserved: int, warned: bool) -> None:
    hold = Hold(Reason.PENDING_LONG, {"detail": "BLOCKED"})
    note = hold_note(hold, ORDER, replace(PENDING, captured=10000, reserved=reserved), "Ecster", "en")
    assert ("Do not ship" in note) is warned


def test_the_payment_is_told_in_its_own_currency() -> None:
    hold = Hold(Reason.DOUBT_CURRENCY, {"currency": "SEK", "payment_currency": "EUR"})
    note = hold_note(hold, ORDER, replace(PAYMENT, currency="EUR"), "Resurs", "en")
    assert "301.00 € reserved" in note
    assert "kr" not in note


REMARKS: Mapping[Topics, tuple[Facts, str, str]] = {
    Topics.ADOPTED: (
        {"refund": 1077, "amount": 12500},
        "Resurs had already refunded 125.00 kr: refund 1077 is not paid again.",
        "Resurs hade redan återbetalat 125,00 kr: återbetalning 1077 betalas inte igen.",
    ),
    Topics.SET_BACK: (
        {"before": "completed", "after": "on-hold"},
        (
            "The order was set back from “Completed” to “On hold”, which moves no money at Resurs: what is "
            "captured stays captured, and is not captured again. To give money back, make a refund in the shop."
        ),
        (
            "Ordern sattes tillbaka från ”Färdigbehandlad” till ”Pausad”, vilket inte flyttar några pengar "
            "hos Resurs: det som är debiterat förblir debiterat och debiteras inte igen. "
            "Gör en återbetalning i butiken om kunden ska få tillbaka pengar."
        ),
    ),
    Topics.VOIDED_SET_BACK: (
        {"before": "cancelled", "after": "pending"},
        (
            "The order was set back from “Cancelled” to “Pending payment”, but its payment is cancelled or "
            "refunded: no money is reserved any more. Do not ship anything before the customer has paid again."
        ),
        (
            "Ordern sattes tillbaka från ”Avbruten” till ”Inväntar betalning”, men dess betalning är annullerad "
            "eller återbetald: inga pengar är reserverade längre. "
            "Skicka ingenting förrän kunden har betalat på nytt."
        ),
    ),
    Topics.PENDING: (
        {"detail": "FROZEN"},
        (
            "The payment is not final at Resurs yet: it is held by the fraud control (FROZEN). "
            "Do not ship; there is nothing else to do, as wc-bridge waits for it."
        ),
        (
            "Betalningen är inte klar hos Resurs än: den är spärrad av bedrägerikontrollen (FROZEN). "
            "Skicka inte varorna; du behöver inte göra något annat, eftersom wc-bridge väntar på den."
        ),
    ),
    Topics.WILL_PAY: (
        {"refund": 1077, "amount": 12500},
        ("wc-bridge is going to pay refund 1077 of 125.00 kr at Resurs. Do not pay it in the Resurs portal."),
        (
            "wc-bridge betalar ut återbetalning 1077 på 125,00 kr hos Resurs. "
            "Betala inte ut den i portalen hos Resurs."
        ),
    ),
    Topics.BEHIND: (
        {"refund": 1077, "amount": 12500},
        (
            "Refund 1077 of 125.00 kr is not paid yet: it waits for what another note on this order asks for. "
            "See to that first, and do not pay the refund in the Resurs portal."
        ),
        (
            "Återbetalning 1077 på 125,00 kr är inte utbetald än: den väntar på det som en annan anteckning på "
            "ordern ber om. Ordna det först, och betala inte ut den i portalen hos Resurs."
        ),
    ),
    Topics.RECORDED: (
        {"asked": 68625, "reserved": 81125, "status": "completed"},
        (
            "Resurs can't lower a reservation. When the order is set to “Completed”, 686.25 kr is captured; "
            "the rest, 125.00 kr, is then released and never charged. There is nothing else to do."
        ),
        (
            "Resurs kan inte sänka en reservation. När ordern får status ”Färdigbehandlad” debiteras 686,25 kr; "
            "resten, 125,00 kr, annulleras då och debiteras aldrig. Du behöver inte göra något annat."
        ),
    ),
    Topics.RECORDED_NO_MORE: (
        {"asked": 81125, "status": "shipped"},
        (
            "The order asks for all that is reserved again: 811.25 kr is captured when the order is set to "
            "“shipped”."
        ),
        "Ordern kräver åter allt som är reserverat: 811,25 kr debiteras när den får status ”shipped”.",
    ),
    Topics.FINAL: (
        {"reserved": 81125},
        (
            "The payment is final at Resurs now: 811.25 kr is reserved, and not captured yet. "
            "You can go on with the order as usual."
        ),
        (
            "Betalningen är nu klar hos Resurs: 811,25 kr är reserverat, men inte debiterat än. "
            "Du kan fortsätta med ordern som vanligt."
        ),
    ),
    Topics.MET: (
        {"refund": 1077, "amount": 12500},
        (
            "Refund 1077: 125.00 kr of the order is never charged, so there is nothing to pay back. "
            "Do not pay it in the Resurs portal."
        ),
        (
            "Återbetalning 1077: 125,00 kr av ordern debiteras aldrig, så det finns inget att betala tillbaka. "
            "Betala inte ut den i portalen hos Resurs."
        ),
    ),
    Topics.NOT_REPLACED: (
        {},
        "The order asks for nothing any more: no new reservation is made at Resurs.",
        "Ordern kräver inga pengar längre: ingen ny reservation görs hos Resurs.",
    ),
    Topics.CLEARED: (
        {},
        "What needed a person on this order is settled. You can go on with it as usual.",
        "Det som krävde en åtgärd på ordern är löst. Du kan fortsätta med den som vanligt.",
    ),
}


@pytest.mark.parametrize("topic", Topics)
def test_a_remark_tells_what_happened_and_what_it_means(topic: Topics) -> None:
    facts, english, swedish = REMARKS[topic]
    assert remark_note(Remark(topic, facts), ORDER, "Resurs", "en") == english
    assert remark_note(Remark(topic, facts), ORDER, "Resurs", "sv") == swedish


REJECTIONS = (
    "UNKNOWN",
    "TECHNICAL_ERROR",
    "CREDIT_DENIED",
    "PAYMENT_FROZEN",
    "TIMEOUT",
    "ABORTED_BY_CUSTOMER",
    "INSUFFICIENT_FUNDS",
    "CANCELED",
)
STATES = (
    *("FROZEN", "INSPECTION", "SUPPLEMENTING_REQUIRED", "TASK_REDIRECTION_REQUIRED", "REJECTED"),
    *(f"REJECTED: {category}" for category in REJECTIONS),
    "REJECTED: CREDIT_DENIED, without an order",
    *("PENDING_PAYMENT", "PENDING_DECISION", "PENDING_SIGNATURE", "PENDING_PROCESSING", "MANUAL_PROCESSING"),
    *("AWAITING_CONTRACT", "BLOCKED", *sorted(ledger.ENDED), "403", "404"),
)
"""What the adapters say of a payment that is not final, dead or not shown."""


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("state", STATES)
def test_a_provider_s_word_is_explained_and_stands_beside_it_for_its_support(state: str, language: str) -> None:
    note = remark_note(Remark(Topics.PENDING, {"detail": state}), ORDER, "Resurs", language)
    assert re.search(rf": ([a-zåäö]+,? ){{2,}}\({state}\)\. ", note)


def test_every_rejection_has_words_of_its_own() -> None:
    for words in (ENGLISH, SWEDISH):
        said = [words.states[word] for word in ("REJECTED", *REJECTIONS)]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    "finding",
    [
        ledger.SWISH_RUNNING,
        ledger.SWISH_NOT_BOOKED,
        ledger.gone("x").detail,
        WirePayment(id="x", status="ACCEPTED").payment().detail,
        "not a payment id",
    ],
)
def test_a_word_that_no_provider_knows_is_explained_and_not_shown(finding: str) -> None:
    for language in ("en", "sv"):
        note = remark_note(Remark(Topics.PENDING, {"detail": finding}), ORDER, "Ecster", language)
        assert re.search(r"Ecster (yet|än): [^.()]{10,}\. ", note)
        assert finding not in note


@given(st.from_regex(r"[A-Z][A-Z_]{0,30}", fullmatch=True), st.sampled_from(("en", "sv")))
def test_an_unknown_word_stands_as_it_is(word: str, language: str) -> None:
    note = remark_note(Remark(Topics.PENDING, {"detail": f"NEW_{word}"}), ORDER, "Resurs", language)
    assert re.search(rf"Resurs (yet|än) \(NEW_{word}\)\. ", note)


def test_both_languages_say_the_same_things() -> None:
    """Every sentence is there in both, and is filled with the same facts."""
    templates = [dict(_templates(asdict(words))) for words in (ENGLISH, SWEDISH)]
    assert templates[0] == templates[1]
    for words in (ENGLISH, SWEDISH):
        complete = (set(words.attention), set(words.remarks), set(words.steps))
        assert complete == (set(Reason), set(Topics), set(Call))


def _templates(found: object, path: str = "") -> list[tuple[str, set[str | None]]]:
    if isinstance(found, Mapping):
        return [pair for key, value in found.items() for pair in _templates(value, f"{path}/{key}")]
    return [(path, {name for _, name, _, _ in Formatter().parse(str(found))})]


@given(st.text(max_size=3000) | st.text("wftp:/.@ <a1", max_size=60), st.sampled_from(("en", "sv")))
def test_hostile_text_is_only_text(text: str, language: str) -> None:
    """Whatever a provider or a store says, a note stays one line of plain text that ends with its mark."""
    payment = replace(PAYMENT, log=(replace(PAYMENT.log[1], id=text),))
    notes = [
        hold_note(Hold(Reason.REFUSED, {"said": text}, CAPTURE), ORDER, payment, text, language),
        hold_note(Hold(Reason.DOUBT_OWNER, {"reference": text}), ORDER, None, "Resurs", language),
        hold_note(Hold(Reason.NOT_SHOWN, {"detail": text}), ORDER, None, "Resurs", language),
        hold_note(Hold(Reason.NO_MONEY, {"detail": f"REJECTED: {text}"}), ORDER, None, "Resurs", language),
        hold_note(Hold(Reason.DOUBT_CURRENCY, {"payment_currency": text}), ORDER, None, "Resurs", language),
        done_note(CAPTURE, ORDER, payment, "Ecster", language),
        done_note(structs.replace(RESTORE, status=text), ORDER, None, "Resurs", language),
        remark_note(Remark(Topics.SET_BACK, {"before": text, "after": text}), ORDER, "Resurs", language),
    ]
    for note in (marked(note, "1042C80000") for note in notes):
        assert note.endswith(" (wc-bridge 1042C80000)")
        assert len(note) <= LONGEST_NOTE
        assert note.isprintable()
        assert not set(note) & set("<>&")
        assert not re.search(r"(://|@|\b(www|ftp)\.)[a-z0-9]", note, re.IGNORECASE)
        note.encode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<b>No</b> & <script>", "“‹b›No‹/b› and ‹script›”"),
        ("line\r\none\u2028two\x00\x1b[31m\u202e", "“line one two [31m”"),
        ("{step} {0} %s", "“{step} {0} %s”"),
        ("Locked.", "“Locked”"),
        ("See https://bad.example/x, WWW.bad.example.", "“See https:// bad.example/x, WWW. bad.example”"),
        ("ftp.bad.example or me@bad.example", "“ftp. bad.example or me@ bad.example”"),
        ("", "“no reason given”"),
        ("x" * 200, f"“{'x' * 200}”"),
        ("x" * 201, f"“{'x' * 199}…”"),
        ("x" * 198 + "e\u0301" + "x" * 9, f"“{'x' * 198}…”"),
    ],
)
def test_a_refusal_is_quoted_cut_and_harmless(said: str, shown: str) -> None:
    note = hold_note(Hold(Reason.REFUSED, {"said": said}, CAPTURE), ORDER, PAYMENT, "Resurs", "en")
    assert shown in note


def test_a_long_text_is_cut_and_its_mark_is_not() -> None:
    end = " (wc-bridge 1042R1077)"
    room = LONGEST_NOTE - len(end)
    assert marked("x" * room, "1042R1077") == "x" * room + end
    assert marked("x" * (room + 1), "1042R1077") == "x" * (room - 1) + "…" + end


def test_a_fact_that_nobody_gave_leaves_a_note_all_the_same() -> None:
    assert hold_note(Hold(Reason.UNDERPAID), ORDER, None, "Resurs", "en").startswith("The order asks for ?, but")
