"""Those who answer are told 15, 5 and 1 days before the last day, and once after it; number and day, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from tests.mails import do_email_job, html_of, text_of
from tests.node.producer import SLUG
from tests.node.relays import Relay
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import FORM, Asker
from tests.node.subject_requests.test_walk import look, put
from udi.kit.db import Database
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import Territory
from udi.node.identity.models import Membership, Person
from udi.node.spaces.models import Space
from udi.node.subject_requests.deadlines.reminders import (
    LATE,
    REMIND_AGENTS,
    find_reminder,
    queue_reminders,
    task_handlers,
)
from udi.node.subject_requests.plan import RequestFacts
from udi.protocol.subject_requests import STATES
from udi.ui.site import Site

PARIS = ZoneInfo("Europe/Paris")
DUE = date(2027, 1, 4)
"""A Monday; the 1st is a holiday, the 20th of December a Sunday, the 30th a Wednesday."""
OFFICER = "dpo@kerlevan.example"


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=PARIS).astimezone(UTC)


def facts(**changes: Any) -> RequestFacts:
    values: dict[str, Any] = {
        "state": STATES.PROCESSING,
        "received_on": date(2026, 12, 1),
        "due_on": DUE,
        "moved_at": at(date(2026, 12, 1)),
        "country": "FR",
        "zone": PARIS,
    }
    return RequestFacts(**values | changes)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (date(2026, 12, 17), 23, None),
        (date(2026, 12, 18), 8, None),
        (date(2026, 12, 18), 9, 15),
        (date(2026, 12, 29), 23, 15),
        (date(2026, 12, 30), 9, 5),
        (date(2026, 12, 31), 8, 5),
        (date(2026, 12, 31), 9, 1),
        (date(2027, 1, 4), 23, 1),
        (date(2027, 1, 5), 8, 1),
        (date(2027, 1, 5), 9, LATE),
        (date(2028, 1, 5), 9, LATE),
    ],
)
def test_find_reminder_leaves_on_the_last_working_day_before(
    day: date, hour: int, expected: int | None
) -> None:
    assert find_reminder(facts(), at(day, hour)) == expected


@pytest.mark.parametrize(
    "state", [STATES.ANSWERED, STATES.REFUSED, STATES.WITHDRAWN, STATES.CLOSED]
)
def test_find_reminder_has_none_of_what_was_decided_or_ended(state: Any) -> None:
    assert find_reminder(facts(state=state), at(DUE)) is None


async def queue(database: Database, territory: Territory, moment: datetime) -> int:
    async with database.session(territory.id, role="worker") as session:
        return await queue_reminders(session, moment)


async def send(site: Site, territory: Territory, request_id: str, days: int) -> None:
    """Do the job of a reminder, as the worker would."""
    payload = {"request": request_id, "due_on": DUE.isoformat(), "days": days}
    await do_email_job(site, territory, task_handlers(site), REMIND_AGENTS, payload)


@pytest.fixture
async def due_request(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> str:
    """A request that is due on that Monday."""
    request_id = await asker.ask()
    await put(node_database, demo, request_id, due_on=DUE)
    return request_id


async def test_queue_reminders_queues_each_once_and_the_last_of_several(
    due_request: str, node_database: Database, demo: Territory
) -> None:
    moments = [at(DUE + timedelta(days=days)) for days in (-20, -16, -16, -4, 0, 0)]
    moments += [at(DUE + timedelta(days=days)) for days in (1, 1, 2, 200)]

    queued = [await queue(node_database, demo, moment) for moment in moments]

    assert queued == [0, 1, 0, 1, 0, 0, 1, 0, 0, 0]


async def test_an_extension_has_reminders_of_its_own(
    due_request: str, node_database: Database, demo: Territory
) -> None:
    await queue(node_database, demo, at(DUE))
    later = DUE + timedelta(days=56)
    await put(node_database, demo, due_request, due_on=later)

    queued = [
        await queue(node_database, demo, at(moment))
        for moment in (DUE, later - timedelta(days=14), later)
    ]

    assert queued == [0, 1, 1]


async def test_a_legal_hold_stops_no_reminder(
    due_request: str, agent: Agent, node_database: Database, demo: Territory
) -> None:
    await agent.client.post(f"/requests/{due_request}/hold", data={"hold": "on"})

    assert await queue(node_database, demo, at(DUE)) == 1


async def test_nothing_is_queued_of_a_request_that_was_answered(
    due_request: str, agent: Agent, node_database: Database, demo: Territory
) -> None:
    await agent.act(due_request, "accept")
    await agent.act(due_request, "answer")

    assert await queue(node_database, demo, at(DUE)) == 0


async def test_each_who_manages_gets_number_and_day_and_nothing_else(
    due_request: str,
    agent: Agent,
    colleague: Agent,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    row, _ = await look(node_database, demo, due_request)

    await send(node_site, demo, due_request, 5)

    assert len({mail["To"] for mail in relay.mails}) == 2
    assert len({mail["Message-ID"] for mail in relay.mails}) == 2
    mail = relay.mails[0]
    assert mail["Subject"] == (
        f"Demande {row.number}\N{NO-BREAK SPACE}: une réponse est due pour le 4 janvier 2027"
    )
    text = text_of(mail)
    assert row.number in text
    assert "4 janvier 2027" in text
    assert f"{demo.links['node']}/requests\n" in text
    for secret in (*FORM.values(), due_request, "access", "Accéder", SLUG):
        assert secret not in text
        assert secret not in html_of(mail)


async def test_a_late_request_is_told_to_the_officer_alone(
    due_request: str,
    agent: Agent,
    node_site: Site,
    demo: Territory,
    relay: Relay,
) -> None:
    named = await agent.client.post(
        f"/spaces/{SLUG}/requests/settings", data={"officer_email": OFFICER}
    )
    assert named.status_code == 303, named.text

    await send(node_site, demo, due_request, 1)
    await send(node_site, demo, due_request, LATE)

    before, late = relay.mails
    assert before["To"] != OFFICER
    assert late["To"] == OFFICER
    assert "était due pour le 4 janvier 2027" in text_of(late)


async def test_a_late_request_is_told_to_those_who_manage_where_nobody_else_is_named(
    due_request: str, node_site: Site, demo: Territory, relay: Relay
) -> None:
    await send(node_site, demo, due_request, LATE)

    [late] = relay.mails
    assert late["To"].endswith("@people.example")


@pytest.mark.parametrize("unknown", ["nobody", "unproven"])
async def test_the_contact_is_told_where_no_proven_address_is_known(
    unknown: str,
    due_request: str,
    space: Space,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    changes = {
        "nobody": delete(Membership),
        "unproven": update(Person).values(email_verified=False),
    }
    async with node_database.session(demo.id, role="worker") as session:
        await session.execute(changes[unknown])

    await send(node_site, demo, due_request, 15)

    [mail] = relay.mails
    assert mail["To"] == space.email


async def test_a_request_that_was_decided_or_moved_meanwhile_has_no_mail(
    due_request: str,
    agent: Agent,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    await put(node_database, demo, due_request, due_on=DUE + timedelta(days=1))
    await send(node_site, demo, due_request, 1)
    await put(node_database, demo, due_request, due_on=DUE)
    await agent.act(due_request, "refuse")
    await send(node_site, demo, due_request, 1)

    assert relay.mails == []


async def test_a_relay_that_is_away_gets_it_later(
    due_request: str, node_site: Site, demo: Territory, relay: Relay
) -> None:
    relay.away = True
    with pytest.raises(EmailError):
        await send(node_site, demo, due_request, 1)
    relay.away = False

    await send(node_site, demo, due_request, 1)

    assert len(relay.mails) == 1


async def test_publishers_are_not_told(
    due_request: str,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        for membership in await session.scalars(select(Membership)):
            membership.groups = ["publishers"]

    await send(node_site, demo, due_request, 1)

    assert [mail["To"] for mail in relay.mails] == ["mairie@kerlevan.example"]
