"""Mails: a text, and the same as HTML (RFC 5322; RFC 3834 for those that a program writes).

Those that come again and again say how to stop them with one click (RFC 2369, RFC 2919, RFC 8058).
"""

import re
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from typing import Any

from udi.kit.clock import now

LOGO_ADDRESS = "cid:logo@territory"
LOGO_IMAGE = re.compile(rf'<img src="{LOGO_ADDRESS}"[^>]*>')
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _HeaderPolicy(EmailPolicy):
    """Writes what Python's own folding spoils.

    An address that stops mails stays whole: folded at its signs it would be written as words, which no program follows.
    A subject in several encoded words (RFC 2047) keeps the spaces between them, of which Python loses one a line; so does
    the name of the sender, whose commas Python would leave bare, as if there were several.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == "list-unsubscribe":
            return f"{name}: {value}{self.linesep}"
        if name.lower() == "subject" and not value.isascii():
            return f"{name}: {self._encode(name, value)}{self.linesep}"
        if name.lower() == "from" and not value.isascii():
            [sender] = value.addresses
            words = self._encode(name, sender.display_name)
            return f"{name}: {words}{self.linesep} <{sender.addr_spec}>{self.linesep}"
        return str(super().fold(name, value))

    def _encode(self, name: str, words: str) -> str:
        header = Header(words, "utf-8", header_name=name)
        return header.encode(linesep=self.linesep)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in {"list-unsubscribe", "subject", "from"}:
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


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
    html: str = ""
    """The same for programs that show HTML; the text stands alone."""
    logo: bytes = b""
    """The PNG that the HTML shows at `LOGO_ADDRESS`; without one, the HTML goes without it."""

    @property
    def shows_logo(self) -> bool:
        """Whether the HTML has a place for the logo."""
        return LOGO_ADDRESS in self.html

    def compose(self) -> EmailMessage:
        """The message itself; names and subjects stay on one line."""
        message = EmailMessage(policy=_HeaderPolicy())
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
        if self.html:
            html = self.html if self.logo else LOGO_IMAGE.sub("", self.html)
            message.add_alternative(html, subtype="html", cte="quoted-printable")
        if self.logo and self.shows_logo:
            self._add_logo(message)
        message["Content-Language"] = self.language
        return message

    def _add_logo(self, message: EmailMessage) -> None:
        """Put the logo beside the HTML, inside of the mail: nothing is fetched to show it (RFC 2387, RFC 2392)."""
        html = message.get_body(("html",))
        if html is not None:
            html.add_related(
                self.logo,
                maintype="image",
                subtype="png",
                cid=f"<{LOGO_ADDRESS.removeprefix('cid:')}>",
                disposition="inline",
                filename="logo.png",
            )


def _line(text: str) -> str:
    return CONTROLS.sub(" ", text).strip()
