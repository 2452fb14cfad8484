"""What happens in the demo, one value at a time, for a screen and for JSON alike."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Who(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    """In the shop."""
    PORTAL = "portal"
    """Somebody in the provider's own portal, past the shop and the bridge."""
    NETWORK = "network"
    BRIDGE = "bridge"
    NOTE = "note"
    """The bridge's note on the order, as staff see it in the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    scene: str
    title: str
    """The scene's, for people."""
    at: datetime
    who: Who
    provider: str
    order: str
    """The order's number."""
    text: str
    kind: str = ""
    """Of a call to the provider: `capture`, `cancel`, `refund` or `modify`; "" where it is none."""
    amount: int = 0
    """Minor units."""
    key: str = ""
    attention: bool = False
    """A person is needed."""

    def as_json(self) -> dict[str, Any]:
        """The happening with stable fields; `call` is null unless a call to the provider was made."""
        return {
            "scene": self.scene,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "who": self.who,
            "provider": self.provider,
            "order": self.order,
            "text": self.text,
            "call": {"kind": self.kind, "amount": self.amount, "key": self.key} if self.kind else None,
            "attention": self.attention,
        }
