import socket

import pytest

from udi.cli.local import ports
from udi.cli.local.errors import LocalError
from udi.settings import Settings


def test_seven_free_ports_pass(settings: Settings) -> None:
    ports.check_free(settings)


def test_a_busy_port_is_named_with_its_use_its_holder_and_the_remedy(
    settings: Settings,
) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", settings.port(2)))
        other.listen()
        with pytest.raises(LocalError) as refusal:
            ports.check_free(settings)

    sentence = str(refusal.value)
    assert sentence.startswith(
        f"Port {settings.port(2)}, needed for Keycloak, is taken by «python"
    )
    assert "stop that program, or choose other ports with UDI_BASE_PORT=" in sentence


def test_a_port_taken_on_every_address_is_busy(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("::", settings.port(0)))
        other.listen()
        assert not ports.is_free(settings.port(0))
        assert ports.accepts(settings.port(0))

    assert ports.is_free(settings.port(0))
    assert not ports.accepts(settings.port(0))


def test_silence_is_not_an_answer(settings: Settings) -> None:
    with socket.socket() as mute:
        mute.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mute.bind(("127.0.0.1", settings.port(0)))
        mute.listen()
        assert not ports.answers(settings.port(0), "/health", timeout=0.2)
