"""What settings.yaml says about a Resurs account."""

from typing import Final
from uuid import UUID

from bridge.settings import ProviderSettings, Secret

HOSTS: Final = {
    "production": "https://merchant-api.resurs.com",
    "test": "https://merchant-api.integration.resurs.com",
}


class ResursSettings(ProviderSettings):
    client_id: Secret
    """The API's client id for this environment, as Resurs gave it."""
    client_secret: Secret
    """The secret that goes with it."""
    store_id: UUID
    """The id of the shop's store among those that the credentials reach. No call needs it yet."""
    scope: str = "merchant-api"
    """Older test credentials want "mock-merchant-api"."""
    payment_methods: tuple[str, ...] = ("<uuid>",)
    """Patterns on the order's payment_method; the shop plugin puts the UUID of the Resurs method there."""

    @property
    def host(self) -> str:
        """Scheme and host; the API's own paths follow."""
        return (self.base_url or HOSTS[self.environment]).rstrip("/")
