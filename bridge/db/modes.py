"""A store that goes from shadow mode to live, or back: what that means for what is written down."""

from datetime import datetime

from bridge.db.bounds import own_brakes
from bridge.db.leases import Lease
from bridge.db.models import ActionRow, StoreRow
from bridge.db.rows import of_store, slices
from bridge.domain.reasons import Bound
from bridge.domain.records import State

_WAITS_FOR_US = [State.READY, State.WAITING]


async def go_live(store: str, lease: Lease, now: datetime) -> bool:
    """Let a store that was in shadow mode be live from now on; False where it was not, or is new."""
    async with lease.transaction():
        if not await StoreRow.filter(name=store, mode="shadow").update(mode="live", went_live=now):
            return False
        await own_brakes(store)
        return True


async def go_back(store: str, lease: Lease) -> bool:
    """Let a store that was live be in shadow mode; False where it was not.

    What was about to be called is from now on as if decided in shadow mode: recorded, and held when the store goes
    live again, unless a person approved it.
    """
    async with lease.transaction():
        if not await StoreRow.filter(name=store, mode="live").update(mode="shadow", went_live=None):
            return False
        open_ = ActionRow.filter(open_slot__gt=0)
        waiting = [it["id"] for it in await of_store(store, open_.filter(state__in=_WAITS_FOR_US), "id")]
        held = open_.filter(state=State.HELD, reason=Bound.SHADOWED)
        waiting += [it["id"] for it in await of_store(store, held, "id")]
        for some in slices(waiting):
            await ActionRow.filter(id__in=some).update(state=State.READY, next_try=None, shadow=True)
        return True
