"""Ecster Pay, order management: reads, debits, annuls and credits orders that were bought before May 2023.

`settings` holds the keys, `api` speaks HTTP, `wire` is the JSON as it is, `ledger` what it says about money,
`rows` spells a charge out, `outcomes` judges answers, `adapter` puts them together. Ecster cannot change a
reservation: a lower total is debited with the rest closed.
"""

from typing import Final

import aiohttp

from bridge.ports import Provider
from bridge.providers.ecster.adapter import Ecster
from bridge.providers.ecster.api import Api
from bridge.providers.ecster.settings import EcsterSettings
from bridge.providers.registry import ShopPlugin

SETTINGS: Final = EcsterSettings
PAYMENT_ID_KEYS: Final = ("_wc_ecster_internal_reference",)
TRANSACTION_ID_NAMES_PAYMENT: Final = True
PLUGIN: Final = ShopPlugin(
    switches='"Manage orders" (WooCommerce, Settings, Payments, Ecster Pay)',
    gateway="ecster",
    setting="manage_ecster_orders",
)


def connect(settings: EcsterSettings, session: aiohttp.ClientSession) -> Provider:
    """Make the adapter; nothing is sent yet. Raises SettingsError for a key that no header can carry."""
    api_key, merchant_key = settings.headers()
    return Ecster(
        Api(
            session,
            host=settings.host,
            api_key=api_key,
            merchant_key=merchant_key,
            concurrency=settings.concurrency,
        )
    )
