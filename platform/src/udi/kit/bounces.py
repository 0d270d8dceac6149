"""Reports on mails that did not arrive (RFC 3464): which addresses refuse them for good."""

from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser, Parser

LARGEST = 1024 * 1024
"""Bytes of a report that are read; the mail that came back stands after what counts."""
FAILED = "failed"
FOR_GOOD = "5"
"""The class of a status (RFC 3463) that another attempt does not change."""


class NotABounceError(ValueError):
    """The message is no report on the delivery of a mail."""


def list_refused_addresses(message: bytes) -> list[str]:
    """The addresses that a report says refuse mails for good, each once, in its order; full mailboxes are not among them.

    Raises:
        NotABounceError: it is no report on a delivery.
    """
    parsed = BytesParser(policy=policy.compat32).parsebytes(message[:LARGEST])
    reports = [
        part
        for part in parsed.walk()
        if part.get_content_type() == "message/delivery-status"
    ]
    if not reports:
        raise NotABounceError("This message is no report on the delivery of a mail.")
    addresses = [
        address
        for report in reports
        for address in _list_refusals(report.get_payload())
    ]
    return list(dict.fromkeys(addresses))


def find_returned_id(message: bytes) -> str:
    """The Message-ID of the mail that came back, whole or by its headers; empty where the report has none."""
    parsed = BytesParser(policy=policy.compat32).parsebytes(message[:LARGEST])
    for part in parsed.walk():
        returned = _read_returned(part)
        if returned is not None:
            return str(returned.get("Message-ID", "")).strip()
    return ""


def _read_returned(part: Message) -> Message | None:
    """The mail that a part of a report gives back."""
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
        return payload[0] if isinstance(payload[0], Message) else None
    if part.get_content_type() == "text/rfc822-headers" and isinstance(payload, str):
        return Parser(policy=policy.compat32).parsestr(payload, headersonly=True)
    return None


def _list_refusals(blocks: object) -> Iterator[str]:
    """The addresses of the blocks of a report; the first block is about the mail itself and names none."""
    if not isinstance(blocks, list):
        return
    for block in blocks:
        if not isinstance(block, Message):
            continue
        action = str(block.get("Action", "")).strip().lower()
        status = str(block.get("Status", "")).strip()
        kind, _, address = str(block.get("Final-Recipient", "")).partition(";")
        if (
            action == FAILED
            and status.startswith(f"{FOR_GOOD}.")
            and status != "5.2.2"
            and kind.strip().lower() == "rfc822"
            and "@" in address
        ):
            yield address.strip().strip("<>")
