"""Mails kept as files: one `.eml` each, its name made of its date."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

from udi.kit import clock

MAX_EMAILS = 500
NAME = re.compile(r"\d{8}T\d{6}\.\d{6}-[0-9a-f]{8}")
LINK = re.compile(r"https?://[^\s<>\"')\]]+")
LINK_END = ".,;:!?"


@dataclass(frozen=True)
class ReceivedEmail:
    """What the mailbox shows of a mail; `links` are the addresses in its text and its HTML, in order."""

    id: str
    received: datetime
    sender: str
    recipients: str
    subject: str
    text: str
    links: tuple[str, ...]


def store_email(folder: Path, content: bytes) -> str:
    """Keep one mail and return its id; the oldest beyond 500 are deleted."""
    name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
    partial = folder / f".{name}"
    partial.write_bytes(content)
    partial.rename(folder / f"{name}.eml")
    for old in sorted(folder.glob("*.eml"))[:-MAX_EMAILS]:
        old.unlink(missing_ok=True)
    return name


def list_emails(folder: Path) -> list[ReceivedEmail]:
    """Every mail kept, newest first."""
    return [_read(path) for path in sorted(folder.glob("*.eml"), reverse=True)]


def find_email(folder: Path, name: str) -> ReceivedEmail | None:
    """One mail, or None."""
    path = folder / f"{name}.eml"
    if NAME.fullmatch(name) and path.is_file():
        return _read(path)
    return None


def read_source(folder: Path, name: str) -> bytes | None:
    """One mail as it came, or None."""
    path = folder / f"{name}.eml"
    if NAME.fullmatch(name) and path.is_file():
        return path.read_bytes()
    return None


def _read(path: Path) -> ReceivedEmail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    text, links = _read_text(message)
    return ReceivedEmail(
        id=path.stem,
        received=datetime.strptime(
            path.stem.split("-")[0] + "+0000", "%Y%m%dT%H%M%S.%f%z"
        ),
        sender=_header(message, "From"),
        recipients=_header(message, "To"),
        subject=_header(message, "Subject"),
        text=text,
        links=tuple(dict.fromkeys(links)),
    )


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, "")).strip()


def _read_text(message: EmailMessage) -> tuple[str, list[str]]:
    plain, rich = (_read_body(message, kind) for kind in ("plain", "html"))
    reader = _HtmlTextParser()
    reader.feed(rich)
    text = plain or re.sub(r"\n\s*\n+", "\n\n", "".join(reader.text)).strip()
    return text, [
        *(link.rstrip(LINK_END) for link in LINK.findall(plain)),
        *reader.links,
    ]


def _read_body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    try:
        if isinstance(payload, bytes):
            return payload.decode(charset, "replace")
        return ""
    except LookupError:
        if isinstance(payload, bytes):
            return payload.decode("utf-8", "replace")
        return ""


class _HtmlTextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"style", "script", "head"}
        href = dict(attrs).get("href") or ""
        if tag == "a" and href.startswith(("http://", "https://")):
            self.links.append(href)
        if tag in {"p", "br", "div", "tr", "li", "h1", "h2"}:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "script", "head"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data)
