"""`check`: all is tried for real and nothing changed; the shop plugin; what database and daemon add."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests import databases
from tests.commands.checked import ECSTER, NOBODY, RESURS, TRIED, Open, states, told
from tests.commands.shop import GOODS, METHOD
from tests.db.rows import execute
from tests.web.bridge import listens

READ_ONLY = """DO $$ BEGIN
EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
END $$"""
FIELDS = ["name", "subject", "state", "text", "remedy"]


async def test_where_all_is_well_it_says_so_and_nothing_was_changed(opened: Open) -> None:
    shop = opened.shop
    before, orders = shop.database.read_bytes(), repr(shop.store.shop.orders)
    ran = await shop.types("check")
    assert ran.code == 0, ran.out
    assert [line for line in ran.out.splitlines() if line.startswith("  ") and not line.startswith("  ok ")] == []
    assert shop.database.read_bytes() == before
    assert repr(shop.store.shop.orders) == orders
    assert [path.partition("?")[0] for path in shop.writes()] == [TRIED]
    as_json = await shop.types("check", "--json")
    assert [list(found) for found in as_json.json] == [FIELDS] * len(as_json.json)
    assert [found["text"] for found in as_json.json] == [
        line[8:] for line in ran.out.splitlines() if line.startswith("  ")
    ]


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        ("DELETE FROM {} WHERE name <> '0001_initial'", 2, "older version (0001_initial) / `wc-bridge db upgrade`"),
        (
            "UPDATE {} SET name = '9' WHERE name = '0001_initial'",
            2,
            "newer version of wc-bridge (9) / upgrade this",
        ),
        (
            "DELETE FROM {}",
            1,
            "has no tables yet / `wc-bridge run` makes it at its first start, `wc-bridge db create`",
        ),
    ],
    ids=["older", "newer", "empty"],
)
@pytest.mark.on_postgresql
async def test_database_of_another_version(
    opened: Open, database: str, tmp_path: Path, statement: str, code: int, said: str
) -> None:
    url = opened.shop.settings["database"] = databases.url_in(tmp_path)
    await databases.make(url)
    await execute(url, statement.format("tortoise_migrations"))
    try:
        ran = await opened.shop.types("check", "--json")
    finally:
        await databases.lose(url)
    assert said in told(ran, "database", "database")
    assert ran.code == code


@pytest.mark.on_postgresql(alone=True)
async def test_database_that_can_be_read_and_not_written(opened: Open, database: str, tmp_path: Path) -> None:
    url = opened.shop.settings["database"] = databases.url_in(tmp_path)
    await databases.make(url)
    assert told(await opened.shop.types("check", "--json"), "database", "database").startswith("ok ")
    await execute(url, READ_ONLY)
    try:
        ran = await opened.shop.types("check", "--json")
    finally:
        await databases.lose(url)
    assert "read-only transaction / check `database` in settings.yaml, and that the user" in told(
        ran, "database", "database"
    )
    assert ran.code == 3


# ---- the shop plugin's own order management


def _completed(it: Open, order: int, minutes: int = 30) -> None:
    """Staff complete an order so many minutes ago; five seconds later is now."""
    it.time.behind = timedelta(minutes=minutes)
    it.shop.store.set_status(order, "completed")
    it.time.behind -= timedelta(seconds=5)


def _resurs_captures(it: Open, note: str = "17635551234821") -> None:
    """As the plugin does, or with another transaction id."""
    order, payment = it.orders[0]
    _completed(it, order)
    it.shop.resurs.portal_capture(payment, note=note)


def _we_capture(it: Open) -> None:
    _resurs_captures(it, f"{it.orders[0][0]}C81125")


def _ecster_debits(it: Open) -> None:
    order, payment = it.orders[1]
    _completed(it, order)
    it.shop.ecster.dashboard_debit(payment)


def _portal_captures(it: Open) -> None:
    """A person in the provider's portal, ten minutes later."""
    order, payment = it.orders[0]
    _completed(it, order)
    it.time.behind -= timedelta(minutes=10)
    it.shop.resurs.portal_capture(payment)


def _switch(it: Open, *, on: bool) -> None:
    it.shop.store.shop.ecster_manages = on


FOUR = "Enable Capture, Enable Cancel, Enable Refund and Enable Modify (Settings, Resurs Bank, Order Management)"
ONE = '"Manage orders" (WooCommerce, Settings, Payments, Ecster Pay)'
DOES_NOT_SHOW = "ok the shop plugin's own order management does not show / "
SEEMS_ON = "warn the shop plugin's own order management seems to be on: "

PLUGINS: dict[str, tuple[Callable[[Open], None], str, str, str]] = {
    "it captures at Resurs": (
        _resurs_captures,
        RESURS,
        f"{SEEMS_ON}on order ",
        f"/ switch off {FOUR} in the shop, unless that",
    ),
    "it debits at Ecster": (
        _ecster_debits,
        ECSTER,
        f"{SEEMS_ON}on order ",
        f"/ switch off {ONE} in the shop, unless that",
    ),
    "its switch is on": (
        lambda it: _switch(it, on=True),
        ECSTER,
        f"{SEEMS_ON}its switch is on;",
        f"{ONE} in the shop$",
    ),
    "its switch is off": (lambda it: _switch(it, on=False), ECSTER, "ok the shop plugin's", "is switched off / "),
    "we capture": (_we_capture, RESURS, DOES_NOT_SHOW, ""),
    "a person captures in the portal": (_portal_captures, RESURS, DOES_NOT_SHOW, ""),
    "there is none": (lambda it: None, ECSTER, DOES_NOT_SHOW, ""),
}


