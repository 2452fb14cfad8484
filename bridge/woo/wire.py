"""The store's JSON as it really is: what the bridge reads of it, and nothing else.

Held against recordings of WooCommerce 8.2.2 and 11.0.1. Unknown fields are ignored, so names, addresses,
e-mails and refund reasons never enter. PHP writes an empty list, a missing one and `null` alike, and a list
with a hole as an object; a figure comes as text or as a number. All of that is taken as it is meant; a figure
that went through a binary float is not.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _exact(value: Any) -> Any:
    if isinstance(value, float | bool):
        raise ValueError("not an exact figure")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


def _text(value: Any) -> Any:
    if value is None or value is False:
        return ""
    return str(value) if isinstance(value, int | Decimal) else value


def _items(value: Any) -> Any:
    if value is None:
        return ()
    return tuple(value.values()) if isinstance(value, dict) else value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Figure = Annotated[Decimal, Field(max_digits=24), BeforeValidator(_exact)]
"""A figure in major units, with the digits that the store wrote; 24 are more than money has, and are exact."""
FigureOrBlank = Annotated[Figure, BeforeValidator(lambda value: 0 if value in ("", None) else value)]
Text = Annotated[str, BeforeValidator(_text)]
ProductId = Annotated[int, BeforeValidator(lambda value: 0 if value in ("", None) else value)]
Gmt = Annotated[datetime, AfterValidator(_utc)]
"""The `*_gmt` fields bear no zone; they are UTC."""
GmtOrBlank = Annotated[Gmt | None, BeforeValidator(lambda value: value or None)]
_AS_LIST = BeforeValidator(_items)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Meta(_Body):
    key: Text = ""
    value: Any = None


class Tax(_Body):
    """What one tax rate adds to one line."""

    id: Text = ""
    total: FigureOrBlank = Decimal(0)


class TaxLine(_Body):
    """One tax rate of the order; `rate_percent` may be missing on orders of old."""

    rate_id: Text = ""
    rate_percent: Annotated[Figure | None, BeforeValidator(lambda value: None if value == "" else value)] = None


class _Line(_Body):
    id: int
    total: Figure
    total_tax: FigureOrBlank = Decimal(0)
    taxes: Annotated[tuple[Tax, ...], _AS_LIST] = ()
    meta_data: Annotated[tuple[Meta, ...], _AS_LIST] = ()


class LineItem(_Line):
    name: Text = ""
    product_id: ProductId = 0
    variation_id: ProductId = 0
    quantity: Figure = Decimal(1)
    sku: Text = ""


class ShippingLine(_Line):
    method_title: Text = ""


class FeeLine(_Line):
    name: Text = ""


Line = LineItem | ShippingLine | FeeLine


class _Lines(_Body):
    """Orders and refunds share these; refunds bear negative figures."""

    line_items: Annotated[tuple[LineItem, ...], _AS_LIST] = ()
    shipping_lines: Annotated[tuple[ShippingLine, ...], _AS_LIST] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], _AS_LIST] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], _AS_LIST] = ()


class RefundStub(_Body):
    """A refund as the order lists it; `total` is negative."""

    id: int
    total: Figure


class Refund(_Lines):
    """A refund read by itself; `amount` is positive, the lines are negative."""

    id: int
    amount: Figure
    date_created_gmt: GmtOrBlank = None
    refunded_payment: bool | None = None


class ListedRefund(Refund):
    """A refund as the list over the whole store has it."""

    parent_id: int
    """Its order."""


class Order(_Lines):
    """An order. `refunds` has no default: an order without the list is not one without refunds."""

    id: int
    number: Text = ""
    status: str = Field(min_length=1)
    currency: str
    total: Figure
    date_created_gmt: Gmt
    date_modified_gmt: GmtOrBlank = None
    date_paid_gmt: GmtOrBlank = None
    date_completed_gmt: GmtOrBlank = None
    payment_method: Text = ""
    transaction_id: Text = ""
    meta_data: Annotated[tuple[Meta, ...], _AS_LIST] = ()
    refunds: Annotated[tuple[RefundStub, ...], _AS_LIST]


class Note(_Body):
    id: int
    note: Text = ""
    customer_note: bool = False
    date_created_gmt: GmtOrBlank = None


class Webhook(_Body):
    """A subscription to one topic. The store never shows its secret."""

    id: int
    status: Text = ""
    """active, paused (by a person), or disabled (by the store, after deliveries that failed in a row)."""
    topic: Text = ""
    delivery_url: Text = ""


class GatewaySetting(_Body):
    value: Text = ""


class Gateway(_Body):
    """A payment gateway of the shop, with the settings that were asked for."""

    settings: Annotated[dict[str, GatewaySetting], BeforeValidator(lambda value: value or {})] = {}


class ErrorBody(_Body):
    """What WordPress answers when it says no: `code` is for machines, `message` comes in the shop's language."""

    code: Text
    message: Text = ""


class Environment(_Body):
    home_url: str | None = None
    version: str | None = None
    language: str | None = None


class Settings(_Body):
    currency: str | None = None
    number_of_decimals: int | None = None
    hpos: bool | None = Field(default=None, alias="HPOS_enabled")


class SystemStatus(_Body):
    environment: Environment = Environment()
    settings: Settings = Settings()
