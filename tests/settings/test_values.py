"""What may stand for a value, and what it becomes."""

import re
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.settings.values import duration, spell_duration
from tests.settings.conftest import STORE, Load, Mistakes


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_duration_is_a_number_and_a_unit(text: str, meant: timedelta) -> None:
    assert duration(text) == meant


@pytest.mark.parametrize("text", ["", "s", "1.5h", "-1s", "1w", "1h30m", "30 s", "30S", "PT30S", "٣s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("30s, 10m, 2h, 1d")):
        duration(text)


def test_endless_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than can be counted"):
        duration("99999999999999d")


@given(st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds)))
def test_duration_survives_being_written(value: timedelta) -> None:
    assert duration(spell_duration(value)) == value


def test_bare_number_is_told_to_have_no_unit(mistakes: Mistakes) -> None:
    (line,) = mistakes(STORE + "    poll: {interval: 30}\n")
    assert "stores[0].poll.interval: a bare number has no unit" in line
    assert "found '30'" in line


def test_amount_is_exactly_what_is_written(load_text: Load) -> None:
    """Never by way of a float, which has no 0.1 and none of these digits."""
    limits = load_text(STORE + "    limits: {refund_per_action: 0.10000000000000000001}\n").stores[0].limits
    assert limits.refund_per_action == Decimal("0.10000000000000000001")


@pytest.mark.parametrize("figure", [".nan", "NaN", ".inf", "Infinity", "-1", "a lot", '"12,50"'])
def test_limit_is_an_amount(mistakes: Mistakes, figure: str) -> None:
    (line,) = mistakes(STORE + f"    limits:\n      refund_per_action: {figure}\n")
    assert "stores[0].limits.refund_per_action: must be" in line


def test_words_that_look_like_something_else_stay_words(load_text: Load) -> None:
    """`off` and `no` are words, `08:00` is no number of minutes, a quoted null is not null."""
    settings = load_text(
        "alerts: {daily_at: 08:00, command: [no, 007, 'null']}\n" + STORE + "    actions: {status_lock: off}\n"
    )
    assert settings.alerts.daily_at == time(8)
    assert settings.alerts.command == ("no", "007", "null")
    assert settings.stores[0].actions.status_lock == "off"


def test_start_from_takes_a_date(load_text: Load) -> None:
    assert load_text(STORE + "    start_from: 2026-11-01\n").stores[0].start_from == date(2026, 11, 1)


@pytest.mark.parametrize("url", ["https://shop.example/", "https://shop.example"])
def test_address_has_no_slash_at_its_end(load_text: Load, url: str) -> None:
    assert load_text(STORE.replace("https://shop.example", url)).stores[0].url == "https://shop.example"


@pytest.mark.parametrize(
    "url",
    ["shop.example", "ftp://shop.example", "https://", "https://shop.example/?lang=sv", "https://shop example"],
)
def test_store_needs_a_whole_address(mistakes: Mistakes, url: str) -> None:
    (line,) = mistakes(STORE.replace("https://shop.example", url))
    assert "settings.yaml:4:10: stores[0].url: must be an address" in line


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///var/lib/wc-bridge/bridge.sqlite3",
        "sqlite://bridge.sqlite3",
        "postgresql://bridge@db/bridge",
        "postgresql://bridge:pw@db.example:5432/bridge?sslmode=require",
    ],
)
def test_database_is_sqlite_or_postgresql(load_text: Load, url: str) -> None:
    assert load_text(f"database: {url}\n").database == url


@pytest.mark.parametrize(
    "url", ["bridge.sqlite3", "sqlite://", "sqlite:///", "postgresql://db", "postgres://u@h/n"]
)
def test_other_databases_are_refused(mistakes: Mistakes, url: str) -> None:
    (line,) = mistakes(f"database: {url}\n")
    assert "settings.yaml:1:11: database: must be sqlite:///absolute/path or postgresql://user@host/name" in line


@pytest.mark.parametrize("url", ["sqlite://:memory:", "sqlite:///:memory:?cache=shared"])
def test_database_that_forgets_is_refused(mistakes: Mistakes, url: str) -> None:
    assert "forgets at every stop what was paid" in mistakes(f'database: "{url}"\n')[0]


def test_web_null_turns_it_off(load_text: Load) -> None:
    assert load_text("web: null\n").web.listen is None


@pytest.mark.parametrize("tag", ["A", "SE-2", "NORRUT"])
def test_tag_fits_the_providers_alphabet(load_text: Load, tag: str) -> None:
    assert load_text(STORE + f"    tag: {tag}\n").stores[0].tag == tag


@pytest.mark.parametrize("tag", ["a", "TOOLONG", "A_B", '""'])
def test_other_tags_are_refused(mistakes: Mistakes, tag: str) -> None:
    assert "must be 1 to 6 of A-Z, 0-9 and -" in mistakes(STORE + f"    tag: {tag}\n")[0]


def test_settings_can_not_be_changed(load_text: Load) -> None:
    settings = load_text(STORE)
    with pytest.raises(ValueError, match="frozen"):
        settings.stores[0].mode = "live"


@pytest.mark.parametrize("text", ["0s", "14s"])
def test_an_unknown_call_is_never_settled_before_it_can_have_ended(mistakes: Mistakes, text: str) -> None:
    (line,) = mistakes(STORE + f"    settle: {{unknown: {text}}}\n")
    assert "stores[0].settle.unknown: must be at least 15s: a call may take that long" in line


def test_an_unknown_call_may_be_settled_as_soon_as_it_must_have_ended(load_text: Load) -> None:
    settle = load_text(STORE + "    settle: {unknown: 15s}\n").stores[0].settle
    assert settle.unknown == timedelta(seconds=15)
