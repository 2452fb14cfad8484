"""Whether what somebody else did at the provider follows from what was done in the shop."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bridge.domain.alone import Followed, follows, strangers
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Entry, EntryKind, Payment
from bridge.domain.rules import Rules
from tests.domain.builders import LONG_AGO, NOW, entry, order, resurs

RULES = Rules()
COMPLETED = order("completed", completed=NOW - timedelta(seconds=50))


def did(kind: EntryKind, amount: int, key: str | None = None, created: datetime | None = NOW) -> Entry:
    return entry(kind, amount, key, entry_id="e1", created=created)


def paid(*log: Entry, reserved: int = 0) -> Payment:
    return resurs(*log, reserved=reserved)


def refunded(*moments: datetime) -> Order:
    made = tuple(Refund(id=7 + i, amount=300, created=moment) for i, moment in enumerate(moments))
    return replace(COMPLETED, refunds=made)


CAUSED = {
    "a capture of the total": (COMPLETED, paid(did(EntryKind.CAPTURE, 1000)), COMPLETED.completed),
    "a capture of what refunds leave": (refunded(LONG_AGO), paid(did(EntryKind.CAPTURE, 700)), COMPLETED.completed),
    "a release of all": (order("cancelled", modified=NOW), paid(did(EntryKind.RELEASE, 1000)), NOW),
    "a return of a refund": (refunded(LONG_AGO, NOW), paid(did(EntryKind.RETURN, 300)), NOW),
}
NOT_CAUSED = {
    "ours": (COMPLETED, paid(did(EntryKind.CAPTURE, 1000, "1042C1000"))),
    "noticed before": (COMPLETED, paid(entry(EntryKind.CAPTURE, 1000, entry_id="old", created=NOW))),
    "paid at once": (replace(COMPLETED, paid=NOW - timedelta(seconds=60)), paid(did(EntryKind.CAPTURE, 1000))),
    "given up by the customer": (order("cancelled", paid=None), paid(did(EntryKind.RELEASE, 1000))),
    "a part captured": (COMPLETED, paid(did(EntryKind.CAPTURE, 400))),
    "captured before the order is completed": (order(), paid(did(EntryKind.CAPTURE, 1000))),
    "a part released": (order("cancelled"), paid(did(EntryKind.RELEASE, 400), reserved=600)),
    "released and not cancelled": (order(), paid(did(EntryKind.RELEASE, 1000))),
    "a return of another amount": (refunded(NOW), paid(did(EntryKind.RETURN, 299))),
    "no time": (COMPLETED, paid(did(EntryKind.CAPTURE, 1000, created=None))),
}


@pytest.mark.parametrize(("shop", "payment", "change"), CAUSED.values(), ids=CAUSED)
def test_what_the_order_would_have_a_plugin_do(shop: Order, payment: Payment, change: datetime) -> None:
    assert [(it.entry.id, it.change) for it in strangers(shop, payment, RULES, frozenset())] == [("e1", change)]


@pytest.mark.parametrize(("shop", "payment"), NOT_CAUSED.values(), ids=NOT_CAUSED)
def test_what_has_another_cause(shop: Order, payment: Payment) -> None:
    assert list(strangers(shop, payment, RULES, frozenset({"old"}))) == []


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NONE = timedelta()


@pytest.mark.parametrize(
    ("after", "ahead", "provider", "expected"),
    [
        (3 * SECOND, NONE, NONE, True),
        (2 * MINUTE, NONE, NONE, True),
        (2 * MINUTE + SECOND, NONE, NONE, False),
        (SECOND, NONE, NONE, True),
        (NONE, NONE, NONE, False),
        (-2 * SECOND, NONE, NONE, False),
        (-MINUTE, NONE, NONE, False),
        (-HOUR, NONE, NONE, False),
        (3 * SECOND, HOUR, NONE, True),
        (3 * SECOND, -HOUR, NONE, True),
        (-MINUTE, -HOUR, NONE, False),
        (HOUR, HOUR / 4, NONE, False),
        (3 * SECOND, NONE, HOUR, True),
    ],
)
def test_how_soon_it_follows_whatever_the_clocks_say(
    after: timedelta, ahead: timedelta, provider: timedelta, *, expected: bool
) -> None:
    """The change was an hour ago and seen 5 s later; the store's clock is `ahead` of ours, and the provider's."""
    change = NOW - 2 * HOUR
    seen, read = change + 5 * SECOND, change + max(after, NONE) + 8 * SECOND
    it = Followed(did(EntryKind.CAPTURE, 1000, created=change + after + provider), change + ahead)
    assert follows(it, ahead, seen, read) is expected


def test_the_time_of_what_followed_is_told_in_utc_whatever_zone_the_provider_has() -> None:
    at = datetime(2026, 11, 21, 9, 13, 30, tzinfo=timezone(timedelta(hours=1)))
    assert Followed(did(EntryKind.CAPTURE, 1000, created=at), NOW).text.endswith("at 08:13:30 UTC")
