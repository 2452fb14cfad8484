"""`check` names what is broken, wherever it is, with its remedy."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from bridge.sandbox.store.shop import Storage
from tests.commands.checked import ECSTER, NOBODY, RESURS, TRIED, Open, states, told
from tests.commands.shop import SECRETS
from tests.web.bridge import listens
from tests.woo.test_certificates import serving

NO_ID = "11111111-1111-4111-8111-111111111111"
METAS = ("resursbank_payment_id", "_wc_ecster_internal_reference")
MISSING = "order.created missing, order.updated missing, order.deleted missing, order.restored missing"
PATTERN = "see that the pattern in payment_methods is right"
NONE_FOUND = "of the payments of the newest 1 orders: wrong environment or account? / compare environment and"


def _unknown_payments(it: Open) -> None:
    for (order, _), meta in zip(it.orders, METAS, strict=True):
        it.shop.store.set_meta(order, meta, NO_ID)


def _another_ecster_key(it: Open, status: int = 401) -> None:
    it.ecster["api_key"] = "of yesterday"
    it.shop.ecster.switches = replace(it.shop.ecster.switches, bad_keys_status=status)


def _other_payment_methods(it: Open) -> None:
    for order, _ in it.orders:
        it.shop.store.order(order).payment_method = "klarna_payments"


def _no_payment_ids(it: Open) -> None:
    for (order, _), meta in zip(it.orders, METAS, strict=True):
        it.shop.store.set_meta(order, meta, None)
        it.shop.store.order(order).transaction_id = ""


def _names_another(it: Open) -> None:
    payment = it.shop.resurs.create_payment("2311", amount=it.shop.store.total(it.orders[0][0]))
    it.shop.store.set_meta(it.orders[0][0], "resursbank_payment_id", payment)


def _in_euro(it: Open) -> None:
    order = it.orders[0][0]
    payment = it.shop.resurs.create_payment(str(order), amount=it.shop.store.total(order), country="FI")
    it.shop.store.set_meta(order, "resursbank_payment_id", payment)


def _key(it: Open, key: str, secret: str) -> None:
    it.shop.only.update(consumer_key=key, consumer_secret=secret)


def _read_only(it: Open, mode: str) -> None:
    _key(it, "ck_readonly", "cs_readonly")
    it.shop.only["mode"] = mode


def _mishap(it: Open, name: str, *, value: object = True) -> None:
    setattr(it.shop.store.mishaps, name, value)


def _store_clock(it: Open, minutes: int) -> None:
    it.shop.store.shop._clock = lambda: datetime.now(UTC) + timedelta(minutes=minutes)


def _posts(it: Open) -> None:
    it.shop.store.shop.storage = Storage.POSTS
    it.shop.only["poll"]["sweep"] = "10m"


def _old(it: Open) -> None:
    it.shop.store.shop.version = "5.7.1"


def _no_database(it: Open) -> None:
    it.shop.database.write_text("something else, and long enough to be read as a database" * 99)


def _database(it: Open, url: str) -> None:
    it.shop.settings["database"] = url


def _webhooks_wanted(it: Open) -> None:
    listens(it.shop)


def _no_channel(it: Open) -> None:
    del it.shop.settings["alerts"]


def _no_orders(it: Open) -> None:
    it.shop.store.shop.orders.clear()


BROKEN: dict[str, tuple[Callable[[Open], None], int, str, str, str]] = {
    "no alert channel": (_no_channel, 1, "settings.alerts", "settings",
        "warn no alert channel is set: when something burns, nobody is told / set alerts.email.to or"),
    "unknown key": (lambda it: _key(it, "ck_unknown", "cs_sandbox"), 2, "store.reached", "butiken",
        "/ correct consumer_key and consumer_secret in settings.yaml"),
    "wrong secret": (lambda it: _key(it, "ck_sandbox", "cs_of yesterday"), 2, "store.reached", "butiken",
        "fail store butiken refuses the REST API key ending in sandbox, or its secret / correct"),
    "secret that is not set": (lambda it: _key(it, "${NOT_SET_HERE}", "cs_sandbox"), 2, "store.reached", "butiken",
        "NOT_SET_HERE is not set"),
    "read-only key, live": (lambda it: _read_only(it, "live"), 2, "store.write", "butiken",
        "fail store butiken does not let the REST API key ending in eadonly write / give it Read/Write in"),
    "read-only key, shadow": (lambda it: _read_only(it, "shadow"), 1, "store.write", "butiken",
        "mode: shadow does without, mode: live does not / give it Read/Write in"),
    "nobody at the address": (lambda it: it.shop.only.update(url=NOBODY), 3, "store.reached", "butiken",
        "fail store butiken can't be reached: no connection came about / see that this machine may connect"),
    "page instead of the API": (lambda it: _mishap(it, "plain_permalinks"), 3, "store.reached", "butiken",
        "/ correct its url in settings.yaml, choose permalinks other than Plain"),
    "PHP notice ahead of the JSON": (lambda it: _mishap(it, "notice"), 3, "store.reached", "butiken",
        "prints something ahead of its JSON / have PHP's display_errors"),
    "maintenance": (lambda it: _mishap(it, "maintenance"), 3, "store.reached", "butiken",
        "is down for maintenance or overloaded (HTTP 503) / if it lasts, whoever keeps the shop must look"),
    "PHP breaks down": (lambda it: _mishap(it, "crash"), 3, "store.reached", "butiken",
        "/ whoever keeps the shop finds the reason in its PHP error log"),
    "firewall": (lambda it: _mishap(it, "firewall", value=403), 2, "store.reached", "butiken",
        "is shut by its web server or a firewall (HTTP 403) / have its host let this machine through"),
    "shop's clock behind": (lambda it: _store_clock(it, -5), 1, "store.clock", "butiken",
        "warn the shop's clock is 5 minutes behind this machine's"),
    "shop's clock ahead": (lambda it: _store_clock(it, 5), 1, "store.clock", "butiken",
        "warn the shop's clock is 5 minutes ahead of this machine's"),
    "posts storage": (_posts, 0, "store.storage", "butiken",
        "open orders are read anew every 10 minutes (poll.sweep)"),
    "old WooCommerce": (_old, 2, "store.version", "butiken", "/ have WooCommerce updated, to 5.8 or later"),
    "webhooks not installed": (_webhooks_wanted, 1, "store.webhook", "butiken",
        f"{MISSING} / `wc-bridge webhook install butiken`"),
    "Resurs: another secret": (lambda it: it.resurs.update(client_secret="of yesterday"), 2, "provider.account",
        RESURS, "fail Resurs does not accept the credentials / check client_id, client_secret and environment"),
    "Resurs: another store": (lambda it: it.resurs.update(store_id=NO_ID), 2, "provider.account", RESURS,
        f"fail Resurs has no store {NO_ID} for these credentials (1 others) / check store_id"),
    "Resurs: nobody at the address": (lambda it: it.resurs.update(base_url=NOBODY), 3, "provider.account", RESURS,
        "fail Resurs can't be reached: no connection came about / see that this machine may connect"),
    "Resurs: secret that is not set": (lambda it: it.resurs.update(client_secret="${NOT_SET_HERE}"), 2,
        "provider.account", RESURS, "NOT_SET_HERE is not set / correct the credentials in settings.yaml"),
    "Resurs: another server at the address": (lambda it: it.resurs.update(base_url=it.shop.store_url), 3,
        "provider.account", RESURS, "fail Resurs gave no token (HTTP 301) / check the address in settings.yaml"),
    "Ecster: another server at the address": (lambda it: it.ecster.update(base_url=it.shop.store_url), 3,
        "provider.account", ECSTER, "fail Ecster answered 301 and no JSON to a read / check the address in"),
    "Ecster: another key": (_another_ecster_key, 2, "provider.account", ECSTER,
        "fail Ecster refuses the keys / check api_key and merchant_key"),
    "Ecster: another key, which looks as if there were no order": (lambda it: _another_ecster_key(it, 400), 2,
        "provider.payments", ECSTER, f"fail Ecster has none {NONE_FOUND}"),
    "Resurs: another environment": (_unknown_payments, 2, "provider.payments", RESURS,
        f"fail Resurs has none {NONE_FOUND}"),
    "no order of this provider": (_other_payment_methods, 1, "provider.payments", RESURS,
        f"warn no order of the last 2 uses <uuid> / {PATTERN}; the shop's methods are: klarna_payments (2)"),
    "no payment ids": (_no_payment_ids, 1, "provider.payments", ECSTER,
        "warn 1 of the last 2 orders use this provider, but none names its payment / see that the payment plugin"),
    "no orders": (_no_orders, 0, "provider.payments", RESURS, "ok the shop has no orders yet"),
    "payment of another order": (_names_another, 1, "provider.payments", RESURS,
        "names another order: it is left alone, as all such orders are / set match_reference: false if"),
    "another currency": (_in_euro, 1, "provider.payments", RESURS, "is in SEK, its payment in EUR /"),
    "no database yet": (lambda it: it.shop.database.unlink(), 1, "database", "database",
        "warn there is no database yet at sqlite:///"),
    "no folder for the database": (lambda it: _database(it, "sqlite:///no/such/folder/bridge.sqlite3"), 2,
        "database", "database", "fail the folder /no/such/folder of the database does not exist / make it"),
    "no database but something else": (_no_database, 3, "database", "database",
        "can't be used: file is not a database / check `database` in settings.yaml"),
    "PostgreSQL that is not there": (lambda it: _database(it, "postgresql://bridge:geheim@127.0.0.1:9/bridge"), 3,
        "database", "database", "nobody answers at 127.0.0.1:9"),
}  # fmt: skip
"""What is broken, how the check ends, and what it says of which point."""


@pytest.mark.parametrize(("breaks", "code", "name", "subject", "said"), BROKEN.values(), ids=BROKEN)
async def test_what_is_broken_is_named_with_its_remedy(
    opened: Open, breaks: Callable[[Open], None], code: int, name: str, subject: str, said: str
) -> None:
    breaks(opened)
    ran = await opened.shop.types("check", "--json")
    assert said in told(ran, name, subject)
    assert ran.code == code, states(ran)
    assert [it["name"] for it in ran.json if (it["state"] == "ok") != (it["remedy"] == "")] == []
    secrets = (*SECRETS, "geheim", "of yesterday", *opened.shop.resurs.tokens)
    assert [word for word in secrets if word in ran.out + ran.err] == []
    assert {path.partition("?")[0] for path in opened.shop.writes()} <= {TRIED}


async def test_what_is_broken_in_one_place_hides_nothing_in_another(opened: Open) -> None:
    """And of what can't be reached and what is set wrongly, the latter says how it ends."""
    opened.shop.only["url"] = NOBODY
    opened.resurs["client_secret"] = "of yesterday"
    ran = await opened.shop.types("check", "--json")
    assert ran.code == 2
    assert states(ran) == {"butiken store.reached": "fail", "butiken: resurs test provider.account": "fail"}
    assert told(ran, "provider.account", ECSTER).startswith("ok ")


async def test_certificate_that_nobody_signed_is_said_in_words(opened: Open) -> None:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    async with serving(authority.private_key_pem, authority.cert_pem) as url:
        opened.shop.only["url"] = opened.resurs["base_url"] = url
        ran = await opened.shop.types("check", "--json")
    assert ran.code == 3
    self_signed = "HTTPS fails: its certificate is self-signed / have one put there that"
    assert told(ran, "store.reached").startswith(f"fail store butiken can't be reached: {self_signed}")
    assert told(ran, "provider.account", RESURS).startswith(f"fail Resurs can't be reached: {self_signed}")
