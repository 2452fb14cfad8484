"""The clock of sandboxes and tests."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bridge.sandbox.clock import ManualClock


def test_it_moves_only_when_told_and_speaks_utc() -> None:
    clock = ManualClock(datetime(2026, 11, 21, 22, 0, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == clock.now() == datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
    clock.advance(61)
    assert str(clock.now()) == "2026-11-21 21:01:01+00:00"


def test_it_neither_runs_backwards_nor_begins_without_a_zone() -> None:
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 11, 21))  # noqa: DTZ001 - the error itself
