"""The first calls: one at a time of each kind at each provider, until one is seen to have done what it was to do.

Whoever begins a call locks the row of its kind. The claim of one whose call had no effect, or that has ended,
stands in nobody's way, so nothing waits for what will never be.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import F, Q

from bridge.db import statements
from bridge.db.models import ActionRow, FirstRow, OrderRow
from bridge.db.rows import of_store
from bridge.domain.decisions import Facts
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import State
from bridge.domain.steps import Call, Kind

AT = "at"
"""The fact that names the provider's entry in settings.yaml."""
_OPEN_TO_DOUBT = Q(state__in=[State.RUNNING, State.UNKNOWN]) | Q(reason__in=[Reason.NOT_SEEN, Reason.OTHER_AMOUNT])
"""Of an action whose call may have taken effect, and was not compared yet."""


async def claim(store: str, account: str, call: Call, action: int) -> bool:
    """Whether the action's call may begin now. Where none of its kind is proven, none begins beside it, nor after
    one that did something else: that waits for a person.
    """
    its: dict[str, Any] = {"store_id": store, "account": account, "call": call}
    row = await statements.first(FirstRow, **its)
    if row is not None and row.proven is not None:  # for good: nobody needs the lock
        return True
    if not await statements.update(FirstRow, {"call": call}, **its):
        await FirstRow.get_or_create(**its)
        # Another may have made it meanwhile: then it is had by whoever writes it.
        await statements.update(FirstRow, {"call": call}, **its)
    [row] = await statements.rows(FirstRow, **its)
    if row.proven is not None:
        return True
    if row.differed or await _under_way(row, action):
        return False
    await statements.update(FirstRow, {"action": action}, id=row.id)
    return True


async def must_wait(store: str, account: str, call: Call, action: int) -> bool:
    """Whether the first call of its kind, another action's, is still to be compared, or did something else."""
    row = await statements.first(FirstRow, store_id=store, account=account, call=call)
    return row is not None and row.proven is None and (row.differed != "" or await _under_way(row, action))


async def _under_way(row: FirstRow, action: int) -> bool:
    if row.action in (None, action):
        return False
    return await ActionRow.filter(_OPEN_TO_DOUBT, id=row.action, open_slot__isnull=False).exists()


async def compared(action: int, difference: Facts, now: datetime) -> None:
    """Write down what the comparison of this action's effect came to, where it is the first of its kind."""
    mine = FirstRow.filter(action=action, proven__isnull=True)
    if difference:
        await mine.filter(differed="").update(differed=json.dumps(dict(difference), sort_keys=True), told=False)
    elif rows := await statements.rows(FirstRow, action=action, proven=None):
        await mine.update(proven=now, differed="")
        await _wake(rows[0].store_id, now)


async def lapsed(action: int, now: datetime) -> None:
    """The action's call had no effect: where it was to be the first of its kind, another may be that now."""
    if row := await FirstRow.filter(action=action, proven__isnull=True).first():
        await _wake(row.store_id, now)


async def differed(store: str, account: str, call: Call) -> Facts:
    """What the first call of the kind did instead of what it was to; empty where it did not, or that is settled."""
    row = await statements.first(FirstRow, store_id=store, account=account, call=call)
    return {**json.loads(row.differed), AT: account} if row and row.differed else {}


async def taken_so(store: str, account: str, call: Call, now: datetime) -> None:
    """A person has seen what the first call did, and takes it so."""
    await FirstRow.filter(store_id=store, account=account, call=call).update(proven=now, differed="")
    await _wake(store, now)


async def own_taken_so(store: str, action: int, now: datetime) -> None:
    """A person has seen what this action's call did, and takes it so; it may be the first of its kind."""
    if await FirstRow.filter(action=action).exclude(differed="").update(proven=now, differed=""):
        await _wake(store, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A first call, and how it stands."""

    row: int
    account: str
    call: Call
    order: int
    """The WooCommerce id of its order."""
    action: int
    kind: Kind
    state: State
    currency: str
    figures: Facts
    """What it did instead of what it was to do; empty where that is not so, or not known yet."""


async def untold(store: str) -> list[First]:
    """Those that did something else, which the administrator has not been alerted to."""
    rows = FirstRow.filter(store_id=store, told=False).exclude(differed="")
    return [it for row in await rows if (it := await _first(row))]


async def tell(first: First) -> None:
    await FirstRow.filter(id=first.row).update(told=True)


async def unsettled(store: str) -> list[First]:
    """Those that others may have to wait for: under way, or different from what was aimed at."""
    rows = FirstRow.filter(store_id=store, proven__isnull=True, action__isnull=False)
    return [
        it
        for row in await rows.order_by("id")
        if (row.differed or await _under_way(row, 0)) and (it := await _first(row))
    ]


async def _first(row: FirstRow) -> First | None:
    action = await ActionRow.get_or_none(id=row.action).prefetch_related("order")
    if action is None:
        return None
    return First(
        row=row.id,
        account=row.account,
        call=Call(row.call),
        order=action.order.order_id,
        action=action.id,
        kind=Kind(action.kind),
        state=State(action.state),
        currency=action.currency,
        figures=json.loads(row.differed or "{}"),
    )


async def _wake(store: str, now: datetime) -> None:
    """Let those be looked at that wait for the first call's end, or are held for what it did.

    One that somebody else writes to at this moment is left alone: who has an order waits for no other.
    """
    for_it = Q(state=State.READY) | Q(state=State.HELD, reason=Bound.FIRST)
    waiting = [it["open_slot"] for it in await of_store(store, ActionRow.filter(for_it), "open_slot")]
    free = OrderRow.filter(id__in=waiting or [-1]).select_for_update(skip_locked=True, no_key=True)
    rows = [row.id for row in await free]
    await OrderRow.filter(id__in=rows or [-1]).update(due=now, version=F("version") + 1)
