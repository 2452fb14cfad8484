"""The first run: what was there before the bridge stays as it is; what comes after is carried over."""

from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.faults import Fault, Planned
from tests.flow.ways import complete, refund_lines
from tests.flow.world import MUG, TOTAL, ProviderName, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")


@PROVIDERS
async def test_nothing_moves_on_orders_that_were_there_before(tmp_path: Path, provider: ProviderName) -> None:
    async with world(tmp_path, provider) as w:
        before = [w.place(status=status) for status in STATUSES]
        refunded = w.place(status="completed")
        w.side.capture(refunded.payment, TOTAL)
        w.store.refund(refunded.id, lines={"MUGG": 1})
        trashed = w.place()
        w.store.trash(trashed.id)
        for _ in range(2):
            await w.cycle()
        assert w.calls() == []
        assert [w.books(it)[0] for it in before] == [TOTAL] * len(before)
        assert w.books(refunded) == (0, TOTAL, 0)


async def test_open_ones_are_watched_from_then_on(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        one, other = w.place(), w.place(status="on-hold")
        await w.cycle()
        await complete(w, one)
        w.store.set_status(other.id, "cancelled")
        await w.cycle()
        assert w.books(one) == (0, TOTAL, 0)
        assert w.books(other) == (0, 0, 0)


async def test_a_refund_after_the_baseline_is_paid_and_one_before_it_is_not(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        it = w.place()
        w.side.capture(it.payment, TOTAL)
        w.store.set_status(it.id, "completed")
        w.store.refund(it.id, lines={"LAMPA": 1})
        w.clock.advance(60)
        await w.cycle()
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_an_order_made_later_and_first_seen_completed_is_captured(tmp_path: Path) -> None:
    """Digital goods are completed by the store itself, at once."""
    async with world(tmp_path) as w:
        w.place()
        await w.cycle()
        w.clock.advance(60)
        it = w.place(status="completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.parametrize("others", [0, 1], ids=["an-empty-shop", "a-shop-with-orders"])
async def test_an_order_out_of_the_trash_that_is_older_than_the_bridge_is_baseline(
    tmp_path: Path, others: int
) -> None:
    async with world(tmp_path) as w:
        for _ in range(others):
            w.place()
        w.clock.advance(60)
        it = w.place(status="completed")
        w.clock.advance(60)
        w.store.trash(it.id)
        await w.cycle()
        w.clock.advance(60)
        w.store.restore(it.id)
        await w.cycle()
        assert w.store.status(it.id) == "completed"
        assert w.books(it) == (TOTAL, 0, 0)
        assert w.calls() == []


async def test_changes_since_a_date_count(tmp_path: Path) -> None:
    async with world(tmp_path, start_from="2026-11-22") as w:
        before, refunded = w.place(status="completed"), w.place(status="completed")
        w.side.capture(refunded.payment, TOTAL)
        w.store.refund(refunded.id, lines={"LAMPA": 1})
        w.clock.advance(86400)
        since = w.place(status="completed")
        w.store.refund(refunded.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(before) == (TOTAL, 0, 0)
        assert w.books(since) == (0, TOTAL, 0)
        assert w.books(refunded) == (0, TOTAL, MUG), "what was refunded before that date is settled"


async def test_one_bad_order_does_not_keep_a_shop_with_a_date_from_starting(tmp_path: Path) -> None:
    async with world(tmp_path, start_from="2026-11-01") as w:
        bad = w.place()
        for _ in range(101):
            w.store.refund(bad.id, "1.00")
        it = w.place(status="completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert (await w.attention())[bad.id] == "unreadable"


@PROVIDERS
async def test_completed_lately_but_only_reserved_is_listed_without_a_note(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        long_ago = w.place(status="completed")
        w.clock.advance(31 * 86400)
        lately = w.place(status="completed")
        await w.cycle()
        assert await w.attention() == {lately.id: "baseline-reserved"}
        assert w.notes(lately.id) == w.notes(long_ago.id) == []


async def test_old_differences_of_ended_orders_are_listed_without_a_note(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        w.side.capture(it.payment, TOTAL)
        w.side.refund(it.payment, MUG)
        w.clock.advance(120)
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}
        assert w.notes(it.id) == []


class _FromThe:
    """Stands for a path: the listing of orders, from the nth time on that it is asked for."""

    def __init__(self, nth: int) -> None:
        self.before = nth

    def search(self, path: str) -> bool:
        self.before -= path.endswith("/orders")
        return path.endswith("/orders") and self.before <= 0


async def test_a_first_run_that_is_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """The second page of orders does not come; the first is remembered all the same."""
    async with world(tmp_path) as w:
        for _ in range(100):
            w.store.create_order({"MUGG": 1}, status="completed", payment_method="bacs")
        w.clock.advance(60)
        it = w.place(status="completed")
        second_page: Any = _FromThe(3)  # one more request makes sure that the first page's last second is whole
        w.store.faults.planned.append(
            Planned(fault=Fault.ERROR_BEFORE, method="GET", path=second_page, times=10**6, retry_after=1)
        )
        assert (await w.cycle()).problem
        assert (await w.status())["orders"] == 100
        w.store.faults.planned.clear()
        await w.cycle()
        assert (await w.status())["orders"] == 101
        assert w.books(it) == (TOTAL, 0, 0)


async def test_the_shops_language_may_be_unknown_without_stopping_the_poll(tmp_path: Path) -> None:
    async with world(tmp_path, language="auto") as w:
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/system_status", times=10**6)
        await w.cycle()
        it = w.place()
        await refund_lines(w, it)
        assert w.books(it) == (0, TOTAL, MUG)
        assert w.notes(it.id)[0].startswith("Resurs: successfully captured")


@pytest.mark.parametrize(
    ("tells", "speaks"), [("sv_SE", "Resurs: 811,25 kr har debiterats."), ("fi", "Resurs: succ")]
)
async def test_notes_are_in_the_shops_own_language(tmp_path: Path, tells: str, speaks: str) -> None:
    async with world(tmp_path, language="auto") as w:
        w.store.shop.language = tells
        await w.cycle()
        it = w.place()
        await complete(w, it)
        assert w.notes(it.id)[0].startswith(speaks)


async def test_a_shop_that_changes_its_language_is_followed_at_the_next_start(tmp_path: Path) -> None:
    async with world(tmp_path, language="auto") as w:
        w.store.shop.language = "en_US"
        await w.cycle()
        w.store.shop.language = "sv_SE"
        await w.stop()
        it = w.place()
        await complete(w, it)
        assert "har debiterats" in w.notes(it.id)[0]
        await w.stop()
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/system_status", times=10**6)
        other = w.place()
        await complete(w, other)
        assert "har debiterats" in w.notes(other.id)[0]


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunded"])
async def test_what_ended_before_a_date_and_was_only_touched_since_is_baseline(tmp_path: Path, status: str) -> None:
    async with world(tmp_path, start_from="2026-12-01") as w:
        it = w.place(status=status)
        w.clock.advance(20 * 86400)
        w.store.order(it.id).modified = w.clock.now()
        await w.cycle()
        assert w.calls() == []
        assert await w.attention() == ({it.id: "baseline-reserved"} if status == "completed" else {})


async def test_what_was_completed_since_a_date_counts_however_old_it_is(tmp_path: Path) -> None:
    async with world(tmp_path, start_from="2026-12-01") as w:
        it = w.place()
        w.clock.advance(20 * 86400)
        await complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.parametrize("days", [0, 20], ids=["completed-before", "completed-since"])
async def test_a_refund_made_since_a_date_counts_on_an_old_order(tmp_path: Path, days: int) -> None:
    async with world(tmp_path, start_from="2026-12-01") as w:
        it = w.place()
        w.side.capture(it.payment, TOTAL)
        w.clock.advance(days * 86400)
        w.store.set_status(it.id, "completed")
        w.clock.advance((20 - days) * 86400)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_what_was_refunded_in_full_since_a_date_is_released(tmp_path: Path) -> None:
    async with world(tmp_path, start_from="2026-12-01") as w:
        it = w.place()
        w.clock.advance(20 * 86400)
        w.store.refund(it.id, "811.25")
        w.store.set_status(it.id, "refunded")
        await w.cycle()
        assert w.books(it) == (0, 0, 0)
