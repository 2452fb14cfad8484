"""Whose turn it is: nobody's on what a person has paused; first calls go alone, and all calls at the pace of
`limits.actions_per_minute`.

While a provider takes no calls, one order at a time asks whether it does so again.
"""

from datetime import timedelta

from bridge.db import firsts, pauses
from bridge.domain.steps import Call
from bridge.engine.looking import Ready
from bridge.engine.outages import takes_calls
from bridge.engine.unit import Unit

PAUSED = timedelta(hours=1)
"""After which an order is looked at again whose call a person has paused; whoever lets it go on wakes it."""
FIRST = timedelta(seconds=30)
"""After which an order is looked at again whose call waits for the first of its kind, the end of which wakes it."""
REST = timedelta(hours=1)
"""After which an order is looked at again whose call waits until the provider takes calls, which wakes it."""


async def may_call(unit: Unit, ready: Ready, *, asks: bool = False) -> bool:
    """Whether the call may be made now; if not, its order rests until it is looked at again for that.

    `asks`: the order is to find out whether a provider that took no calls does so again.
    """
    if await pauses.of(unit.store.name, ready.order.id):
        await unit.agenda.rest(ready.order.id, unit.now() + PAUSED, ready.known.version + 1)
        return False
    if ready.step.call is Call.RESTORE:
        return True
    now, account = unit.now(), unit.methods[ready.provider].account
    if not asks and not takes_calls(unit, unit.providers[ready.provider].name):
        await unit.agenda.rest(ready.order.id, now + REST)
        return False
    waits = await firsts.must_wait(unit.store.name, account, ready.step.call, ready.action)
    turn = now + FIRST if waits else unit.pace.turn(ready.order.id, now)
    if turn > now:
        # Whoever wants it looked at since the look that led here is not kept waiting.
        await unit.agenda.rest(ready.order.id, turn, ready.known.version + 1)
    return turn <= now
