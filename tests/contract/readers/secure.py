"""TLS in front of a server of this machine, with a certificate of the test's own, for clients that take nothing else."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from udi.kit.clock import now

LONGEST_HEAD = 64 * 1024


def certify(name: str, folder: Path) -> Path:
    """A certificate for this name and its key, in one file, which is also what to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    draft = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number()
    )
    dated = draft.not_valid_before(now() - timedelta(hours=1)).not_valid_after(
        now() + timedelta(hours=1)
    )
    named = dated.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
    )
    certificate = named.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    ).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@asynccontextmanager
async def secured(certificate: Path, port: int) -> AsyncIterator[int]:
    """The port where TLS ends; what comes there goes on to `port`, as if it had been asked there."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    proxy_port = 0

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            back, out = await asyncio.open_connection("127.0.0.1", port)
            request_head = head.replace(f":{proxy_port}".encode(), f":{port}".encode())
            out.write(
                request_head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            )
            while piece := await back.read(LONGEST_HEAD):
                writer.write(piece)
                await writer.drain()
            out.close()
        writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    async with server:
        proxy_port = server.sockets[0].getsockname()[1]
        yield proxy_port
