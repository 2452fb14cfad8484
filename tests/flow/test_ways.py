"""Each thing that staff do, and what follows from it: the money, the actions, and what staff read."""

from pathlib import Path

import pytest

from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import WAYS, Way, complete, higher, lower, refund_amount, refund_before_capture, refund_lines
from tests.flow.world import MUG, TOTAL, ProviderName, known_order, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
@PROVIDERS
async def test_what_staff_do_is_carried_over_and_only_once(
    tmp_path: Path, way: Way, provider: ProviderName
) -> None:
    expected = way.outcome(provider)
    async with known_order(tmp_path, provider, place=way.place) as (w, it):
        await way.play(w, it)
        assert w.books(it) == expected.books
        assert tuple(await w.states(it.id)) == expected.actions
        assert (await w.attention()).get(it.id, "") == expected.attention
        notes = w.notes(it.id) if it.id in w.store.shop.orders else []
        assert [note[: len(start)] for note, start in zip(notes, expected.notes, strict=True)] == [*expected.notes]
        await nothing_more_happens(w, it)
        await w.lose_database()
        w.changes["start_from"] = "2026-11-01"
        calls = w.calls()
        await w.cycle()
        assert (w.calls(), w.books(it)) == (calls, expected.books), "a lost database pays nothing again"


@PROVIDERS
@pytest.mark.parametrize("play", [lower, higher, refund_lines], ids=["lower", "higher", "refund"])
async def test_posts_storage_hides_no_changed_total_from_the_sweep(
    tmp_path: Path, provider: ProviderName, play: object
) -> None:
    way = next(way for way in WAYS if way.play is play)
    expected = way.outcome(provider)
    async with known_order(tmp_path, provider, storage="posts") as (w, it):
        # Another order moves the cursor on, so that no overlap of the poll reaches back to this one.
        w.clock.advance(3600)
        w.place()
        await w.cycle()
        await way.play(w, it)
        assert w.books(it) == expected.books
        assert tuple(await w.states(it.id)) == expected.actions


async def test_a_swap_at_equal_sum_says_why_nothing_is_sent(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.swap_line(it.id, "LAMPA", "MUGG", 4)
        await w.cycle()
        assert "lines changed, total equal: nothing to send" in await w.told(it.id, "seen")
        assert w.calls() == []


async def test_a_note_ends_with_the_key_that_bookkeepers_find_at_the_provider(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        [note] = w.notes(it.id)
        assert note.startswith("Resurs: successfully captured 811.25 kr. Now 0.00 kr is reserved and 811.25 kr")
        assert note.endswith(f" captured. (wc-bridge {it.id}C81125)")
        log = w.resurs.payment(it.payment)["order"]["actionLog"]
        assert [entry.get("transactionId") for entry in log] == [None, f"{it.id}C81125"]


async def test_a_refund_before_capture_is_met_by_the_release(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await refund_before_capture(w, it)
        [settlement] = (await w.story(it.id))["settlements"]
        assert (settlement["how"], settlement["amount"]) == ("released", MUG)


async def test_a_refund_by_lines_names_these_lines_to_the_provider(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await refund_lines(w, it)
        [line] = w.resurs.payment(it.payment)["order"]["actionLog"][-1]["orderLines"]
        assert (line["reference"], line["quantity"]) == ("MUGG", 1)


async def test_a_swedish_shop_s_customers_read_swedish_lines(tmp_path: Path) -> None:
    async with known_order(tmp_path, language="sv") as (w, it):
        await refund_amount(w, it)
        lines = w.resurs.payment(it.payment)["order"]["actionLog"][-1]["orderLines"]
        assert [(line["description"], line["quantityUnit"]) for line in lines] == [
            ("Återbetalning, moms 25 %", "st")
        ]


async def test_an_amount_without_lines_is_split_over_the_rates_of_the_order(tmp_path: Path) -> None:
    """Never sent without lines, which Resurs understands as everything."""
    async with world(tmp_path) as w:
        await w.cycle()
        w.store.add_product("TIDNING", "Tidning", "100.00", tax_class="reduced-rate")
        it = w.place({"MUGG": 1, "TIDNING": 1})
        await w.cycle()
        await refund_amount(w, it)
        lines = w.resurs.payment(it.payment)["order"]["actionLog"][-1]["orderLines"]
        assert {line["vatRate"] for line in lines} == {25, 12}
        assert sum(line["totalAmountIncludingVat"] for line in lines) == 100


async def test_a_refund_deleted_long_after_it_was_paid_is_found(tmp_path: Path) -> None:
    """Nothing in the store's listing moves, and the poll has gone on to later orders."""
    async with known_order(tmp_path) as (w, it):
        await refund_lines(w, it)
        w.clock.advance(3600)
        w.place()
        await w.cycle()
        w.store.delete_refund(it.id, w.store.order(it.id).refunds[0].id)
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}


@PROVIDERS
async def test_less_reserved_than_the_total_from_the_start_is_held_with_both_numbers(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        await w.cycle()
        it = w.place(reserved=70000)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (70000, 0, 0)
        [note] = w.notes(it.id)
        assert note.startswith("811.25 kr of the order is still to be captured, but only 700.00 kr is reserved.")


async def test_a_status_that_is_locked_is_put_back_once_a_day(tmp_path: Path) -> None:
    async with known_order(tmp_path, actions={"status_lock": "restore"}) as (w, it):
        await complete(w, it)
        w.store.set_status(it.id, "processing")
        await w.cycle()
        assert w.store.status(it.id) == "completed"
        w.store.set_status(it.id, "processing")
        await w.cycle()
        assert w.store.status(it.id) == "processing"
        assert await w.states(it.id) == [f"capture {TOTAL} done", "restore_status 0 done"]
        assert w.calls() == w.calls()[:1]


@PROVIDERS
async def test_an_order_set_back_after_its_capture_is_not_captured_again(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        await complete(w, it)
        for status in ("processing", "completed", "on-hold", "completed"):
            w.store.set_status(it.id, status)
            await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1


async def test_two_refunds_are_paid_one_by_one(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        first = w.store.refund(it.id, lines={"MUGG": 1})
        second = w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 2 * MUG)
        keys = [action["key"] for action in await w.actions(it.id)][1:]
        assert keys == [f"{it.id}R{first}", f"{it.id}R{second}"]
