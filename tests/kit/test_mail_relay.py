"""The relay takes mails over TLS and with a login, and what it refuses is said in one sentence."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.kit.certificates import issue
from udi.kit.emails import Email
from udi.kit.mail_relay import (
    AddressRefusedError,
    EmailError,
    MailRelay,
    probe_relay,
    send_email,
)
from udi.settings import RelaySecurity, Settings

PASSWORD = "letmein-relay"
WITHOUT_STARTTLS = pytest.mark.filterwarnings("ignore:Requiring AUTH")
"""The relay of the test, which begins with TLS or wants a login all the same, warns of it."""
MAIL = Email(
    to="ana@people.example",
    subject="Bonjour",
    text="Un mot.\n",
    language="fr",
    id="one",
    sender="no-reply@demo.example",
)


@dataclass
class RelayHandler:
    """What a relay received; it answers a recipient with `answer` where one is given."""

    subjects: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answer: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _: Any
    ) -> str:
        if not self.answer:
            envelope.rcpt_tos.append(address)
        return self.answer or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        assert isinstance(content, bytes)
        self.subjects.append(content)
        self.encrypted.append(session.ssl is not None)
        return "250 Kept"


def authenticate(
    _server: SMTP, _session: Any, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = (data.login, data.password) == (b"udi", PASSWORD.encode())
    return AuthResult(success=known, handled=known)


@dataclass(frozen=True)
class Authority:
    """The files of a relay's certificate, of its key, and of the authority that signed it."""

    server_certificate: Path
    server_key: Path
    certificate: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(*issue(tmp_path_factory.mktemp("relay"), "localhost"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority of the relay among those of the machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


def server_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server_certificate, authority.server_key)
    return context


@asynccontextmanager
async def relay_server(
    handler: RelayHandler, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """A relay on this machine: its port."""
    make: Callable[[], SMTP] = lambda: SMTP(handler, hostname="relay", **options)  # noqa: E731 - its type is said, which a nested function would repeat
    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", 0, ssl=tls
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


def relay_at(port: int, security: str, password: str = PASSWORD) -> MailRelay:
    return MailRelay("localhost", port, RelaySecurity(security), "udi", password)


async def test_starttls_and_a_login_deliver_over_an_encrypted_connection(
    trusted: Authority,
) -> None:
    handler = RelayHandler()
    options = {
        "tls_context": server_context(trusted),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": authenticate,
    }

    async with relay_server(handler, **options) as port:
        await send_email(MAIL, relay_at(port, "starttls"))

    assert handler.encrypted == [True]
    assert b"Subject: Bonjour" in handler.subjects[0]


@WITHOUT_STARTTLS
async def test_tls_and_a_login_deliver(trusted: Authority) -> None:
    handler = RelayHandler()
    options = {
        "auth_required": True,
        "auth_require_tls": False,
        "authenticator": authenticate,
    }

    async with relay_server(handler, tls=server_context(trusted), **options) as port:
        await send_email(MAIL, relay_at(port, "tls"))

    assert len(handler.subjects) == 1


async def test_a_certificate_of_an_unknown_authority_is_refused(
    authority: Authority,
) -> None:
    handler = RelayHandler()

    async with relay_server(handler, tls_context=server_context(authority)) as port:
        with pytest.raises(EmailError, match=r"certificate .* is not trusted"):
            await send_email(MAIL, relay_at(port, "starttls"))

    assert handler.subjects == []


async def test_a_wrong_password_is_named(trusted: Authority) -> None:
    options = {
        "tls_context": server_context(trusted),
        "auth_required": True,
        "authenticator": authenticate,
    }

    async with relay_server(RelayHandler(), **options) as port:
        with pytest.raises(EmailError, match=r"refuses the login \(535\)") as refusal:
            await send_email(MAIL, relay_at(port, "starttls", "wrong"))

    assert "«smtp_password»" in str(refusal.value)
    assert "wrong" not in str(refusal.value)


@WITHOUT_STARTTLS
async def test_a_relay_that_wants_a_login_says_so(trusted: Authority) -> None:
    options = {
        "auth_required": True,
        "auth_require_tls": False,
        "authenticator": authenticate,
    }

    async with relay_server(RelayHandler(), **options) as port:
        with pytest.raises(EmailError, match=r"wants a login or TLS first \(530\)"):
            await send_email(MAIL, MailRelay("127.0.0.1", port))


async def test_starttls_is_not_given_up_where_the_relay_has_none() -> None:
    handler = RelayHandler()

    async with relay_server(handler) as port:
        with pytest.raises(EmailError, match="does not offer"):
            await send_email(MAIL, relay_at(port, "starttls"))

    assert handler.subjects == []


async def test_a_port_that_does_not_begin_with_tls_names_the_setting(
    trusted: Authority,
) -> None:
    async with relay_server(RelayHandler()) as port:
        with pytest.raises(EmailError, match="UDI_SMTP_SECURITY"):
            await send_email(MAIL, relay_at(port, "tls"))


async def test_a_relay_that_is_away_is_named() -> None:
    async with relay_server(RelayHandler()) as port:
        pass

    with pytest.raises(EmailError, match=f"127.0.0.1:{port} does not answer"):
        await send_email(MAIL, MailRelay("127.0.0.1", port))


@pytest.mark.parametrize("answer", ["550 5.1.1 Nobody", "550 No such user", "553 No"])
async def test_an_address_that_is_refused_for_good_is_told_apart(answer: str) -> None:
    async with relay_server(RelayHandler(answer=answer)) as port:
        with pytest.raises(AddressRefusedError) as refusal:
            await send_email(MAIL, MailRelay("127.0.0.1", port))

    assert refusal.value.code == int(answer[:3])


@pytest.mark.parametrize("answer", ["450 Later", "550 5.7.1 Relaying denied"])
async def test_what_may_pass_later_is_no_fault_of_the_address(answer: str) -> None:
    async with relay_server(RelayHandler(answer=answer)) as port:
        with pytest.raises(EmailError, match=f"did not take a mail .{answer[:3]}"):
            await send_email(MAIL, MailRelay("127.0.0.1", port))


async def test_the_relay_of_the_settings_is_probed_without_a_mail(
    trusted: Authority, tmp_path: Path
) -> None:
    (tmp_path / "smtp_password").write_text(PASSWORD + "\n")
    handler = RelayHandler()
    options = {
        "tls_context": server_context(trusted),
        "auth_required": True,
        "authenticator": authenticate,
    }

    async with relay_server(handler, **options) as port:
        settings = Settings(
            secrets=tmp_path,
            smtp_host="localhost",
            smtp_port=port,
            smtp_security=RelaySecurity.STARTTLS,
            smtp_user="udi",
        )
        message = await probe_relay(settings)

    assert message == f"localhost:{port} answers, security starttls, with a login."
    assert handler.subjects == []
