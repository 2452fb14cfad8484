"""What no store can tell of itself: that nobody polls it. And once a day, what needs attention.

Every daemon looks; of several on one database one writes the alert down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bridge.alerts.daily import daily_alerts
from bridge.db import alerts, burning
from bridge.db.burning import NO_POLLS, Polls
from bridge.domain.alerts import Alert, Topic, is_daily_due
from bridge.domain.outages import LASTING
from bridge.settings import StoreSettings

PATIENCE = LASTING + timedelta(minutes=5)
"""How long a store may go without a good poll: of a shop that does not answer is told before."""
_POLLS = 3
_TOLD = (Topic.NOT_POLLED, Topic.ACCESS_DENIED, Topic.STORE_REFUSED)
"""What says already that a store is not polled."""
_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Since when a daemon is to poll a store at the pace that it has now."""

    at: datetime
    interval: timedelta


def begun(stores: Sequence[StoreSettings], before: Mapping[str, Begun], now: datetime) -> dict[str, Begun]:
    """Return, by name, since when each of `stores` is to be polled at its pace; `before`: of the settings before.

    One that is new, or is to be polled at another pace, is given its time anew.
    """
    found = {}
    for store in stores:
        known = before.get(store.name)
        kept = known is not None and known.interval == store.poll.interval
        found[store.name] = known if known and kept else Begun(at=now, interval=store.poll.interval)
    return found


async def watch_polls(stores: Sequence[StoreSettings], now: datetime, since: Mapping[str, datetime]) -> None:
    """Tell of stores that are not polled, and of those that are again. `since`: when somebody should, by name."""
    names = [store.name for store in stores]
    found = await burning.polls(names)
    told_of = await alerts.last(names, (Topic.NOT_POLLED, Topic.POLLED_AGAIN))
    silences = await alerts.last(names, _TOLD)
    for store in stores:
        polls, before, told = found.get(store.name, NO_POLLS), told_of.get(store.name), silences.get(store.name)
        was_told = before is not None and before.topic is Topic.NOT_POLLED
        patience = max(PATIENCE, _POLLS * store.poll.interval)
        is_told = told is not None and (polls.polled is None or told.at > polls.polled)
        if was_told and before and polls.polled is not None and polls.polled > before.at:
            await _write(Topic.POLLED_AGAIN, store.name, "it is polled again; what was not seen is seen now", now)
        elif _is_silent(polls, now - patience, since[store.name]) and not is_told:
            await _write(Topic.NOT_POLLED, store.name, _said(polls), now)


def _is_silent(polls: Polls, before: datetime, began: datetime) -> bool:
    """Whether it has gone unpolled since `before`, and nothing else says so."""
    if polls.down or polls.reading:
        return False
    return max(polls.polled or began, began) < before


def _said(polls: Polls) -> str:
    since = f"since {polls.polled:%Y-%m-%d %H:%M} UTC" if polls.polled else "ever"
    why = polls.problem or "nobody works on it: does its daemon run, and does the log say `store.not_taken`?"
    return f"not polled {since}: {why}"


async def _write(topic: Topic, store: str, text: str, now: datetime) -> None:
    if await alerts.claim(alerts.WATCH, now, now + _MOMENT):
        await alerts.add(Alert(topic=topic, store=store, text=text, at=now))


async def tell_daily(
    stores: Sequence[StoreSettings], now: datetime, since: Mapping[str, datetime], at: time
) -> None:
    """Write the daily message where it is due and there is anything to say. The first one comes when the clock
    strikes for the first time after the first start.
    """
    last = (await alerts.channel(alerts.WATCH)).used
    if last is None:
        await alerts.daily(None, now, ())
    elif is_daily_due(_on_the_wall(last), _on_the_wall(now), at):
        found = await daily_alerts(stores, now, since)
        if await alerts.daily(last, now, found):
            await alerts.forget(now)


def _on_the_wall(moment: datetime) -> datetime:
    """As the machine's own clock shows it."""
    return moment.astimezone().replace(tzinfo=None)
