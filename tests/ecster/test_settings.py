"""How a provider of type ecster is set up."""

import aiohttp
import pytest

from bridge.errors import SettingsError
from bridge.providers.ecster import connect
from bridge.providers.ecster.adapter import Ecster
from bridge.providers.ecster.settings import EcsterSettings
from bridge.providers.registry import provider_kinds
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.server import Server
from tests.ecster.world import API_KEY, MERCHANT


def settings(**changes: object) -> EcsterSettings:
    given: dict[str, object] = {
        "type": "ecster",
        "environment": "test",
        "api_key": API_KEY,
        "merchant_key": MERCHANT,
    }
    return EcsterSettings.model_validate(given | changes)


async def test_base_url_takes_the_place_of_scheme_and_host() -> None:
    sandbox = EcsterSandbox(clock=ManualClock().now, api_key=API_KEY, merchant_key=MERCHANT)
    order = sandbox.create_order("1042", 100)
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        for base_url in (server.url, f"{server.url}/"):
            ecster = connect(settings(base_url=base_url), session)
            assert (await ecster.read(order)).reference == "1042"
    assert sandbox.faults.seen == [("GET", f"/rest/public/v1/orders/{order}")] * 2


@pytest.mark.parametrize(
    ("environment", "host"), [("production", "https://secure.ecster.se"), ("test", "https://labs.ecster.se")]
)
async def test_each_environment_has_its_host(environment: str, host: str) -> None:
    async with aiohttp.ClientSession() as session:
        ecster = connect(settings(environment=environment), session)
        assert isinstance(ecster, Ecster)
        assert ecster._api._orders == f"{host}/rest/public/v1/orders/"


@pytest.mark.parametrize("bad", [{"api_key": "a\nb"}, {"api_key": "nyckel-å"}, {"merchant_key": ""}])
async def test_a_key_that_no_header_can_carry_is_named_and_not_shown(bad: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(SettingsError, match=next(iter(bad))) as caught:
            connect(settings(**bad), session)
    assert not bad.get("api_key") or bad["api_key"] not in str(caught.value)


def test_the_kind_is_found_by_its_type_and_guards_the_method_of_the_plugin() -> None:
    kind = provider_kinds()["ecster"]
    assert kind.PAYMENT_ID_KEYS == ("_wc_ecster_internal_reference",)
    assert kind.TRANSACTION_ID_NAMES_PAYMENT
    assert kind.SETTINGS.model_validate(settings().model_dump()).payment_methods == ("ecster",)


def test_the_secret_does_not_show_in_the_settings() -> None:
    assert API_KEY not in repr(settings())
