"""Shadow mode: look, decide, record, write nothing; and what becomes of that when the store goes live."""

from pathlib import Path

import pytest

from bridge.db.persons import approve
from bridge.sandbox.faults import Fault
from tests.flow.ways import complete, lower
from tests.flow.world import MUG, TOTAL, ProviderName, known_order

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


@PROVIDERS
async def test_shadow_writes_nothing_and_records_what_it_would_do(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider, mode="shadow") as (w, it):
        await complete(w, it)
        cancelled = w.place()
        w.store.set_status(cancelled.id, "cancelled")
        for _ in range(2):
            await w.cycle()
        assert (w.calls(), w.writes()) == ([], [])
        assert await w.states(it.id) == [f"capture {TOTAL} ready"]
        assert await w.states(cancelled.id) == [f"cancel {TOTAL} ready"]


async def test_shadow_forgets_what_the_plugin_then_did_itself(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await complete(w, it)
        w.side.capture(it.payment, TOTAL)
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} dropped"]


async def test_going_live_holds_what_shadow_recorded_until_it_is_approved(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await complete(w, it)
        await w.stop()
        w.changes["mode"] = "live"
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} held"]
        assert await w.attention() == {it.id: "shadowed"}
        assert w.calls() == []
        [note] = w.notes(it.id)
        assert note.startswith("The order came to need a capture of 811.25 kr while wc-bridge only watched.")
        [action] = await w.actions(it.id)
        await approve(action["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]


async def test_going_live_acts_on_what_comes_after(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await lower(w, it)
        await w.stop()
        w.changes["mode"] = "live"
        await complete(w, it)
        assert w.books(it) == (0, TOTAL - MUG, 0), "the capture is another step than the one that shadow recorded"


async def test_a_note_left_over_from_live_is_not_written_in_shadow(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path=r"/notes$", times=10**6)
        await complete(w, it)
        w.store.faults.planned.clear()
        await w.stop()
        w.changes["mode"] = "shadow"
        w.clock.advance(3600)
        w.store.swap_line(it.id, "LAMPA", "MUGG", 4)
        writes = w.writes()
        await w.cycle()
        assert w.writes() == writes
        await w.stop()
        w.changes["mode"] = "live"
        await w.cycle()
        assert len(w.notes(it.id)) == 1
