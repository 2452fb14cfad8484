"""One token for everybody: fetched once, in time, and never shown."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
import structlog
from aiohttp import web

from bridge.domain.outcomes import Done, Later, Refused
from bridge.domain.steps import Call
from bridge.errors import AccessDenied, Busy, Nonsense, RemoteError, Unreachable
from bridge.providers.resurs import SETTINGS, connect
from bridge.providers.resurs.adapter import Resurs
from bridge.providers.resurs.api import Api
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.faults import Fault
from bridge.sandbox.resurs import Switches
from bridge.sandbox.server import Server
from tests.resurs.world import CLIENT, SECRET, STORE, World, charge, request, settings, world


async def test_one_fetch_serves_all_who_wait(shop: World) -> None:
    payment_id = shop.pay()

    await asyncio.gather(*(shop.resurs.read(payment_id) for _ in range(10)))

    assert shop.asked("POST", "/oauth2/token") == 1


@pytest.mark.parametrize(("age", "fetched"), [(3538, 1), (3539, 2)])
async def test_a_token_is_replaced_a_minute_before_it_ends(shop: World, age: int, fetched: int) -> None:
    payment_id = shop.pay()
    await shop.resurs.read(payment_id)
    shop.clock.advance(age)

    await shop.resurs.read(payment_id)

    assert shop.asked("POST", "/oauth2/token") == fetched


async def test_readers_who_meet_one_dead_token_fetch_one_new(shop: World) -> None:
    payment_id = shop.pay()
    await shop.resurs.read(payment_id)
    shop.sandbox.end_tokens()

    await asyncio.gather(*(shop.resurs.read(payment_id) for _ in range(4)))

    assert shop.asked("POST", "/oauth2/token") == 2


async def test_calls_that_meet_one_dead_token_fetch_one_new_and_go_out_once_more(shop: World) -> None:
    payments = [await shop.resurs.read(shop.pay()) for _ in range(6)]
    shop.sandbox.end_tokens()

    outcomes = await asyncio.gather(
        *(shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000))) for payment in payments)
    )

    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert {shop.sandbox.books(payment.id).captured for payment in payments} == {80000}
    assert shop.asked("POST", "/oauth2/token") == 2
    assert shop.asked("POST", "/capture") == 2 * len(payments)


async def test_a_call_answered_401_waits_where_no_new_token_is_to_be_had(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay())
    shop.sandbox.replace_client(CLIENT, "of tomorrow")

    outcome = await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000)))

    assert isinstance(outcome, Later)
    assert shop.asked("POST", "/capture") == 1
    assert shop.sandbox.books(payment.id).captured == 0


@pytest.mark.parametrize("life", [10**15, 86400, "86400", 86400.0])
async def test_a_token_is_kept_for_a_day_at_most(life: object) -> None:
    """Whoever says longer means something else than seconds."""
    clock, tokens = ManualClock(), 0

    async def token(_: web.Request) -> web.Response:
        nonlocal tokens
        tokens += 1
        return web.json_response({"access_token": "t", "expires_in": life})

    async def read(_: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_get("/{rest:.*}", read)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        api = Api(settings(server.url), session, now=clock.now)
        counts = []
        for _ in range(2):
            await api.get("/v2/stores")
            counts.append(tokens)
            clock.advance(86400 - 60)
        await api.get("/v2/stores")

    assert (counts, tokens) == ([1, 2], 3)


async def test_a_late_refusal_of_the_old_token_does_not_end_the_new_one() -> None:
    """One reader's 401 comes only after another reader has fetched a new token."""
    tokens = 0
    renewed = asyncio.Event()

    async def token(_: web.Request) -> web.Response:
        nonlocal tokens
        tokens += 1
        return web.json_response({"access_token": f"token-{tokens}", "expires_in": 3599})

    async def read(asked: web.Request) -> web.Response:
        if asked.headers["Authorization"] == "Bearer token-1":
            if asked.path == "/late":
                await renewed.wait()
            return web.json_response({}, status=401)
        renewed.set()
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_get("/{rest:.*}", read)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        api = Api(settings(server.url), session)
        answers = await asyncio.gather(api.get("/late"), api.get("/early"))

    assert [answer.status for answer in answers] == [200, 200]
    assert tokens == 2


@pytest.mark.parametrize("status", [400, 401])
async def test_credentials_that_are_refused_make_a_call_wait(status: int) -> None:
    async with world(Switches(invalid_client_status=status)) as good:
        payment = await good.resurs.read(good.pay())
        async with aiohttp.ClientSession() as session:
            bad = Resurs(Api(settings(good.url, secret="of yesterday"), session, now=good.clock.now))
            with pytest.raises(AccessDenied):
                await bad.read(payment.id)
            outcome = await bad.perform(request(Call.CAPTURE, payment, charge(80000)))

    assert isinstance(outcome, Later)
    assert "client_secret" in outcome.reason
    assert good.sandbox.books(payment.id).captured == 0


