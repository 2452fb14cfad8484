"""What follows when staff set a closed order back: a note, the status put back, or nothing; never any money."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.flow.positions import (
    CANCELLED,
    CAPTURED,
    NO_MONEY,
    Act,
    Ends,
    Said,
    Settings,
    all_refunded,
    both,
    put_back,
    to,
)
from tests.flow.test_settings import acted, ended, outcome, switched
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import (
    ALL_CAPTURED,
    CANCEL,
    CAPTURE,
    NOTHING_LEFT,
    SET_BACK,
    WILL_PAY,
    Outcome,
)
from tests.flow.world import TOTAL, Money, ProviderName, World, known_order

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
Lock = Literal["off", "note", "restore"]


def locked(lock: Lock) -> Settings:
    return {"actions": {"status_lock": lock, "capture": {"on": ["completed", "shipped"]}}}


def paid_back(before: str, after: str) -> Said:
    return Said(*[SET_BACK.format(before, after, who) for who in ("Resurs", "Ecster")])


def voided_back(before: str, after: str) -> Said:
    return Said(*[f"The order was set back from “{before}” to “{after}”, but its payment is cancelled"] * 2)


ALL_REFUNDED = Said("Resurs: successfully refunded 811.25 kr", "Ecster order credited with 811.25 kr")
ALL_ANNOUNCED = Said(*[WILL_PAY.split("{")[0]] * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How an order came to its end."""

    acts: tuple[Act, ...]
    money: Money
    actions: tuple[str, ...]
    notes: tuple[Said, ...]
    status: str
    shown: str
    """The status as staff read it."""
    set_back: Callable[[str, str], Said]
    """What the lock notes."""
    lockable: bool = False
    unsecured: Said | None = None
    """What is said in any case once it is open again, where nothing is left of its payment."""


COMPLETED = Closed(
    acts=(to("completed"),),
    money=ALL_CAPTURED,
    actions=(CAPTURE,),
    notes=(CAPTURED,),
    status="completed",
    shown="Completed",
    set_back=paid_back,
    lockable=True,
)
VOIDED = Closed(
    acts=(to("cancelled"),),
    money=NOTHING_LEFT,
    actions=(CANCEL,),
    notes=(CANCELLED,),
    status="cancelled",
    shown="Cancelled",
    set_back=voided_back,
    lockable=True,
    unsecured=NO_MONEY,
)
REFUNDED = Closed(
    acts=(to("completed"), all_refunded),
    money=(0, TOTAL, TOTAL),
    actions=(CAPTURE, f"refund {TOTAL} done"),
    notes=(CAPTURED, ALL_ANNOUNCED, ALL_REFUNDED),
    status="refunded",
    shown="Refunded",
    set_back=voided_back,
)
SHIPPED = Closed(
    acts=(to("shipped"),),
    money=ALL_CAPTURED,
    actions=(CAPTURE,),
    notes=(CAPTURED,),
    status="shipped",
    shown="shipped",
    set_back=paid_back,
)
"""A status of the shop's own that captures."""


@dataclass(frozen=True, slots=True)
class Back:
    closed: Closed
    after: str
    shown: str = ""
    """`after` as staff read it; "" where it is a status of the shop's own, which nobody calls back."""

    def restored(self, lock: Lock) -> bool:
        return lock == "restore" and self.closed.lockable and bool(self.shown)

    def ends(self, lock: Lock) -> Ends:
        it = self.closed
        if self.restored(lock):
            return both(it.money, (*it.actions, "restore_status 0 done"), *it.notes, put_back(it.shown))
        unsecured = (it.unsecured,) if it.unsecured and self.after != "pending" else ()
        said = (it.set_back(it.shown, self.shown),) if self.shown and lock != "off" and not unsecured else ()
        attention = "no-money" if unsecured else ""
        return both(it.money, it.actions, *it.notes, *said, *unsecured, attention=attention)


