"""The known bugs of Ecster's plugin (reference, 10.1, and the crash cases of 5.2), played through the whole bridge.

Each test would fail if the bridge had the bug of its number. The plugin's changelog is played in
`test_ecster_changes`; `test_ecster_reference` holds both against the reference's own tables.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest

from bridge.db.persons import approve
from bridge.providers.ecster.adapter import Ecster
from bridge.sandbox.ecster import app
from bridge.sandbox.ecster.orders import ENDED, PENDING, Order, Problem, Transaction
from bridge.sandbox.ecster.requests import TransactionRequest
from bridge.sandbox.faults import Fault
from bridge.sandbox.store.refunds import Part, make_refund
from tests.flow.test_unknown import AFTER
from tests.flow.ways import cancel, complete, refund_before_capture
from tests.flow.world import GOODS, MUG, TOTAL, Placed, World, known_order, until, world

CALL = r"/(transactions|refunds)$"
"""The end of the paths of Ecster's calls that move money."""
REFUND_STATUS = r"/refunds/latest/status$"


def switch(w: World, **switches: Any) -> None:
    """Let Ecster behave in another of the ways that nobody knows for sure."""
    w.ecster.switches = replace(w.ecster.switches, **switches)


def transactions(w: World, it: Placed) -> tuple[Transaction, ...]:
    """What Ecster's ledger truly holds after ORIGINAL, oldest first."""
    return w.ecster._book.now(it.payment).transactions[1:]


def rows(of: Transaction) -> list[tuple[object, object, object]]:
    """A transaction's rows as (name, unitAmount, vatRate)."""
    return [(row["name"], row["unitAmount"], row["vatRate"]) for row in of.rows]


def told(w: World, it: Placed, key: str) -> list[str]:
    """The bridge's notes on the outcome of the call with this key."""
    return [note for note in w.notes(it.id) if note.endswith(f" (wc-bridge {key})")]


async def refund_a_mug(w: World, it: Placed) -> int:
    refund = w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()
    return refund


def paid(w: World, order: int, **how: Any) -> Placed:
    """Pay an order of the store at Ecster, all of it; `how` is what `EcsterSandbox.create_order` takes."""
    it = Placed(order, w.ecster.create_order(str(order), round(w.store.total(order) * 100), **how))
    w.store.set_meta(order, w.side.meta, it.payment)
    return it


@asynccontextmanager
async def bought(
    folder: Path, status: str = "processing", switches: Mapping[str, Any] | None = None, **how: Any
) -> AsyncIterator[tuple[World, Placed]]:
    """A world with one order that the bridge knows, paid at Ecster; `how` as `paid` takes it."""
    async with world(folder, "ecster") as w:
        switch(w, **(switches or {}))
        await w.cycle()
        it = paid(w, w.store.create_order(GOODS, payment_method="ecster", status=status), **how)
        await w.cycle()
        yield w, it


@pytest.mark.parametrize("leftover", ["release", "keep"])
async def test_bug_1_every_debit_carries_our_reference_and_is_recognised_by_it(
    tmp_path: Path, leftover: str
) -> None:
    """A partial DEBIT can be repeated as long as something is open: only its reference tells that it was made."""
    async with known_order(tmp_path, "ecster", actions={"capture": {"leftover": leftover}}) as (w, it):
        w.side.capture(it.payment, 20000)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.side.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        await complete(w, it)
        assert [one.reference for one in transactions(w, it)] == ["", f"{it.id}C{TOTAL - MUG}"]
        assert w.books(it) == (0 if leftover == "release" else MUG, TOTAL - MUG, 0)
        assert await w.states(it.id) == [f"capture {TOTAL - MUG - 20000} done"]
        assert await w.attention() == {}


