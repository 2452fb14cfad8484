"""A backup of the shop that is put back: all is as it was, and ids are given out again."""

from typing import Literal

import pytest

from bridge.sandbox.clock import ManualClock
from bridge.sandbox.store import StoreSandbox


@pytest.mark.parametrize("storage", ["hpos", "posts"])
def test_a_backup_is_the_shop_at_one_moment(storage: Literal["hpos", "posts"]) -> None:
    clock = ManualClock()
    store = StoreSandbox(clock=clock.now, storage=storage)
    order = store.create_order({"MUGG": 2})
    modified, notes = store.order(order).modified, len(store.notes(order))
    backup = store.backup()
    lost = []
    for _ in range(2):
        clock.advance(60)
        store.set_status(order, "completed")
        lost.append((store.refund(order, "10.00"), store.create_order({"BOK": 1}), store.add_note(order, "hello")))
        store.set_quantity(order, "MUGG", 1)
        store.restore_backup(backup)
        kept = store.order(order)
        assert (kept.status, kept.modified, kept.refunds) == ("processing", modified, [])
        assert (store.line(order, "MUGG").quantity, len(store.notes(order))) == (2, notes)
        assert list(store.shop.orders) == [order]
    assert lost[0] == lost[1]
    assert store.refund(order, "20.00") == lost[0][0]
