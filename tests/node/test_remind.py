"""What its producer said to update is shown as due, then late; three calm mails at most, each once."""

import uuid
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.mails import text_of
from tests.node.producer import Producer
from tests.node.relays import Relay, relay
from udi.kit.db import Database
from udi.kit.emails import Email
from udi.kit.jobs import Job
from udi.kit.mail_relay import EmailError, MailRelay, send_email
from udi.kit.tenancy import Territory
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.renewal.models import Reminder
from udi.node.datasets.upkeep.producer_tasks import task_handlers
from udi.node.datasets.upkeep.reminders import SEND_REMINDER, queue_reminders
from udi.ui.site import Site

__all__ = ["relay"]
LONG_AGO = datetime(2026, 1, 5, 10, tzinfo=UTC)
DUE = datetime(2026, 2, 5, 12, tzinfo=UTC)


async def monthly(producer: Producer, database: Database, territory: Territory) -> str:
    """A dataset that is updated every month, published long ago."""
    dataset = await producer.publish(frequency="monthly")
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        stored_dataset.latest.published_at = LONG_AGO
    return dataset


async def look(
    database: Database,
    territory: Territory,
    moment: datetime,
    zone: tzinfo | None = None,
) -> int:
    async with database.session(territory.id, role="worker") as session:
        return await queue_reminders(session, moment, zone or territory.zone)


async def work(site: Site, database: Database, territory: Territory) -> None:
    """Do every reminder's job, as the worker would, even one that is done."""
    async with database.session(territory.id, role="worker") as session:
        rows = (await session.scalars(select(Reminder).order_by(Reminder.number))).all()
    for row in rows:
        payload = {
            "dataset": str(row.dataset_id),
            "due_on": row.due_on.isoformat(),
            "number": row.number,
        }
        await task_handlers(site)[SEND_REMINDER](
            Job(SEND_REMINDER, territory.id, payload, 0, last=False)
        )


async def test_what_is_due_and_late_is_shown(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    fresh = await producer.publish(frequency="yearly")
    late = await monthly(producer, node_database, demo)

    assert "Prochaine version attendue le" in await producer.page(f"/datasets/{fresh}")
    assert "En retard de" in await producer.page(f"/datasets/{late}")
    space = await producer.page("/spaces/mairie-kerlevan")
    assert "En retard de" in space
    assert "Prochaine version attendue le" in space


async def test_three_mails_leave_each_once_and_no_other(
    producer: Producer,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    dataset = await monthly(producer, node_database, demo)

    queued = [
        await look(node_database, demo, DUE + timedelta(days=days))
        for days in (-1, 0, 0, 1, 7, 8, 30, 31, 35, 400)
    ]
    await work(node_site, node_database, demo)
    await work(node_site, node_database, demo)

    assert queued == [0, 1, 0, 0, 1, 0, 1, 0, 0, 0]
    assert len(relay.mails) == 3
    first, _, last = [text_of(mail) for mail in relay.mails]
    assert "5 février 2026" in first
    assert f"/datasets/{dataset}/versions/new" in first
    assert "dernier rappel" in last
    assert "dernier rappel" not in first
    assert {mail["To"] for mail in relay.mails} == {"mairie@kerlevan.example"}
    assert (
        relay.mails[0]["Subject"]
        == "À mettre à jour\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}Associations de Kerlévan\N{NO-BREAK SPACE}», version attendue le 5 février 2026"
    )
    assert relay.mails[0]["Auto-Submitted"] == "auto-generated"
    assert len({mail["Message-ID"] for mail in relay.mails}) == 3
    assert "Phare" not in first


async def test_mails_leave_at_nine_where_the_territory_lives_and_a_change_of_zone_sends_none_again(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    island = ZoneInfo("Indian/Reunion")
    ocean = ZoneInfo("Pacific/Noumea")
    dataset = await monthly(producer, node_database, demo)
    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        stored_dataset.latest.published_at = datetime(
            2026, 1, 5, 20, 30, tzinfo=UTC
        )  # the 6th on both islands
    nine = datetime(2026, 2, 6, 9, tzinfo=island)

    early = await look(node_database, demo, nine - timedelta(minutes=1), island)
    on_the_island = await look(node_database, demo, nine, island)
    paris = await look(node_database, demo, nine, ZoneInfo("Europe/Paris"))
    further = await look(node_database, demo, nine + timedelta(days=1), ocean)
    week = await look(node_database, demo, nine + timedelta(days=7), ocean)

    assert (early, on_the_island, paris, further, week) == (0, 1, 0, 0, 1)


@pytest.mark.thorough
async def test_a_version_that_came_meanwhile_is_not_late(
    producer: Producer,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    dataset = await monthly(producer, node_database, demo)
    await look(node_database, demo, DUE)
    await producer.send(
        b"nom;commune\nTennis;Brest\n", path=f"/datasets/{dataset}/versions"
    )
    form = {"intended": "columns types"}
    await producer.client.post(f"/datasets/{dataset}/publish", data=form)

    await work(node_site, node_database, demo)

    assert relay.mails == []


async def test_a_relay_that_is_away_gets_it_later(
    producer: Producer,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    await monthly(producer, node_database, demo)
    await look(node_database, demo, DUE)
    relay.away = True

    with pytest.raises(EmailError):
        await work(node_site, node_database, demo)
    relay.away = False
    await work(node_site, node_database, demo)

    assert len(relay.mails) == 1


async def test_a_title_cannot_add_a_header(relay: Relay, node_site: Site) -> None:
    mail = Email(
        "a@example.org",
        "Titre\r\nBcc: x@example.org",
        "x",
        "fr",
        "1",
        "n@example.org",
        "Nom\nBcc: y@example.org",
    )
    settings = node_site.settings

    await send_email(mail, MailRelay.from_settings(settings))

    assert relay.mails[0]["Bcc"] is None
    assert relay.mails[0]["Subject"] == "Titre Bcc: x@example.org"


async def test_what_was_late_long_before_is_not_told_at_once(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    await monthly(producer, node_database, demo)

    assert await look(node_database, demo, DUE + timedelta(days=200)) == 0
