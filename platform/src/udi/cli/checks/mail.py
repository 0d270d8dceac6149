"""The mail relay: it answers, encrypts and takes the login; with an address, it takes a mail too."""

import secrets
from collections.abc import Callable
from email.utils import parseaddr

from sqlalchemy import func, select

from udi.cli.checks.territories import list_tenants
from udi.cli.finding import Finding, fault, ok, warning
from udi.kit.db import Database
from udi.kit.emails import Email
from udi.kit.mail_relay import (
    AddressRefusedError,
    EmailError,
    MailRelay,
    probe_relay,
    send_email,
)
from udi.portal.identity.models import Person
from udi.settings import SMTP_PASSWORD, MissingSecretError, Settings

PART = "mail"
REMEDY = "Put right what this says, then run `udi doctor` again; mails wait in the queue meanwhile."
ADDRESSES_REMEDY = "They see it on «my space». If they are many, ask whoever runs the relay why it is refused."
PASSWORD_REMEDY = f"Write the password of UDI_SMTP_USER into «{SMTP_PASSWORD}»."


async def check_mail(settings: Settings) -> list[Finding]:
    """Connect, encrypt and log in as for a mail; none is sent.

    A relay that takes no mail is a warning: the queue keeps them, and all else works.
    """
    return [await _probe(settings, warning)]


async def check_addresses(settings: Settings) -> list[Finding]:
    """How many people have an address that refuses mails for good; nothing where there is none."""
    database = Database(settings, "portal", pool_size=1)
    number = 0
    try:
        for tenant in await list_tenants(settings, "portal"):
            async with database.session(tenant.id, role="worker") as session:
                query = select(func.count()).where(Person.mail_refused_at.is_not(None))
                number += await session.scalar(query) or 0
    finally:
        await database.close()
    if not number:
        return []
    message = f"{number} people have an address that refuses mails."
    return [warning(PART, "addresses", message, ADDRESSES_REMEDY)]


async def _probe(
    settings: Settings, report: Callable[[str, str, str, str], Finding]
) -> Finding:
    try:
        return ok(PART, "relay", await probe_relay(settings))
    except EmailError as error:
        return report(PART, "relay", str(error), REMEDY)
    except MissingSecretError as error:
        return report(PART, "relay", str(error), PASSWORD_REMEDY)


async def send_trial(settings: Settings, address: str) -> list[Finding]:
    """Send one mail from each sender of the active territories to an address; whether the relay took it."""
    relay = await _probe(settings, fault)
    if relay.severity != "ok":
        return [relay]
    senders = await _list_senders(settings)
    return [
        relay,
        *[await _send_from(settings, sender, address) for sender in senders],
    ]


async def _list_senders(settings: Settings) -> list[str]:
    if settings.mail_sender:
        return [settings.mail_sender]
    tenants = [
        tenant
        for tenant in await list_tenants(settings, "portal")
        if tenant.state == "active"
    ]
    return list(
        dict.fromkeys(
            tenant.mail_sender.get("address") or tenant.contact for tenant in tenants
        )
    )


async def _send_from(settings: Settings, sender: str, address: str) -> Finding:
    name = f"from {parseaddr(sender)[1]}"
    mail = Email(
        to=address,
        subject=f"Trial mail of {settings.installation_host}",
        text=(
            "Hello,\n\nThe operator of this installation asked for this mail, to see that mails arrive."
            f"\n\n{settings.installation_host}\n"
        ),
        language="en",
        id=f"trial-{secrets.token_hex(8)}",
        sender=sender,
        sender_name=settings.installation_host,
    )
    try:
        await send_email(mail, MailRelay.from_settings(settings))
    except AddressRefusedError as refusal:
        message = (
            f"The relay says that mails to this address never arrive ({refusal.code})."
        )
        return fault(PART, name, message, "Check the address that you gave.")
    except EmailError as error:
        return fault(PART, name, str(error), REMEDY)
    message = "Accepted by the relay: look into the mailbox, and among unwanted mails."
    return ok(PART, name, message)
