"""A server whose certificate can't be trusted: said in words that whoever keeps it understands."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import trustme
from aiohttp import web

from bridge.errors import Unreachable
from bridge.providers.http import send
from bridge.woo.client import WooStore
from tests.woo.conftest import KEEP, KEY, SECRET

PAST = datetime.now(UTC) - timedelta(days=1)
FUTURE = datetime.now(UTC) + timedelta(days=1)

Pems = tuple[trustme.Blob, trustme.Blob]
"""The server's key and its certificate."""
UNTRACED = "its certificate can't be traced to an authority that this machine knows; have the server send the whole"


def issued(
    ca: trustme.CA, name: str = "127.0.0.1", not_before: datetime | None = None, not_after: datetime | None = None
) -> Pems:
    leaf = ca.issue_cert(name, not_before=not_before, not_after=not_after)
    return leaf.private_key_pem, leaf.cert_chain_pems[0]


BAD: dict[str, tuple[Callable[[trustme.CA], Pems], bool, str]] = {
    "expired": (
        lambda ca: issued(ca, not_before=PAST - timedelta(days=1), not_after=PAST),
        True,
        "its certificate has expired; have it renewed",
    ),
    "not valid yet": (
        lambda ca: issued(ca, not_before=FUTURE, not_after=FUTURE + timedelta(days=1)),
        True,
        "its certificate is not valid yet; see that this machine's clock is right",
    ),
    "of another machine": (
        lambda ca: issued(ca, "10.0.0.1"),
        True,
        "its certificate is for another name; put its name into settings.yaml instead of its number",
    ),
    "self-signed": (
        lambda ca: (ca.private_key_pem, ca.cert_pem),
        False,
        "its certificate is self-signed; have one",
    ),
    "of an authority that nobody knows": (issued, False, UNTRACED),
    "without the authority between": (lambda ca: issued(ca.create_child_ca()), True, UNTRACED),
}
"""Key and certificate of the server, whether this machine knows the authority, and what is said."""


@asynccontextmanager
async def serving(key: trustme.Blob, certificate: trustme.Blob) -> AsyncIterator[str]:
    """An HTTPS server on loopback that sends its own certificate and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(key.bytes() + certificate.bytes()).tempfile() as file:
        context.load_cert_chain(file)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(("of", "known", "said"), BAD.values(), ids=BAD)
async def test_what_is_wrong_with_a_certificate_is_said(
    of: Callable[[trustme.CA], Pems], known: bool, said: str
) -> None:
    authority, trusted = trustme.CA(key_type=trustme.KeyType.ECDSA), ssl.create_default_context()
    if known:
        authority.configure_trust(trusted)
    async with (
        serving(*of(authority)) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session,
    ):
        store = WooStore(session, name="butiken", url=url, consumer_key=KEY, consumer_secret=SECRET, keep_meta=KEEP)
        with pytest.raises(Unreachable) as shop:
            await store.write_nothing()
        with pytest.raises(Unreachable) as provider:
            await send(session, "GET", url, remote="Resurs", headers={}, timeout=aiohttp.ClientTimeout(total=5))
    assert f"store butiken can't be reached: HTTPS fails: {said}" in str(shop.value)
    assert f"Resurs can't be reached: HTTPS fails: {said}" in str(provider.value)
