"""How a call can end when the network or the server fails: what the outcome claims is what the books show."""

from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bridge.domain.outcomes import Done, Later, Outcome, Refused, Unknown
from bridge.domain.payments import EntryKind
from bridge.domain.steps import EFFECT, Call
from bridge.providers.resurs.adapter import Resurs
from bridge.providers.resurs.api import Api
from bridge.sandbox.faults import Fault
from bridge.sandbox.server import Server
from tests.resurs.world import World, books, charge, request, settings

CALLS = tuple(EFFECT)
PATHS = {Call.CAPTURE: "capture", Call.RELEASE: "cancel", Call.RAISE: "order", Call.REFUND: "refund"}


@pytest.fixture
def payment_id(shop: World) -> str:
    """Half reserved, half captured, so that every call is possible."""
    made = shop.pay("1000.00")
    shop.sandbox.portal_capture(made, shop.sandbox.payment(made)["order"]["authorizedAmount"] / 2)
    return made


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE])
async def test_an_answer_that_proves_nothing_is_unknown_though_nothing_happened(
    shop: World, payment_id: str, call: Call, fault: Fault
) -> None:
    shop.sandbox.faults.plan(fault, method="POST", path=f"/{PATHS[call]}$")

    outcome = await shop.do(call, payment_id, 5000, key="1042V9")

    assert isinstance(outcome, Unknown)
    assert shop.asked("POST", f"/{PATHS[call]}") == 1
    assert (await shop.resurs.read(payment_id)).entry(EFFECT[call], "1042V9") is None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER])
async def test_an_unknown_that_happened_is_found_by_its_key_and_was_made_once(
    shop: World, payment_id: str, call: Call, fault: Fault
) -> None:
    shop.sandbox.faults.plan(fault, method="POST", path=f"/{PATHS[call]}$")

    outcome = await shop.do(call, payment_id, 5000, key="1042V9")

    log = (await shop.resurs.read(payment_id)).log
    assert isinstance(outcome, Unknown)
    assert [(entry.kind, entry.amount) for entry in log if entry.key == "1042V9"] == [(EFFECT[call], 5000)]


async def test_a_busy_server_has_done_nothing_and_says_how_long_to_wait(shop: World, payment_id: str) -> None:
    shop.sandbox.faults.plan(Fault.BUSY, method="POST", path="/refund$", retry_after=17)

    outcome = await shop.do(Call.REFUND, payment_id, 5000)

    assert isinstance(outcome, Later)
    assert outcome.after == timedelta(seconds=17)
    assert shop.sandbox.books(payment_id).returned == 0


async def test_a_token_that_ended_early_is_replaced_and_the_call_made_once(shop: World, payment_id: str) -> None:
    payment = await shop.resurs.read(payment_id)
    shop.sandbox.end_tokens()

    outcome = await shop.resurs.perform(request(Call.REFUND, payment, charge(5000)))

    assert isinstance(outcome, Done)
    assert shop.sandbox.books(payment_id).returned == 5000


@pytest.mark.parametrize(
    "fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY]
)
async def test_without_a_token_nothing_is_sent(shop: World, payment_id: str, fault: Fault) -> None:
    payment = await shop.resurs.read(payment_id)
    shop.clock.advance(3600)
    shop.sandbox.faults.plan(fault, path="/oauth2/token", times=9, retry_after=17)

    outcome = await shop.resurs.perform(request(Call.REFUND, payment, charge(5000)))

    assert isinstance(outcome, Later)
    assert outcome.after == (timedelta(seconds=17) if fault is Fault.BUSY else None)
    assert shop.asked("POST", "/refund") == 0


async def test_nobody_listens_so_nothing_was_sent(shop: World, payment_id: str) -> None:
    payment = await shop.resurs.read(payment_id)
    deaf = Resurs(Api(settings("http://127.0.0.1:1"), shop.resurs._api._session, now=shop.clock.now))

    assert isinstance(await deaf.perform(request(Call.REFUND, payment, charge(5000))), Later)


async def test_the_same_key_sent_twice_moves_money_twice(shop: World, payment_id: str) -> None:
    """Resurs is not known to deduplicate, so the adapter never repeats and the engine must not."""
    await shop.do(Call.REFUND, payment_id, 5000, key="1042R1")
    await shop.do(Call.REFUND, payment_id, 5000, key="1042R1")

    assert shop.sandbox.books(payment_id) == books(reserved=50000, captured=50000, returned=10000)


ERROR = '{"traceId": "9a7d", "code": "X", "message": "No way", "timestamp": "2025-01-16T06:32:02Z"}'


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (200, '{"id": "of nobody"}', Done()),
        (201, '{"order": {"actionLog": 7}}', Done()),
        (200, "{}", Unknown),
        (200, "[]", Unknown),
        (200, "", Unknown),
        (204, "", Unknown),
        (200, '{"id": "6d0c', Unknown),
        (302, "", Unknown),
        (304, "", Unknown),
        (400, ERROR, Refused("No way")),
        (403, ERROR, Refused("No way")),
        (404, ERROR, Refused("No way")),
        (409, ERROR, Refused("No way")),
        (422, ERROR, Refused("No way")),
        (400, "<html>proxy</html>", Unknown),
        (403, "<html>firewall</html>", Unknown),
        (404, "{}", Unknown),
        (408, ERROR, Unknown),
        (418, ERROR, Unknown),
        (401, ERROR, Later),
        (429, ERROR, Later),
        (429, "<html>slow down</html>", Later),
        (500, ERROR, Unknown),
        (502, "<html>gateway</html>", Unknown),
        (503, ERROR, Unknown),
        (504, "", Unknown),
    ],
)
async def test_every_answer_to_a_call_has_one_meaning(
    shop: World, payment_id: str, status: int, text: str, outcome: Outcome | type
) -> None:
    payment = await shop.resurs.read(payment_id)
    calls = 0

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "expires_in": 3599})

    async def anything(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_route("*", "/{rest:.*}", anything)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        resurs = Resurs(Api(settings(server.url), session))
        ended = await resurs.perform(request(Call.REFUND, payment, charge(5000)))

    if isinstance(outcome, type):
        assert isinstance(ended, outcome)
    else:
        assert ended == outcome
    assert calls == (2 if status == 401 else 1)


async def test_a_slow_answer_that_never_ends_is_unknown(shop: World, payment_id: str) -> None:
    """The client gives up at its time limit, here at once."""
    payment = await shop.resurs.read(payment_id)
    shop.sandbox.faults.plan(Fault.SLOW, method="POST", path="/refund$")
    shop.resurs._api._timeout = aiohttp.ClientTimeout(total=0.05)

    outcome = await shop.resurs.perform(request(Call.REFUND, payment, charge(5000), key="1042R1"))

    shop.sandbox.faults.release.set()
    assert isinstance(outcome, Unknown)
    entry = (await shop.resurs.read(payment_id)).entry(EntryKind.RETURN, "1042R1")
    assert entry is not None
