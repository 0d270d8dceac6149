"""The relay that takes the mails of an installation: plain, with STARTTLS (RFC 3207) or TLS (RFC 8314), with a login or none.

Every fault is one sentence that says what is wrong, where, and what to do; none holds an address or a word of a mail.
"""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from uuid import UUID

from udi.kit.emails import Email
from udi.kit.service_registry import ServiceKey
from udi.settings import SMTP_PASSWORD, RelaySecurity, Settings

PATIENCE = 20
"""Seconds that the relay may take for each answer."""
REFUSAL = 400
PERMANENT = 500
LOGIN_REQUIRED = 530
"""RFC 4954: the relay wants a login, or TLS before it (RFC 3207)."""
RELAYING_DENIED = 7
"""Second number of the enhanced codes about rules of the relay, not about the address (RFC 3463)."""


class EmailError(Exception):
    """The relay did not take the mail, which is sent again later."""


class AddressRefusedError(Exception):
    """The relay says that mails to this address never arrive; `code` is its answer, 500 to 599."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the relay refuses the address for good ({code})")
        self.code = code


class RefusedAddresses(Protocol):
    """Notes what the relay answers about addresses of people, by territory."""

    async def is_refused(self, tenant: UUID, address: str) -> bool:
        """Whether no mail is to be tried for now."""

    async def note_refusal(self, tenant: UUID, address: str) -> None:
        """Mails to the address never arrive."""

    async def note_delivery(self, tenant: UUID, address: str) -> None:
        """The relay took one."""


REFUSED_ADDRESSES = ServiceKey[RefusedAddresses]("refused addresses", "identity")


@dataclass(frozen=True)
class MailRelay:
    """Where mails are handed over, and how."""

    host: str
    port: int
    security: RelaySecurity = RelaySecurity.NONE
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "MailRelay":
        """The relay of the settings.

        Raises:
            MissingSecretError: it wants a login, and the file of the password is absent.
        """
        if settings.smtp_user:
            password = settings.secret(SMTP_PASSWORD)
        else:
            password = ""
        return cls(
            settings.smtp_host,
            settings.relay_port,
            settings.smtp_security,
            settings.smtp_user,
            password,
        )

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def connect(self) -> smtplib.SMTP:
        """An open connection: encrypted, its certificate verified, and logged in, as the settings say.

        Raises:
            OSError, smtplib.SMTPException: it does not answer, is not trusted, or refuses.
        """
        if self.security is RelaySecurity.TLS:
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=PATIENCE, context=context
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.security is RelaySecurity.STARTTLS:
                connection.starttls(context=ssl.create_default_context())
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def send(self, message: EmailMessage) -> None:
        """Hand over a message to its one recipient; blocks."""
        with self.connect() as connection:
            connection.send_message(message)

    def explain(self, error: Exception) -> str:
        """What is wrong with the relay, where, and what to do: one sentence for the operator."""
        place = self.place
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"The certificate of the mail relay {place} is not trusted ({error.verify_message}):"
                " add its authority to those of this machine, or write in UDI_SMTP_HOST the name that it certifies."
            )
        if isinstance(error, (ssl.SSLError, smtplib.SMTPServerDisconnected)):
            return (
                f"The mail relay {place} ended the connection: set UDI_SMTP_SECURITY to `tls` if this port"
                " begins with TLS (as 465 does), to `starttls` if it does not (as 587)."
            )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return (
                f"The mail relay {place} does not offer what is set ({self.security},"
                f" {'login' if self.user else 'no login'}): change UDI_SMTP_SECURITY, UDI_SMTP_USER or the port."
            )
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return (
                f"The mail relay {place} refuses the login ({error.smtp_code}): check UDI_SMTP_USER"
                f" and the secret «{SMTP_PASSWORD}»."
            )
        if isinstance(error, smtplib.SMTPException):
            return self._explain_refusal(error)
        return (
            f"The mail relay {place} does not answer ({type(error).__name__}): check UDI_SMTP_HOST"
            " and UDI_SMTP_PORT, and that this machine may reach it."
        )

    def _explain_refusal(self, error: smtplib.SMTPException) -> str:
        code, _ = _read_answer(error)
        if code == LOGIN_REQUIRED:
            return (
                f"The mail relay {self.place} wants a login or TLS first (530):"
                " set UDI_SMTP_SECURITY and UDI_SMTP_USER."
            )
        if isinstance(error, smtplib.SMTPSenderRefused):
            return (
                f"The mail relay {self.place} refuses the sender ({code}): let it accept the address"
                " that `[mail]` of tenant.toml or UDI_MAIL_SENDER names, or change that address."
            )
        return (
            f"The mail relay {self.place} did not take a mail ({code or type(error).__name__}):"
            " ask whoever runs it; the mail waits in the queue."
        )


def _read_answer(error: smtplib.SMTPException) -> tuple[int, bytes]:
    """Code and text of what the relay answered; 0 when it said nothing."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()), (0, b""))
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return error.smtp_code, text.encode() if isinstance(text, str) else text
    return 0, b""


def _find_lasting_refusal(error: Exception) -> int | None:
    """The code of a refusal of the address for good; None for what the relay does not allow us, and all else."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return None
    code, text = _read_answer(error)
    enhanced = text.split(b" ")[0].split(b".")
    is_policy = len(enhanced) == 3 and enhanced[1] == b"%d" % RELAYING_DENIED  # noqa: PLR2004 - class, subject and detail
    if code < PERMANENT or code == LOGIN_REQUIRED or is_policy:
        return None
    return code


async def send_email(mail: Email, relay: MailRelay) -> None:
    """Hand a mail to the relay.

    Raises:
        AddressRefusedError: mails to this address never arrive.
        EmailError: it does not answer, or refuses.
    """
    try:
        await asyncio.to_thread(relay.send, mail.compose())
    except (smtplib.SMTPException, OSError, ValueError) as error:
        code = _find_lasting_refusal(error)
        if code is not None:
            raise AddressRefusedError(code) from None
        raise EmailError(relay.explain(error)) from None


async def check_recipient(settings: Settings, sender: str, address: str) -> None:
    """Ask the relay whether it takes a mail from one address to another, and send none.

    Raises:
        AddressRefusedError: mails to this address never arrive.
        EmailError: it does not answer, is not trusted, or refuses.
        MissingSecretError: the password is absent.
    """
    relay = MailRelay.from_settings(settings)

    def ask() -> None:
        with relay.connect() as connection:
            connection.ehlo_or_helo_if_needed()
            answer = connection.mail(sender)
            if answer[0] >= REFUSAL:
                raise smtplib.SMTPSenderRefused(*answer, sender)
            answer = connection.rcpt(address)
            if answer[0] >= REFUSAL:
                raise smtplib.SMTPRecipientsRefused({address: answer})
            connection.rset()

    try:
        await asyncio.to_thread(ask)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        code = _find_lasting_refusal(error)
        if code is not None:
            raise AddressRefusedError(code) from None
        raise EmailError(relay.explain(error)) from None


async def probe_relay(settings: Settings) -> str:
    """Connect, encrypt and log in as for a mail, and send none; what was verified.

    Raises:
        EmailError: it does not answer, is not trusted, or refuses.
        MissingSecretError: the password is absent.
    """
    relay = MailRelay.from_settings(settings)

    def connect() -> None:
        with relay.connect() as connection:
            connection.noop()

    try:
        await asyncio.to_thread(connect)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise EmailError(relay.explain(error)) from None
    login = "with a login" if relay.user else "without a login"
    return f"{relay.place} answers, security {relay.security}, {login}."
