"""A report that comes back to the sender is read: the address is left alone, in every territory, and its owner sees it."""

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from tests.portal.notifications.conftest import Reader, Relay
from udi.cli.mail import list_own_refusals, note_refusals
from udi.kit.bounces import NotABounceError, list_refused_addresses
from udi.kit.emails import Email
from udi.kit.mail_ids import mail_key, sign_mail_id
from udi.portal.identity.models import Person
from udi.settings import Settings

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
Message-ID: {message_id}
Subject: Hello

Final-Recipient: rfc822; text@people.example
--b--
"""


def block(address: str, action: str = "failed", status: str = "5.1.1") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"


def report(*blocks: str, message_id: str = "<one@demo.example>") -> bytes:
    return REPORT.format(blocks="\n".join(blocks), message_id=message_id).encode()


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


def message_id_of(settings: Settings, address: str) -> str:
    """The Message-ID of a mail of the portal to an address, as it leaves."""
    key = mail_key(settings, "portal")
    mail = Email(
        to=address, subject="x", text="x", language="fr", sender="no-reply@demo.example",
        id=sign_mail_id(key, "access-granted-1", address),
    )  # fmt: skip
    return str(mail.compose()["Message-ID"])


def test_list_own_refusals_reads_a_report_on_a_mail_of_ours(settings: Settings) -> None:
    ours = message_id_of(settings, "a@p.example")

    whole = report(block("A@p.example"), message_id=ours)
    headers = whole.replace(b"message/rfc822", b"text/rfc822-headers")

    assert list_own_refusals(settings, whole) == ["A@p.example"]
    assert list_own_refusals(settings, headers) == ["A@p.example"]
    assert list_own_refusals(settings, report(message_id="")) == []


@pytest.mark.parametrize(
    "forged",
    ["", "<one@demo.example>", "<access-granted-1.00@demo.example>", "<é.é@x>"],
)
def test_list_own_refusals_leaves_a_forged_report(
    settings: Settings, forged: str
) -> None:
    with pytest.raises(NotABounceError):
        list_own_refusals(settings, report(block("a@p.example"), message_id=forged))


def test_list_own_refusals_leaves_a_mail_that_went_to_somebody_else(
    settings: Settings,
) -> None:
    message_id = message_id_of(settings, "forger@p.example")

    with pytest.raises(NotABounceError):
        list_own_refusals(settings, report(block("a@p.example"), message_id=message_id))
    assert list_own_refusals(
        settings,
        report(block("a@p.example"), block("forger@p.example"), message_id=message_id),
    ) == ["forger@p.example"]


async def test_a_mail_leaves_with_an_identifier_that_its_report_is_known_by(
    ana: Reader, relay: Relay
) -> None:
    mail = Email(
        to="a@p.example", subject="x", text="x", language="fr", id="one",
        sender="no-reply@demo.example",
    )  # fmt: skip

    await ana.site.send_email(ana.territory, mail)

    [sent] = relay.mails
    back = report(block("a@p.example"), message_id=str(sent["Message-ID"]))
    assert list_own_refusals(ana.site.settings, back) == ["a@p.example"]


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