@pytest.mark.parametrize("fault", [*AFTER, Fault.SLOW], ids=lambda fault: str(fault.value))
async def test_bug_2_a_debit_whose_answer_is_lost_leaves_the_status_alone_and_is_made_once(
    tmp_path: Path, fault: Fault
) -> None:
    """Staff set Completed again while nobody knows yet, for Ecster takes minutes to show what it did."""
    async with known_order(tmp_path, "ecster") as (w, it):
        [ecster] = [one for one in (await w.bridge()).providers if isinstance(one, Ecster)]
        ecster._api._timeout = aiohttp.ClientTimeout(total=0.5)  # in earnest it waits for 30 seconds
        switch(w, read_lag=timedelta(minutes=4))
        w.side.faults.plan(fault, method="POST", path=CALL)
        w.store.set_status(it.id, "completed")
        await w.cycle(timedelta(minutes=1))
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        key = f"{it.id}C{TOTAL}"
        assert (w.store.status(it.id), told(w, it, key)) == ("completed", [])
        w.side.faults.release.set()
        for status in ("on-hold", "completed"):
            w.store.set_status(it.id, status)
            await w.cycle(timedelta(minutes=1))
        await w.cycle()
        assert w.ecster.references(it.payment)[1:] == [("DEBIT", TOTAL, key)]
        [note] = told(w, it, key)
        assert note.startswith("Ecster payment debited, transaction ")
        assert "Amount: 811.25 kr." in note


async def test_bug_3_cancelled_after_capture_sends_no_annul_and_asks_for_a_refund(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await complete(w, it)
        calls = w.calls()
        await cancel(w, it)
        assert w.calls() == calls
        assert await w.attention() == {it.id: "cancelled-captured"}
        assert any("Make a refund of 811.25 kr in the shop" in note for note in w.notes(it.id))
        w.store.refund(it.id)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, TOTAL), {})


async def test_bug_3_a_refund_before_capture_sends_no_credit_and_lowers_the_debit(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await refund_before_capture(w, it)
        assert w.ecster.references(it.payment)[1:] == [("DEBIT", TOTAL - MUG, f"{it.id}C{TOTAL - MUG}")]
        assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 0), {})


@pytest.mark.parametrize("direct_debit", [True, False], ids=["at-purchase", "in-the-dashboard"])
async def test_bug_3_a_credit_names_a_debit_that_somebody_else_made(tmp_path: Path, *, direct_debit: bool) -> None:
    async with bought(tmp_path, direct_debit=direct_debit, method="CARD") as (w, it):
        if not direct_debit:
            w.side.capture(it.payment, TOTAL)
        await complete(w, it)
        refund = await refund_a_mug(w, it)
        debit, credit = transactions(w, it)
        assert (credit.debit, credit.reference) == (debit.id, f"{it.id}R{refund}")
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})


