"""Every default is what the fixed shape of settings.yaml says, and the example file shows all of it."""

from pathlib import Path

import pytest

from bridge.providers.registry import provider_kinds
from bridge.settings import Secret, Settings, example, keys, load
from bridge.settings.document import read
from tests.settings.conftest import STORE, Gold, Load

TOP = Path(__file__).parents[2]

DEFAULTS = {
    "database": "sqlite:///var/lib/wc-bridge/bridge.sqlite3",
    "web.listen": "127.0.0.1:8787",
    "web.public_url": "null",
    "web.token": "null",
    "alerts.email.to": "[]",
    "alerts.email.sendmail": "/usr/sbin/sendmail",
    "alerts.command": "null",
    "alerts.heartbeat_url": "null",
    "alerts.daily_at": "08:00",
    "stores[].name": None,
    "stores[].tag": "null",
    "stores[].mode": "shadow",
    "stores[].url": None,
    "stores[].consumer_key": None,
    "stores[].consumer_secret": None,
    "stores[].language": "auto",
    "stores[].start_from": "now",
    "stores[].poll.interval": "30s",
    "stores[].poll.overlap": "2m",
    "stores[].poll.sweep": "10m",
    "stores[].settle.change": "5s",
    "stores[].settle.refund": "1m",
    "stores[].settle.unknown": "5m",
    "stores[].settle.others": "1m",
    "stores[].webhook_secret": "null",
    "stores[].warn_after": "1d",
    "stores[].concurrency": "2",
    "stores[].actions.capture.enabled": "true",
    "stores[].actions.capture.on": "[completed]",
    "stores[].actions.capture.leftover": "release",
    "stores[].actions.cancel.enabled": "true",
    "stores[].actions.cancel.on": "[cancelled]",
    "stores[].actions.refund.enabled": "true",
    "stores[].actions.refund.before_capture": "release",
    "stores[].actions.refund.delay": "0s",
    "stores[].actions.refund.hold_older_than": "3d",
    "stores[].actions.modify.enabled": "true",
    "stores[].actions.status_lock": "note",
    "stores[].limits.refund_per_action": "null",
    "stores[].limits.refunds_per_day": "null",
    "stores[].limits.actions_per_minute": "120",
    "stores[].surge.within": "10m",
    "stores[].surge.capture": "1000",
    "stores[].surge.cancel": "50",
    "stores[].surge.refund": "20",
    "stores[].surge.modify": "100",
    "stores[].providers[].type": None,
    "stores[].providers[].environment": None,
    "stores[].providers[].base_url": "null",
    "stores[].providers[].payment_methods": "[]",
    "stores[].providers[].match_reference": "true",
    "stores[].providers[].concurrency": "4",
}


def test_defaults_are_those_of_the_fixed_shape() -> None:
    assert {key.path: key.default for key in keys()} == DEFAULTS


def test_every_key_says_what_it_means() -> None:
    assert [key.path for key in keys() if not key.meaning] == []


@pytest.fixture
def shown() -> Settings:
    kinds = {name: kind.SETTINGS for name, kind in provider_kinds().items()}
    return load(TOP / "settings.yaml", kinds)


def test_example_file_has_every_key_at_its_default(shown: Settings, load_text: Load) -> None:
    """The long store of the example is the short one, but for what every store must say itself."""
    bare = load_text(STORE)
    long, short = shown.stores[0], bare.stores[0]
    given = {"consumer_key": Secret("ck_1"), "consumer_secret": Secret("cs_1"), "providers": ()}
    stripped = long.model_copy(update=given)
    assert stripped == short.model_copy(update=given)
    assert shown.model_copy(update={"stores": ()}) == bare.model_copy(update={"stores": ()})


def test_example_file_writes_every_key_out() -> None:
    document = read((TOP / "settings.yaml").read_text(encoding="utf-8"), "settings.yaml")
    missing = []
    for path in DEFAULTS:
        steps = path.replace("[]", ".0").split(".")
        try:
            document.raw(tuple(int(step) if step.isdecimal() else step for step in steps))
        except KeyError:
            missing.append(path)
    assert missing == []


def test_example_providers_are_at_their_defaults(shown: Settings) -> None:
    resurs, ecster = shown.stores[0].providers
    assert (resurs.type, resurs.payment_methods, resurs.concurrency) == ("resurs", ("<uuid>",), 4)
    assert (ecster.type, ecster.payment_methods, ecster.match_reference) == ("ecster", ("ecster",), True)


def test_installed_example_is_the_one_at_the_top() -> None:
    assert example() == (TOP / "settings.yaml").read_text(encoding="utf-8")


def test_empty_file_is_all_defaults(load_text: Load) -> None:
    assert load_text("# nothing yet\n") == Settings()


def test_provider_becomes_the_model_of_its_type(load_text: Load) -> None:
    settings = load_text(
        STORE
        + """
    providers:
      - {type: gold, environment: test, password: x, shop: 0012, base_url: http://127.0.0.1:9001/}
"""
    )
    (provider,) = settings.stores[0].providers
    assert isinstance(provider, Gold)
    assert provider.shop == "0012"
    assert provider.base_url == "http://127.0.0.1:9001"
    assert provider.payment_methods == ("<uuid>",)
