"""The settings, key by key: every default, its unit, and what it means (design § 5)."""

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bridge.settings.group import Group
from bridge.settings.kinds import AnyProvider
from bridge.settings.secret import Secret
from bridge.settings.values import (
    Address,
    ClockTime,
    DatabaseUrl,
    Duration,
    Interval,
    Listen,
    Mail,
    Name,
    Patience,
    Start,
    Status,
    Tag,
    duration,
)


class Web(Group):
    """The daemon's own small web server, for webhooks, health and metrics. `web: null` turns it off."""

    listen: Listen | None = "127.0.0.1:8787"
    """Address and port to listen on. null: off."""
    public_url: Address | None = None
    """Where the shop reaches it, for webhooks. null: it does not."""
    token: Secret | None = None
    """Who asks for metrics or readiness must show it; without, `listen` must be on loopback."""


class Email(Group):
    """Alerts by mail, handed to the machine's own mail program."""

    to: tuple[Mail, ...] = ()
    """Who gets them. Empty: nobody."""
    sendmail: str = "/usr/sbin/sendmail"
    """The program that takes a mail on stdin."""


class Alerts(Group):
    """How the administrator hears of what needs attention."""

    email: Email = Email()
    command: tuple[str, ...] | None = None
    """A program and its arguments; it gets the alert as JSON on stdin. null: none."""
    heartbeat_url: Secret | None = None
    """Fetched after each good poll of every store, so that silence is noticed elsewhere. null: none."""
    daily_at: ClockTime = time(8)
    """When the daily message with what does not burn is sent, in the machine's own time."""

    @property
    def is_nowhere(self) -> bool:
        """Whether no channel is set that carries alerts; a heartbeat carries none."""
        return not (self.email.to or self.command)


class Poll(Group):
    """The clocks that look at the store."""

    interval: Interval = duration("30s")
    """How often changed orders are asked for."""
    overlap: Duration = duration("2m")
    """How late a change may show in the list of the shop: so long each poll looks back behind the last one."""
    sweep: Interval = duration("10m")
    """How often open, held and paused orders are read again by id."""


class Settle(Group):
    """How long a thing must have stayed as it is before money moves on it."""

    change: Duration = duration("5s")
    """A change of an order."""
    refund: Duration = duration("60s")
    """A refund must be seen twice, unchanged, this far apart."""
    unknown: Patience = duration("5m")
    """How long after a call with unknown outcome the payment must show nothing before it counts as not done."""
    others: Duration = duration("1m")
    """How long a payment that somebody else changed is left alone."""


class Capture(Group):
    """What captures."""

    enabled: bool = True
    """false: completed orders are only watched."""
    on: tuple[Status, ...] = ("completed",)
    """The order statuses that capture, as the REST API writes them."""
    leftover: Literal["release", "keep"] = "release"
    """What becomes of money that is still reserved after the capture."""


class Cancel(Group):
    """What releases everything."""

    enabled: bool = True
    """false: cancelled orders are only watched."""
    on: tuple[Status, ...] = ("cancelled",)
    """The order statuses that release what is reserved, as the REST API writes them."""


class Refund(Group):
    """What pays back."""

    enabled: bool = True
    """false: refunds are only watched."""
    before_capture: Literal["release", "hold"] = "release"
    """A refund before capture: release that much at once, or leave it until the capture."""
    delay: Duration = duration("0s")
    """How long a refund waits after it is settled, for second thoughts."""
    hold_older_than: Interval = duration("3d")
    """A refund first seen when it is older than this waits for a person's approval."""


class Modify(Group):
    """What changes a reservation."""

    enabled: bool = True
    """false: changed totals are only watched."""


class Actions(Group):
    """What the bridge does about what staff do."""

    capture: Capture = Capture()
    cancel: Cancel = Cancel()
    refund: Refund = Refund()
    modify: Modify = Modify()
    status_lock: Literal["note", "restore", "off"] = "note"
    """When a closed order is set back: write a note, put the status back, or nothing."""


class Limits(Group):
    """Amounts beyond these wait for a person's approval; the rate only paces."""

    refund_per_action: Decimal | None = Field(default=None, ge=0)
    """The largest single refund, in major units of the order's currency (500 or 499.50). null: no limit."""
    refunds_per_day: Decimal | None = Field(default=None, ge=0)
    """All refunds of the last 24 hours in one currency, in its major units. null: no limit."""
    actions_per_minute: int = Field(default=120, ge=1)
    """Calls to providers a minute; the others are made as soon as that allows. Nothing is held."""


class Surge(Group):
    """More decided than this within the time: that kind is held until a person says go."""

    within: Interval = duration("10m")
    """The time over which it counts."""
    capture: int = Field(default=1000, ge=0)
    """Captures. 0: each waits for a person."""
    cancel: int = Field(default=50, ge=0)
    """Releases of everything that is open, also of the rest after a capture. 0: likewise."""
    refund: int = Field(default=20, ge=0)
    """Refunds. 0: likewise."""
    modify: int = Field(default=100, ge=0)
    """Changed reservations. 0: likewise."""


class StoreSettings(Group):
    """One WooCommerce store and the providers that its orders are paid with."""

    name: Name
    """The store's identity in the database, in commands and in logs. It must not change later."""
    tag: Tag | None = None
    """Put in front of our keys at the provider where shops share an account: 1 to 6 of A-Z, 0-9, -. null: none."""
    mode: Literal["shadow", "live"] = "shadow"
    """shadow: look, decide, record, write nothing. live: act; the shop plugin's own order management is off."""
    url: Address
    """The shop's address, as in WordPress under Settings, General."""
    consumer_key: Secret
    """REST API key with read and write permission (WooCommerce, Settings, Advanced, REST API)."""
    consumer_secret: Secret
    """The key's secret."""
    language: Literal["auto", "en", "sv"] = "auto"
    """Of the order notes; auto is the shop's own."""
    start_from: Start = "now"
    """Orders there at the first run: now leaves them alone; a date (midnight UTC) makes changes since it count."""
    poll: Poll = Poll()
    settle: Settle = Settle()
    webhook_secret: Secret | None = None
    """Signs the shop's webhooks. null: `webhook install` makes one and keeps it in the database."""
    warn_after: Interval = duration("1d")
    """How long a payment may stay pending, and how long an action may be tried, before it needs attention."""
    concurrency: int = Field(default=2, ge=1, le=100)
    """Requests at a time to this store."""
    actions: Actions = Actions()
    limits: Limits = Limits()
    surge: Surge = Surge()
    providers: tuple[AnyProvider, ...] = ()
    """The payment providers; an order belongs to the one whose payment_methods fit it."""


def _off_where_null(web: Any) -> Any:
    return {"listen": None} if web is None else web


class Settings(Group):
    """All of settings.yaml."""

    database: DatabaseUrl = Field(default="sqlite:///var/lib/wc-bridge/bridge.sqlite3", repr=False)
    """sqlite:///absolute/path (what follows sqlite:// is the path) or postgresql://user@host/name."""
    web: Annotated[Web, BeforeValidator(_off_where_null, json_schema_input_type=Web | None)] = Web()
    alerts: Alerts = Alerts()
    stores: tuple[StoreSettings, ...] = ()
    """The stores to watch."""
