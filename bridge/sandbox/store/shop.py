"""The shop itself: its books and the rules of an order's life. REST and staff both act through it.

When `date_modified` moves is the reference's table: on HPOS every save of an order moves it; on posts storage only
what touches the order's post does (status, refund, trash), never its lines, total or meta. A note and a deleted
refund move it on neither.
"""

import hashlib
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bridge.sandbox.store import notes, statuses, totals
from bridge.sandbox.store.model import (
    Coupon,
    Item,
    ItemKind,
    Meta,
    Note,
    Order,
    Product,
    Webhook,
)
from bridge.sandbox.store.refusals import Refusal

FIRST_ID = 13
"""Orders, refunds and coupons share WordPress's one sequence of ids; the three products come before them."""


class Storage(StrEnum):
    HPOS = "hpos"
    POSTS = "posts"


class Touch(StrEnum):
    """What a change did to an order, as far as `date_modified` cares."""

    POST = "post"
    """Status, refund, trash."""
    CONTENT = "content"
    """Lines, total, addresses, meta."""


_COUNTERS = ("ids", "item_ids", "meta_ids", "item_meta_ids", "note_ids", "webhook_ids", "_numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A shop's database at one moment: its books, and the next of each kind of id."""

    books: tuple[dict[int, Order], dict[str, Coupon], dict[int, Webhook], dict[tuple[int, str, int], None]]
    next_ids: dict[str, int]


class Shop:
    """`clock` gives aware times; the shop keeps whole seconds of them."""

    def __init__(
        self,
        *,
        storage: Storage,
        version: str,
        currency: str,
        decimals: int,
        timezone: ZoneInfo,
        clock: Callable[[], datetime],
        first_number: int | None = None,
    ) -> None:
        self.storage, self.version = storage, version
        self.currency, self.decimals, self.timezone = currency, decimals, timezone
        self.language = ""
        """As WordPress writes it ("sv_SE"); "" where the shop does not tell it."""
        self.ecster_manages: bool | None = None
        """What Ecster's plugin has under "Manage orders"; None: the shop does not have the plugin."""
        self._clock = clock
        self.statuses: dict[str, str] = dict(statuses.BUILT_IN)
        self.products: dict[int, Product] = {}
        self.orders: dict[int, Order] = {}
        self.coupons: dict[str, Coupon] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.due: dict[tuple[int, str, int], None] = {}
        """Webhook deliveries that wait for the background jobs: (webhook, topic, order), each once."""
        self.ids, self.item_ids, self.meta_ids = count(FIRST_ID), count(1), count(1)
        self.item_meta_ids, self.note_ids, self.webhook_ids = count(1), count(1), count(1)
        self._numbers = None if first_number is None else count(first_number)

    def backup(self) -> Backup:
        next_ids = {name: next(ids) for name in _COUNTERS if (ids := getattr(self, name)) is not None}
        self._count_from(next_ids)
        books = (self.orders, self.coupons, self.webhooks, self.due)
        return Backup(books=deepcopy(books), next_ids=next_ids)

    def go_back(self, backup: Backup) -> None:
        """Be as the backup has it: the ids that were given out since are given out again."""
        self.orders, self.coupons, self.webhooks, self.due = deepcopy(backup.books)
        self._count_from(backup.next_ids)

    def _count_from(self, next_ids: dict[str, int]) -> None:
        for name, following in next_ids.items():
            setattr(self, name, count(following))

    @property
    def modern(self) -> bool:
        """Whether it answers as 11.0.1 does and not as 8.2.2; the versions between were not looked at."""
        return int(self.version.split(".", maxsplit=1)[0]) >= 9

    def now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def order(self, order_id: int) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise Refusal.no_order()
        return order

    def place(self) -> Order:
        """Put an empty pending order into the books."""
        order_id, now = next(self.ids), self.now()
        order = Order(
            id=order_id,
            number=str(order_id if self._numbers is None else next(self._numbers)),
            key="wc_order_" + hashlib.sha256(str(order_id).encode()).hexdigest()[:13],
            status="pending",
            currency=self.currency,
            created=now,
            modified=now,
        )
        self.orders[order_id] = order
        return order

    def saved(self, order: Order, touch: Touch) -> None:
        """Note that the order was saved."""
        if self.storage is Storage.HPOS or touch is Touch.POST:
            order.modified = self.now()
        self.announce("order.updated", order)

    def announce(self, topic: str, order: Order) -> None:
        for webhook in self.webhooks.values():
            if webhook.topic == topic and webhook.status == "active":
                self.due[webhook.id, topic, order.id] = None

    # ---- items

    def product_item(self, product: Product, quantity: int) -> Item:
        total = product.price * quantity
        return Item(
            id=next(self.item_ids),
            kind=ItemKind.PRODUCT,
            name=product.name,
            product=product,
            quantity=quantity,
            tax_class=product.tax_class,
            subtotal=total,
            total=total,
        )

    def recalculate(self, order: Order) -> None:
        """Work out taxes and sums from the items as they are; coupons are not applied again."""
        totals.tax_items(order, self.decimals)
        order.tax_lines = totals.tax_lines(order.items, order.tax_lines, lambda: next(self.item_ids))

    # ---- notes and meta

    def add_note(
        self, order: Order, text: str, *, customer_note: bool = False, author: str = "WooCommerce"
    ) -> Note:
        note = Note(
            id=next(self.note_ids),
            created=self.now(),
            text=notes.filtered(text),
            author=author,
            customer_note=customer_note,
        )
        order.notes.append(note)
        return note

    def mail(self, order: Order, titles: Iterable[str]) -> None:
        """Newer stores note every mail they send."""
        if self.modern:
            for title in titles:
                self.add_note(order, f'Email "{title}" sent.')

    def set_meta(self, order: Order, key: str, value: Any) -> None:
        """Write a meta value; null removes it, as in the API."""
        known = next((meta for meta in order.meta if meta.key == key), None)
        if value is None:
            order.meta = [meta for meta in order.meta if meta.key != key]
        elif known is None:
            order.meta.append(Meta(id=next(self.meta_ids), key=key, value=value))
        else:
            known.value = value

    # ---- life

    def change_status(self, order: Order, new: str) -> None:
        """Move the order to a status with the dates, mails and notes that belong to it. Does not save."""
        old = order.status
        if new == old:
            return
        order.status = new
        now = self.now()
        if new in ("processing", "completed") and order.paid is None:
            order.paid = now
        if new == "completed":
            order.completed = now
        if old == statuses.TRASH:
            order.meta = [meta for meta in order.meta if meta.key != "_wp_desired_post_slug"]
            old = order.before_trash  # it was never in a status called trash for the words of a note
            if new == old:
                return
        before, after = statuses.mails(old, new)
        self.mail(order, before)
        names = self.statuses
        self.add_note(order, f"Order status changed from {names.get(old, old)} to {names.get(new, new)}.")
        self.mail(order, after)

    def trash(self, order: Order) -> None:
        if order.status == statuses.TRASH:
            raise Refusal(410, "woocommerce_rest_already_trashed", "The Order has already been deleted.")
        order.before_trash, order.status = order.status, statuses.TRASH
        self.set_meta(order, "_wp_trash_meta_status", f"wc-{order.before_trash}")
        self.set_meta(order, "_wp_trash_meta_time", str(int(self.now().timestamp())))
        if self.storage is Storage.POSTS:
            slug = order.created.strftime("order-%b-%d-%Y-%I%M-%p").lower()
            self.set_meta(order, "_wp_desired_post_slug", slug)
            comments = {str(note.id): "1" for note in order.notes}
            self.set_meta(order, "_wp_trash_meta_comments_status", comments)
        self.saved(order, Touch.POST)
        self.announce("order.deleted", order)

    def restore(self, order: Order) -> None:
        """Take it out of the trash, as staff do: back to the status it had, without a trace in its meta."""
        if order.status != statuses.TRASH:
            return
        order.status = order.before_trash
        order.meta = [meta for meta in order.meta if not meta.key.startswith(("_wp_trash_meta", "_wp_desired"))]
        self.saved(order, Touch.POST)
        self.announce("order.restored", order)

    def delete(self, order: Order) -> None:
        del self.orders[order.id]
        self.announce("order.deleted", order)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.timezone)

    def newest(self, dated: Iterable[Any]) -> list[Any]:
        """Sort notes or refunds as the store lists them: newest first, within a second in order of id."""
        return sorted(dated, key=lambda row: (-(row.created - datetime.min.replace(tzinfo=UTC)) // _SECOND, row.id))


_SECOND = timedelta(seconds=1)
