"""The shop's side of its webhooks: whether it has them, whether a delivery gets through, and how they are made.

A store never shows a webhook's secret, nor how its last deliveries went. So a delivery is rehearsed from here, and
to install anew writes the secret anew.
"""

import secrets
from http import HTTPStatus
from typing import Final

import aiohttp

from bridge.db.standing import Standing
from bridge.errors import UsageError
from bridge.web.signature import HEADER, signature
from bridge.web.webhooks import ACCEPTED
from bridge.woo.client import WooStore

TOPICS: Final = ("order.created", "order.updated", "order.deleted", "order.restored")
"""What must be heard of. A refund is an update of its order."""
ACTIVE: Final = "active"
MISSING: Final = "missing"
_PATIENCE: Final = aiohttp.ClientTimeout(total=15)
_NOTHING: Final = b"{}"
"""The body of a rehearsal: about no order, so that it causes nothing."""
_WRONG: Final = {
    401: "the wc-bridge that answers there has another secret: see that `wc-bridge run` has the same settings and "
    "database as this command",
    404: "nobody there knows of this store (HTTP 404): have the web server there pass this path on to `web.listen` "
    "as it is, and restart `wc-bridge run` if the store is new in settings.yaml",
    502: "the web server there gets no answer itself (HTTP 502): see that `wc-bridge run` runs, and listens where "
    "that passes this path on to",
}


async def topics(store: WooStore, url: str) -> dict[str, str]:
    """Return what the store has for deliveries to `url`, by topic: active, paused, disabled, or missing.

    Of several webhooks for one topic an active one counts.
    """
    found = dict.fromkeys(TOPICS, MISSING)
    for webhook in await store.webhooks():
        if webhook.delivery_url == url and webhook.topic in found and found[webhook.topic] != ACTIVE:
            found[webhook.topic] = webhook.status
    return found


async def install(store: WooStore, url: str, secret: str) -> None:
    """Make the webhooks that are missing, and give those that are there this secret and leave to deliver.

    Those for other addresses are somebody else's. It may be repeated at any time.
    """
    listed = [webhook for webhook in await store.webhooks() if webhook.delivery_url == url]
    for topic in TOPICS:
        ours = [webhook.id for webhook in listed if webhook.topic == topic]
        for webhook_id in ours:
            await store.mend_webhook(webhook_id, secret)
        if not ours:
            await store.add_webhook(topic, url, secret)


async def made_secret(standing: Standing) -> str:
    """Return the secret that the database keeps for a store; it is made the first time. Raises UsageError."""
    secret = await standing.keep_webhook_secret(secrets.token_urlsafe(32))
    if not secret:
        raise UsageError(
            f"store {standing.store} is new, and not in the database yet: restart `wc-bridge run`, then install"
        )
    return secret


async def rehearse(session: aiohttp.ClientSession, url: str, secret: str) -> str:
    """Deliver nothing to `url` as the shop would, and return why it did not get through, or ""."""
    headers = {HEADER: signature(secret, _NOTHING), "Content-Type": "application/json"}
    try:
        async with session.post(
            url, data=_NOTHING, headers=headers, allow_redirects=False, timeout=_PATIENCE
        ) as answer:
            status = answer.status
    except aiohttp.ClientConnectorDNSError:
        return "its name is not known: correct `web.public_url`, or see to this machine's DNS"
    except aiohttp.ClientSSLError:
        return "HTTPS fails there, as it will for the shop: see to the certificate of the web server"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return (
            f"no answer ({type(error).__name__}): see that `wc-bridge run` runs, and that the web server at "
            "`web.public_url` passes this path on to `web.listen`"
        )
    if status == ACCEPTED:
        return ""
    return _WRONG.get(status) or _other(status)


def _other(status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        # The shop takes it for delivered, and never gives such a webhook up.
        return (
            f"it is sent on to another address (HTTP {status}), where no shop follows: set `web.public_url` to "
            "that address, https:// and www. included"
        )
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT):
        return _WRONG[HTTPStatus.BAD_GATEWAY].replace("502", str(status))
    return f"something else answers (HTTP {status}): have the web server there pass this path on to `web.listen`"
