"""The composition root: settings become units that run. The only module that knows every class."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import aiohttp

from bridge.db.agenda import Agenda
from bridge.db.journal import Journal
from bridge.db.leases import Lease, Leases, Terms
from bridge.db.listings import Listings
from bridge.db.outbox import Outbox
from bridge.db.place import place_of
from bridge.db.sharing import working
from bridge.db.standing import Standing
from bridge.domain.binding import Place
from bridge.domain.changes import SWITCH
from bridge.domain.claims import Method
from bridge.domain.rules import Limits, Rules, StatusLock
from bridge.domain.steps import Kind
from bridge.engine.cycles import start
from bridge.engine.pacing import Pace
from bridge.engine.unit import Unit, Urgent
from bridge.liveness import trace
from bridge.monitoring.edges import Edges
from bridge.ports import Provider
from bridge.providers.registry import ProviderKind, provider_kinds
from bridge.settings import ProviderSettings, Settings, StoreSettings, load, matches_method
from bridge.woo.client import WooStore


def read_settings(path: Path, name: Path | None = None) -> Settings:
    """Read settings.yaml with the providers that are installed. Errors call it `name`. Raises SettingsError."""
    return load(path, installed(), name)


def installed() -> dict[str, type[ProviderSettings]]:
    """The settings of each type of provider that is installed, by its `type`."""
    return {name: kind.SETTINGS for name, kind in provider_kinds().items()}


def utc_now() -> datetime:
    return datetime.now(UTC)


def _network() -> aiohttp.BaseConnector:
    """No store waits for the connections of another: each store and provider bounds its own."""
    return aiohttp.TCPConnector(limit=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where the stores' units are made: each as its lease is taken, with nothing left over from an earlier one."""

    leases: Leases
    session: aiohttp.ClientSession
    place: Place
    now: Callable[[], datetime]
    chance: Callable[[], float]
    edges: Edges | None
    """Count what goes out to shops and providers; None: nobody asks for it."""
    urgent: Urgent = field(default_factory=Urgent)
    """Alerts of all of them that the database could not take."""

    async def begin(self, store: StoreSettings) -> Unit | None:
        """Take a store and make its unit, ready to work; None while another process has the store.

        Raises DatabaseError and SettingsError.
        """
        lease = await self.leases.take(store.name)
        if lease is None:
            return None
        try:
            unit = _unit(store, self, lease)
            await start(unit, store.mode)
        except BaseException:
            await self.leases.give_back(lease)
            raise
        return unit

    def check(self, store: StoreSettings) -> None:
        """Make all that speaks for a store, and send nothing. Raises SettingsError where that can't be made."""
        kinds = provider_kinds()
        store_client(store, kinds, self.session)
        _providers(store, kinds, self.session)


@asynccontextmanager
async def workplace(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    chance: Callable[[], float] = random.random,
    terms: Terms | None = None,
    connector: Callable[[], aiohttp.BaseConnector] = _network,
    edges: Edges | None = None,
) -> AsyncIterator[Workplace]:
    """Open the database to work on stores; `edges` count what goes out. Raises DatabaseError."""
    heard = trace()
    if edges:
        edges.listen(heard)  # one trace, for each tells its listeners every stage of a request
    async with (
        working(settings.database, terms=terms) as leases,
        aiohttp.ClientSession(connector=connector(), trace_configs=[heard]) as session,
    ):
        place = await place_of(settings.database)
        yield Workplace(leases=leases, session=session, place=place, now=now, chance=chance, edges=edges)


@asynccontextmanager
async def units(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    chance: Callable[[], float] = random.random,
    connector: Callable[[], aiohttp.BaseConnector] = _network,
) -> AsyncIterator[list[Unit]]:
    """Open the database and make the unit of every store that no other process works on.

    Raises DatabaseError and SettingsError.
    """
    async with workplace(settings, now=now, chance=chance, connector=connector) as place:
        yield [unit for store in settings.stores if (unit := await place.begin(store)) is not None]


