"""What is to be said in each language, as templates that `bridge.domain.notes` fills in."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.reasons import Reason
from bridge.domain.remarks import Topics
from bridge.domain.steps import Call


@dataclass(frozen=True, slots=True)
class Attention:
    """Two of the three sentences of a hold; the one between them tells what the payment shows."""

    happened: str
    advice: str
    with_approval: str = ""
    """Instead of `advice` where there is a step that a person may approve; "" where the advice is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """All sentences in one language."""

    language: str
    ampersand: str
    """In place of a "&", which a shop would read as the beginning of an entity."""
    unsaid: str
    """In place of a reason that nobody gave."""
    unknown_currency: str
    captured: str
    rest_released: str
    """After a capture that closed the rest in the same call."""
    cancelled: str
    leftover_released: str
    """Instead of `cancelled` where something was captured: nobody shall think that the order's payment is gone."""
    refunded: str
    part_refunded: str
    rest_refunded: str
    lowered: str
    raised: str
    replaced: str
    """A reservation was released, for a new one to follow."""
    restored: str
    amount: str
    left: str
    left_after_refunds: str
    shown: str
    limited: str
    not_shown: str
    waits: str
    """Of a step whose provider does not answer."""
    steps: Mapping[Call, str]
    """A step as the object of a sentence."""
    replacing: str
    """Likewise, of a release that a new reservation is to follow."""
    statuses: Mapping[str, str]
    states: Mapping[str, str]
    """What a provider's word for a payment's state means: a clause that the word follows in brackets."""
    findings: Mapping[str, str]
    """What our own word for it means; that word is not shown, as nobody at the provider knows it."""
    remarks: Mapping[Topics, str]
    attention: Mapping[Reason, Attention]
    not_restored: Attention
    """Of a status that the shop itself refused; REFUSED speaks of the provider."""
    refund_refused: Attention
    """Of a refund; REFUSED warns of shipping."""
    cancelled_in_part: Attention
    """Of a cancelled order of which a part was captured; CANCELLED_BUT_CAPTURED lets it be completed instead."""
    outdated: Attention
    """Of a payment that is shown, but older than before; NOT_SHOWN speaks of one that is not."""
    pending_captured: Attention
    """Of a payment whose money was captured before; PENDING_LONG warns of shipping."""
    only_whole: Attention
    """Of a payment that can be refunded, but not in part; CANNOT_REFUND knows of no refund."""
    no_owner: Attention
    """Of a payment that names no order; DOUBT_OWNER speaks of another one."""
