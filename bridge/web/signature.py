"""How a delivery proves that it is the shop's: base64 of HMAC-SHA256 over its raw body with a shared secret."""

import base64
import hashlib
import hmac

HEADER = "X-WC-Webhook-Signature"


def signature(secret: str, body: bytes) -> str:
    """Sign a body as WooCommerce does."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def fits(secret: str, body: bytes, given: str) -> bool:
    """Whether `given` is the body's signature; compared in constant time. Without a secret nothing fits."""
    return bool(secret) and hmac.compare_digest(
        signature(secret, body).encode(), given.encode("utf-8", "surrogateescape")
    )
