"""`webhook` says whether the shop has its webhooks and whether they work; `webhook install` sees to it."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bridge.sandbox.faults import Fault
from bridge.sandbox.server import Server
from bridge.sandbox.store.model import Webhook
from tests.commands.shop import NAME, SECRETS, Ran, Shop, open_shop
from tests.web.bridge import free_port, listens

PATH = f"/webhooks/woocommerce/{NAME}"
TOPICS = ["order.created", "order.updated", "order.deleted", "order.restored"]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that the bridge knows, and that reaches its listener."""
    async with open_shop(tmp_path) as made:
        listens(made)
        assert (await made.types("once", "--wait", "0s")).code == 0
        yield made


def url(shop: Shop) -> str:
    return f"{shop.settings['web']['public_url']}{PATH}"


def states(ran: Ran) -> list[str]:
    """Of the four topics, as `--json` of one store tells them."""
    [told] = ran.json
    assert list(told["topics"]) == TOPICS
    return list(told["topics"].values())


def made_secret(shop: Shop) -> str:
    database = sqlite3.connect(shop.database)
    [(secret,)] = database.execute("SELECT webhook_secret FROM stores").fetchall()
    database.close()
    return str(secret)


async def test_before_the_install_all_is_missing_and_it_says_what_to_do(shop: Shop) -> None:
    ran = await shop.types("webhook")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == f"{NAME}  {url(shop)}"
    assert [f"  {topic}: missing" in ran.out.splitlines() for topic in TOPICS] == [True] * 4
    assert f"`wc-bridge webhook install {NAME}` puts that right" in ran.out
    assert shop.writes() == []


async def test_install_beside_the_daemon_and_the_shop_delivers(shop: Shop) -> None:
    async with shop.daemon() as daemon:
        ran = await shop.types("webhook", "install", NAME)
        assert (ran.code, ran.err) == (0, "")
        assert "the shop has its webhooks, and a delivery from here gets through" in ran.out
        shop.store.create_order({"MUGG": 1})
        statuses = [delivery.status for delivery in await shop.store.deliver()]
        assert statuses[:4] == [200] * 4, "the pings"
        assert set(statuses[4:]) == {202}
        again = await shop.types("webhook", "--json")
        assert (again.code, states(again), again.json[0]["works"]) == (0, ["active"] * 4, True)
        said = await daemon.stop()
    secret = made_secret(shop)
    assert len(secret) == 43, "32 bytes"
    shown = "".join(one.out + one.err for one in (ran, again, said))
    assert [word for word in (*SECRETS, secret) if word in shown] == []


async def test_install_may_be_repeated(shop: Shop) -> None:
    await shop.types("webhook", "install")
    before = {one.id: one.secret for one in shop.store.shop.webhooks.values()}
    assert len(before) == 4
    assert set(before.values()) == {made_secret(shop)}
    await shop.types("webhook", "install")
    assert {one.id: one.secret for one in shop.store.shop.webhooks.values()} == before


async def test_shop_that_gave_the_webhook_up_is_told_and_mended(shop: Shop) -> None:
    """The daemon was down for long."""
    await shop.types("webhook", "install")
    order = shop.store.create_order({"MUGG": 1})
    for status in ("on-hold", "processing") * 3:
        shop.store.set_status(order, status)
        await shop.store.deliver()
    async with shop.daemon():
        ran = await shop.types("webhook")
        assert ran.code == 1
        assert "order.updated: disabled by the shop, after deliveries that failed in a row" in ran.out
        assert (await shop.types("webhook", "install")).code == 0
        shop.store.set_status(order, "completed")
        assert 202 in [delivery.status for delivery in await shop.store.deliver()]


async def test_paused_one_is_told_and_mended(shop: Shop) -> None:
    await shop.types("webhook", "install")
    shop.store.shop.webhooks[2].status = "paused"
    ran = await shop.types("webhook")
    assert "order.updated: paused by a person in the shop" in ran.out
    assert states(await shop.types("webhook", "install", "--json")) == ["active"] * 4


async def test_webhooks_of_others_are_left_alone_however_many_there_are(shop: Shop) -> None:
    books = shop.store.shop
    for _ in range(120):
        number = next(books.webhook_ids)
        books.webhooks[number] = Webhook(
            id=number,
            name="of the bookkeeping",
            topic="order.updated",
            delivery_url="https://books.example/hook",
            secret="theirs",
            created=datetime.now(UTC),
            status="disabled",
        )
    await shop.types("webhook", "install")
    theirs = [one for one in books.webhooks.values() if one.delivery_url == "https://books.example/hook"]
    assert {(one.secret, one.status) for one in theirs} == {("theirs", "disabled")}
    for one in books.webhooks.values():
        one.created = datetime(2020, 1, 1, tzinfo=UTC) if one.delivery_url == url(shop) else one.created
    assert states(await shop.types("webhook", "--json")) == ["active"] * 4, "on the last page of the list"


