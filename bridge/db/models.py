"""The tables. What must never be broken is stated here and enforced by the database."""

from tortoise import fields
from tortoise.models import Model


class StoreRow(Model):
    """A store of settings.yaml, known by its name."""

    name = fields.CharField(max_length=64, primary_key=True)
    mode = fields.CharField(max_length=8, default="shadow")
    cursor = fields.DatetimeField(null=True)
    """The latest `date_modified_gmt` that was read and committed: the store's clock, not ours."""
    trash_cursor = fields.DatetimeField(null=True)
    baseline = fields.DatetimeField(null=True)
    """The store's own time up to which orders were there before the bridge."""
    baseline_done = fields.BooleanField(default=False)
    baseline_left = fields.IntField(default=0)
    """How many orders of the first run are still to be read, those of lowest id."""
    baseline_total = fields.IntField(default=0)
    """How many orders there were when the first run began."""
    baseline_until = fields.DatetimeField(null=True)
    """The store's own time up to which the first run reads orders as they are; null until it has begun, and where
    one answer held them all."""
    polled = fields.DatetimeField(null=True)
    """When a poll last ended well, by our clock."""
    swept = fields.DatetimeField(null=True)
    swept_slowly = fields.DatetimeField(null=True)
    problem = fields.TextField(default="")
    """What kept the last poll from ending well; "" when nothing did."""
    rules = fields.TextField(default="")
    """What settings.yaml asked of the decisions when they were last taken up, as JSON; "" before that."""
    locale = fields.TextField(default="")
    """The shop's language, as it says itself ("sv_SE"); "" until it was asked."""
    version = fields.CharField(max_length=32, default="")
    """Of its WooCommerce, as it says itself; "" where it does not, or not to this key."""
    storage = fields.CharField(max_length=8, default="")
    """Where its orders lie, "hpos" or "posts"; "" where it does not say."""
    asked = fields.DatetimeField(null=True)
    """When it last told these."""
    settled = fields.BooleanField(default=False)
    """Whether all up to the cursor was read again after the overlap had passed: nothing before it can come late."""
    rest_until = fields.DatetimeField(null=True)
    """It is left alone until then: it asked to wait, or refuses the key."""
    restored = fields.DatetimeField(null=True)
    """When this database was last restored from a backup; null: never."""
    went_live = fields.DatetimeField(null=True)
    """When it last went from shadow to live; null in shadow mode, and where it never was in it."""
    held = fields.CharField(max_length=8, default="", db_default="")
    """What holds it whole until a person says go (a `Held`); "" while nothing does."""
    held_why = fields.TextField(default="")
    """What that is, in words."""
    held_told = fields.BooleanField(default=False, db_default=False)
    """Whether the administrator has been alerted to it."""
    alone_since = fields.DatetimeField(null=True)
    """Since when nobody else is to act on its orders: it went live, or a person let it go on."""
    webhook_secret = fields.TextField(default="")
    """Signs its webhooks, where settings.yaml gives no secret of its own; "" until one is made."""
    binding = fields.TextField(default="")
    """The shop and the place that this was begun with, as JSON; "" until the shop was first asked."""
    unbound = fields.TextField(default="")
    """Why it seems to be another shop, or another machine: nothing is done until a person says rebind."""
    reread_from = fields.DatetimeField(null=True)
    """The next poll begins there, by the store's own clock, as a person wants it; null: at the cursor."""
    relook_below = fields.BigIntField(null=True)
    """The orders of lower id are still to be looked at again, as a person wants it; null: none."""
    relook_since = fields.DatetimeField(null=True)
    """Of those only the ones that the shop has changed since then; null: all."""
    refused_settings = fields.TextField(default="", db_default="")
    """Which new settings were refused by the daemon that works on it, when and why, as JSON; "" while none are."""

    class Meta:
        table = "stores"


