"""The metrics of the stores, by Prometheus' conventions. README.md explains each.

They stand in the database, so every daemon tells them alike, of all stores of its settings, whoever works on them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.db.holds import Held
from bridge.db.vitals import RECORDED, Heap, Vitals
from bridge.domain.outages import SHOP
from bridge.domain.records import State
from bridge.domain.steps import Kind
from bridge.monitoring.health import Health, health

ENDED = (State.DONE, State.DROPPED)
OPEN = (*(str(state) for state in State if state not in ENDED), RECORDED)
"""The states of an action that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A store as the database knows it at a moment; None: it does not."""

    vitals: Vitals | None
    health: Health
    now: datetime

    def age(self, of: Heap | datetime | None) -> float:
        """Seconds since then; 0 where there is nothing."""
        since = of.since if isinstance(of, Heap) else of
        return max(0.0, (self.now - since).total_seconds()) if since else 0.0


Samples = Iterable[tuple[tuple[str, ...], float]]
"""The labels after `store`, each with its value."""


def _of(value: Callable[[Seen, Vitals], float]) -> Callable[[Seen, Vitals], Samples]:
    """One figure for each store."""
    return lambda seen, it: [((), value(seen, it))]


def _stopped(_: Seen, it: Vitals) -> Samples:
    yield ("unbound",), bool(it.unbound)
    for by in Held:
        yield (by,), it.held == by


def _open(_: Seen, it: Vitals) -> Samples:
    for kind in Kind:
        for state in OPEN:
            yield (kind, state), _count(it.actions.get((kind, state)))


def _oldest(seen: Seen, it: Vitals) -> Samples:
    for state in OPEN:
        yield (state,), max(seen.age(it.actions.get((kind, state))) for kind in Kind)


def _attention(_: Seen, it: Vitals) -> Samples:
    return (((reason,), count) for reason, count in it.attention.items())


def _outages(seen: Seen, it: Vitals) -> Samples:
    for remote, since in it.outages.items():
        yield (it.store if remote == SHOP else remote,), seen.age(since)


def _count(heap: Heap | None) -> int:
    return heap.count if heap else 0


_FAMILIES: tuple[tuple[str, str, tuple[str, ...], Callable[[Seen, Vitals], Samples]], ...] = (
    ("store_live", "1 in mode live, 0 in mode shadow", (), _of(lambda _, it: it.live)),
    ("store_stopped", "1 while the store is held whole, or refused, and why", ("why",), _stopped),
    ("lag_seconds", "Since the first of the orders that are due was due", (), _of(lambda s, it: s.age(it.due))),
    ("orders_due", "Orders that are to be looked at now", (), _of(lambda _, it: _count(it.due))),
    ("open_actions", "Actions that have not ended", ("kind", "state"), _open),
    ("oldest_action_seconds", "Since the oldest open action was decided", ("state",), _oldest),
    ("attention_orders", "Orders that wait for a person", ("reason",), _attention),
    ("notes_waiting", "Order notes that are still to be written", (), _of(lambda _, it: _count(it.notes))),
    ("oldest_note_seconds", "Since the oldest of these was put down", (), _of(lambda s, it: s.age(it.notes))),
    ("outage_seconds", "Since the remote gives no answer; absent while it does", ("remote",), _outages),
)
"""Name, meaning, labels besides the store, and what there is to say of a store that the database knows."""


class Stores(Collector):
    """What was last read of the database. `intervals` are those of the polls of the stores to tell of."""

    def __init__(self, intervals: Callable[[], Mapping[str, timedelta]]) -> None:
        self._intervals = intervals
        self._seen: Mapping[str, Seen] | None = None

    def see(self, vitals: Mapping[str, Vitals] | None, now: datetime) -> Mapping[str, Seen]:
        """Tell of these from now on; None: the database can't be used."""
        seen = {
            store: Seen(vitals=it, health=health(it, interval, now), now=now)
            for store, interval in self._intervals().items()
            for it in ((vitals or {}).get(store),)
        }
        self._seen = None if vitals is None else seen
        return seen

    def describe(self) -> list[Metric]:
        return list(self._families())

    def collect(self) -> Iterator[Metric]:
        yield from self._families()

    def _families(self) -> Iterator[Metric]:
        stores = self._seen or {}
        read = self._seen is not None
        yield GaugeMetricFamily("wc_bridge_database_up", "Whether the database could be read", read)
        ready = _gauge("store_ready", "Whether the store was polled in time, as /readyz says it")
        polled = _gauge("poll_age_seconds", "Since a poll of the store last ended well; absent before the first")
        for store, seen in stores.items():
            ready.add_metric((store,), seen.health.ready)
            if seen.health.poll_age is not None:
                polled.add_metric((store,), seen.health.poll_age)
        yield from (ready, polled)
        for name, meaning, labels, samples in _FAMILIES:
            family = _gauge(name, meaning, *labels)
            for store, seen in stores.items():
                for values, figure in samples(seen, seen.vitals) if seen.vitals else ():
                    family.add_metric((store, *values), figure)
            yield family


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"wc_bridge_{name}", meaning, labels=("store", *labels))
