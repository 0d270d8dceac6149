"""What waits of one's own requests, by mail: how many, and nothing of whom, what or when."""

from datetime import timedelta

from sqlalchemy import update

from tests.mails import html_of, text_of
from tests.portal.selfdata.requests.conftest import ENGLISH, Inhabitants, Relay
from udi.kit.clock import now
from udi.portal.notifications.inbox_digests import send_inbox_mail
from udi.portal.notifications.models import Subscription
from udi.portal.organisations.models import Organisation

CANARY = "Canary Clinic"


async def name_producers(inhabitants: Inhabitants) -> None:
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await session.execute(update(Organisation).values(name=CANARY))


async def send_all(inhabitants: Inhabitants) -> None:
    for subscription in await inhabitants.town_hall.rows(Subscription):
        assert subscription.inbox_mailed_until is not None
        await send_inbox_mail(
            inhabitants.site,
            inhabitants.territory,
            subscription.id,
            subscription.inbox_mailed_until,
        )


async def test_the_mail_counts_own_requests_and_names_nothing(
    inhabitants: Inhabitants, relay: Relay
) -> None:
    await name_producers(inhabitants)
    rows = await inhabitants.ask("kerlevan")
    rows += await inhabitants.submit("kerlevan", "seve", right="erasure")
    day = now().date()
    await inhabitants.change(rows[1].id, news_at=now(), decided_on=day)
    await inhabitants.change(rows[2].id, due_on=day - timedelta(days=2), sequence=1)
    await inhabitants.person.post("/following/inbox-mail", data={"rhythm": "daily"})

    await send_all(inhabitants)
    page = await inhabitants.person.get("/inbox", headers=ENGLISH)

    [mail] = relay.mails
    content = f"{mail['Subject']}\n{text_of(mail)}\n{html_of(mail)}"
    assert "3 demandes sur vos propres données" in content
    assert "3 points vous attendent" in mail["Subject"]
    unsaid = [CANARY, "retard", "Échéance", "envoyée", *(row.number for row in rows)]
    unsaid += [str(row.id) for row in rows]
    assert [word for word in unsaid if word in content] == []
    assert CANARY in page.text


async def test_the_feed_says_that_they_are_there_and_names_nothing(
    inhabitants: Inhabitants,
) -> None:
    await name_producers(inhabitants)
    rows = await inhabitants.ask("kerlevan")
    rows += await inhabitants.submit("kerlevan", "seve", right="erasure")
    day = now().date()
    await inhabitants.change(rows[1].id, news_at=now(), decided_on=day)
    await inhabitants.change(rows[2].id, due_on=day - timedelta(days=2), sequence=1)

    feed = await inhabitants.person.get("/inbox.atom", headers=ENGLISH)
    document = await inhabitants.person.get("/inbox.json", headers=ENGLISH)

    assert feed.text.count("<title>A request about your own data</title>") == 3
    unsaid = [CANARY, "late", "Due day", "not sent", "/my-data"]
    unsaid += [row.number for row in rows]
    assert [word for word in unsaid if word in feed.text] == []
    assert CANARY in document.text
