"""Bugs that are planted in the bridge, one function each, to see that the simulation finds them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.db.listings import Listings
from bridge.db.models import ActionRow
from bridge.db.outbox import Outbox
from bridge.domain import attempts, settling
from bridge.domain.attempts import Shown
from bridge.domain.cases import Case
from bridge.domain.orders import Order
from bridge.domain.records import State
from bridge.domain.steps import EFFECT
from bridge.engine import looking
from bridge.woo.client import WooStore

Plant = Callable[[pytest.MonkeyPatch], None]


def calls_again_without_reading(plant: pytest.MonkeyPatch) -> None:
    """A call whose outcome is unknown is made again at the next look."""
    settle = settling.settle

    def again(attempt: Any, order: Any, payment: Any, record: Any, *rest: Any) -> Any:
        open_ = record.open
        if open_ is not None and open_.state is State.UNKNOWN and not (attempt and attempt.said_done):
            return settling.Settled(record.evolve(open=replace(open_, state=State.READY)))
        return settle(attempt, order, payment, record, *rest)

    plant.setattr(looking, "settle", again)


def believes_that_a_call_was_done(plant: pytest.MonkeyPatch) -> None:
    """What was called is taken for done, whatever the books show: its note comes before its effect, or without."""
    plant.setattr(settling, "judge", lambda attempt, *_: Shown("", attempt.step.amount))


def waits_for_nothing_after_an_unknown_call(plant: pytest.MonkeyPatch) -> None:
    """`settle.unknown` is skipped: a read that shows nothing is "not done" at once."""
    judge = attempts.judge
    plant.setattr(settling, "judge", lambda attempt, payment, now, _: judge(attempt, payment, now, timedelta()))


def moves_the_cursor_without_its_orders(plant: pytest.MonkeyPatch) -> None:
    """A poll commits how far it has come, and forgets what it saw there."""
    commit = Listings.commit_sights

    async def forgetful(self: Listings, sights: Any, now: Any, **progress: Any) -> Any:
        return await commit(self, () if "cursor" in progress else sights, now, **progress)

    plant.setattr(Listings, "commit_sights", forgetful)


def writes_nothing_down_before_it_calls(plant: pytest.MonkeyPatch) -> None:
    """The attempt is not committed before the first byte."""

    async def careless(self: Outbox, action: int, *_: Any) -> bool:
        return await ActionRow.filter(id=action, state__in=[State.READY, State.WAITING]).exists()

    plant.setattr(Outbox, "begin_attempt", careless)


def forgets_what_a_crash_cut_off(plant: pytest.MonkeyPatch) -> None:
    """After a crash, a call that was being made is taken for one that was never made."""

    async def forget(self: Outbox, _: Any) -> int:
        return await ActionRow.filter(state=State.RUNNING).update(state=State.READY, attempt=None)

    plant.setattr(Outbox, "recover", forget)


def does_not_look_for_its_notes(plant: pytest.MonkeyPatch) -> None:
    """A note whose answer was lost is written again, unread."""

    async def nothing(self: WooStore, _: int) -> list[Any]:
        return []

    plant.setattr(WooStore, "notes", nothing)


def does_not_read_the_order_again(plant: pytest.MonkeyPatch) -> None:
    """What to do is derived from the order as it was last seen."""

    async def remembered(_: Any, __: int, known: Any) -> Order:
        order: Order = known.order
        return order

    plant.setattr(looking, "read_order", remembered)


def forgets_refunds_at_capture(plant: pytest.MonkeyPatch) -> None:
    """N is the total alone."""
    plant.setattr(Case, "asked", property(lambda self: self.order.total))


def takes_any_key_for_its_own(plant: pytest.MonkeyPatch) -> None:
    """Any entry of the kind shows a call, whoever made it."""

    def by_kind(attempt: Any, payment: Any) -> Shown | None:
        effect = EFFECT[attempt.step.call]
        came = [entry for entry in payment.log[attempt.log_length :] if entry.kind is effect]
        return Shown(came[0].id, attempt.step.amount) if came else None

    plant.setattr(attempts, "by_key", by_kind)


PLANTS: tuple[tuple[Plant, int], ...] = (
    (calls_again_without_reading, 1),
    (believes_that_a_call_was_done, 1),
    (waits_for_nothing_after_an_unknown_call, 11),
    (moves_the_cursor_without_its_orders, 1),
    (writes_nothing_down_before_it_calls, 1),
    (forgets_what_a_crash_cut_off, 6),
    (does_not_look_for_its_notes, 9),
    (does_not_read_the_order_again, 1),
    (forgets_refunds_at_capture, 3),
    (takes_any_key_for_its_own, 7),
)
"""Each with the first seed from 0 on that found it when this was written; a change of the bridge may move it."""
