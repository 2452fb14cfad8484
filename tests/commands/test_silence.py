"""Whatever happens, nothing that the bridge says or keeps names a secret or a customer."""

import base64
import json
from copy import deepcopy
from typing import Any

import aiohttp
import pytest
import simplejson

from bridge.cli import status
from bridge.sandbox.faults import Fault
from bridge.web.signature import HEADER, signature
from tests.commands.shop import NAME, SECRETS, Shop, started, until
from tests.web.bridge import listens

WRONG = ("ck_of-another-shop", "cs_of-another-shop", "secret-of-another-account", "key-of-another-shop")
SIGNS = "signs-the-deliveries"


def personal(shop: Shop, order: int) -> set[str]:
    """What the shop has of the customer; not what might stand anywhere, as a country's letters."""
    billing = shop.store.order(order).billing
    return {billing[name] for name in ("first_name", "last_name", "address_1", "email")}


def secret(shop: Shop) -> set[str]:
    """What opens anything, as it is and as it goes over the line."""
    pairs = ("ck_sandbox:cs_sandbox", "sandbox:sandbox-secret", ":".join(WRONG[:2]))
    sent = {base64.b64encode(pair.encode()).decode() for pair in pairs}
    return {*SECRETS, *WRONG, SIGNS, *sent, *shop.resurs.tokens}


def found(words: set[str], *said: str | bytes) -> list[str]:
    """The words that stand anywhere in it."""
    whole = b"\n".join(text.encode() if isinstance(text, str) else text for text in said)
    return sorted(word for word in words if word.encode() in whole)


async def deliver(shop: Shop, order: int, name: str) -> None:
    """A webhook as the shop sends it, and one that somebody forged."""
    body = simplejson.dumps({"id": order, "billing": shop.store.order(order).billing}).encode()
    url = f"{shop.settings['web']['public_url']}/webhooks/woocommerce/{NAME}"
    async with aiohttp.ClientSession() as session:
        for sign in (signature(SIGNS, body), "forged"):
            headers = {HEADER: sign, "X-WC-Webhook-Topic": "order.updated"}
            async with session.post(url, data=body, headers=headers) as answer:
                assert name not in await answer.text()


async def a_day_of_trouble(shop: Shop) -> tuple[int, str]:
    """Faults of every kind, a call that is not taken, an order with no money behind it, and what customers send.

    Returns the first order, and what the daemon, at its most talkative, said of all that.
    """
    order, payment = await shop.known()
    [name, *_] = sorted(personal(shop, order))
    refused, other = shop.place()
    shop.store.set_status(order, "completed")
    shop.store.faults.plan(Fault.ERROR_BEFORE)
    shop.store.faults.plan(Fault.HTML_AFTER, method="POST", path="/notes")
    shop.resurs.faults.plan(Fault.BUSY, method="GET")
    shop.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path="/capture")
    shop.resurs.faults.plan(Fault.BUSY, method="POST", path="/refund")
    shop.only["webhook_secret"] = SIGNS
    listens(shop)
    async with started("run", "--debug", "--settings", str(shop.path)) as daemon:
        await until(lambda: shop.resurs.books(payment).captured > 0)
        await deliver(shop, order, name)
        shop.resurs.portal_cancel(other)
        shop.store.set_status(refused, "completed")
        shop.store.refund(order, lines={"Mugg": 1}, reason=" ".join(personal(shop, order)))
        await until(lambda: shop.resurs.books(payment).returned > 0)
        await daemon.says("order.attention")
        ran = await daemon.stop()
    assert (ran.code, ran.out) == (0, "")
    return order, ran.err


async def everything_typed(shop: Shop, order: int) -> list[str]:
    """What the commands say that read, or ask the shop, as text and as JSON."""
    said = []
    for words in (
        ["status"],
        ["actions"],
        ["order", NAME, str(order)],
        ["once", "--wait", "0s", "--debug"],
        ["once", "--dry-run", "--wait", "0s"],
        ["retry", "--order", NAME, str(order), "--yes"],
        ["rewound", NAME],
        ["rebind", NAME],
        ["resume", NAME],
        ["webhook"],
        ["db"],
        ["db", "backup"],
    ):
        for more in ([], ["--json"]):
            ran = await shop.types(*words, *more)
            assert "bug of wc-bridge" not in ran.err
            said += [ran.out, ran.err]
    return said


async def wrong_keys(shop: Shop) -> list[str]:
    """What is said where the shop, or a provider, refuses the key."""
    said, right = [], deepcopy(shop.only)
    shop.only.update(consumer_key=WRONG[0], consumer_secret=WRONG[1])
    shop.only["providers"][0]["client_secret"] = WRONG[2]
    shop.only["providers"][1]["api_key"] = WRONG[3]
    for keys in ("consumer_key", "consumer_secret"), ():
        ran = await shop.types("once", "--debug", "--wait", "1s")
        assert ran.code == 3
        said += [ran.out, ran.err]
        shop.only.update({key: right[key] for key in keys})
    return said


async def test_a_day_of_trouble_says_and_keeps_no_secret_and_no_person(shop: Shop) -> None:
    order, log = await a_day_of_trouble(shop)
    typed = [*await everything_typed(shop, order), *await wrong_keys(shop)]
    notes = [note.text for it in shop.store.shop.orders for note in shop.store.notes(it)]
    kept = [path.read_bytes() for path in shop.folder.iterdir() if ".sqlite3" in path.name]
    words = secret(shop) | personal(shop, order)
    assert len(words) > 15
    assert found(words, log, *typed, *notes, *kept) == []
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"level", "event", "timestamp"} <= set.intersection(*(set(line) for line in lines))
    bound(lines)


def bound(lines: list[dict[str, Any]]) -> None:
    """What a line is about stands in it, whoever says it."""
    seen = {line["event"] for line in lines}
    about = {
        "retry.scheduled": {"store"},
        "resurs.call_not_done": {"store", "order", "action"},
        "action.call": {"store", "order", "action"},
        "action.answer": {"store", "order", "action"},
        "action.done": {"store", "order"},
        "order.attention": {"store", "order"},
    }
    assert about.keys() <= seen
    lacking = [line for line in lines if not about.get(line["event"], set()) <= line.keys()]
    assert lacking == []


async def test_a_bug_shows_where_it_is_and_nothing_of_what_it_met(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _ = shop.place()
    words = {*personal(shop, order), "a-secret-of-nobody"}
    nothing: dict[frozenset[str], str] = {}

    def broken(**_: object) -> None:
        try:
            nothing[frozenset(words)]
        except KeyError as error:
            raise RuntimeError(words) from error

    monkeypatch.setattr(status.status, "callback", broken)
    ran = await shop.types("status", "--debug")
    assert ran.code == 70
    assert 'test_silence.py", line' in ran.err
    assert [line for line in ran.err.splitlines() if line.endswith("Error")] == ["KeyError", "RuntimeError"]
    assert found(words, ran.err) == []
