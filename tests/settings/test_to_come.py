"""A key that is set, but whose feature is not there yet, is not passed over in silence."""

import pytest

from bridge.settings import keys
from tests.settings.conftest import STORE, Load

TO_COME = [
    ("alerts.email.to", "alerts: {email: {to: [a@shop.example]}}\n"),
    ("alerts.daily_at", 'alerts: {daily_at: "07:00"}\n'),
]


@pytest.mark.parametrize(("path", "text"), TO_COME)
def test_key_to_come_says_so(load_text: Load, path: str, text: str) -> None:
    said = f"{path} is set, but this version does not have it yet: it changes nothing"
    assert load_text(text).not_yet() == [said]


def test_default_that_is_written_out_says_nothing(load_text: Load) -> None:
    assert load_text('web: {listen: 127.0.0.1:8787}\nalerts: {daily_at: "08:00"}\n').not_yet() == []


def test_key_in_effect_says_nothing(load_text: Load) -> None:
    text = "web: {listen: 127.0.0.1:9000, token: x}\n" + STORE + "    poll: {interval: 5s}\n    webhook_secret: x\n"
    text += "    limits: {refund_per_action: 500}\n    surge: {within: 5m}\n"
    assert load_text(text).not_yet() == []
    assert load_text("web: null\n").not_yet() == []


def test_what_is_to_come() -> None:
    coming = {key.path.removeprefix("stores[].").partition(".")[0] for key in keys() if key.to_come}
    assert coming == {"alerts"}
