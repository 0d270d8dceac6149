"""Mails of plain text, handed to the relay of the installation (RFC 5322; RFC 3834 for those that a program writes).

Those that come again and again say how to stop them with one click (RFC 2369, RFC 2919, RFC 8058).
"""

import asyncio
import re
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr

from udi.kit.clock import now

PATIENCE = 20
MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
"""An address, as loosely as a person may type it."""
LONGEST_MAIL = 254
"""Characters of an address (RFC 5321)."""
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _UnfoldedHeaderPolicy(EmailPolicy):
    """Leaves an address in a header whole: folded at its signs it would be written as words, which no program follows."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() == "list-unsubscribe":
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() == "list-unsubscribe":
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


class EmailError(Exception):
    """The relay did not take the mail; the message holds no address and no word of it."""


@dataclass(frozen=True)
class Email:
    """One mail to one address. `id` is the same when it is sent again, so that a reader sees one.

    `unsubscribe` is the address that stops such mails when a form is posted there, `list_id` the name of what they belong to.
    """

    to: str
    subject: str
    text: str
    language: str
    id: str
    sender: str
    sender_name: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    list_id: str = ""

    def compose(self) -> EmailMessage:
        """The message itself; names and subjects stay on one line."""
        message = EmailMessage(policy=_UnfoldedHeaderPolicy())
        message["From"] = formataddr((_line(self.sender_name), self.sender))
        message["To"] = self.to
        message["Subject"] = _line(self.subject)
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{self.id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if self.reply_to:
            message["Reply-To"] = self.reply_to
        if self.list_id:
            message["List-Id"] = f"<{_line(self.list_id)}>"
        if self.unsubscribe:
            message["List-Unsubscribe"] = f"<{_line(self.unsubscribe)}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text, cte="quoted-printable")
        message["Content-Language"] = self.language
        return message


def _line(text: str) -> str:
    return CONTROLS.sub(" ", text).strip()


async def send_email(mail: Email, host: str, port: int) -> None:
    """Hand a mail to the relay.

    Raises:
        EmailError: it does not answer, or refuses.
    """
    try:
        await asyncio.to_thread(_send, mail.compose(), host, port)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        msg = f"the mail relay did not take it ({type(error).__name__})"
        raise EmailError(msg) from None


def _send(message: EmailMessage, host: str, port: int) -> None:
    with smtplib.SMTP(host, port, timeout=PATIENCE) as relay:
        relay.send_message(message)
