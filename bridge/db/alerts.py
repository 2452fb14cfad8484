"""Alerts on their way out, and how the channels stand that carry them.

Several daemons may tell what one database holds: whoever claims a channel has it to itself for a while.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from tortoise.expressions import Q
from tortoise.functions import Max
from tortoise.transactions import in_transaction

from bridge.db.models import AlertRow, ChannelRow
from bridge.domain.alerts import Alert, Topic, wait_after

Outlet = Literal["email", "command"]
"""A channel that carries alerts; the heartbeat carries none."""
EMAIL: Final = "email"
COMMAND: Final = "command"
HEARTBEAT: Final = "heartbeat"
WATCH: Final = "watch"
"""Stands among the channels for what daemons write side by side: `used` is when the daily message was."""
KEPT = timedelta(days=30)
"""How long an alert is kept that was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How a channel stands."""

    name: str
    used: datetime | None
    """When it last worked."""
    next_try: datetime | None
    failures: int
    since: datetime | None
    problem: str


async def add(alert: Alert) -> None:
    """Write an alert down, to be told by every channel."""
    await AlertRow.create(
        topic=alert.topic,
        store=alert.store,
        text=alert.text,
        orders=json.dumps(alert.orders),
        at=alert.at,
    )


async def untold(outlet: Outlet) -> dict[int, Alert]:
    """Return by row, oldest first, what did not go out by this channel yet."""
    rows = AlertRow.filter(**{f"{outlet}__isnull": True})
    return {row.id: _alert(row) for row in await rows.order_by("id")}


async def told(outlet: Outlet, rows: Collection[int], now: datetime) -> None:
    """These went out by the channel, or there is no such channel."""
    await AlertRow.filter(id__in=list(rows) or [-1]).update(**{outlet: now})


async def last(stores: Collection[str], topics: Sequence[Topic]) -> dict[str, Alert]:
    """Return the last alert about each of these stores with one of the topics, by store."""
    about = AlertRow.filter(store__in=list(stores) or [""], topic__in=list(topics))
    found = await about.annotate(last=Max("id")).group_by("store").values("last")
    rows = await AlertRow.filter(id__in=[row["last"] for row in found] or [-1])
    return {row.store: _alert(row) for row in rows}


async def forget(now: datetime) -> None:
    """Delete what was told long ago."""
    await AlertRow.filter(at__lt=now - KEPT, email__isnull=False, command__isnull=False).delete()


def _alert(row: AlertRow) -> Alert:
    orders = tuple(json.loads(row.orders))
    return Alert(topic=Topic(row.topic), store=row.store, text=row.text, at=row.at, orders=orders)


async def channel(name: str) -> Channel:
    row, _ = await ChannelRow.get_or_create(name=name)
    return _channel(row)


async def failing() -> list[Channel]:
    """The channels that did not work the last time, by name."""
    return [_channel(row) for row in await ChannelRow.exclude(problem="").order_by("name")]


def _channel(row: ChannelRow) -> Channel:
    return Channel(
        name=row.name,
        used=row.used,
        next_try=row.next_try,
        failures=row.failures,
        since=row.since,
        problem=row.problem,
    )


async def claim(name: str, now: datetime, until: datetime) -> bool:
    """Have a channel to oneself until then; False where it rests, or another has it."""
    await ChannelRow.get_or_create(name=name)
    free = Q(next_try__isnull=True) | Q(next_try__lte=now)
    return bool(await ChannelRow.filter(free, name=name).update(next_try=until))


async def worked(name: str, now: datetime, next_try: datetime) -> None:
    """The channel took what it was given; it is used again at `next_try` at the earliest."""
    await ChannelRow.filter(name=name).update(used=now, next_try=next_try, failures=0, since=None, problem="")


async def failed(name: str, why: str, now: datetime) -> None:
    before = await channel(name)
    failures = before.failures + 1
    await ChannelRow.filter(name=name).update(
        failures=failures, since=before.since or now, problem=why, next_try=now + wait_after(failures)
    )


async def rest_no_more(names: Collection[str]) -> None:
    """These go another way now, which may work: those of them that fail are tried at once."""
    await ChannelRow.filter(name__in=list(names) or [""]).exclude(problem="").update(next_try=None)


async def gone(names: Collection[str]) -> None:
    """The settings have none of these any more: what was wrong with them troubles nobody."""
    await (
        ChannelRow.filter(name__in=list(names) or [""])
        .exclude(problem="")
        .update(failures=0, since=None, problem="", next_try=None)
    )


async def daily(last_one: datetime | None, now: datetime, alerts: Sequence[Alert]) -> bool:
    """Write the daily message down, where nobody else has since `last_one`; all of it or nothing."""
    async with in_transaction():
        if not await ChannelRow.filter(name=WATCH, used=last_one).update(used=now):
            return False
        for alert in alerts:
            await add(alert)
    return True
