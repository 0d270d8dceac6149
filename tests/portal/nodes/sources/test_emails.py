"""Mails about a source leave only when something is wrong, once, to those who can mend it, in their language."""

import json
from email.message import EmailMessage

import pytest
from litestar import Litestar
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.contract.node import clear_queue
from tests.mails import text_of
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, ckan
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_person
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.emails import NOTIFY_SOURCE
from udi.portal.nodes.sources.models import RunOutcome
from udi.portal.nodes.sources.reconciliation import Alert, find_alert
from udi.portal.nodes.tasks import task_handlers
from udi.portal.organisations.models import Organisation
from udi.ui.site import Site

__all__ = ["relay"]
SEARCH = "/api/3/action/package_search"


@pytest.mark.parametrize(
    ("outcome", "failures", "refused", "before", "is_notified"),
    [
        ("complete", 0, 0, 0, None),
        ("complete", 0, 5, None, None),
        ("complete", 0, 5, 5, None),
        ("complete", 0, 6, 5, Alert.REFUSED),
        ("unchanged", 0, 6, 5, None),
        ("partial", 1, 6, 5, None),
        ("partial", 3, 6, 5, Alert.FAILING),
        ("failed", 1, 0, 0, None),
        ("failed", 2, 0, 0, None),
        ("failed", 3, 0, 0, Alert.FAILING),
        ("failed", 4, 0, 0, None),
        ("vanished", 1, 0, 0, Alert.VANISHED),
        ("vanished", 3, 0, 0, Alert.VANISHED),
    ],
)
def test_people_are_told_once_of_what_is_wrong(
    outcome: str,
    failures: int,
    refused: int,
    before: int | None,
    is_notified: Alert | None,
) -> None:
    assert (
        find_alert(
            RunOutcome(outcome),
            failures=failures,
            refused=refused,
            refused_before=before,
        )
        is is_notified
    )


async def send_all(
    site: Site, territory: Territory, relay: Relay
) -> list[EmailMessage]:
    """What the worker does with the jobs that wait; the mails that it sent."""
    before = len(relay.mails)
    async with site.database.platform_session(role="worker") as session:
        waiting = await _take(session)
    for payload in waiting:
        tenant = payload.pop("tenant")
        if tenant == str(territory.id):
            await task_handlers(site)[NOTIFY_SOURCE](
                Job(NOTIFY_SOURCE, territory.id, payload, 0, last=False)
            )
    return relay.mails[before:]


async def _take(session: AsyncSession) -> list[dict[str, str]]:
    query = text(
        "SELECT convert_from(payload, 'UTF8') FROM queue.pgqueuer WHERE entrypoint = :name ORDER BY id"
    )
    payloads = [
        json.loads(row[0])
        for row in await session.execute(query, {"name": NOTIFY_SOURCE})
    ]
    await session.execute(
        text("DELETE FROM queue.pgqueuer WHERE entrypoint = :name"),
        {"name": NOTIFY_SOURCE},
    )
    return payloads


async def slug_of(reading: Reading, database: Database) -> str:
    async with database.session(reading.territory.id) as session:
        query = select(Organisation.slug).where(Organisation.id == reading.producer)
        return str(await session.scalar(query))


async def test_the_administrators_of_the_producer_and_the_team_are_told_and_nobody_else(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar, portal_site: Site, demo: Territory,
    portal_database: Database, relay: Relay,
) -> None:  # fmt: skip
    await clear_queue(portal_site)
    dataset_names = [f"jeu-{place}" for place in range(20)]
    catalogue.live = ckan(dataset_names)
    reading = await open_source(f"{catalogue.origin}{SEARCH}?rows=100")
    slug = await slug_of(reading, portal_database)
    english = make_person(demo, memberships={slug: ["managers"]})
    publisher = make_person(
        demo, memberships={slug: ["publishers"], "another": ["managers"]}
    )
    async with (
        browse(portal_app, demo, english) as client,
        browse(portal_app, demo, publisher),
    ):
        follow = {"kind": "theme", "target": "environment", "back": "/data"}
        await client.post("/following", data=follow, headers={"Accept-Language": "en"})

    await reading.read()
    await reading.read()
    assert await send_all(portal_site, demo, relay) == []

    del dataset_names[3:]
    await reading.read()
    mails = await send_all(portal_site, demo, relay)

    assert {str(mail["To"]) for mail in mails} == {english.email, demo.contact}
    words = {
        str(mail["To"]): (str(mail["Subject"]).strip(), text_of(mail)) for mail in mails
    }
    subject, body = words[english.email]
    assert subject.startswith(
        "Many datasets are missing from the catalogue at catalogue.localhost"
    )
    assert "17 datasets out of 20 were missing" in body
    assert f"{demo.origin}/sources/{reading.source_id}" in body
    assert words[demo.contact][0].startswith(
        "Beaucoup de jeux de données manquent dans le catalogue de catalogue.localhost"
    )
    assert "jeu-" not in body


@pytest.mark.thorough
async def test_a_source_that_fails_is_told_at_the_third_time_and_not_again(
    catalogue: Catalogue,
    open_source: Open,
    portal_site: Site,
    demo: Territory,
    relay: Relay,
) -> None:
    await clear_queue(portal_site)
    catalogue.put("/c.ttl", b"", status=404)
    reading = await open_source(f"{catalogue.origin}/c.ttl")

    sent = []
    for _ in range(5):
        await reading.read()
        sent.append(len(await send_all(portal_site, demo, relay)))

    assert sent == [0, 0, 1, 0, 0]
    assert "3 dernières lectures" in text_of(relay.mails[-1])


@pytest.mark.thorough
async def test_a_mail_about_what_is_gone_is_not_sent(
    catalogue: Catalogue,
    open_source: Open,
    portal_site: Site,
    demo: Territory,
    portal_database: Database,
    relay: Relay,
) -> None:
    await clear_queue(portal_site)
    reading = await open_source(f"{catalogue.origin}/none.ttl")
    for _ in range(3):
        await reading.read()
    async with portal_database.session(demo.id) as session:
        await session.execute(delete((await reading.runs())[0].__class__))

    assert await send_all(portal_site, demo, relay) == []