@pytest.mark.parametrize(("happens", "subject", "front", "behind"), PLUGINS.values(), ids=PLUGINS)
async def test_order_management_of_the_plugin_is_noticed_where_it_shows(
    opened: Open, happens: Callable[[Open], None], subject: str, front: str, behind: str
) -> None:
    happens(opened)
    opened.time.behind = timedelta()
    live = await opened.shop.types("check", "--json")
    said = told(live, "provider.plugin", subject)
    assert said.startswith(front)
    assert behind in f"{said}$"
    assert live.code == (1 if front.startswith("warn") else 0), states(live)
    opened.shop.only["mode"] = "shadow"
    shadow = await opened.shop.types("check", "--json")
    assert shadow.code == 0, states(shadow)
    in_shadow = told(shadow, "provider.plugin", subject)
    if front.startswith("warn"):
        assert "is on, as it is to be in mode: shadow" in in_shadow
    assert ("before mode: live, " in in_shadow) == ("switched off /" not in said)
    assert "ecster-key-of-the-plugin" not in live.out + shadow.out


async def test_what_the_plugin_did_before_the_store_went_live_is_no_matter(opened: Open) -> None:
    _resurs_captures(opened)
    opened.time.behind = timedelta()
    assert "seems to be on" in told(await opened.shop.types("check", "--json"), "provider.plugin", RESURS)
    await opened.shop.types("once", "--wait", "0s")
    ran = await opened.shop.types("check", "--json")
    assert told(ran, "provider.plugin", RESURS) == DOES_NOT_SHOW


async def test_the_plugin_s_credentials_are_not_even_asked_for(opened: Open) -> None:
    _switch(opened, on=True)
    await opened.shop.types("check")
    [asked] = [path for _, path in opened.shop.store.faults.seen if "payment_gateways" in path]
    assert "_fields=id%2Csettings.manage_ecster_orders" in asked


# ---- what the database knows, the daemon, and the way it is told


async def test_orders_that_changed_long_ago_are_read_as_the_database_knows_them(opened: Open) -> None:
    """Ecster has had no new order for years."""
    await opened.shop.types("once", "--wait", "0s")
    for order, _ in opened.orders:
        opened.shop.store.delete(order)
    for _ in range(3):
        opened.shop.store.create_order(GOODS, payment_method="klarna_payments", status="processing")
    ran = await opened.shop.types("check", "--json")
    assert told(ran, "provider.payments", ECSTER) == "ok payments of the newest orders: 1 of 1 found / "


async def test_of_many_orders_the_five_newest_that_were_paid_are_read(opened: Open) -> None:
    for _ in range(6):
        opened.shop.place()
    for _ in range(5):
        order = opened.shop.store.create_order(GOODS, payment_method=METHOD, status="pending")
        opened.shop.store.set_meta(order, "resursbank_payment_id", "a-cart-that-was-left")
    ran = await opened.shop.types("check", "--json")
    assert told(ran, "provider.payments", RESURS) == "ok payments of the newest orders: 5 of 5 found / "
    reads = [path for _, path in opened.shop.resurs.faults.seen if "/v2/payments/" in path]
    assert len(reads) == 5


async def test_database_of_another_shop_is_told(opened: Open) -> None:
    await opened.shop.types("once", "--wait", "0s")
    assert told(await opened.shop.types("check", "--json"), "store.binding").startswith(
        "ok the database belongs to"
    )
    opened.shop.store.home = "https://staging.example"
    ran = await opened.shop.types("check", "--json")
    assert ran.code == 2
    assert "the shop says that its address is https://staging.example" in told(ran, "store.binding")
    assert "`wc-bridge rebind butiken`" in told(ran, "store.binding")


async def test_beside_the_daemon_webhooks_are_tried(opened: Open) -> None:
    listens(opened.shop)
    async with opened.shop.daemon() as daemon:
        await opened.shop.types("webhook", "install")
        ran = await opened.shop.types("check", "--json")
        assert (
            told(ran, "store.webhook") == "ok the shop has its webhooks, and a delivery from here gets through / "
        )
        assert ran.code == 0, states(ran)
        assert (await daemon.stop()).code == 0
    ran = await opened.shop.types("check", "--json")
    assert ran.code == 1
    assert "does not get through / no answer" in told(ran, "store.webhook")


async def test_one_store_is_checked_without_the_secrets_of_the_others(opened: Open) -> None:
    other = {**opened.shop.only, "name": "other", "url": "https://other.example", "consumer_key": "${NOT_SET_HERE}"}
    opened.shop.settings["stores"].append(other)
    ran = await opened.shop.types("check", "--store", "butiken", "--json")
    assert ran.code == 0, states(ran)
    assert [it for it in ran.json if it["subject"].startswith("other")] == []
    unknown = await opened.shop.types("check", "--store", "butik")
    assert (unknown.code, unknown.out) == (2, "")
    assert "there is no store 'butik' in the settings: there is butiken, other" in unknown.err


async def test_on_a_terminal_each_state_has_its_colour(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    del opened.shop.settings["alerts"]
    opened.shop.only["url"] = NOBODY
    out = (await opened.shop.types("check")).out
    for colour, state in (("32", "ok"), ("33", "warn"), ("1;31", "fail")):
        assert f"\x1b[{colour}m{state:<6}\x1b[0m" in out