def _unit(store: StoreSettings, place: Workplace, lease: Lease) -> Unit:
    kinds = provider_kinds()
    return Unit(
        store=store_client(store, kinds, place.session, place.now, lease),
        providers=_counted(store, _providers(store, kinds, place.session), place.edges),
        methods=methods_of(store),
        standing=Standing(store.name, lease),
        listings=Listings(store.name, lease),
        journal=Journal(store.name, lease),
        agenda=Agenda(store.name, lease),
        outbox=Outbox(store.name, lease),
        lease=lease,
        rules=rules(store),
        live=store.mode == "live",
        language=store.language,
        url=store.url,
        place=place.place,
        overlap=store.poll.overlap,
        start_from=store.start_from if isinstance(store.start_from, date) else None,
        now=place.now,
        chance=place.chance,
        pace=Pace(store.limits.actions_per_minute),
        urgent=place.urgent,
    )


def _providers(
    store: StoreSettings, kinds: Mapping[str, ProviderKind], session: aiohttp.ClientSession
) -> tuple[Provider, ...]:
    return tuple(kinds[provider.type].connect(provider, session) for provider in store.providers)


def _counted(store: StoreSettings, made: tuple[Provider, ...], edges: Edges | None) -> tuple[Provider, ...]:
    return tuple(edges.counted(store.name, provider) for provider in made) if edges else made


def store_client(
    store: StoreSettings,
    kinds: Mapping[str, ProviderKind],
    session: aiohttp.ClientSession,
    now: Callable[[], datetime] = utc_now,
    lease: Lease | None = None,
) -> WooStore:
    """The client of a store, which keeps of an order's meta what names its payment and nothing else of others'.

    `lease`: without it the store is asked nothing; None: by a person, beside whoever works on it.
    """
    lease = lease or Lease(store.name)
    id_keys = {key for provider in store.providers for key in kinds[provider.type].PAYMENT_ID_KEYS}
    return WooStore(
        session,
        name=store.name,
        url=store.url,
        consumer_key=store.consumer_key.reveal(),
        consumer_secret=store.consumer_secret.reveal(),
        keep_meta=frozenset({SWITCH, *id_keys}),
        concurrency=store.concurrency,
        may_write=lease.outlives_call,
        check=lease.check,
        clock=lambda: now().timestamp(),
    )


def methods_of(store: StoreSettings) -> tuple[Method, ...]:
    """How the providers of a store recognise their orders."""
    kinds = provider_kinds()
    return tuple(
        _method(i, provider, kinds[provider.type], account)
        for i, (provider, account) in enumerate(zip(store.providers, accounts(store), strict=True))
    )


def accounts(store: StoreSettings) -> list[str]:
    """Name each provider's entry: by its type and whose money it moves, and by its place among several alike."""
    alike: Counter[str] = Counter()
    names = []
    for provider in store.providers:
        name = f"{provider.type} {provider.environment}"
        alike[name] += 1
        names.append(name if alike[name] == 1 else f"{name} {alike[name]}")
    return names


def _method(place: int, provider: ProviderSettings, kind: ProviderKind, account: str) -> Method:
    return Method(
        provider=place,
        matches=partial(_matches, provider.payment_methods),
        id_keys=kind.PAYMENT_ID_KEYS,
        transaction_id=kind.TRANSACTION_ID_NAMES_PAYMENT,
        match_reference=provider.match_reference,
        account=account,
    )


def _matches(patterns: tuple[str, ...], method: str) -> bool:
    return any(matches_method(pattern, method) for pattern in patterns)


def rules(store: StoreSettings) -> Rules:
    """What a store's settings ask of the decisions."""
    actions, settle = store.actions, store.settle
    return Rules(
        capture=actions.capture.enabled,
        capture_on=frozenset(actions.capture.on),
        release_leftover=actions.capture.leftover == "release",
        cancel=actions.cancel.enabled,
        cancel_on=frozenset(actions.cancel.on),
        refund=actions.refund.enabled,
        release_before_capture=actions.refund.before_capture == "release",
        refund_delay=actions.refund.delay,
        hold_older_than=actions.refund.hold_older_than,
        modify=actions.modify.enabled,
        status_lock=StatusLock(actions.status_lock),
        settle_change=settle.change,
        settle_refund=settle.refund,
        settle_unknown=settle.unknown,
        settle_others=settle.others,
        warn_after=store.warn_after,
        limits=Limits(
            refund_per_action=store.limits.refund_per_action,
            refunds_per_day=store.limits.refunds_per_day,
            within=store.surge.within,
            surge={
                Kind.CAPTURE: store.surge.capture,
                Kind.CANCEL: store.surge.cancel,
                Kind.REFUND: store.surge.refund,
                Kind.MODIFY: store.surge.modify,
            },
        ),
        tag=store.tag or "",
    )
