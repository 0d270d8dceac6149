"""Keycloaks of several machines speak TLS with each other, and take whoever shows their own certificate alone."""

import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from tests import services
from tests.cluster import free_ports
from tests.local_servers import start_keycloak
from udi.cli.local.keycloak import CLUSTER_PORT, make_keycloak
from udi.settings import Settings

pytestmark = [pytest.mark.programs, pytest.mark.thorough]


def test_a_keycloak_with_peers_wants_a_certificate(
    keycloak: Settings, run_folder: Path, tmp_path: Path
) -> None:
    """It runs beside the one of the run, in the same database, as a second machine's does."""
    java, distribution, account = services.find_keycloak(keycloak)
    peer = replace(
        make_keycloak(keycloak, java=java, distribution=distribution, account=account),
        home=run_folder / "keycloak-peer",
        port=free_ports(1),
        management_port=free_ports(1),
        peers=("127.0.0.1",),
    )
    running = start_keycloak(peer, tmp_path / "keycloak.log")
    try:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with pytest.raises((ssl.SSLError, ConnectionError)) as refusal:
            speak(context)
    finally:
        running.stop()

    assert "certificate" in str(refusal.value)


def speak(context: ssl.SSLContext) -> None:
    """Shake hands at the peers' port without a certificate, and wait for an answer."""
    with (
        socket.create_connection(("127.0.0.1", CLUSTER_PORT), 10) as plain,
        context.wrap_socket(plain) as secure,
    ):
        secure.sendall(b"x")
        secure.recv(1)
