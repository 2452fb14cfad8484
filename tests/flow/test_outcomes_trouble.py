"""Unknown calls and what else may go wrong with them: slow reads, persons' words, a database that can't be written."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.world import MUG, STORE, TOTAL, Placed, ProviderName, World, known_order, until

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


def _reads_lag(w: World, lag: timedelta) -> None:
    w.resurs.switches = replace(w.resurs.switches, lag=lag)
    w.ecster.switches = replace(w.ecster.switches, read_lag=lag)


async def _lost(w: World, it: Placed, fault: Fault) -> None:
    """The order is completed, and its capture ends so."""
    w.side.faults.plan(fault, method="POST", path=CALL)
    w.store.set_status(it.id, "completed")
    await w.cycle(w.instant)
    w.clock.advance(5)
    await w.cycle(w.instant)
    assert await w.states(it.id) == [f"capture {TOTAL} unknown"]


@PROVIDERS
async def test_a_read_that_began_too_early_does_not_say_that_nothing_was_done(
    tmp_path: Path, provider: ProviderName
) -> None:
    """It took long: what it shows was so when it began, and the call's effect was to be seen a little later."""
    async with known_order(tmp_path, provider) as (w, it):
        _reads_lag(w, timedelta(minutes=4, seconds=50))
        await _lost(w, it, Fault.DROP_AFTER)
        w.clock.advance(280)
        reads = len(w.side.faults.seen)
        w.side.faults.plan(Fault.SLOW, method="GET", path=it.payment)
        async with w.cycling():
            await until(lambda: len(w.side.faults.seen) > reads)
            w.clock.advance(30)
            w.side.faults.release.set()
        assert len(w.calls()) == 1
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
