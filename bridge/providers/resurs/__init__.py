"""Resurs Bank, Merchant API 2.0: captures, releases, raises and refunds as it knows them.

`settings` holds the credentials, `api` speaks HTTP and keeps the token, `wire` is the JSON as it really is, `lines`
spells a charge out, `adapter` puts them together. There is no capture that closes the rest, no idempotency key,
and no currency on the wire.
"""

from typing import Final

import aiohttp

from bridge.ports import Provider
from bridge.providers.registry import ShopPlugin
from bridge.providers.resurs.adapter import Resurs
from bridge.providers.resurs.api import Api
from bridge.providers.resurs.settings import ResursSettings

SETTINGS: Final = ResursSettings
PAYMENT_ID_KEYS: Final = ("resursbank_payment_id",)
TRANSACTION_ID_NAMES_PAYMENT: Final = False
PLUGIN: Final = ShopPlugin(
    switches="Enable Capture, Enable Cancel, Enable Refund and Enable Modify (Settings, Resurs Bank, "
    "Order Management)"
)


def connect(settings: ResursSettings, session: aiohttp.ClientSession) -> Provider:
    """Make the adapter; nothing is sent yet. `session` stays the caller's to close."""
    return Resurs(Api(settings, session))
