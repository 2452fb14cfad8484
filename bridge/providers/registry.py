"""Which providers there are: ours and those of other packages, by entry point (`wc_bridge.providers`)."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

import aiohttp

from bridge.ports import Provider
from bridge.settings import ProviderSettings


class ProviderKind(Protocol):
    """What an entry point of the group `wc_bridge.providers` names: a module or object with these."""

    SETTINGS: type[ProviderSettings]
    """The settings of this type, with its credentials and its default `payment_methods`."""
    PAYMENT_ID_KEYS: tuple[str, ...]
    """Order meta keys that hold the payment id, best first."""
    TRANSACTION_ID_NAMES_PAYMENT: bool
    """Whether the order's own `transaction_id` holds the payment id when no meta key does."""

    def connect(self, settings: Any, session: aiohttp.ClientSession) -> Provider:
        """Make the adapter. Sends nothing yet."""


@cache
def provider_kinds() -> Mapping[str, ProviderKind]:
    """Return every installed kind by its `type` in settings.yaml; none comes or goes while we run."""
    return {point.name: point.load() for point in entry_points(group="wc_bridge.providers")}
