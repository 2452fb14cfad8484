"""Resurs's JSON as it really is, and what it says in our words.

The ground is lenient on purpose: unknown fields, statuses, actions and log types are passed over, timestamps come
with or without zone and with up to nine decimals, field errors have had three shapes. Amounts are not: a figure
that the currency can't express is an error, never rounded.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from bridge.domain.money import to_minor
from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.providers.resurs.lines import KEY_ENDS

_CURRENCIES: Final = {"SE": "SEK", "NO": "NOK", "DK": "DKK", "FI": "EUR"}
"""The currency is never on the wire; it follows the store's country."""

_STATES: Final = {
    "ACCEPTED": PaymentState.READY,
    "TASK_REDIRECTION_REQUIRED": PaymentState.PENDING,
    "INSPECTION": PaymentState.PENDING,
    "SUPPLEMENTING_REQUIRED": PaymentState.PENDING,
    "FROZEN": PaymentState.PENDING,
    "REJECTED": PaymentState.DEAD,
}
_KINDS: Final = {
    "CREATE": EntryKind.CREATE,
    "CAPTURE": EntryKind.CAPTURE,
    "CANCEL": EntryKind.RELEASE,
    "MODIFY_ORDER": EntryKind.RAISE,
    "REFUND": EntryKind.RETURN,
}
_ABILITIES: Final = {
    "CAPTURE": Can.CAPTURE,
    "PARTIAL_CAPTURE": Can.CAPTURE_PART,
    "CANCEL": Can.RELEASE,
    "PARTIAL_CANCEL": Can.RELEASE_PART,
    "REFUND": Can.REFUND,
    "PARTIAL_REFUND": Can.REFUND_PART,
}
"""The names mean what they say and no more (reference 3.5): whether one stands for the other too is not known."""
_CATEGORY: Final = re.compile(r"[A-Z0-9_]{1,40}")
_KEY_IN_REFERENCE: Final = re.compile(rf"([A-Z0-9-]+){KEY_ENDS}")
_MOMENT: Final = TypeAdapter(datetime)
_DAY: Final = 86400


def _moment(value: Any) -> datetime | None:
    """Read a timestamp; one without zone is UTC, and one that can't be read is none (nothing hangs on it)."""
    try:
        moment = _MOMENT.validate_python(value)
    except ValidationError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _listed(value: Any) -> Any:
    return () if value is None else value


_Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class Token(_Wire):
    """The answer of the token endpoint (OAuth names, so no camel case). `expires_in` is in seconds."""

    model_config = ConfigDict(alias_generator=None)

    access_token: str = Field(pattern=r"^[!-~]+$")
    """Goes into a header as it is."""
    expires_in: Annotated[int, AfterValidator(lambda seconds: min(seconds, _DAY))] = 300
    """Documented as 3599; where it is missing, a short life costs only a request."""


class _Line(_Wire):
    total_amount_including_vat: Decimal
    reference: str | None = None


class _Action(_Wire):
    action_id: str = ""
    type: str
    created: _Moment = None
    order_lines: Annotated[tuple[_Line, ...], BeforeValidator(_listed)] = ()
    transaction_id: str | None = None
    creator: str | None = None

    def entry(self, currency: str) -> Entry | None:
        """This action as a log entry; None for a type that we do not know."""
        kind = _KINDS.get(self.type)
        if kind is None:
            return None
        amount = sum((line.total_amount_including_vat for line in self.order_lines), Decimal(0))
        return Entry(
            id=self.action_id,
            kind=kind,
            amount=_minor(amount, currency),
            key=self._key(kind),
            created=self.created,
        )

    def _key(self, kind: EntryKind) -> str | None:
        """Where this kind of call carries a key. Adding lines takes neither a transactionId nor a creator."""
        match kind:
            case EntryKind.CAPTURE | EntryKind.RETURN:
                return self.transaction_id
            case EntryKind.RELEASE:
                return self.creator
            case EntryKind.RAISE:
                reference = self.order_lines[0].reference if self.order_lines else None
                found = _KEY_IN_REFERENCE.match(reference or "")
                return found[1] if found else None
            case EntryKind.CREATE:
                return None


class _Possible(_Wire):
    action: str = ""


class _Order(_Wire):
    order_reference: str = ""
    authorized_amount: Decimal
    captured_amount: Decimal
    refunded_amount: Decimal
    possible_actions: Annotated[tuple[_Possible, ...], BeforeValidator(_listed)] = ()
    action_log: Annotated[tuple[_Action, ...], BeforeValidator(_listed)] = ()


class _Application(_Wire):
    approved_credit_limit: Decimal | None = None


def _category(value: Any) -> str:
    """The category of a rejectedReason if it is a plain word: what is no word of Resurs's own is not for notes."""
    category = value.get("category") if isinstance(value, dict) else None
    return category if isinstance(category, str) and _CATEGORY.fullmatch(category) else ""


class WirePayment(_Wire):
    """A payment as GET and the four management calls return it."""

    id: str
    status: str
    country_code: str | None = None
    order: _Order | None = None
    application: _Application | None = None
    rejected_reason: Annotated[str, BeforeValidator(_category)] = ""
    """Of a rejected payment: the category of the reason, "" where there is none that could be shown."""

    def payment(self) -> Payment:
        """Say it in our words. Raises AmountError for a figure that the currency can't express.

        A country whose currency we do not know gives the currency "", which no order has.
        """
        currency = _CURRENCIES.get((self.country_code or "").upper(), "")
        state = _STATES.get(self.status, PaymentState.PENDING)
        if self.order is None:
            return self._without_order(currency, state)
        granted = self.application.approved_credit_limit if self.application else None
        limit = None if granted is None else _minor(granted, currency)
        can = {_ABILITIES[it.action] for it in self.order.possible_actions if it.action in _ABILITIES}
        if limit is not None and state is PaymentState.READY:
            can.add(Can.RAISE)
        entries = (action.entry(currency) for action in self.order.action_log)
        return Payment(
            id=self.id,
            reference=self.order.order_reference,
            currency=currency,
            state=state,
            detail=self._detail,
            reserved=_minor(self.order.authorized_amount, currency),
            captured=_minor(self.order.captured_amount, currency),
            returned=_minor(self.order.refunded_amount, currency),
            limit=limit,
            can=frozenset(can),
            log=tuple(entry for entry in entries if entry),
        )

    @property
    def _detail(self) -> str:
        """The status, and of a rejected payment why ("REJECTED: CREDIT_DENIED")."""
        return f"{self.status}: {self.rejected_reason}" if self.rejected_reason else self.status

    def _without_order(self, currency: str, state: PaymentState) -> Payment:
        """A payment without its order shows no amounts: nothing is possible, and READY would claim too much."""
        return Payment(
            id=self.id,
            reference="",
            currency=currency,
            state=PaymentState.PENDING if state is PaymentState.READY else state,
            detail=f"{self._detail}, without an order",
            reserved=0,
            captured=0,
            returned=0,
            limit=None,
            can=frozenset(),
            log=(),
        )


class _Store(_Wire):
    id: str
    name: str = ""
    country_code: str | None = None


class WireStores(_Wire):
    content: tuple[_Store, ...] = ()


def _minor(figure: Decimal, currency: str) -> int:
    # All four currencies have two decimals, and so has the wire; an unknown one is read the same way.
    return to_minor(figure, currency or "EUR")