async def test_a_scope_that_is_not_granted_is_named() -> None:
    async with world(Switches(scopes=("mock-merchant-api",))) as shop:
        with pytest.raises(AccessDenied, match="check scope"):
            await shop.resurs.read(shop.pay())


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (200, "<html>login</html>", Nonsense),
        (200, "{}", Nonsense),
        (200, '{"access_token": "two\\nlines", "expires_in": 3599}', Nonsense),
        (200, '{"access_token": ""}', Nonsense),
        (200, '{"error": "invalid_client"}', Nonsense),
        (302, "", Nonsense),
        (404, "", Nonsense),
        (401, "<html>no</html>", AccessDenied),
        (403, "<html>firewall</html>", AccessDenied),
        (429, "", Busy),
        (500, "", Unreachable),
        (503, "", Busy),
    ],
)
async def test_every_answer_without_a_token_has_one_meaning(
    status: int, text: str, error: type[RemoteError]
) -> None:
    async def no_token(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_post("/oauth2/token", no_token)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        with pytest.raises(error):
            await Api(settings(server.url), session).get("/v2/stores")


async def test_a_refusal_of_everything_is_a_matter_of_access() -> None:
    """Of one payment, 403 would only mean that it is no longer shown."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403, text="<html>firewall</html>")

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "expires_in": 3599})

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_get("/{rest:.*}", refuse)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        with pytest.raises(AccessDenied, match="address"):
            await Resurs(Api(settings(server.url), session)).read(STORE)


async def test_neither_secret_nor_token_is_shown_anywhere(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    payment_id = shop.pay()
    shop.sandbox.faults.plan(Fault.ERROR_BEFORE, method="GET")
    with structlog.testing.capture_logs() as logs:
        payment = await shop.resurs.read(payment_id)
        shop.sandbox.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/capture$")
        outcome = await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80000)))
        refused = await shop.resurs.perform(request(Call.CAPTURE, payment, charge(80001)))

    bearer = shop.resurs._api._bearer
    assert bearer is not None
    shown = f"{logs} {outcome} {refused} {capsys.readouterr()} {shop.resurs} {shop.resurs._api.settings}"
    assert logs
    for secret in (SECRET, CLIENT, bearer.token):
        assert secret not in shown


async def test_what_resurs_echoes_of_token_and_credentials_is_masked(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay())

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "short-token", "expires_in": 3599})

    async def echo(asked: web.Request) -> web.Response:
        said = f"{asked.headers['Authorization']} of {CLIENT} ({SECRET}) may not"
        return web.json_response({"traceId": CLIENT, "message": said, "parameters": {"token": SECRET}}, status=403)

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_post("/{rest:.*}", echo)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        with structlog.testing.capture_logs() as logs:
            outcome = await Resurs(Api(settings(server.url), session)).perform(
                request(Call.CAPTURE, payment, charge(80000))
            )

    assert outcome == Refused("Bearer … of … (…) may not: token …")
    assert [entry["trace"] for entry in logs] == ["…"]


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("production", "https://merchant-api.resurs.com"),
        ("test", "https://merchant-api.integration.resurs.com"),
    ],
)
def test_the_environment_names_the_host(environment: str, host: str) -> None:
    made = SETTINGS.model_validate(
        {
            "type": "resurs",
            "environment": environment,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "store_id": STORE,
        }
    )

    assert (made.host, made.scope, made.payment_methods) == (host, "merchant-api", ("<uuid>",))


async def test_a_variable_that_is_not_set_keeps_reads_and_calls_from_starting(shop: World) -> None:
    payment = await shop.resurs.read(shop.pay())
    unset = settings(shop.url, secret="${WC_BRIDGE_NO_SUCH_VARIABLE}")
    async with aiohttp.ClientSession() as session:
        resurs = connect(unset, session)
        with pytest.raises(AccessDenied, match="WC_BRIDGE_NO_SUCH_VARIABLE"):
            await resurs.read(payment.id)
        assert isinstance(await resurs.perform(request(Call.CAPTURE, payment, charge(80000))), Later)


async def test_no_more_requests_at_a_time_than_the_settings_allow() -> None:
    running = most = 0

    async def count(_: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(20):
            await asyncio.sleep(0)
        running -= 1
        return web.json_response({}, status=404)

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "expires_in": 3599})

    app = web.Application()
    app.router.add_post("/oauth2/token", token)
    app.router.add_get("/{rest:.*}", count)
    async with Server(app) as server, aiohttp.ClientSession() as session:
        api = Api(settings(server.url, concurrency=2), session, now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
        await asyncio.gather(*(Resurs(api).read(STORE) for _ in range(8)))

    assert most == 2
