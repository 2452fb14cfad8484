"""The rounds of a check: settings and database, then each store and its providers, one finding after the other.

Nothing is changed anywhere: what is written is a batch of no orders to the shop, a delivery about nothing to our
own listener, and a statement about no row to the database.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

from bridge.app import accounts, methods_of, rules, store_client, utc_now
from bridge.check import account, here, plugin, shop
from bridge.check.account import NEWEST
from bridge.check.finding import Finding, Subject
from bridge.check.here import Here
from bridge.db.checkup import Known
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.errors import AccessDenied, RemoteError, SettingsError
from bridge.ports import Facts, Provider
from bridge.providers.registry import provider_kinds
from bridge.settings import ProviderSettings, Settings, StoreSettings
from bridge.web.subscription import ACTIVE, rehearse, topics
from bridge.web.webhooks import delivery_url
from bridge.woo.client import WooStore


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a store answered."""

    client: WooStore
    facts: Facts
    orders: Sequence[Order]
    before: datetime
    """When it was asked, by our clock."""
    after: datetime


async def rounds(
    path: Path, settings: Settings, stores: Sequence[StoreSettings], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Finding]:
    """Check the settings, which are those of the file at `path`, as far as they concern these stores.

    Raises no error of a remote or of the database.
    """
    for finding in here.of_settings(path, settings):
        yield finding
    finding, home = await here.of_database(settings.database, [store.name for store in stores], NEWEST)
    yield finding
    async with aiohttp.ClientSession() as session:
        for store in stores:
            async for finding in _Store(settings, store, home, session, now).findings():
                yield finding


class _Store:
    """The round through one store."""

    def __init__(
        self,
        settings: Settings,
        store: StoreSettings,
        home: Here,
        session: aiohttp.ClientSession,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._store, self._session, self._now = settings, store, session, now
        self._place = home.place
        self._known = home.stores.get(store.name, Known())
        self._subject = Subject(store.name)
        self._live = store.mode == "live"

    async def findings(self) -> AsyncIterator[Finding]:
        seen = await self._reach()
        if isinstance(seen, Finding):
            yield seen
        else:
            yield self._subject.ok("store.reached", f"{self._store.url} is reached, and the key reads orders")
            yield await self._writing(seen.client)
            for finding in self._shown(seen):
                yield finding
            yield await self._webhook(seen.client)
        for place, (provider, name) in enumerate(zip(self._store.providers, accounts(self._store), strict=True)):
            subject = Subject(f"{self._store.name}: {name}")
            async for finding in self._provider(
                subject, place, provider, None if isinstance(seen, Finding) else seen
            ):
                yield finding

    async def _reach(self) -> _Seen | Finding:
        try:
            client, before = store_client(self._store, provider_kinds(), self._session, self._now), self._now()
            facts = await client.facts()
            after, listed = self._now(), await client.newest()
        except (RemoteError, SettingsError) as error:
            return self._subject.failed("store.reached", error)
        orders = [row.order for row in listed.rows if row.order is not None]
        return _Seen(client=client, facts=facts, orders=orders, before=before, after=after)

    async def _writing(self, client: WooStore) -> Finding:
        try:
            await client.write_nothing()
        except AccessDenied as error:
            finding = self._subject.failed("store.write", error)
            if self._live:
                return finding
            text = f"{finding.text}; mode: shadow does without, mode: live does not"
            return self._subject.warn("store.write", text, finding.remedy)
        except RemoteError as error:
            return self._subject.failed("store.write", error)
        return self._subject.ok("store.write", "the key may write notes and change orders (tried on none)")

    def _shown(self, seen: _Seen) -> list[Finding]:
        facts = seen.facts
        found = (
            shop.version(self._subject, facts),
            shop.storage(self._subject, facts, self._store),
            shop.clock(self._subject, facts, seen.before, seen.after),
            shop.bound(self._subject, self._store, self._known.binding, self._place, facts),
        )
        return [finding for finding in found if finding is not None]

    async def _webhook(self, client: WooStore) -> Finding:
        name, web, interval = "store.webhook", self._settings.web, int(self._store.poll.interval.total_seconds())
        if web.public_url is None or web.listen is None:
            text = f"no webhook is used (web.public_url): what staff do is noticed within {interval} s"
            return self._subject.ok(name, text)
        url = delivery_url(web.public_url, self._store.name)
        try:
            secret = self._secret()
            found = await topics(client, url)
            missing = [f"{topic} {state}" for topic, state in found.items() if state != ACTIVE]
            undelivered = await rehearse(self._session, url, secret) if secret and not missing else ""
        except (RemoteError, SettingsError) as error:
            return self._subject.failed(name, error)
        install = f"`wc-bridge webhook install {self._store.name}` puts that right"
        if missing:
            return self._subject.warn(name, f"webhooks for {url}: {', '.join(missing)}", install)
        if not secret:
            return self._subject.warn(name, "the secret of the shop's webhooks is not known here", install)
        if undelivered:
            text = f"a delivery from here to {url} does not get through"
            return self._subject.warn(name, text, undelivered)
        return self._subject.ok(name, "the shop has its webhooks, and a delivery from here gets through")

    def _secret(self) -> str:
        given = self._store.webhook_secret
        return given.reveal() if given else self._known.webhook_secret

    async def _provider(
        self, subject: Subject, place: int, settings: ProviderSettings, seen: _Seen | None
    ) -> AsyncIterator[Finding]:
        kind = provider_kinds()[settings.type]
        try:
            provider: Provider = kind.connect(settings, self._session)
            yield subject.ok("provider.account", f"{provider.name}: {await provider.check()}")
        except (RemoteError, SettingsError) as error:
            yield subject.failed("provider.account", error)
            return
        orders = seen.orders if seen else ()
        found = account.sample(orders, methods_of(self._store), place, self._known.newest)
        read: list[tuple[Order, Payment]] = []
        try:
            for order, payment_id in found.named:
                read.append((order, await provider.read(payment_id)))
        except RemoteError as error:
            yield subject.failed("provider.payments", error)
            return
        if read:
            yield account.payments(subject, provider.name, read, match_reference=settings.match_reference)
        elif seen:
            yield account.unmatched(subject, found, settings.payment_methods, kind.PAYMENT_ID_KEYS)
        if seen:
            yield await self._plugin(subject, settings, seen, read)

    async def _plugin(
        self, subject: Subject, settings: ProviderSettings, seen: _Seen, read: Sequence[tuple[Order, Payment]]
    ) -> Finding:
        of_shop = provider_kinds()[settings.type].PLUGIN
        switch = None
        try:
            if of_shop.gateway:
                switch = await seen.client.gateway_setting(of_shop.gateway, of_shop.setting)
        except AccessDenied:
            pass  # that the key may not ask for this is said already
        except RemoteError as error:
            return subject.failed("provider.plugin", error)
        now = self._now()
        done = plugin.work(
            read,
            rules(self._store),
            since=self._known.alone_since,
            ahead=shop.ahead(seen.facts, seen.after),
            now=now,
        )
        return plugin.judged(subject, of_shop, switch, done, live=self._live)
