"""The poll and the sweep read an order, and somebody else writes about it before they commit what they saw."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.db.journal import Journal
from bridge.db.known import Known
from bridge.db.persons import adopt_refund, drop
from bridge.engine.looking import look
from bridge.engine.polling import poll
from bridge.engine.sweeping import sweep
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, Placed, World, known_order

pytestmark = pytest.mark.on_postgresql

Word = Callable[[int, World], Awaitable[object]]
WORDS: dict[str, Word] = {
    "dropped": lambda action, w: drop(action, "paid in cash", w.clock.now()),
    "adopted": lambda action, w: adopt_refund(action, w.clock.now()),
}


@asynccontextmanager
async def _said_in_between(
    monkeypatch: pytest.MonkeyPatch, say: Callable[[], Awaitable[object]]
) -> AsyncIterator[list[bool]]:
    """Right after the journal was first read, `say`; what was read then is older than what was said."""
    real, said = Journal.known_many, list[bool]()

    async def known_many(self: Journal, order_ids: Iterable[int]) -> dict[int, Known]:
        found = await real(self, order_ids)
        if not said:
            said.append(True)
            await say()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "known_many", known_many)
        yield said


async def _old_refund(w: World, it: Placed) -> int:
    """Held, since it was days old when the bridge first saw it."""
    await complete(w, it)
    w.store.refund(it.id, lines={"MUGG": 1})
    w.clock.advance(5 * 86400)
    await w.cycle()
    return int((await w.actions(it.id))[-1]["id"])


@pytest.mark.parametrize("reading", [poll, sweep])
@pytest.mark.parametrize("word", WORDS)
async def test_what_a_person_said_is_not_written_over_by_a_listing_read_before(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
    reading: Callable[..., Awaitable[None]],
) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        w.store.set_status(it.id, "processing")
        w.clock.advance(1)
        unit = await w.bridge()
        async with _said_in_between(monkeypatch, lambda: WORDS[word](action, w)) as said:
            await reading(unit)
        assert said
        await w.cycle()
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}
        assert (await w.states(it.id))[1:] == [f"refund {MUG} dropped"]
        assert (await w.story(it.id))["status"] == "completed"


async def test_a_refund_that_waits_and_is_dropped_while_a_poll_reads_is_not_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.resurs.faults.plan(Fault.BUSY, method="POST", path=CALL, retry_after=3600)
        await w.cycle(w.instant)
        w.clock.advance(120)
        await w.cycle(w.instant)
        assert (await w.states(it.id))[-1] == f"refund {MUG} waiting"
        action = (await w.actions(it.id))[-1]["id"]
        w.store.set_status(it.id, "processing")
        w.clock.advance(1)
        async with _said_in_between(monkeypatch, lambda: drop(action, "paid in cash", w.clock.now())):
            await w.cycle()
        w.clock.advance(7200)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_look_that_commits_while_a_poll_reads_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look settles the refund by what was released for it; the poll knew nothing of that."""
    async with known_order(tmp_path) as (w, it):
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        w.store.set_meta(it.id, "wc_bridge", "pause")
        w.clock.advance(1)
        unit = await w.bridge()
        before = await unit.journal.known(it.id)
        async with _said_in_between(monkeypatch, lambda: look(unit, it.id)):
            await poll(unit)
        known = await unit.journal.known(it.id)
        assert known is not None
        assert before is not None
        assert known.version == before.version + 2, "the look's, and the word that it is to be looked at again"
        assert known.due == w.clock.now()
        settled = (await w.story(it.id))["settlements"]
        await w.cycle()
        assert (await w.story(it.id))["settlements"] == settled != []
