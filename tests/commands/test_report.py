"""`report`: the shop against the payments."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from bridge.db import reporting
from bridge.sandbox.faults import Fault
from tests.commands.shop import SECRETS, Shop

TOTAL = Decimal("811.25")
FORMULA = '=HYPERLINK("https://evil.example";"16")'


async def watched(shop: Shop) -> dict[int, str]:
    """Let a shop only be watched while staff complete 13 and 14, cancel 15 and leave 16; nobody does the rest.

    Return each order's payment. (A fixture of this would take longer than each test that shares it.)
    """
    shop.only["mode"] = "shadow"
    await shop.types("once", "--wait", "0s")
    placed = dict(shop.place() for _ in range(4))
    shop.store.shop.orders[16].number = FORMULA
    for order, status in ((13, "completed"), (14, "completed"), (15, "cancelled")):
        shop.store.set_status(order, status)
    await shop.types("once", "--wait", "0s")
    return placed


def told(ran: Any) -> dict[int, tuple[bool, list[str]]]:
    return {it["order"]: (it["agrees"], [one["outcome"] for one in it["shadow"]]) for it in ran.json["orders"]}


async def test_what_was_seen_last_as_text_csv_and_json(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await watched(shop)
    text = await shop.types("report")
    lines = [" ".join(line.split()) for line in text.out.splitlines()]
    assert lines[0].startswith("butiken shadow (writes nothing) shop read 20")
    assert "payments of open orders at the latest 20" in lines[0]
    assert lines[2:4] == [
        "13 completed 811.25 0.00 811.25 811.25 0.00 0.00 SEK differs",
        "wc-bridge would capture 811.25 SEK, and nobody has yet",
    ]
    assert lines[4].startswith("shadow: capture 811.25, decided 20")
    assert lines[4].endswith("Z: nobody did")
    assert lines[-2] == f"{FORMULA} processing 811.25 0.00 811.25 811.25 0.00 0.00 SEK agrees"
    assert lines[-1].startswith(
        "butiken in SEK: 4 orders, 3 of them differ; total 3245.00, refunded 0.00, asked 24"
    )
    sheet = await shop.types("report", "--csv")
    assert sheet.out.startswith("\ufeffstore,order,order_number,")
    rows = list(csv.DictReader(io.StringIO(sheet.out.removeprefix("\ufeff"))))
    names = "order total refunded asked reserved captured returned agrees currency"
    assert [rows[2][name] for name in names.split()] == [
        "15",
        "811.25",
        "0.00",
        "0.00",
        "811.25",
        "0.00",
        "0.00",
        "no",
        "SEK",
    ]
    assert rows[3]["order_number"] == f"'{FORMULA}", "else it is run by whoever opens it"
    assert "4 orders, 3 of them differ" in sheet.err
    monkeypatch.setattr(reporting, "PAGE", 2)
    every, none = (
        await shop.types("report", "--json"),
        await shop.types("report", "--json", "--since", "2099-01-01"),
    )
    assert list(told(every)) == list(told(await shop.types("report", "--json", "--since", "2001-01-01")))
    assert (list(told(every)), told(none), none.json["totals"]) == ([13, 14, 15, 16], {}, [])
    assert [ran.code for ran in (text, sheet, every, none)] == [1, 1, 1, 0]


async def test_what_others_did_since_when_read_afresh_and_when_looked_at(shop: Shop) -> None:
    payments = await watched(shop)
    shop.resurs.portal_capture(payments[13], TOTAL)
    shop.resurs.portal_capture(payments[14], Decimal(800))
    before, files = shop.writes(), shop.files()
    last, now = await shop.types("report", "--json"), await shop.types("report", "--json", "--fresh")
    nobody, same = (False, ["never"]), (True, ["same"])
    assert told(last) == {13: nobody, 14: nobody, 15: nobody, 16: (True, [])}
    assert told(now) == {13: same, 14: (False, ["other"]), 15: nobody, 16: (True, [])}
    figures = {"total": 324500, "refunded": 0, "asked": 243375, "reserved": 163375, "captured": 161125}
    count = {"store": "butiken", "currency": "SEK", "orders": 4, "differ": 2, "returned": 0}
    assert now.json["totals"] == [{**count, **figures}]
    assert (shop.writes(), shop.files()) == (before, files), "it only reads"
    await shop.types("once", "--wait", "0s")
    assert told(await shop.types("report", "--json")) == {**told(now), 14: (False, ["other", "never"])}
    shop.resurs.portal_capture(payments[14], Decimal("11.25"))
    shop.resurs.portal_cancel(payments[15])
    assert (await shop.types("report", "--fresh")).code == 0
    shop.resurs.faults.plan(Fault.ERROR_BEFORE, path="/payments/", times=10**6)
    ran = await shop.types("report", "--fresh", "--json")
    assert (ran.code, {it["why"][:20] for it in ran.json["orders"]}) == (3, {"could not be read: R"})
    assert not [secret for secret in SECRETS if secret in ran.out + ran.err]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--csv", "--json"], "say either --csv or --json"),
        (["--store", "filialen"], "there is no store 'filialen' in the settings: there is butiken"),
        (["--since", "yesterday"], "'yesterday' does not match the format"),
    ],
)
async def test_mistakes_end_2(shop: Shop, words: list[str], said: str) -> None:
    ran = await shop.types("report", *words)
    assert (ran.code, ran.out != "") == (2, "--json" in words)
    assert said in ran.err
