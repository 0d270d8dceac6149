"""The certificate of a host: trusted by this machine, and for how long."""

import asyncio
import ssl
from urllib.parse import urlsplit

from udi.cli.finding import DAY, Finding, fault, format_duration, ok, warning
from udi.kit.clock import now

PATIENCE = 5
LEFT_WARNING = 21 * DAY
LEFT_FAULT = 7 * DAY
HTTPS = 443
HAS_EXPIRED = 10
"""`X509_V_ERR_CERT_HAS_EXPIRED` of OpenSSL."""


async def check_certificate(slug: str, origin: str) -> list[Finding]:
    """Nothing for an address without TLS, or that does not answer (its own check says so)."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return []
    name = f"{slug} {host} certificate"
    remedy = "Renew it, and see that the proxy serves the new one (`nginx -s reload`)."
    try:
        until = await asyncio.wait_for(
            _read_expiry(host, parts.port or HTTPS), PATIENCE
        )
    except ssl.SSLCertVerificationError as error:
        return [
            fault("territory", name, f"It is refused: {error.verify_message}.", remedy)
        ]
    except (OSError, TimeoutError):
        return []
    left = until - now().timestamp()
    message = f"It is good for {format_duration(left)}."
    if left < LEFT_WARNING:
        return [
            (fault if left < LEFT_FAULT else warning)(
                "territory", name, message, remedy
            )
        ]
    return [ok("territory", name, message)]


async def find_days_left(origin: str) -> int | None:
    """Whole days before the certificate of an address ends, 0 once it has; None without TLS, or where nothing trusted answers."""
    parts = urlsplit(origin)
    if parts.scheme != "https":
        return None
    try:
        until = await asyncio.wait_for(
            _read_expiry(parts.hostname or "", parts.port or HTTPS), PATIENCE
        )
    except ssl.SSLCertVerificationError as error:
        return 0 if error.verify_code == HAS_EXPIRED else None
    except (OSError, TimeoutError):
        return None
    return max(0, int((until - now().timestamp()) // DAY))


async def _read_expiry(host: str, port: int) -> float:
    address = "127.0.0.1" if host.endswith("localhost") else host
    context = ssl.create_default_context()
    _, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=host
    )
    try:
        return ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"])
    finally:
        writer.close()
