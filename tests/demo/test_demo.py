"""`wc-bridge demo`: the day, told and proved."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.houses import EcsterHouse, ResursHouse
from bridge.demo.sandboxes import BASKET, Sandboxes
from bridge.demo.stage import MORNING
from tests.demo.command import run

SCENES = {
    "complete": (81125, 0, 1),
    "cancel": (0, 0, 1),
    "refund-lines": (81125, 12500, 2),
    "refund-amount": (81125, 4990, 2),
    "swap": (0, 0, 0),
    "digital": (62500, 0, 1),
    "portal-capture": (81125, 0, 0),
    "portal-refund": (81125, 10000, 1),
    "lost-answer": (81125, 0, 1),
}
"""Captured, returned, and calls, alike at both providers."""
APART = {
    ("lower-total", "Resurs"): (68625, 0, 2),
    ("lower-total", "Ecster"): (68625, 0, 1),
    ("higher-total", "Resurs"): (112375, 0, 2),
    ("higher-total", "Ecster"): (81125, 0, 1),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON of a day in an empty folder, after which the folder is empty again."""
    folder = tmp_path_factory.mktemp("nowhere")
    ran = run(folder, "demo", "--json", "--debug")
    assert (ran.returncode, list(folder.iterdir())) == (0, [])
    found: dict[str, Any] = json.loads(ran.stdout)
    return {**found, "log": [json.loads(line) for line in ran.stderr.splitlines()]}


def told(lived: dict[str, Any], scene: str, who: str) -> dict[str, list[str]]:
    """What `who` did in a scene, by provider."""
    found: dict[str, list[str]] = {"Resurs": [], "Ecster": []}
    for happening in lived["happened"]:
        if (happening["scene"], happening["who"]) == (scene, who):
            found[happening["provider"]].append(happening["text"])
    return found


def test_every_scene_is_lived_with_both_providers_and_every_row_agrees(lived: dict[str, Any]) -> None:
    both = {(scene, provider): figures for scene, figures in SCENES.items() for provider in ("Resurs", "Ecster")}
    rows = {(row["scene"], row["provider"]): row for row in lived["rows"]}
    figures = {
        place: (row["books"]["captured"], row["books"]["returned"], row["calls"]) for place, row in rows.items()
    }
    assert figures == both | APART
    assert lived["agrees"] is True
    assert [row for row in lived["rows"] if not row["agrees"] or row["asked"] != row["books"]] == []


def test_nothing_that_is_told_of_the_day_names_a_secret_or_a_customer(lived: dict[str, Any]) -> None:
    sandboxes = Sandboxes(lambda: MORNING)
    billing = sandboxes.store.order(sandboxes.sell(sandboxes.houses[0], BASKET).order_id).billing
    words = [billing[name] for name in ("first_name", "last_name", "address_1", "email")]
    words += [sandboxes.store.consumer_key, sandboxes.store.consumer_secret]
    words += [ResursHouse.client_secret, EcsterHouse.api_key]
    whole = json.dumps(lived, ensure_ascii=False)
    assert {"action.call", "action.done", "order.attention"} <= {line["event"] for line in lived["log"]}
    assert [word for word in words if word in whole] == []


def test_each_call_is_told_with_amount_and_key(lived: dict[str, Any]) -> None:
    calls = [happening["call"] for happening in lived["happened"] if happening["call"]]
    assert len(calls) == sum(row["calls"] for row in lived["rows"])
    assert calls[0] == {"kind": "capture", "amount": 81125, "key": "1042C81125"}
    assert all(call["amount"] > 0 and call["key"] for call in calls)


def test_a_swap_of_equal_sum_is_left_out_with_its_reason(lived: dict[str, Any]) -> None:
    for texts in told(lived, "swap", "bridge").values():
        assert "sees: lines changed, total equal: nothing to send" in texts


def test_only_what_ecster_cannot_do_needs_a_person_and_the_note_says_what_to_do(lived: dict[str, Any]) -> None:
    held = {(h["scene"], h["provider"]) for h in lived["happened"] if h["attention"]}
    notes = told(lived, "higher-total", "note")
    assert held == {("higher-total", "Ecster")}
    assert any("lower the order's total by 312.50 kr" in text for text in notes["Ecster"])
    assert any("312.50 kr added" in text for text in notes["Resurs"])


def test_a_refund_that_was_made_in_the_portal_is_said_not_to_be_paid_again(lived: dict[str, Any]) -> None:
    for texts in told(lived, "portal-refund", "note").values():
        assert "is not paid again" in texts[-1]


def test_a_terminal_without_ticks_and_arrows_loses_only_those(tmp_path: Path) -> None:
    ran = run(tmp_path, "demo", PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "All 22 orders agree" in ran.stdout


def test_changed_books_are_noticed_also_on_a_narrow_screen(tmp_path: Path) -> None:
    ran = run(tmp_path, "demo", "--tamper", COLUMNS="50", NO_COLOR="1")
    assert ran.returncode == 1
    assert "1042 Resurs: The first parcels leave ✗" in ran.stdout
    assert (ran.stdout.count("✗"), ran.stdout.count("✓")) == (1, 21)
    assert "\x1b[" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 50
