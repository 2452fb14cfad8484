"""The store over REST: `WooStore` keeps the promises of `bridge.ports.Store`.

Every method raises the `RemoteError` that fits; none carries a secret, a body or an address with a query, not even
in its traceback.
"""

import html
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count
from typing import Any, Final, TypeVar

import aiohttp
from pydantic import BaseModel, TypeAdapter, ValidationError

from bridge.domain.orders import Order, Refund
from bridge.errors import AccessDenied, AnswerLost, Nonsense, NotThere, Rejected, Unreadable
from bridge.ports import PAGE, Facts, Listed, Note, Page, Row
from bridge.woo import wire
from bridge.woo.errors import wrong_shape
from bridge.woo.listing import ORDER_FIELDS, Listing, date_of
from bridge.woo.mapping import Incomprehensible, to_order
from bridge.woo.refunds import Refunds
from bridge.woo.signing import Credentials
from bridge.woo.transport import Transport

_LOOKS = 3
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
_NOTES = TypeAdapter(tuple[wire.Note, ...])
_WEBHOOKS = TypeAdapter(tuple[wire.Webhook, ...])

_LINK = re.compile(r"<(https?://[^>?]*?)/(?:index\.php/)?(?:wp-json/|\?rest_route=)")
"""Every answer of WordPress's API links to its root, or to the next page below it (recordings, 20 and 31)."""

_Body = TypeVar("_Body", bound=BaseModel)


