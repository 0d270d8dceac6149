"""A certificate that ends soon, or that nobody trusts, is told before people see it."""

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cluster import free_ports
from udi.cli.checks.certificate import (
    STAND_IN,
    CertificateState,
    check_certificate,
    find_certificate_state,
)
from udi.kit.clock import now

HOST = "town.localhost"


def make(folder: Path, days: int, name_of_it: str = HOST) -> Path:
    """A certificate that signs itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name_of_it)])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(now() - timedelta(days=60)).not_valid_after(
        now() + timedelta(days=days, hours=1)
    )
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False
    )
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate + secret)
    return path


@asynccontextmanager
async def serve_certificate(certificate: Path) -> AsyncIterator[str]:
    """A host that shows the certificate; its origin."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    port = free_ports(1)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(
        lambda _reader, writer: writer.close(), "127.0.0.1", port, ssl=context
    )
    async with server:
        yield f"https://{HOST}:{port}"


@contextmanager
def serve_in_silence(certificate: Path) -> Iterator[str]:
    """A host that shows the certificate, and then neither reads nor ends anything; its origin.

    Whoever has seen the certificate may be gone before the host has ended the greeting.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    is_done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True):
            is_done.wait(60)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"https://{HOST}:{listener.getsockname()[1]}"
    finally:
        is_done.set()
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    ("days", "severity"), [(60, "ok"), (20, "warning"), (6, "fault"), (-1, "fault")]
)
async def test_what_is_left_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, severity: str
) -> None:
    certificate = make(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async with serve_certificate(certificate) as origin:
        [finding] = await check_certificate("town", origin)

    assert (finding.name, finding.severity) == (f"town {HOST} certificate", severity)
    assert (f"{days} d" in finding.message) is (days > 0)


@pytest.mark.parametrize(("days", "left"), [(60, 60), (6, 6), (-1, 0)])
async def test_the_days_that_are_left_are_counted_until_none_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, left: int
) -> None:
    certificate = make(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async with serve_certificate(certificate) as origin:
        assert await find_certificate_state(origin) == CertificateState(left)


async def test_a_host_that_does_not_end_its_connection_leaves_none_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make(tmp_path, 60)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with serve_in_silence(certificate) as origin:
        reading = find_certificate_state(origin)
        state = await asyncio.to_thread(asyncio.run, reading)
        with warnings.catch_warnings(record=True) as unclosed:
            warnings.simplefilter("always", ResourceWarning)
            gc.collect()

    assert state == CertificateState(60)
    assert [str(warning.message) for warning in unclosed] == []


async def test_one_that_nobody_trusts_is_missing(tmp_path: Path) -> None:
    async with serve_certificate(make(tmp_path, 60)) as origin:
        state = await find_certificate_state(origin)

    assert state == CertificateState(None, is_missing=True)


async def test_one_that_stands_in_until_another_is_received_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make(tmp_path, 60, STAND_IN)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async with serve_certificate(certificate) as origin:
        [finding] = await check_certificate("town", origin)
        state = await find_certificate_state(origin)

    assert (finding.severity, "udi-certificates" in finding.remedy) == ("fault", True)
    assert state == CertificateState(None, is_missing=True)


async def test_one_that_this_machine_does_not_trust_is_a_fault(tmp_path: Path) -> None:
    async with serve_certificate(make(tmp_path, 60)) as origin:
        [finding] = await check_certificate("town", origin)

    assert finding.severity == "fault"
    assert "refused" in finding.message


async def test_nothing_is_said_without_tls_or_without_an_answer() -> None:
    assert await check_certificate("town", f"http://{HOST}") == []
    assert await check_certificate("town", f"https://{HOST}:{free_ports(1)}") == []
