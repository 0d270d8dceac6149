"""A mail relay of a test of the node."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from udi.ui.site import Site


@dataclass
class Relay:
    """A mail relay of our own, which keeps what it gets."""

    mails: list[EmailMessage] = field(default_factory=list)
    away: bool = False

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.away:
            return "451 Later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]  # the policy's class
        return "250 Kept"


@pytest.fixture
async def relay(
    node_site: Site, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Relay]:
    smtp_relay = Relay()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(smtp_relay, hostname="relay"), "127.0.0.1", 0
    )
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_port": server.sockets[0].getsockname()[1],
    }
    monkeypatch.setattr(
        node_site, "settings", node_site.settings.model_copy(update=settings)
    )
    yield smtp_relay
    server.close()
    await server.wait_closed()
