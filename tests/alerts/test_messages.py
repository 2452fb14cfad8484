"""What is told, and when: pure values."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bridge.domain.alerts import MOST, Alert, Topic, is_daily_due, message, named, wait_after

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ONE = Alert(topic=Topic.NO_MONEY, store="butiken", text="do not ship order 7: no money", at=AT, orders=(7,))


def test_one_alert_is_its_own_subject() -> None:
    told = message([ONE], "web1")
    assert told.subject == "wc-bridge, butiken: do not ship order 7: no money"
    assert told.text.startswith("butiken: do not ship order 7: no money\n\n-- \nwc-bridge on web1;")


def test_a_storm_is_one_message_that_spells_out_the_first() -> None:
    many = [replace(ONE, text=f"alert {i}") for i in range(200)]
    told = message(many, "web1")
    assert (told.subject, len(told.alerts)) == ("wc-bridge, butiken: 200 alerts: alert 0", 200)
    assert told.text.count("butiken: alert ") == MOST
    assert "and 180 more" in told.text


@pytest.mark.parametrize("text", ["two\nlines", "x" * 5000, "å\r\nBcc: anna@example.com"])
def test_a_subject_is_one_line_and_short(text: str) -> None:
    told = message([replace(ONE, text=text)], "web1")
    assert len(told.subject) <= 100
    assert not set("\r\n") & set(told.subject)


def test_of_many_orders_the_first_are_named() -> None:
    assert named([7]) == "order 7"
    assert named([7, 8]) == "orders 7, 8"
    assert named(range(1, 201)).endswith("19, 20 and 180 more")


def test_a_channel_that_fails_is_tried_ever_more_seldom() -> None:
    waits = [wait_after(failures) // timedelta(seconds=1) for failures in (1, 2, 3, 4, 5, 6, 400)]
    assert waits == [30, 60, 120, 240, 480, 600, 600]


DAYS = [
    # last one, now, due
    ("2026-11-21 08:00:01", "2026-11-21 23:59", False),
    ("2026-11-21 08:00:01", "2026-11-22 07:59", False),
    ("2026-11-21 08:00:01", "2026-11-22 08:00", True),
    ("2026-11-21 07:59:59", "2026-11-21 08:00", True),  # it was put on the clock a moment before
    ("2026-11-19 08:00:01", "2026-11-22 03:00", True),  # the machine was off
    ("2026-11-21 15:00", "2026-11-22 07:00", False),  # it began in the afternoon
]


@pytest.mark.parametrize(("last", "now", "due"), DAYS)
def test_the_daily_message_is_due_once_the_clock_has_struck(last: str, now: str, due: bool) -> None:
    assert is_daily_due(datetime.fromisoformat(last), datetime.fromisoformat(now), time(8)) is due
