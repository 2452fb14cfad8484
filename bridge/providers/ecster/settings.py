"""What settings.yaml says about an Ecster account."""

from typing import Final

from bridge.errors import SettingsError
from bridge.settings import ProviderSettings, Secret

HOSTS: Final = {"production": "https://secure.ecster.se", "test": "https://labs.ecster.se"}


class EcsterSettings(ProviderSettings):
    api_key: Secret
    """The secret key that was made in the Ecster Dashboard."""
    merchant_key: str
    """The numeric merchant id, as text."""
    payment_methods: tuple[str, ...] = ("ecster",)
    """Patterns on the order's payment_method; the shop plugin's own is ecster."""

    @property
    def host(self) -> str:
        """Scheme and host; the API's own paths follow."""
        return (self.base_url or HOSTS[self.environment]).rstrip("/")

    def headers(self) -> tuple[str, str]:
        """Return api_key and merchant_key as the headers carry them, else raise SettingsError."""
        keys = self.api_key.reveal(), self.merchant_key
        for name, value in zip(("api_key", "merchant_key"), keys, strict=True):
            if not value or not value.isascii() or not value.isprintable():
                raise SettingsError(f"ecster: {name} must be plain printable text, and not empty")
        return keys
