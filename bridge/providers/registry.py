"""Which providers there are: ours and those of other packages, by entry point (`wc_bridge.providers`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

import aiohttp

from bridge.ports import Provider
from bridge.settings import ProviderSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopPlugin:
    """The payment plugin in the shop, whose order management is to be off where the bridge acts."""

    switches: str
    """Where that is switched off, in words."""
    gateway: str = ""
    """The payment gateway of the shop that shows its switch; "" where none does."""
    setting: str = ""
    """The switch among the gateway's settings: "yes" while it is on."""


class ProviderKind(Protocol):
    """What an entry point of the group `wc_bridge.providers` names: a module or object with these."""

    SETTINGS: type[ProviderSettings]
    """The settings of this type, with its credentials and its default `payment_methods`."""
    PAYMENT_ID_KEYS: tuple[str, ...]
    """Order meta keys that hold the payment id, best first."""
    TRANSACTION_ID_NAMES_PAYMENT: bool
    """Whether the order's own `transaction_id` holds the payment id when no meta key does."""

    PLUGIN: ShopPlugin

    def connect(self, settings: Any, session: aiohttp.ClientSession) -> Provider:
        """Make the adapter. Sends nothing yet."""


@cache
def provider_kinds() -> Mapping[str, ProviderKind]:
    """Return every installed kind by its `type` in settings.yaml; none comes or goes while we run."""
    return {point.name: point.load() for point in entry_points(group="wc_bridge.providers")}
