"""An address that refuses mails for good is left alone for some days, and its owner sees it."""

from datetime import timedelta

from sqlalchemy import select, update

from tests.portal.notifications.conftest import Reader, Relay
from udi.kit.emails import Email
from udi.portal.identity.models import Person
from udi.portal.identity.refused_addresses import TRIED_AGAIN

WORDS = "Nos courriels ne vous parviennent pas"


async def send(reader: Reader) -> None:
    mail = Email(
        to=reader.login.email,
        subject="Bonjour",
        text="Un mot.\n",
        language="fr",
        id="one",
        sender="no-reply@demo.example",
    )
    await reader.site.send_email(reader.territory, mail)


async def test_a_refusal_for_good_is_shown_and_no_mail_is_tried_until_some_days_later(
    ana: Reader, bea: Reader, relay: Relay
) -> None:
    relay.refuses = True
    await send(ana)
    relay.refuses = False
    await send(ana)
    pages = [(await reader.client.get("/my-space")).text for reader in (ana, bea)]

    assert relay.raw == []
    assert [WORDS in page for page in pages] == [True, False]

    later = Person.mail_refused_at - TRIED_AGAIN - timedelta(minutes=1)
    async with ana.database.session(ana.territory.id, role="worker") as session:
        await session.execute(update(Person).values(mail_refused_at=later))
    await send(ana)

    assert len(relay.raw) == 1
    assert WORDS not in (await ana.client.get("/my-space")).text


async def test_a_refusal_in_one_territory_says_nothing_in_another(
    ana: Reader, zoe: Reader, relay: Relay
) -> None:
    relay.refuses = True
    await send(ana)

    async with zoe.database.session(zoe.territory.id, role="worker") as session:
        refused = await session.scalars(select(Person.mail_refused_at))
        assert set(refused.all()) == {None}
