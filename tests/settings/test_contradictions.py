"""What is right by itself and can't hold together: two stores, two providers, two actions at odds."""

import pytest

from tests.settings.conftest import STORE, Load, Mistakes

SECOND = """
  - name: {name}
    url: {url}
    consumer_key: ck_2
    consumer_secret: cs_2
"""
SILVER = "      - {{type: silver, environment: test, api_key: x, payment_methods: {}}}\n"


@pytest.mark.parametrize("name", ["butiken", "Butiken"])
def test_two_stores_have_two_names(mistakes: Mistakes, name: str) -> None:
    (line,) = mistakes(STORE + SECOND.format(name=name, url="https://other.example"))
    assert line == "settings.yaml:8:11: stores[1].name: is the name of stores[0] too"


@pytest.mark.parametrize("url", ["https://shop.example", "http://SHOP.example/"])
def test_one_shop_is_one_store(mistakes: Mistakes, url: str) -> None:
    """Two would each capture and refund the same orders."""
    (line,) = mistakes(STORE + SECOND.format(name="other", url=url))
    assert "stores[1].url: is the shop of stores[0] too" in line


@pytest.mark.parametrize(
    ("one", "other"), [("[silver]", "[silver]"), ("[a, 'si*']", "[b, silver]"), ("['*_pay']", "['silver_*']")]
)
def test_two_providers_of_a_store_fit_no_order_in_common(mistakes: Mistakes, one: str, other: str) -> None:
    (line,) = mistakes(STORE + "    providers:\n" + SILVER.format(one) + SILVER.format(other))
    assert "stores[0].providers[1].payment_methods: " in line
    assert "of providers[0] fit the same orders; an order has one provider" in line


def test_default_patterns_are_at_odds_too(mistakes: Mistakes) -> None:
    gold = "      - {type: gold, environment: test, password: x, shop: a}\n"
    (line,) = mistakes(STORE + "    providers:\n" + gold + gold)
    assert "'<uuid>' and '<uuid>' of providers[0] fit the same orders" in line


def test_patterns_of_one_provider_and_of_two_stores_may_overlap(load_text: Load) -> None:
    providers = "    providers:\n" + SILVER.format("[silver, 's*']")
    second = SECOND.format(name="other", url="https://other.example")
    assert len(load_text(STORE + providers + second + providers).stores) == 2


@pytest.mark.parametrize("providers", ["", "    providers: []\n"])
def test_live_store_has_providers(mistakes: Mistakes, providers: str) -> None:
    (line,) = mistakes(STORE + "    mode: live\n" + providers)
    assert line == "settings.yaml:7:11: stores[0].mode: a live store needs providers; found none"


@pytest.mark.parametrize(
    "actions",
    [
        "{capture: {on: [completed, shipped]}, cancel: {on: [shipped]}}",
        "{capture: {on: [cancelled]}}",
        "{cancel: {on: [completed]}}",
    ],
)
def test_no_status_both_captures_and_cancels(mistakes: Mistakes, actions: str) -> None:
    (line,) = mistakes(STORE + f"    actions: {actions}\n")
    assert "can't both capture and cancel" in line


@pytest.mark.parametrize("status", ["pending", "draft", "failed", "trash"])
def test_status_on_which_no_money_moves_can_not_capture(mistakes: Mistakes, status: str) -> None:
    (line,) = mistakes(STORE + f"    actions: {{capture: {{on: [{status}]}}}}\n")
    assert f"stores[0].actions.capture.on: no money moves on an order that is {status}" in line


def test_refunded_is_no_status_to_list(mistakes: Mistakes) -> None:
    (line,) = mistakes(STORE + "    actions: {cancel: {on: [refunded]}}\n")
    assert "stores[0].actions.cancel.on: a refunded order is released or paid back" in line


def test_custom_statuses_are_fine(load_text: Load) -> None:
    actions = load_text(STORE + "    actions: {capture: {on: [completed, shipped-by-us]}}\n").stores[0].actions
    assert actions.capture.on == ("completed", "shipped-by-us")