class WooStore:
    """One store, reached with one key. `bridge.ports.Store` says what its methods promise."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        name: str,
        url: str,
        consumer_key: str,
        consumer_secret: str,
        keep_meta: frozenset[str],
        concurrency: int = 2,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
        may_write: Callable[[], bool] = lambda: True,
        check: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """`url` is the shop's own address, `keep_meta` the order meta that may be kept.

        Nothing is written unless `may_write` when its turn has come, and nothing asked where `check` raises then.
        `clock` gives seconds since 1970; each `nonce` differs from all before it.
        """
        self._name = name
        self._concurrency = concurrency
        self._keep = keep_meta
        self._transport = Transport(
            session,
            name=name,
            url=url,
            credentials=Credentials(key=consumer_key, secret=consumer_secret),
            concurrency=concurrency,
            timeout=timeout,
            may_write=may_write,
            check=check,
            clock=clock,
            nonce=nonce,
        )
        self._asked = self._transport.asked
        self._listing = Listing(self._transport, keep_meta)
        self._refunds = Refunds(self._transport)

    @property
    def name(self) -> str:
        return self._name

    @property
    def concurrency(self) -> int:
        return self._concurrency

    async def newest(self) -> Listed:
        """Return the orders that changed last; see `Listing.newest`."""
        return await self._listing.newest()

    async def page(self, number: int, until: datetime) -> Page:
        """Return one page of the orders that were changed last up to `until`; see `Listing.page`."""
        return await self._listing.page(number, until)

    async def changed_since(self, moment: datetime | None, *, trash: bool = False) -> Listed:
        """Return orders modified strictly after `moment`, oldest first; see `Listing.changed_since`."""
        return await self._listing.changed_since(moment, "trash" if trash else "any")

    async def by_ids(self, ids: list[int]) -> list[Row]:
        """Return the orders among `ids` (at most 100) that the store lists; those it does not are left out."""
        return await self._listing.by_ids(ids)

    async def refunds(self, orders: Iterable[Order]) -> dict[int, Refund]:
        """Return by id the refunds of which listed orders give id and amount alone; see `Refunds.in_full`."""
        return await self._refunds.in_full(orders)

    async def order(self, order_id: int) -> Order:
        """Read one order with its refunds in full.

        The refunds are a second request; when they are not the ones that the order lists, somebody changed them
        in between, and both are read again. Raises NotThere, or Unreadable when this order makes no sense.
        """
        for _look in range(_LOOKS):
            raw, _ = await self._transport.read(f"orders/{order_id}", {"_fields": ORDER_FIELDS})
            if not isinstance(raw, dict) or raw.get("id") != order_id:
                raise wrong_shape(self._asked, f"order {order_id}")
            try:
                order = to_order(raw, self._keep)
                if not order.refunds:
                    return order
                full = to_order(raw, self._keep, await self._refunds.of(order_id))
            except Incomprehensible as problem:
                raise self._unreadable(order_id, str(problem)) from None
            if [(r.id, r.amount) for r in full.refunds] == [(r.id, r.amount) for r in order.refunds]:
                return full
        raise self._unreadable(order_id, "the refunds that it lists are not the ones that the store shows")

    async def notes(self, order_id: int) -> list[Note]:
        """Return the order's private notes as plain text."""
        raw, _ = await self._transport.read(f"orders/{order_id}/notes", {"type": "internal"})
        try:
            notes = _NOTES.validate_python(raw)
        except ValidationError:
            raise wrong_shape(self._asked, "a list of notes") from None
        return [
            Note(id=note.id, text=html.unescape(note.note), created=note.date_created_gmt)
            for note in notes
            if not note.customer_note
        ]

    async def add_note(self, order_id: int, text: str) -> int:
        """Write a private note and return its id."""
        raw = await self._transport.write(
            "POST", f"orders/{order_id}/notes", {}, {"note": text, "customer_note": False}
        )
        return self._understood(wire.Note, raw, "a note").id

    async def set_status(self, order_id: int, status: str) -> None:
        """Put the order into `status`. To repeat it changes nothing, so it may be sent twice by a lower layer."""
        await self._transport.write("PUT", f"orders/{order_id}", {"_fields": "id,status"}, {"status": status})

    async def facts(self) -> Facts:
        """Return what the store says about itself; little where the key may read orders but no more."""
        try:
            raw, headers = await self._transport.read("system_status", {"_fields": "environment,settings"})
            status = self._understood(wire.SystemStatus, raw, "a system status")
        except (AccessDenied, AnswerLost, Nonsense, NotThere, Rejected):
            # It may be this alone that the shop does not give, and its orders say whose they are too.
            _, headers = await self._transport.read("orders", {"per_page": "1", "_fields": "id"})
            return Facts(address=_address(headers), clock=date_of(headers))
        return Facts(
            address=status.environment.home_url,
            version=status.environment.version,
            storage=None if status.settings.hpos is None else "hpos" if status.settings.hpos else "posts",
            currency=status.settings.currency,
            decimals=status.settings.number_of_decimals,
            locale=status.environment.language,
            clock=date_of(headers),
        )

    async def write_nothing(self) -> None:
        """Do as if to change orders, and change none. Raises AccessDenied where the key may not write.

        A batch of nothing: WooCommerce first asks whether the key is one that writes, then whether its user may
        edit orders, and then has nothing to do.
        """
        await self._transport.write("POST", "orders/batch", {}, {"update": []})

    async def gateway_setting(self, gateway: str, name: str) -> str | None:
        """Return a setting of one of the shop's payment gateways; None where it has no such gateway or setting.

        The others are not asked for: a gateway shows its credentials too.
        """
        try:
            raw, _ = await self._transport.read(f"payment_gateways/{gateway}", {"_fields": f"id,settings.{name}"})
        except NotThere:
            return None
        setting = self._understood(wire.Gateway, raw, "a payment gateway").settings.get(name)
        return setting.value if setting else None

    async def webhooks(self) -> list[wire.Webhook]:
        """Return all the store's webhooks, whoever made them."""
        found: dict[int, wire.Webhook] = {}
        for page in count(1):
            query = {"per_page": str(PAGE), "page": str(page), "_fields": "id,status,topic,delivery_url"}
            raw, _ = await self._transport.read("webhooks", query)
            try:
                listed = _WEBHOOKS.validate_python(raw)
            except ValidationError:
                raise wrong_shape(self._asked, "a list of webhooks") from None
            before = len(found)
            found |= {webhook.id: webhook for webhook in listed}
            if len(listed) < PAGE or len(found) == before:
                break
        return list(found.values())

    async def add_webhook(self, topic: str, delivery_url: str, secret: str) -> None:
        """Subscribe to a topic; before the store answers, it pings the address."""
        body = {"name": f"wc-bridge {topic}", "topic": topic, "delivery_url": delivery_url, "secret": secret}
        await self._transport.write("POST", "webhooks", {"_fields": "id"}, body)

    async def mend_webhook(self, webhook_id: int, secret: str) -> None:
        """Let a webhook deliver again, signed with this secret."""
        body = {"status": "active", "secret": secret}
        await self._transport.write("PUT", f"webhooks/{webhook_id}", {"_fields": "id"}, body)

    def _unreadable(self, order_id: int, problem: str) -> Unreadable:
        return Unreadable(
            f"order {order_id} of store {self._name} can't be understood ({problem}): correct it in the shop",
            remote=self._name,
            order=order_id,
        )

    def _understood(self, model: type[_Body], raw: Any, what: str) -> _Body:
        try:
            return model.model_validate(raw)
        except ValidationError:
            raise wrong_shape(self._asked, what) from None


def _address(headers: Mapping[str, str]) -> str | None:
    """The shop's own address, from the link of an answer; None where there is none."""
    found = _LINK.search(headers.get("Link", ""))
    return found[1] if found else None
