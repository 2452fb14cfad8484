"""The simulation in the suite: some histories, the bugs that it must find, and that a seed is a history.

`WC_BRIDGE_SEEDS=2000` lives through more of them here; `python -m tests.simulation` through any number.
"""

import os
import subprocess
import sys

import pytest

from tests.simulation.history import tell
from tests.simulation.planted import PLANTS, Plant

SEEDS = int(os.environ.get("WC_BRIDGE_SEEDS", "10"))
FEW = 40
"""Histories in which a planted bug must show; most show in the one that is tried first."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_promise_holds_in_the_history_of(seed: int) -> None:
    told = tell(seed)
    assert not told.broken, told.story


@pytest.mark.parametrize(("plant", "first"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_bug_is_found(plant: Plant, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(tell(seed).broken for seed in range(first, first + FEW))


def test_a_seed_is_the_same_history_in_every_process() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3"]
    told = [
        subprocess.run(  # noqa: S603 - this very interpreter
            command, capture_output=True, check=False, text=True, env=os.environ | {"PYTHONHASHSEED": it}
        )
        for it in ("1", "2")
    ]
    assert told[0].stdout.count("\n") > 10
    assert told[0].stdout == told[1].stdout
