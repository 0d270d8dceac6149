"""Uses by day, health of nodes and catalogues, and the reminder of late producers: of this territory alone."""

from datetime import UTC, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from tests.portal.catalogue.corpus import Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.portal.territory.test_overview import csv, show
from udi.kit.clock import now, today
from udi.portal.audit.models import AuditEvent
from udi.portal.nodes.models import Node, NodeState, NodeUseDay, NodeWaiting
from udi.portal.organisations.models import Organisation
from udi.portal.territory.assessments import Assessments
from udi.portal.territory.producers.queries import list_producer_status
from udi.portal.territory.producers.reminders import PAUSE, write_reminder
from udi.protocol.inbox import NodeInboxKind

PRODUCERS = "/territory/producers"


async def add_node(
    catalogue: Catalogue, *, late: int = 0, reports_inbox: bool = True
) -> UUID:
    """A node that was heard an hour ago, with uses on three days and late datasets of a producer."""
    armor = catalogue.organisations["armor"]
    day = today(UTC)
    async with catalogue.database.session(
        catalogue.territory.id, role="worker"
    ) as session:
        node = Node(
            id=uuid4(), slug="shared", name="Nœud mutualisé", url="http://n.example",
            client_id="shared", hosted=True, last_seen_at=now() - timedelta(hours=1),
            reports_inbox=reports_inbox,
        )  # fmt: skip
        session.add(node)
        await session.flush()
        session.add_all(
            NodeUseDay(
                node_id=node.id, organisation_id=armor, day=day - timedelta(days=age),
                downloads=downloads, calls=calls,
            )
            for age, downloads, calls in ((0, 3, 5), (29, 2, 0), (30, 70, 0))
        )  # fmt: skip
        if late:
            session.add(
                NodeWaiting(
                    node_id=node.id, organisation_id=armor, kind=NodeInboxKind.UPDATE,
                    number=late, since=now(), due_on=day, received_at=now(),
                )
            )  # fmt: skip
        await session.execute(
            update(Organisation)
            .where(Organisation.id == armor)
            .values(email="donnees@armor.example")
        )
    return node.id


@pytest.mark.thorough
async def test_usage_has_every_day_of_the_period(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await add_node(armor)
    month = await csv(dashboard, "usage")
    page = await show(dashboard)
    quarter = await dashboard.team.get(
        "/territory/figures/usage.csv?period=90", headers={"Accept-Language": "en"}
    )

    assert len(month) == 30
    assert month[-1].split(",") == [today(UTC).isoformat(), "3", "5"]
    assert month[0].endswith(",2,0")
    assert "5 downloads and 5 questions to APIs in 30 days" in page
    assert quarter.text.count("\n") == 91
    assert ",70,0" in quarter.text


async def test_silent_node_is_in_difficulty(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    node = await add_node(armor, late=2)
    silent = await csv(dashboard, "health")
    async with armor.database.session(armor.territory.id, role="worker") as session:
        await session.execute(
            update(Node).where(Node.id == node).values(last_seen_at=now())
        )
    heard = await csv(dashboard, "health")

    assert "In difficulty" in silent[0]
    assert "Well" in heard[0]
    assert silent[0].endswith(",0,2")


async def test_a_node_that_calls_only_when_it_pushes_is_not_silent(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await add_node(armor, reports_inbox=False)

    assert "Well" in (await csv(dashboard, "health"))[0]


@pytest.mark.thorough
async def test_reminder_leaves_once_a_week_to_a_late_producer(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await add_node(armor, late=2)
    before = await dashboard.team.get(PRODUCERS)
    reminded = await dashboard.team.post(f"{PRODUCERS}/armor/reminder")
    after = await dashboard.team.get(PRODUCERS)
    again = await dashboard.team.post(f"{PRODUCERS}/armor/reminder")
    in_time = await dashboard.team.post(f"{PRODUCERS}/goeland/reminder")
    member = await dashboard.clients["member"].post(f"{PRODUCERS}/armor/reminder")
    async with armor.database.session(armor.territory.id, role="worker") as session:
        earlier = AuditEvent.at - PAUSE - timedelta(minutes=1)
        query = select(Organisation).where(Organisation.slug == "armor")
        producer = (await session.scalars(query)).one()
        at_node = {"late": 2, "at_nodes": 2, "at": now().isoformat()}
        mail = write_reminder(dashboard.site, armor.territory, producer, at_node)
    async with armor.database.session(armor.territory.id, role="owner") as session:
        await session.execute(update(AuditEvent).values(at=earlier))
    next_week = await dashboard.team.post(f"{PRODUCERS}/armor/reminder")

    assert f'action="{PRODUCERS}/armor/reminder"' in before.text
    assert reminded.status_code == next_week.status_code == 303
    assert "relancé le" in unescape(after.text)
    assert f'action="{PRODUCERS}/armor/reminder"' not in after.text
    assert [again.status_code, in_time.status_code, member.status_code] == [
        409,
        409,
        403,
    ]
    assert mail.to == "donnees@armor.example"
    assert "2 jeux de données" in mail.subject
    assert f"{armor.territory.origin}/inbox?role=producer" in mail.text


async def test_reminder_names_what_no_list_of_the_producer_has(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    harvested = {"frequency": "MONTHLY"}
    dates = {"created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z"}
    record = await armor.add(0, dataset_dates=dates, harvested=harvested)
    async with armor.database.session(armor.territory.id, role="worker") as session:
        datasets = await Assessments().list_datasets(session)
        statuses = await list_producer_status(session, datasets, today(UTC), UTC)
    [status] = [status for status in statuses if status.late]
    [late] = status.late_datasets
    payload = {
        "late": 14, "at_nodes": 0, "at": now().isoformat(),
        "datasets": [{"id": str(late.id), "title": late.title, "days": late.days}],
    }  # fmt: skip

    mail = write_reminder(dashboard.site, armor.territory, status.organisation, payload)

    assert (status.late_at_nodes, late.id, late.title) == (0, record.id, record.title)
    assert f"- {record.title}\n" in mail.text
    assert f"{armor.territory.origin}/data/{record.id}" in mail.text
    assert "13 autres jeux" in mail.text
    assert f"/producers/{status.organisation.slug}" in mail.text
    assert "/inbox" not in mail.text


async def test_what_a_suspended_node_told_last_reminds_nobody(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    node = await add_node(armor, late=2)
    async with armor.database.session(armor.territory.id, role="worker") as session:
        suspended = update(Node).where(Node.id == node)
        await session.execute(suspended.values(state=NodeState.SUSPENDED))

    reminded = await dashboard.team.post(f"{PRODUCERS}/armor/reminder")

    assert reminded.status_code == 409


@pytest.mark.parametrize("name", ["usage", "health", "harvests"])
async def test_figures_of_usage_are_the_teams(dashboard: Dashboard, name: str) -> None:
    answer = await dashboard.clients["member"].get(f"/territory/figures/{name}.csv")

    assert answer.status_code == 403