BACKS = {
    "completed to processing": Back(COMPLETED, "processing", "Processing"),
    "completed to on hold": Back(COMPLETED, "on-hold", "On hold"),
    "completed to pending": Back(COMPLETED, "pending", "Pending payment"),
    "completed to one of the shop's own": Back(COMPLETED, "packed"),
    "cancelled to processing": Back(VOIDED, "processing", "Processing"),
    "cancelled to on hold": Back(VOIDED, "on-hold", "On hold"),
    "cancelled to pending": Back(VOIDED, "pending", "Pending payment"),
    "cancelled to one of the shop's own": Back(VOIDED, "packed"),
    "refunded to processing": Back(REFUNDED, "processing", "Processing"),
    "one of the shop's own to processing": Back(SHIPPED, "processing", "Processing"),
    "one of the shop's own to another": Back(SHIPPED, "packed"),
}


@pytest.mark.parametrize("lock", ["off", "note", "restore"])
@PROVIDERS
async def test_closed_orders_are_set_back(tmp_path: Path, lock: Lock, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider, **locked(lock)) as (w, _):
        for status in ("packed", "shipped"):
            w.store.register_status(status, status.capitalize())
        orders = {name: w.place() for name in BACKS}
        await w.cycle()
        for step in range(2):
            for name, back in BACKS.items():
                for act in back.closed.acts[step : step + 1]:
                    act(w, orders[name])
            await w.cycle()
        for name, back in BACKS.items():
            w.store.set_status(orders[name].id, back.after)
        calls = w.calls()
        await w.cycle()
        expected = {name: getattr(back.ends(lock), provider) for name, back in BACKS.items()}
        found: dict[str, Outcome] = {name: await outcome(w, orders[name], expected[name]) for name in BACKS}
        assert found == expected
        statuses = {name: w.store.status(it.id) for name, it in orders.items()}
        assert statuses == {
            name: back.closed.status if back.restored(lock) else back.after for name, back in BACKS.items()
        }
        assert w.calls() == calls
        await nothing_more_happens(w, orders["completed to processing"])


@pytest.mark.parametrize("lock", ["off", "note"])
@PROVIDERS
async def test_a_lock_that_comes_later_leaves_alone_what_was_set_back_before(
    tmp_path: Path, lock: Lock, provider: ProviderName
) -> None:
    back = BACKS["completed to processing"]
    async with known_order(tmp_path, provider, **locked(lock)) as (w, it):
        await acted(w, it, to("completed"), to("processing"))
        await ended(w, it, back.ends(lock))
        await switched(w, locked("restore"))
        await ended(w, it, back.ends(lock))
        assert w.store.status(it.id) == "processing"


def _status_writes(w: World, order_id: int) -> int:
    return sum(write.startswith("PUT ") and write.endswith(f"/orders/{order_id}") for write in w.writes())


@pytest.mark.parametrize("closed", [COMPLETED, VOIDED], ids=["completed", "cancelled"])
@PROVIDERS
async def test_a_status_is_put_back_once_per_order_and_day(
    tmp_path: Path, closed: Closed, provider: ProviderName
) -> None:
    """However often staff, or another plugin of the shop, insist: it never becomes a tug-of-war."""
    async with known_order(tmp_path, provider, **locked("restore")) as (w, it):
        other = w.place()
        for one in (it, other):
            await acted(w, one, *closed.acts)
        calls = w.calls()
        for day in (1, 2):
            await acted(w, it, to("processing"))
            assert w.store.status(it.id) == closed.status
            for _ in range(3):
                await acted(w, it, to("processing"))
                assert w.store.status(it.id) == "processing"
                await acted(w, it, to(closed.status))
            assert _status_writes(w, it.id) == day
            w.clock.advance(86400)
        await acted(w, other, to("processing"))
        assert _status_writes(w, other.id) == 1, "another order has a count of its own"
        assert w.calls() == calls
        assert w.books(it) == closed.money


async def test_a_status_that_the_shop_does_not_let_be_put_back_needs_a_person(tmp_path: Path) -> None:
    """A key that may only read: orders are watched all the same, and no look of this one fails."""
    async with known_order(tmp_path, **locked("restore")) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle()
        await w.stop()
        w.changes |= {"consumer_key": "ck_readonly", "consumer_secret": "cs_readonly"}
        w.store.set_status(it.id, "processing")
        for _ in range(3):
            await w.cycle()
            assert await w.attention() == {it.id: "refused"}
        assert await w.states(it.id) == [CAPTURE, "restore_status 0 held"]
        assert w.writes().count(f"PUT /wp-json/wc/v3/orders/{it.id}") == 1
