"""Known bugs of the Resurs plugin about what is read of a payment, when, and over which way."""

import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.providers.resurs.adapter import Resurs
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, Money, Staff, known_order, world
from tests.known.resurs import log, steps

PORTAL: dict[str, tuple[Staff, Staff, Money, str]] = {
    "cancelled": (
        lambda w, it: w.side.cancel(it.payment),
        lambda w, it: w.store.set_status(it.id, "completed"),
        (0, 0, 0),
        "no-money",
    ),
    "captured": (
        lambda w, it: w.side.capture(it.payment, TOTAL),
        lambda w, it: w.store.set_status(it.id, "completed"),
        (0, TOTAL, 0),
        "",
    ),
    "captured, then cancelled in the shop": (
        lambda w, it: w.side.capture(it.payment, TOTAL),
        lambda w, it: w.store.set_status(it.id, "cancelled"),
        (0, TOTAL, 0),
        "cancelled-captured",
    ),
    "captured in part": (
        lambda w, it: w.side.capture(it.payment, MUG),
        lambda w, it: w.store.set_status(it.id, "completed"),
        (0, TOTAL, 0),
        "",
    ),
}
"""What a person did in the Merchant Portal, then staff in the shop; the books and the attention in the end."""


@pytest.mark.parametrize("did", PORTAL)
async def test_woo_1178_1191_what_the_portal_did_is_seen_without_a_callback(tmp_path: Path, did: str) -> None:
    portal, staff, books, attention = PORTAL[did]
    async with known_order(tmp_path) as (w, it):
        portal(w, it)
        staff(w, it)
        await w.cycle()
        assert (w.books(it), (await w.attention()).get(it.id, "")) == (books, attention)


async def test_woo_1178_1191_a_refund_in_the_portal_is_seen_without_a_callback(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.side.refund(it.payment, MUG)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert (steps(w), w.books(it), await w.attention()) == (["capture"], (0, TOTAL, MUG), {})


async def test_woo_1326_a_payment_is_read_when_something_happens_and_not_otherwise(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        for _ in range(9):
            w.place()
        await w.cycle()
        before = len(w.resurs.faults.seen)
        for _ in range(5):
            w.clock.advance(600)
            await w.cycle(w.instant)
        assert w.resurs.faults.seen[before:] == []
        await complete(w, it)
        asked = [path for method, path in w.resurs.faults.seen[before:] if method == "GET"]
        assert asked == [f"/v2/payments/{it.payment}"] * 3, "as it is noticed, before the call, and after it"


@pytest.mark.parametrize("did", ["captured", "cancelled", "captured in part"])
async def test_hotfix_what_happened_since_the_payment_was_read_decides(tmp_path: Path, did: str) -> None:
    """The bridge has read order and payment when the portal is used; it decides on the payment as it is then."""
    portal, _, books, attention = PORTAL[did]
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(4)
        await w.cycle(w.instant)
        portal(w, it)
        await w.cycle()
        assert (w.books(it), (await w.attention()).get(it.id, "")) == (books, attention)


@pytest.mark.parametrize("listens", ["::1", "127.0.0.1"], ids=["IPv6-first", "IPv4-first"])
async def test_woo_1454_an_address_that_does_not_answer_gives_way_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listens: str
) -> None:
    """Resurs has an address of each kind, and only that of IPv4 leads to it."""
    resolve = socket.getaddrinfo

    def both(host: Any, port: Any, *args: Any, **kinds: Any) -> Any:
        if host != "localhost":
            return resolve(host, port, *args, **kinds)
        tcp = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        found = [(socket.AF_INET6, *tcp, ("::1", port, 0, 0)), (socket.AF_INET, *tcp, ("127.0.0.1", port))]
        return found if listens == "::1" else found[::-1]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    async with world(tmp_path) as w:
        w.urls[1] = w.urls[1].replace("127.0.0.1", "localhost")
        await w.cycle()
        it = w.place()
        await complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_woo_1464_an_answer_that_does_not_come_is_not_waited_for_and_nothing_is_done_twice(
    tmp_path: Path, method: str
) -> None:
    async with known_order(tmp_path) as (w, it):
        [resurs] = [one for one in (await w.bridge()).providers if isinstance(one, Resurs)]
        assert resurs._api._timeout.total, "there is an end to waiting"
        resurs._api._timeout = aiohttp.ClientTimeout(total=0.2)
        w.resurs.faults.plan(Fault.SLOW, method=method, path=f"/v2/payments/{it.payment}")
        await complete(w, it)
        w.resurs.faults.release.set()
        assert (steps(w), w.books(it), len(w.notes(it.id))) == (["capture"], (0, TOTAL, 0), 1)


async def test_woo_1202_a_capture_is_known_again_by_its_reference_whatever_was_lost(tmp_path: Path) -> None:
    """The answer, and then the database: a reference of time or chance would be another one now."""
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(5)
        await w.cycle(w.instant)
        assert len(w.calls()) == 1
        await w.lose_database()
        w.changes["start_from"] = "2026-11-01"
        await w.cycle()
        [_, capture] = log(w, it)
        assert (capture["transactionId"], w.books(it)) == (f"{it.id}C{TOTAL}", (0, TOTAL, 0))
        assert re.fullmatch(r"[A-Z0-9-]{1,24}", capture["transactionId"])
        assert await w.attention() == {}


DOWN: dict[str, tuple[Staff, Money]] = {
    "completed": (lambda w, it: w.store.set_status(it.id, "completed"), (0, TOTAL, 0)),
    "cancelled": (lambda w, it: w.store.set_status(it.id, "cancelled"), (0, 0, 0)),
    "lowered": (lambda w, it: w.store.set_quantity(it.id, "MUGG", 1), (TOTAL - MUG, 0, 0)),
    "refunded": (lambda w, it: w.store.refund(it.id, lines={"MUGG": 1}), (TOTAL - MUG, 0, 0)),
}


@pytest.mark.parametrize("did", DOWN)
async def test_outage_what_staff_do_while_resurs_cannot_be_read_is_carried_over_later(
    tmp_path: Path, did: str
) -> None:
    staff, books = DOWN[did]
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        staff(w, it)
        ended = await w.cycle(timedelta(minutes=30))
        assert (w.calls(), ended.later, (await w.status())["open"]) == ([], 1, 1)
        w.resurs.faults.planned.clear()
        await w.cycle()
        assert (w.books(it), await w.attention()) == (books, {})