class OrderRow(Model):
    id = fields.BigIntField(primary_key=True)
    store: fields.ForeignKeyRelation[StoreRow] = fields.ForeignKeyField("bridge.StoreRow", related_name="orders")
    store_id: str
    order_id = fields.BigIntField()
    """The order's id in WooCommerce."""
    number = fields.TextField(default="")
    status = fields.TextField(default="")
    snapshot = fields.TextField(null=True)
    """The order as last seen, as JSON; null when it was never understood."""
    record = fields.TextField(null=True)
    """What is remembered of it, as JSON, less settlements and the open action, which have tables."""
    payment = fields.TextField(null=True)
    """The payment as last read, as JSON."""
    provider = fields.CharField(max_length=32, default="")
    payment_id = fields.CharField(max_length=64, default="", db_index=True)
    problem = fields.TextField(default="")
    """Why the order could not be understood; it is set aside until it can be."""
    due = fields.DatetimeField(null=True)
    """When to look at it again; null: when something changes."""
    failures = fields.IntField(default=0)
    """How many looks in a row failed."""
    why = fields.TextField(default="")
    """The last decision in words."""
    attention = fields.CharField(max_length=32, default="")
    """The `Reason` that a person is needed for."""
    facts = fields.TextField(default="")
    """The figures of the attention, as JSON."""
    attention_since = fields.DatetimeField(null=True)
    watched = fields.BooleanField(default=True)
    """Whether the sweep re-reads it: it is open, or a person or a retry is waited for. So is all with a problem."""
    moved = fields.DatetimeField(null=True)
    """When money last moved on it."""
    changed = fields.DatetimeField(null=True)
    """When the shop last changed it, by the shop's own clock, as last seen; null where its id is another's."""
    followed = fields.DatetimeField(null=True)
    """When something at the provider, not ours, last followed at once from what was done in the shop."""
    version = fields.IntField(default=0)
    """Counts what is written here: a look that somebody else has overtaken is not committed."""
    insisted = fields.BooleanField(default=False)
    """A person wants it looked at now, whether or not its provider is thought to answer."""

    class Meta:
        table = "orders"
        unique_together = (("store", "order_id"),)
        indexes = (
            ("store_id", "due"),
            ("store_id", "watched"),
            ("store_id", "moved"),
            ("store_id", "changed"),
            ("store_id", "followed"),
        )


class SettlementRow(Model):
    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[OrderRow] = fields.ForeignKeyField(
        "bridge.OrderRow", related_name="settlements"
    )
    order_id: int
    refund = fields.BigIntField()
    how = fields.CharField(max_length=16)
    amount = fields.BigIntField()
    entry = fields.CharField(max_length=255, null=True)
    """The payment's log entry that met the refund; one entry meets one refund, once."""

    class Meta:
        table = "settlements"
        unique_together = (("order", "entry"),)


class ActionRow(Model):
    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[OrderRow] = fields.ForeignKeyField("bridge.OrderRow", related_name="actions")
    order_id: int
    open_slot = fields.BigIntField(null=True, unique=True)
    """The order's row id while the action has not ended: an order has one open action at most."""
    step = fields.TextField()
    key = fields.CharField(max_length=24)
    kind = fields.CharField(max_length=16)
    state = fields.CharField(max_length=8, db_index=True)
    amount = fields.BigIntField()
    target = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    refund = fields.BigIntField(null=True)
    provider = fields.CharField(max_length=32)
    reason = fields.TextField(default="")
    facts = fields.TextField(default="{}")
    """The figures that it is held with, as JSON."""
    refusal = fields.TextField(default="")
    reference = fields.TextField(default="")
    approved = fields.BooleanField(default=False)
    shadow = fields.BooleanField(default=False)
    attempts = fields.IntField(default=0)
    attempt = fields.TextField(null=True)
    """The last call made, with the payment's figures before it, as JSON."""
    next_try = fields.DatetimeField(null=True)
    created = fields.DatetimeField()
    updated = fields.DatetimeField()
    admitted = fields.DatetimeField(null=True)
    """When it was let through the bounds, by the rules or by a person; null: not yet."""

    class Meta:
        table = "actions"
        indexes = (("order_id",), ("admitted",), ("updated",))


class PauseRow(Model):
    """What a person has stopped: no call begins on it until a person lets it go on."""

    id = fields.BigIntField(primary_key=True)
    store = fields.CharField(max_length=64)
    """Its name; "" for every store, those to come included."""
    order_id = fields.BigIntField()
    """The order's id in WooCommerce; 0 for all orders."""
    since = fields.DatetimeField()
    why = fields.TextField()
    """As that person said; "" where nothing was."""

    class Meta:
        table = "pauses"
        unique_together = (("store", "order_id"),)


class BrakeRow(Model):
    """The surge guard of one kind of action of a store. Whoever counts decisions of the kind locks it first."""

    id = fields.BigIntField(primary_key=True)
    store: fields.ForeignKeyRelation[StoreRow] = fields.ForeignKeyField("bridge.StoreRow", related_name="brakes")
    store_id: str
    kind = fields.CharField(max_length=16)
    counted_from = fields.DatetimeField(null=True)
    """When a person last said go: what was decided until then counts no more."""
    told = fields.DatetimeField(null=True)
    """When the newest was held of those of the kind that the administrator was alerted to."""

    class Meta:
        table = "brakes"
        unique_together = (("store", "kind"),)


