"""The sweep: what no timestamp shows (design § 2). Orders are re-read by id, so its cost follows the open ones."""

from collections.abc import Sequence
from datetime import timedelta

from bridge.db.holds import Held
from bridge.engine.polling import take_in
from bridge.engine.rewinding import last_news_of
from bridge.engine.unit import Unit
from bridge.ports import PAGE

SLOWLY = timedelta(days=1)
MOVED = timedelta(days=90)
"""Orders on which money moved within this are re-read once a day: a deleted refund shows nowhere else."""


async def sweep(unit: Unit, *, everything: bool = False) -> None:
    """Re-read what is open or waits for a person; once a day, or if asked, also what rests but moved lately.

    Once a day the payments of open orders are read too: nothing in the shop shows what becomes of them elsewhere.
    """
    state, now = await unit.standing.state(), unit.now()
    if state.held == Held.REWOUND:
        return  # what was known when the store went back is what it is compared with
    daily = state.swept_slowly is None or now - state.swept_slowly >= SLOWLY
    watched = await unit.agenda.watched()
    # Beside those, the ones about which there was news last: they show first that the store went back in time.
    await _reread(unit, list(dict.fromkeys([*watched, *await last_news_of(unit)])))
    if daily or everything:
        await _reread(unit, await unit.agenda.moved_since(now - MOVED))
    if daily:
        await unit.agenda.wake(watched, unit.now())
    await unit.agenda.wake_unfinished(unit.now(), bounded=everything)
    await unit.standing.swept(now, slowly=daily)


async def _reread(unit: Unit, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), PAGE):
        batch = list(ids[start : start + PAGE])
        rows = await unit.store.by_ids(batch)
        await take_in(unit, rows)
        listed = {row.id for row in rows}
        # In the trash or deleted: only a look at the order itself tells.
        await unit.agenda.wake([order_id for order_id in batch if order_id not in listed], unit.now())
