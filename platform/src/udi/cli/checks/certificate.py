"""The certificate of a host: trusted by this machine, and for how long."""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from udi.cli.finding import DAY, Finding, fault, format_duration, ok, warning
from udi.kit.clock import now

PATIENCE = 5
LEFT_WARNING = 21 * DAY
LEFT_FAULT = 7 * DAY
HTTPS = 443
HAS_EXPIRED = 10
"""`X509_V_ERR_CERT_HAS_EXPIRED` of OpenSSL."""
STAND_IN = "until a certificate is received"
"""Name of what the play has the proxy show while no authority gave a territory its certificate."""
REQUEST = "Run `udi-certificates request` on the machine of the proxy: it says what the authority refuses."


@dataclass(frozen=True)
class ServedCertificate:
    """What a host shows: when it ends, in seconds since 1970, and whether it only stands in for one that is awaited."""

    until: float
    is_stand_in: bool


@dataclass(frozen=True)
class CertificateState:
    """What is known of the certificate of an address; `days` is None where nothing trusted answers."""

    days: int | None
    is_missing: bool = False
    """Browsers refuse the address: its certificate was not received, or nobody trusts it."""


async def check_certificate(slug: str, origin: str) -> list[Finding]:
    """Nothing for an address without TLS, or that does not answer (its own check says so)."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return []
    name = f"{slug} {host} certificate"
    remedy = "Renew it, and see that the proxy serves the new one (`nginx -s reload`)."
    try:
        async with asyncio.timeout(PATIENCE):
            served = await _read_certificate(host, parts.port or HTTPS)
    except ssl.SSLCertVerificationError as error:
        return [
            fault("territory", name, f"It is refused: {error.verify_message}.", remedy)
        ]
    except (OSError, TimeoutError):
        return []
    if served.is_stand_in:
        message = "It was not received from the authority: browsers refuse the address."
        return [fault("territory", name, message, REQUEST)]
    left = served.until - now().timestamp()
    message = f"It is good for {format_duration(left)}."
    if left < LEFT_WARNING:
        return [
            (fault if left < LEFT_FAULT else warning)(
                "territory", name, message, remedy
            )
        ]
    return [ok("territory", name, message)]


async def find_certificate_state(origin: str) -> CertificateState:
    """Whole days before the certificate of an address ends, 0 once it has; and whether it has none that browsers take."""
    parts = urlsplit(origin)
    if parts.scheme != "https":
        return CertificateState(None)
    try:
        async with asyncio.timeout(PATIENCE):
            served = await _read_certificate(parts.hostname or "", parts.port or HTTPS)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == HAS_EXPIRED:
            return CertificateState(0)
        return CertificateState(None, is_missing=True)
    except (OSError, TimeoutError):
        return CertificateState(None)
    if served.is_stand_in:
        return CertificateState(None, is_missing=True)
    return CertificateState(max(0, int((served.until - now().timestamp()) // DAY)))


async def _read_certificate(host: str, port: int) -> ServedCertificate:
    address = "127.0.0.1" if host.endswith("localhost") else host
    context = ssl.create_default_context()
    _, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=host
    )
    try:
        certificate = writer.get_extra_info("peercert")
    finally:
        # The other side may never answer a polite end, and whoever asked does not wait for one.
        writer.transport.abort()
    names = [value for part in certificate["subject"] for _, value in part]
    return ServedCertificate(
        ssl.cert_time_to_seconds(certificate["notAfter"]), STAND_IN in names
    )
