"""Why no connection to a shop or provider came about, in plain words."""

from typing import Final

import aiohttp

_UNTRACED: Final = (
    "its certificate can't be traced to an authority that this machine knows; have the server send the whole "
    "chain, up to a known one"
)
_CERTIFICATES: Final = {
    9: "its certificate is not valid yet; see that this machine's clock is right",
    10: "its certificate has expired; have it renewed",
    18: "its certificate is self-signed; have one put there that a known authority has signed",
    19: _UNTRACED,
    20: _UNTRACED,
    21: _UNTRACED,
    62: "its certificate is for another name; check the address in settings.yaml, or have the certificate changed",
    64: "its certificate is for another name; put its name into settings.yaml instead of its number",
}
"""By OpenSSL's number for what is wrong (openssl/x509_vfy.h)."""


def why_unreached(error: Exception) -> str:
    """Return the reason, and behind a semicolon what to do, where anything can be done here."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known; check the address in settings.yaml, and this machine's DNS"
        case aiohttp.ClientConnectorCertificateError():
            number = getattr(error.certificate_error, "verify_code", 0)
            return f"HTTPS fails: {_CERTIFICATES.get(number, 'its certificate is refused; have it looked at')}"
        case aiohttp.ClientSSLError():
            return "HTTPS fails; check the address in settings.yaml, and have the server's HTTPS looked at"
        case aiohttp.ConnectionTimeoutError():
            return "no connection came about in time"
        case _:
            return "no connection came about"