class FirstRow(Model):
    """The first call of a kind that a store ever makes at a provider: no other until its effect was compared."""

    id = fields.BigIntField(primary_key=True)
    store: fields.ForeignKeyRelation[StoreRow] = fields.ForeignKeyField("bridge.StoreRow", related_name="firsts")
    store_id: str
    account = fields.CharField(max_length=64)
    """The provider's entry in settings.yaml, as `Method.account` names it."""
    call = fields.CharField(max_length=8)
    action = fields.BigIntField(null=True)
    """The action that goes first, or went last before it was proven."""
    proven = fields.DatetimeField(null=True)
    """When the effect was found to be what was aimed at, or a person took it so."""
    differed = fields.TextField(default="")
    """The figures of an effect that was another, as JSON; "" where there was none, or a person took it so."""
    told = fields.BooleanField(default=False)
    """Whether the administrator has been alerted to that."""

    class Meta:
        table = "firsts"
        unique_together = (("store", "account", "call"),)


class NoteRow(Model):
    """An order note that is to be written, or was."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[OrderRow] = fields.ForeignKeyField("bridge.OrderRow", related_name="notes")
    order_id: int
    mark = fields.CharField(max_length=64)
    """What the text ends with, and what it is found again by."""
    text = fields.TextField()
    attempts = fields.IntField(default=0)
    next_try = fields.DatetimeField(null=True)
    """Null when it is written, or given up."""
    note_id = fields.BigIntField(null=True)
    created = fields.DatetimeField()
    about = fields.CharField(max_length=32, default="")
    """The remote of whose outage it tells: it is not written any more when that is over."""

    class Meta:
        table = "notes"
        unique_together = (("order", "mark"),)
        indexes = (("next_try",), ("created",))


class OutageRow(Model):
    """A remote that gives the orders of a store no answer."""

    id = fields.BigIntField(primary_key=True)
    store: fields.ForeignKeyRelation[StoreRow] = fields.ForeignKeyField("bridge.StoreRow", related_name="outages")
    store_id: str
    remote = fields.CharField(max_length=32)
    since = fields.DatetimeField()
    tries = fields.IntField()
    next_try = fields.DatetimeField()
    why = fields.TextField()
    paused = fields.BooleanField()
    calls = fields.BooleanField()
    alerted = fields.BooleanField()

    class Meta:
        table = "outages"
        unique_together = (("store", "remote"),)


class LeaseRow(Model):
    """Who works on a store, on a database that several daemons share. All moments are the server's."""

    store = fields.CharField(max_length=64, primary_key=True)
    token = fields.CharField(max_length=32)
    """Names the lease among all that there ever were."""
    host = fields.TextField()
    """The machine of the process that holds it, for people."""
    pid = fields.IntField()
    since = fields.DatetimeField()
    until = fields.DatetimeField()
    """When it runs out; in the past once it is given back."""
    wanted = fields.DatetimeField(null=True)
    """When a daemon that has fewer stores asked to have it; null: none has."""

    class Meta:
        table = "leases"


class AlertRow(Model):
    """An alert that is to be told, or was."""

    id = fields.BigIntField(primary_key=True)
    topic = fields.CharField(max_length=16)
    store = fields.CharField(max_length=64)
    """Its name; "" where it is about all."""
    text = fields.TextField()
    orders = fields.TextField(default="[]")
    """WooCommerce ids, as JSON."""
    at = fields.DatetimeField()
    email = fields.DatetimeField(null=True)
    """When it went out by mail, or there was nobody to mail it to; null: not yet."""
    command = fields.DatetimeField(null=True)
    """The same of the command."""

    class Meta:
        table = "alerts"


class ChannelRow(Model):
    """A way by which alerts go out, and how it stands."""

    name = fields.CharField(max_length=16, primary_key=True)
    used = fields.DatetimeField(null=True)
    """When something last went out by it."""
    next_try = fields.DatetimeField(null=True)
    """Nobody uses it before then: it has just been used, is in use now, or has failed."""
    failures = fields.IntField(default=0)
    """In a row."""
    since = fields.DatetimeField(null=True)
    """When the first of these was; null where it works."""
    problem = fields.TextField(default="")

    class Meta:
        table = "channels"


class EventRow(Model):
    """One line of an order's story."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[OrderRow] = fields.ForeignKeyField("bridge.OrderRow", related_name="events")
    order_id: int
    at = fields.DatetimeField()
    topic = fields.CharField(max_length=16)
    """seen, decided, called, answered, noted, person, problem."""
    text = fields.TextField()

    class Meta:
        table = "events"
        indexes = (("order_id",), ("at",))
