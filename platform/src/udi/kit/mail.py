"""Mail, sent by a job after the change is committed; each territory has its own sender."""

from email.message import EmailMessage
from email.utils import formataddr, make_msgid

import aiosmtplib

from udi.settings import Settings


async def send(settings: Settings, *, sender: tuple[str, str], to: str, subject: str, body: str) -> None:
    """Hand one plain-text mail to the relay; `sender` is (name, address).

    Raises:
        aiosmtplib.SMTPException, OSError: the relay refused or did not answer; the job tries again.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = formataddr(sender), to, subject
    message["Message-ID"] = make_msgid(domain=sender[1].rpartition("@")[2] or None)
    message.set_content(body)
    port = settings.smtp_port or settings.port(6)
    await aiosmtplib.send(message, hostname=settings.smtp_host, port=port, start_tls=None, timeout=20)
