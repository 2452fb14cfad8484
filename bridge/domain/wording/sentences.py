"""What is to be said in each language, as templates that `bridge.domain.notes` fills in."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.looks import Topics
from bridge.domain.reasons import Reason
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
    captured: str
    cancelled: str
    refunded: str
    rest_refunded: str
    lowered: str
    raised: str
    restored: str
    amount: str
    left: str
    left_after_refunds: str
    shown: str
    limited: str
    not_shown: str
    steps: Mapping[Call, str]
    """A step as the object of a sentence."""
    statuses: Mapping[str, str]
    remarks: Mapping[Topics, str]
    attention: Mapping[Reason, Attention]
    not_restored: Attention
    """Of a status that the shop itself refused; REFUSED speaks of the provider."""