async def test_bug_4_a_refused_credit_is_told_with_amount_and_reason_and_the_refund_stays(tmp_path: Path) -> None:
    """Ecster's ledger does not say which debit was credited, so the second credit is asked of the wrong one."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.side.capture(it.payment, 40000)
        w.ecster.dashboard_credit(it.payment, 5000, debit=w.ecster.dashboard_debit(it.payment))
        w.store.refund(it.id, "50.00")
        await complete(w, it)
        w.store.refund(it.id, "380.00")
        await w.cycle()
        assert (len(w.store.order(it.id).refunds), w.books(it)) == (2, (0, TOTAL, 5000))
        assert await w.attention() == {it.id: "refused"}
        said = "“amount is more than what is left of the debit"
        assert any(note.startswith(f"Ecster refused a refund of 380.00 kr: {said}") for note in w.notes(it.id))


@pytest.mark.parametrize("polls", [0, 1], ids=["at-once", "later"])
async def test_bug_4_a_failed_swish_refund_is_told_as_what_it_is_and_the_refund_stays(
    tmp_path: Path, polls: int
) -> None:
    switches = {"swish_polls": polls, "swish_ending": "DECLINED"}
    async with bought(tmp_path, "completed", switches, method="SWISH") as (w, it):
        await refund_a_mug(w, it)
        assert (len(w.store.order(it.id).refunds), len(w.calls()), w.books(it)) == (1, 1, (0, TOTAL, 0))
        [action] = await w.actions(it.id)
        assert (action["state"], list(await w.attention())) == ("held", [it.id])
        notes = "\n".join(w.notes(it.id))
        assert ("a refund of 125.00 kr" in notes, "Ecster confirmed" in notes) == (True, False)
        switch(w, swish_ending="SUCCESS")
        await approve(action["id"], w.clock.now())
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})


@pytest.mark.parametrize("method", ["INVOICE", "SWISH"])
async def test_bug_4_a_refund_deleted_while_its_credit_is_unknown_is_not_paid_again(
    tmp_path: Path, method: str
) -> None:
    """A payment plugin would take the refund back when no answer came; so may staff."""
    async with bought(tmp_path, method=method) as (w, it):
        await complete(w, it)
        w.clock.advance(3600)
        switch(w, read_lag=timedelta(minutes=3), swish_polls=0)
        w.side.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        refund = w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle(timedelta(minutes=2))
        assert (await w.states(it.id))[-1] == f"refund {MUG} unknown"
        assert (await w.attention(), w.books(it)) == ({}, (0, TOTAL, MUG))
        w.store.delete_refund(it.id, refund)
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}
        await refund_a_mug(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.DROP_BEFORE])
async def test_bug_5_a_swish_poll_that_fails_after_an_accepted_refund_does_not_end_it(
    tmp_path: Path, fault: Fault
) -> None:
    async with bought(tmp_path, "completed", {"swish_polls": 2}, method="SWISH") as (w, it):
        refund = w.store.refund(it.id, lines={"MUGG": 1})
        w.side.faults.plan(Fault.SLOW, method="POST", path=CALL)
        async with w.cycling():
            await until(lambda: len(w.calls()) == 1)
            w.side.faults.plan(fault, method="GET", path=REFUND_STATUS, times=10**6)
            w.side.faults.release.set()
        assert (await w.states(it.id), await w.attention()) == ([f"refund {MUG} unknown"], {})
        w.side.faults.planned.clear()
        await w.cycle()
        assert len(w.store.order(it.id).refunds) == len(w.calls()) == 1
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})
        [note] = told(w, it, f"{it.id}R{refund}")
        assert note.startswith(f"Ecster order credited with 125.00 kr for refund {refund}")


@pytest.mark.parametrize("credited", [5000, 20000], ids=["less", "more"])
async def test_bug_6_a_credit_of_another_amount_than_was_asked_for_needs_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, credited: int
) -> None:
    """Credited less, the rest is not sent for under the same reference, which could go wrong again."""
    async with known_order(tmp_path, "ecster") as (w, it):
        await complete(w, it)
        as_asked = w.ecster._book.transact

        def otherwise(order: str, wanted: TransactionRequest) -> tuple[Order, Transaction]:
            return as_asked(order, replace(wanted, amount=credited))

        monkeypatch.setattr(w.ecster._book, "transact", otherwise)
        await refund_a_mug(w, it)
        assert w.books(it) == (0, TOTAL, credited), "nothing more is sent"
        assert list(await w.attention()) == [it.id]
        assert not any("credited with 125.00 kr" in note for note in w.notes(it.id))


async def test_bug_7_two_quick_refunds_each_go_by_their_own_id_and_lines(tmp_path: Path) -> None:
    goods = {"MUGG": (MUG, "Mugg"), "LAMPA": (50000, "Lampa"), "Frakt": (6125, "Frakt")}
    async with known_order(tmp_path, "ecster") as (w, it):
        await complete(w, it)
        made = [(w.store.refund(it.id, lines={name: 1}), *goods[name]) for name in (*goods, "MUGG")]
        await w.cycle()
        assert [(one.type, one.reference, rows(one)) for one in transactions(w, it)[1:]] == [
            ("CREDIT", f"{it.id}R{refund}", [(name, amount, 2500)]) for refund, amount, name in made
        ]
        assert await w.attention() == {}


@pytest.mark.parametrize("storage", ["hpos", "posts"])
async def test_bug_8_refunds_are_paid_on_either_storage(tmp_path: Path, storage: Literal["hpos", "posts"]) -> None:
    async with known_order(tmp_path, "ecster", storage=storage) as (w, it):
        await complete(w, it)
        refund = await refund_a_mug(w, it)
        assert (transactions(w, it)[-1].reference, w.books(it)) == (f"{it.id}R{refund}", (0, TOTAL, MUG))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4424, "the payment is not in a state for this (4424)"),
        (4711, "An order that is PARTIALLY_DELIVERED can't be annulled (4711)"),
    ],
    ids=["the-known-code", "another-code"],
)
async def test_bug_9_a_refused_annul_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    """Somebody closed the order at Ecster, which goes on calling it partly delivered."""
    monkeypatch.setitem(app._CODES, Problem.WRONG_STATE, code)
    async with known_order(tmp_path, "ecster") as (w, it):
        switch(w, after_close="PARTIALLY_DELIVERED")
        w.ecster.dashboard_debit(it.payment, MUG, close=True)
        await cancel(w, it)
        assert any(note.startswith(f"Ecster refused a release of 686.25 kr: “{words}”") for note in w.notes(it.id))


@pytest.mark.parametrize(("freight", "unit"), [("15.92", 1990), ("0.80", 100)])
async def test_bug_10_freight_and_fees_go_out_in_whole_minor_units(tmp_path: Path, freight: str, unit: int) -> None:
    """19.90 is 1989.9999999999998 in binary fractions; freight below 1.00 without VAT went out as free."""
    async with world(tmp_path, "ecster") as w:
        switch(w, fractions_rounded=False)
        await w.cycle()
        fees = {"Faktura": "23.21"}
        order = w.store.create_order({"MUGG": 1}, payment_method="ecster", shipping=freight, fees=fees)
        it = paid(w, order)
        await complete(w, it)
        w.store.refund(it.id, lines={"Frakt": 1, "Faktura": 1})
        await w.cycle()
        debit, credit = transactions(w, it)
        assert rows(credit) == [("Frakt", unit, 2500), ("Faktura", 2901, 2500)]
        assert rows(debit) == [("Mugg", MUG, 2500), *rows(credit)]


@pytest.mark.parametrize("status", ENDED)
async def test_bug_11_a_payment_that_ended_at_ecster_is_told(tmp_path: Path, status: str) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.ecster.set_status(it.payment, status)
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {it.id: "no-money"})
        assert any("Do not ship" in note for note in w.notes(it.id))


@pytest.mark.parametrize("status", [*PENDING, "BLOCKED", "ANNULED"])
async def test_bug_11_a_status_that_is_not_final_or_not_known_is_waited_for_and_told(
    tmp_path: Path, status: str
) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.ecster.set_status(it.payment, status)
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {})
        assert any(f"({status})" in note and "do not ship" in note.lower() for note in w.notes(it.id))
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert (w.calls(), await w.attention()) == ([], {it.id: "pending-long"})
        w.ecster.set_status(it.payment, "READY")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})


async def test_bug_12_an_order_that_holds_a_cart_key_moves_nothing_until_it_names_its_payment(
    tmp_path: Path,
) -> None:
    """The redirect checkout writes the cart's key first, and Ecster's order id once the customer is back."""
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        it = w.place(status="pending")
        w.store.set_meta(it.id, w.side.meta, "theKeyOfTheirCart001")
        await w.cycle()
        assert (await w.attention(), w.notes(it.id)) == ({}, [])
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {it.id: "no-money"})
        w.store.set_meta(it.id, w.side.meta, it.payment)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})


async def test_bug_12_an_order_that_stays_pending_although_it_is_paid_is_seen(tmp_path: Path) -> None:
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        it = w.place(status="pending")
        await w.cycle()
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert (w.calls(), await w.attention()) == ([], {it.id: "unpaid-reserved"})


A_MUG = Part(quantity=1, total=Decimal(100), taxes={1: Decimal(25)})


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"MUGG": Part(total=Decimal(40), taxes={1: Decimal(10)})}, [("Mugg", 5000, 2500)]),
        ({"MUGG": A_MUG, "GAVA": Part(quantity=1)}, [("Mugg", MUG, 2500)]),
        ({"BORT": A_MUG}, [("14", MUG, 2500)]),
    ],
    ids=["an-amount-and-no-piece", "a-free-line", "a-deleted-product"],
)
async def test_crash_case_of_a_refund(
    tmp_path: Path, parts: Mapping[str, Part], named: list[tuple[object, object, object]]
) -> None:
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        w.store.add_product("GAVA", "Gåva", "0.00")
        w.store.add_product("BORT", "Bortagen", "100.00")
        it = paid(w, w.store.create_order({"MUGG": 1, "GAVA": 1, "BORT": 1}, payment_method="ecster"))
        await complete(w, it)
        taken = {w.store.line(it.id, name).id: part for name, part in parts.items()}
        gone = w.store.line(it.id, "BORT")
        assert gone.product is not None
        gone.product, gone.name = replace(gone.product, sku=""), ""
        amount = sum((part.amount for part in parts.values()), Decimal(0))
        make_refund(w.store.shop, w.store.order(it.id), amount=amount, parts=taken)
        await w.cycle()
        assert rows(transactions(w, it)[-1]) == named
        assert await w.attention() == {}