async def test_secret_of_the_settings_is_the_one(shop: Shop) -> None:
    shop.only["webhook_secret"] = "chosen by the administrator"
    async with shop.daemon():
        assert (await shop.types("webhook", "install")).code == 0
    assert {one.secret for one in shop.store.shop.webhooks.values()} == {"chosen by the administrator"}
    assert made_secret(shop) == ""


async def test_secret_that_the_daemon_does_not_have_is_found_out(shop: Shop) -> None:
    shop.only["webhook_secret"] = "the old one"
    async with shop.daemon():
        shop.only["webhook_secret"] = "the new one"
        ran = await shop.types("webhook", "install")
    assert ran.code == 1
    assert "another secret" in ran.out


async def test_webhooks_without_a_secret_of_ours_do_not_work(shop: Shop) -> None:
    """The database was lost: the shop still signs, with a secret that nobody here knows."""
    await shop.types("webhook", "install")
    database = sqlite3.connect(shop.database)
    database.execute("UPDATE stores SET webhook_secret = ''")
    database.commit()
    database.close()
    ran = await shop.types("webhook")
    assert ran.code == 1
    assert "there is no secret yet" in ran.out
    assert "`wc-bridge webhook install" in ran.out


async def test_without_a_daemon_it_is_installed_but_does_not_work(shop: Shop) -> None:
    ran = await shop.types("webhook", "install")
    assert ran.code == 1
    assert "a delivery from here does not get through: no answer" in ran.out
    assert "see that `wc-bridge run` runs" in " ".join(ran.out.split())
    assert len(shop.store.shop.webhooks) == 4


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (200, "something else answers"),
        (403, "something else answers"),
        (301, "where no shop follows: set `web.public_url`"),
        (308, "where no shop follows: set `web.public_url`"),
        (404, "nobody there knows"),
        (502, "gets no answer itself"),
        (504, "gets no answer itself"),
    ],
)
async def test_web_server_that_does_not_pass_it_on_is_told(shop: Shop, status: int, says: str) -> None:
    async def answers(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/"})

    front = web.Application()
    front.router.add_post(PATH, answers)
    async with Server(front) as server:
        shop.settings["web"]["public_url"] = server.url
        ran = await shop.types("webhook", "install")
    assert ran.code == 1
    assert says in " ".join(ran.out.split())
    assert f"HTTP {status}" in " ".join(ran.out.split())


async def test_https_that_fails_is_told_apart_from_a_bridge_that_is_not_there(shop: Shop) -> None:
    async with shop.daemon():
        shop.settings["web"]["public_url"] = shop.settings["web"]["public_url"].replace("http:", "https:")
        ran = await shop.types("webhook", "install")
    assert ran.code == 1
    assert "HTTPS fails there" in " ".join(ran.out.split())


ADDRESSES = {
    "a slash at its end": ("127.0.0.1", "http://127.0.0.1:{port}/"),
    "a name": ("127.0.0.1", "http://localhost:{port}"),
    "IPv6": ("[::1]", "http://[::1]:{port}"),
}


@pytest.mark.parametrize("case", ADDRESSES)
async def test_public_url_may_be_written_as_any_address_may(shop: Shop, case: str) -> None:
    host, public = ADDRESSES[case]
    port = free_port()
    shop.settings["web"] = {"listen": f"{host}:{port}", "public_url": public.format(port=port)}
    async with shop.daemon():
        ran = await shop.types("webhook", "install", "--json")
        assert (ran.code, ran.err) == (0, "")
        assert ran.json == [
            {
                "store": NAME,
                "delivery_url": f"{public.format(port=port).rstrip('/')}{PATH}",
                "topics": dict.fromkeys(TOPICS, "active"),
                "unreached": "",
                "undelivered": "",
                "works": True,
            }
        ]
        assert [ping.status for ping in await shop.store.deliver()] == [200] * 4


async def test_web_server_in_front_may_serve_it_below_a_path_of_its_own(shop: Shop) -> None:
    """As nginx does with `location /bridge/webhooks/woocommerce/` and the bridge's path behind `proxy_pass`."""
    listens_at = shop.settings["web"]["public_url"]

    async def passes_on(request: web.Request) -> web.Response:
        path, body = request.path.removeprefix("/bridge"), await request.read()
        async with (
            aiohttp.ClientSession() as session,
            session.post(listens_at + path, data=body, headers=request.headers) as answer,
        ):
            return web.Response(status=answer.status)

    front = web.Application()
    front.router.add_post("/bridge/{path:.*}", passes_on)
    async with Server(front) as server, shop.daemon():
        shop.settings["web"]["public_url"] = f"{server.url}/bridge"
        assert (await shop.types("webhook", "install")).code == 0
        assert [ping.status for ping in await shop.store.deliver()] == [200] * 4


async def test_second_bridge_at_the_same_address_is_found_out(shop: Shop, tmp_path: Path) -> None:
    """It has a database of its own, and so another secret; which of the two is meant, a person must say."""
    async with shop.daemon():
        assert (await shop.types("webhook", "install")).code == 0
        shop.settings["database"] = f"sqlite://{tmp_path}/second.sqlite3"
        assert (await shop.types("once", "--wait", "0s")).code == 0
        ran = await shop.types("webhook", "install")
        assert ran.code == 1
        assert "another secret" in ran.out


async def test_store_that_can_not_be_asked_is_told_and_ends_3(shop: Shop) -> None:
    async with open_shop(shop.folder, "another") as other:
        shop.settings["stores"].append({**other.only, "url": "http://127.0.0.1:9"})
        assert (await shop.types("once", "--wait", "0s")).code == 3
        ran = await shop.types("webhook", "install")
    assert ran.code == 3
    assert "store another can't be reached" in " ".join(ran.out.split())
    assert len(shop.store.shop.webhooks) == 4, "the other store has its own"


async def test_lost_answer_is_made_good_by_installing_again(shop: Shop) -> None:
    shop.store.faults.plan(Fault.DROP_AFTER, method="POST", path="/webhooks")
    assert (await shop.types("webhook", "install")).code == 3
    await shop.types("webhook", "install")
    assert sorted(one.topic for one in shop.store.shop.webhooks.values()) == sorted(TOPICS)


async def test_key_that_may_only_read_can_look_but_not_install(shop: Shop) -> None:
    shop.only["consumer_key"], shop.only["consumer_secret"] = "ck_readonly", "cs_readonly"
    assert states(await shop.types("webhook", "--json")) == ["missing"] * 4
    ran = await shop.types("webhook", "install")
    assert ran.code == 3
    assert "give it Read/Write" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({}, "web.public_url is not set: set it in settings.yaml"),
        ({"listen": None, "public_url": "https://shop.example"}, "web.listen is null: set it in settings.yaml"),
        (None, "web.public_url is not set: set it in settings.yaml"),
    ],
)
@pytest.mark.parametrize("words", [["webhook"], ["webhook", "install"]])
async def test_settings_that_it_needs_are_named(
    shop: Shop, setting: dict[str, str] | None, says: str, words: list[str]
) -> None:
    shop.settings["web"] = setting
    ran = await shop.types(*words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert says in ran.err


async def test_store_that_is_not_there_is_one_line(shop: Shop) -> None:
    ran = await shop.types("webhook", "install", "boutique")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "wc-bridge: there is no store 'boutique' in the settings: there is butiken\n"


async def test_store_that_the_database_does_not_know_yet_is_one_line(shop: Shop) -> None:
    shop.only["name"] = "new"
    ran = await shop.types("webhook", "install")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "store new is new, and not in the database yet" in ran.err
    assert shop.store.shop.webhooks == {}


async def test_before_the_first_run_there_is_no_database(shop: Shop, tmp_path: Path) -> None:
    shop.settings["database"] = f"sqlite://{tmp_path}/none.sqlite3"
    assert (await shop.types("webhook")).code == 3
    assert not (tmp_path / "none.sqlite3").exists()


async def test_name_of_the_store_is_part_of_the_address_whatever_its_letters(tmp_path: Path) -> None:
    async with open_shop(tmp_path, "butiken-på-hörnet") as shop:
        listens(shop)
        await shop.types("once", "--wait", "0s")
        async with shop.daemon():
            assert (await shop.types("webhook", "install")).code == 0
            assert [ping.status for ping in await shop.store.deliver()] == [200] * 4
    assert {one.delivery_url.isascii() for one in shop.store.shop.webhooks.values()} == {True}
