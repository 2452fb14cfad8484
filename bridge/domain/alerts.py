"""Alerts: what a person is told of away from the screen, and the message that carries it.

An alert names stores, orders and amounts; no secret, and nobody by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final


class Topic(StrEnum):
    """What an alert is about: a closed list, for programs that read it."""

    STORE_HELD = "store-held"
    """Nothing is called for a store: it went back in time, or the plugin's order management seems to be on."""
    KIND_HELD = "kind-held"
    """All actions of a kind wait: beyond `surge` or `limits`, or the first of them did something else."""
    STORE_REFUSED = "store-refused"
    """The database belongs to another shop or machine."""
    ACCESS_DENIED = "access-denied"
    """The shop refuses the key, for reading or for notes."""
    NOT_POLLED = "not-polled"
    """A store has not been polled for long."""
    POLLED_AGAIN = "polled-again"
    OUTAGE = "outage"
    """A shop or provider has given no answer for long."""
    OUTAGE_OVER = "outage-over"
    DATABASE = "database"
    """Our own database can't be used."""
    DATABASE_OVER = "database-over"
    NO_MONEY = "no-money"
    """An order is completed, and no money is reserved for it."""
    UNKNOWN = "unknown"
    """What became of a call is not known, for long."""
    IN_VAIN = "in-vain"
    """A single action is tried for long, while those of others go through."""
    BUG = "bug"
    """wc-bridge itself fails, again and again."""
    BUG_OVER = "bug-over"
    STOPPED = "stopped"
    """systemd has given a unit up: no daemon runs, or no backup was made."""
    DAILY = "daily"
    """What needs attention and does not burn."""
    TEST = "test"


MOST: Final = 20
"""Alerts that one message spells out."""
_SUBJECT = 100
"""Characters of a subject."""
_MOST_AT_ONCE = timedelta(minutes=10)
_FIRST_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    topic: Topic
    store: str
    """"" where it is about all."""
    text: str
    at: datetime
    orders: tuple[int, ...] = ()
    """The WooCommerce ids of those that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, whatever the number of alerts in it."""

    id: str
    """The same where the same alerts are sent again."""
    host: str
    subject: str
    text: str
    alerts: tuple[Alert, ...]

    def fields(self) -> dict[str, Any]:
        """As a command gets it, in JSON."""
        return {
            "id": self.id,
            "host": self.host,
            "subject": self.subject,
            "text": self.text,
            "alerts": [
                {
                    "topic": str(alert.topic),
                    "store": alert.store,
                    "orders": list(alert.orders),
                    "text": alert.text,
                    "at": alert.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                }
                for alert in self.alerts
            ],
        }


def message(alerts: Sequence[Alert], host: str) -> Message:
    """Put alerts, one at least, into one message; of very many it spells out the first."""
    first, last = alerts[0], alerts[-1]
    where = ", ".join(sorted({alert.store for alert in alerts if alert.store})) or host
    what = _flat(first.text) if len(alerts) == 1 else f"{len(alerts)} alerts: {_flat(first.text)}"
    parts = [f"{alert.store}: {alert.text}" if alert.store else alert.text for alert in alerts[:MOST]]
    if len(alerts) > MOST:
        parts.append(f"and {len(alerts) - MOST} more, which `wc-bridge status` shows")
    parts.append(f"-- \nwc-bridge on {host}; `wc-bridge status` shows how it stands now")
    return Message(
        id=f"{first.topic}.{len(alerts)}.{first.at:%Y%m%d%H%M%S%f}.{last.at:%Y%m%d%H%M%S%f}",
        host=host,
        subject=_cut(f"wc-bridge, {where}: {what}"),
        text="\n\n".join(parts) + "\n",
        alerts=tuple(alerts),
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str) -> str:
    return text if len(text) <= _SUBJECT else text[: _SUBJECT - 1] + "…"


def named(orders: Sequence[int]) -> str:
    """Orders in words: "order 1042", "orders 1042, 1043", of very many the first and how many more."""
    shown = ", ".join(str(order) for order in orders[:MOST])
    more = f" and {len(orders) - MOST} more" if len(orders) > MOST else ""
    return f"{'order' if len(orders) == 1 else 'orders'} {shown}{more}"


def wait_after(failures: int) -> timedelta:
    """How long a channel rests that has failed so many times in a row: doubling, at most ten minutes."""
    return min(_FIRST_WAIT * (1 << min(failures - 1, 10)), _MOST_AT_ONCE)


def is_daily_due(last: datetime, now: datetime, at: time) -> bool:
    """Whether the clock has struck `at` since `last`. Both are moments of the machine's own clock on the wall,
    without a zone: a day on which it is set for summer or winter has one message like any other.
    """
    struck = datetime.combine(now.date(), at)
    return last < (struck if struck <= now else struck - timedelta(days=1))
