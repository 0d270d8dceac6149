"""A report that comes back to the sender is read: the address is left alone, in every territory, and its owner sees it."""

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from tests.portal.notifications.conftest import Reader
from udi.cli.mail import note_refusals
from udi.kit.bounces import NotABounceError, list_refused_addresses
from udi.portal.identity.models import Person

REPORT = """\
From: MAILER-DAEMON@relay.example
To: no-reply@demo.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

{blocks}
--b
Content-Type: message/rfc822

To: somebody@people.example
Subject: Hello

Final-Recipient: rfc822; text@people.example
--b--
"""


def block(address: str, action: str = "failed", status: str = "5.1.1") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"


def report(*blocks: str) -> bytes:
    return REPORT.format(blocks="\n".join(blocks)).encode()


@pytest.mark.parametrize(
    ("blocks", "addresses"),
    [
        ([block("a@p.example")], ["a@p.example"]),
        ([block("a@p.example"), block("b@p.example")], ["a@p.example", "b@p.example"]),
        ([block("a@p.example"), block("a@p.example")], ["a@p.example"]),
        ([block("a@p.example", action="delayed", status="4.4.7")], []),
        ([block("a@p.example", action="delivered", status="2.0.0")], []),
        ([block("a@p.example", status="4.2.1")], []),
        ([block("a@p.example", status="5.2.2")], []),
        (["Final-Recipient: x400; /CN=a/\nAction: failed\nStatus: 5.1.1\n"], []),
        ([], []),
    ],
)
def test_list_refused_addresses_reads_refusals_for_good(
    blocks: list[str], addresses: list[str]
) -> None:
    assert list_refused_addresses(report(*blocks)) == addresses


@pytest.mark.parametrize("message", [b"", b"\xff\x00", bytes(EmailMessage())])
def test_list_refused_addresses_refuses_other_messages(message: bytes) -> None:
    with pytest.raises(NotABounceError):
        list_refused_addresses(message)


async def test_note_refusals_marks_the_address_in_every_territory(
    ana: Reader, bea: Reader
) -> None:
    address = ana.login.email
    await note_refusals(ana.site.settings, [address.upper()])
    async with ana.database.session(ana.territory.id, role="worker") as session:
        query = select(Person.email).where(Person.mail_refused_at.is_not(None))
        refused = (await session.scalars(query)).all()

    assert refused == [address]
    assert "ne vous parviennent pas" in (await ana.client.get("/my-space")).text
