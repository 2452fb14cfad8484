"""Resurs's JSON as it may come: lenient where nothing hangs on it, strict where money does."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.domain.money import AmountError
from bridge.domain.payments import Can, EntryKind, Payment, PaymentState
from bridge.providers.resurs.errors import is_error, reason
from bridge.providers.resurs.wire import WirePayment

UNREADABLE: list[dict[str, Any]] = [
    {"id": None},
    {"status": None},
    {"order": {}},
    {"order": {"authorizedAmount": None, "capturedAmount": 0, "refundedAmount": 0}},
    {"order": {"authorizedAmount": "much", "capturedAmount": 0, "refundedAmount": 0}},
    {"order": []},
]


def answer(**changes: Any) -> dict[str, Any]:
    """What GET gives for a reserved payment, with some top-level fields changed."""
    return {
        "id": "6d0c2a1e-4b5f-4a55-9d0e-3f0c6a2b7e11",
        "status": "ACCEPTED",
        "countryCode": "SE",
        "application": {"approvedCreditLimit": 5000},
        "order": order(),
    } | changes


def order(**changes: Any) -> dict[str, Any]:
    return {
        "orderReference": "1042",
        "authorizedAmount": Decimal("1000.00000"),
        "capturedAmount": 0,
        "refundedAmount": 0,
        "possibleActions": [{"action": "CAPTURE"}],
        "actionLog": [],
    } | changes


def action(**changes: Any) -> dict[str, Any]:
    return {"actionId": "a1", "type": "CAPTURE", "orderLines": [{"totalAmountIncludingVat": 5}]} | changes


def read(body: dict[str, Any]) -> Payment:
    return WirePayment.model_validate(body).payment()


def test_what_is_not_known_is_passed_over() -> None:
    payment = read(
        answer(
            news={"deep": [1]},
            order=order(
                possibleActions=[{"action": "TELEPORT"}, {"action": "CANCEL", "since": "today"}],
                actionLog=[action(type="AUDIT"), action(newField=True)],
            ),
        )
    )

    assert payment.can == {Can.RELEASE, Can.RAISE}
    assert [entry.kind for entry in payment.log] == [EntryKind.CAPTURE]


@pytest.mark.parametrize("absent", [None, ...])
def test_lists_may_be_null_or_absent(absent: Any) -> None:
    bare = order(possibleActions=absent, actionLog=absent)
    payment = read(answer(order={name: value for name, value in bare.items() if value is not ...}))

    assert payment.can == {Can.RAISE}
    assert payment.log == ()


@pytest.mark.parametrize("application", [None, {}, {"approvedCreditLimit": None}])
def test_without_an_approved_limit_nothing_can_be_raised(application: Any) -> None:
    payment = read(answer(application=application))

    assert payment.limit is None
    assert Can.RAISE not in payment.can


@pytest.mark.parametrize("country", [None, "", "UNKNOWN", "DE"])
def test_a_country_we_do_not_know_has_no_currency(country: str | None) -> None:
    assert read(answer(countryCode=country)).currency == ""


def test_a_payment_without_its_order_claims_nothing() -> None:
    payment = read(answer(order=None))

    assert payment.state is PaymentState.PENDING
    assert (payment.reserved, payment.captured, payment.returned, payment.can) == (0, 0, 0, frozenset())


def test_a_rejected_payment_without_its_order_is_dead_all_the_same() -> None:
    assert read(answer(order=None, status="REJECTED")).state is PaymentState.DEAD


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ({"category": "TIMEOUT"}, "REJECTED: TIMEOUT"),
        ({"category": "NOT_ALLOWED_TO_SIGN_2", "text": "anna@example.com"}, "REJECTED: NOT_ALLOWED_TO_SIGN_2"),
        ({"category": "A" * 40}, "REJECTED: " + "A" * 40),
        ({"category": "A" * 41}, "REJECTED"),
        ({"category": "denied: anna@example.com"}, "REJECTED"),
        ({"category": "CREDIT_DENIED\n"}, "REJECTED"),
        ({"category": ""}, "REJECTED"),
        ({"category": None}, "REJECTED"),
        ({"category": ["TIMEOUT"]}, "REJECTED"),
        ({}, "REJECTED"),
        (None, "REJECTED"),
        ("TIMEOUT", "REJECTED"),
    ],
)
def test_a_rejection_is_told_by_its_category_if_that_is_a_plain_word(reason: Any, detail: str) -> None:
    assert read(answer(status="REJECTED", rejectedReason=reason)).detail == detail
    assert (
        read(answer(status="REJECTED", rejectedReason=reason, order=None)).detail == f"{detail}, without an order"
    )


@pytest.mark.parametrize(
    ("figure", "minor"), [(Decimal("811.25000"), 81125), (811, 81100), (Decimal("1E+3"), 100000)]
)
def test_amounts_are_exact(figure: Any, minor: int) -> None:
    assert read(answer(order=order(authorizedAmount=figure))).reserved == minor


def test_a_figure_finer_than_the_currency_is_never_rounded() -> None:
    with pytest.raises(AmountError):
        read(answer(order=order(authorizedAmount=Decimal("811.25500"))))


@pytest.mark.parametrize("body", UNREADABLE)
def test_without_its_amounts_it_is_no_payment(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(answer(**body))


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (action(type="CAPTURE", transactionId="K1", creator="X"), "K1"),
        (action(type="REFUND", transactionId="K1", creator="X"), "K1"),
        (action(type="REFUND", transactionId=None, creator="X"), None),
        (action(type="CANCEL", transactionId="X", creator="K1"), "K1"),
        (action(type="CANCEL"), None),
        (action(type="CREATE", transactionId="X", creator="X"), None),
    ],
)
def test_each_kind_of_entry_has_its_own_place_for_the_key(entry: dict[str, Any], key: str | None) -> None:
    assert [it.key for it in read(answer(order=order(actionLog=[entry]))).log] == [key]


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("1042V1_MUGG", "1042V1"),
        ("1042V1_", "1042V1"),
        ("1042V1_A_B", "1042V1"),
        ("1042V1", None),
        ("1042v1_MUGG", None),
        ("discount_25", None),
        ("", None),
        (None, None),
    ],
)
def test_added_lines_bear_the_key_before_their_reference(reference: str | None, key: str | None) -> None:
    lines = [{"totalAmountIncludingVat": 5, "reference": reference}]

    log = read(answer(order=order(actionLog=[action(type="MODIFY_ORDER", orderLines=lines)]))).log

    assert [(entry.kind, entry.key) for entry in log] == [(EntryKind.RAISE, key)]


@pytest.mark.parametrize("created", [None, "yesterday", "", {}, "2025-13-45T00:00:00Z"])
def test_a_moment_that_can_not_be_read_is_none(created: Any) -> None:
    assert read(answer(order=order(actionLog=[action(created=created)]))).log[0].created is None


@pytest.mark.parametrize(
    ("created", "iso"),
    [
        ("2025-05-09T08:40:12Z", "2025-05-09T08:40:12+00:00"),
        ("2025-05-09T08:40:12", "2025-05-09T08:40:12+00:00"),
        ("2025-05-09T08:40:12.7", "2025-05-09T08:40:12.700000+00:00"),
        ("2025-05-09T08:40:12.123456789", "2025-05-09T08:40:12.123456+00:00"),
        ("2025-05-09T10:40:12.123456789+02:00", "2025-05-09T10:40:12.123456+02:00"),
        ("2025-05-09T10:40:12+0200", "2025-05-09T10:40:12+02:00"),
    ],
)
def test_moments_with_and_without_zone_and_decimals(created: str, iso: str) -> None:
    moment = read(answer(order=order(actionLog=[action(created=created)]))).log[0].created

    assert moment is not None
    assert moment.isoformat() == iso


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "No"}, "No"),
        ({"code": "BAD_REQUEST"}, "BAD_REQUEST"),
        ({"traceId": "1"}, ""),
        ({"error": "invalid_token", "error_description": "The token\n ended"}, "The token ended"),
        ({"message": "Bad", "parameters": {"a.b": "is not valid"}}, "Bad: a.b is not valid"),
        ({"message": "Bad", "validationErrors": {"a": "x", "b": "y"}}, "Bad: a x; b y"),
        (
            {"message": "Bad", "validationErrors": [{"fieldName": "a", "message": "x"}, {"message": "y"}, 7]},
            "Bad: a x; y",
        ),
        ({"message": "Bad", "parameters": None, "validationErrors": "odd"}, "Bad"),
        ({"message": "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc expired"}, "Bearer … expired"),
    ],
)
def test_error_bodies_become_one_sentence(body: dict[str, Any], text: str) -> None:
    assert is_error(body)
    assert reason(body) == text


def test_a_sentence_ends_at_300_characters() -> None:
    text = reason({"message": "no and " * 100})

    assert len(text) == 300
    assert text.endswith("…")


@pytest.mark.parametrize("body", [None, {}, [], "message", {"status": 400}, 7])
def test_other_bodies_are_no_errors_of_the_api(body: Any) -> None:
    assert not is_error(body)
