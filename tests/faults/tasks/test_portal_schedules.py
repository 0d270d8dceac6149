"""Scheduled tasks of the portal, each with something that is due: workers killed in the middle of them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from tests.contract.conftest import issuer
from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import call_node, make_webhook
from tests.portal.access.conftest import workspace
from tests.portal.consents.conftest import Lending, lending
from tests.portal.fault_reports.conftest import Office, office
from tests.portal.projects.conftest import (
    armor,
    feed,
    indexes,
    registry,
    relay,
    workshop,
)
from tests.portal.projects.fair import Fair, fair
from tests.portal.projects.test_data_requests import FORM as REQUEST_FORM
from tests.portal.projects.test_suggestions import HELPER, NOISE
from tests.portal.selfdata.conftest import town_hall
from tests.portal.selfdata.requests.conftest import Inhabitants, inhabitants
from udi.kit.clock import now, today
from udi.kit.db import Database
from udi.portal.access.models import AccessAgreement
from udi.portal.catalogue.models import Distribution
from udi.portal.consents.models import Consent
from udi.portal.fault_reports.models import FaultReport
from udi.portal.identity.models import WebSession
from udi.portal.notifications.models import (
    Change,
    ChangeKind,
    DigestRhythm,
    Following,
    Subscription,
)
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.suggestions.models import DeclaredInterest

__all__ = [
    "armor",
    "fair",
    "feed",
    "indexes",
    "inhabitants",
    "issuer",
    "lending",
    "office",
    "registry",
    "relay",
    "town_hall",
    "workshop",
    "workspace",
]
IN_CLEAR = text("UPDATE app.webhook SET secret = :secret")
"""As a release wrote it that did not seal this column yet."""
LONG_AGO = timedelta(days=80)
COUNTED_REQUESTS = 5
"""As many requests as the team is shown a number of."""


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_access_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills, lending: Lending, outside: Outside
) -> None:
    territory = lending.workspace.territory
    database = lending.workspace.site.database
    await call_node(database, territory, outside)
    question = await lending.open(months="3")
    over = await lending.give(question)
    await lending.give(question, by=lending.neighbour)
    moment = now()
    [agreement] = await lending.rows(AccessAgreement)
    async with database.session(territory.id, role="worker") as session:
        await session.execute(
            update(Consent).values(
                answered_at=moment - LONG_AGO, expires_at=moment + timedelta(days=20)
            )
        )
        ended = update(Consent).where(Consent.id == over.id)
        await session.execute(ended.values(expires_at=moment - timedelta(hours=1)))
        await session.execute(
            update(AccessAgreement).values(ends_at=moment + timedelta(days=20))
        )
        await session.execute(
            update(WebSession).values(expires_at=moment - timedelta(hours=1))
        )
        webhook = make_webhook(agreement.person_id, outside, everything=True)
        webhook.created_at = moment - timedelta(days=1)
        session.add(webhook)
        session.add(make_change(1))
        await session.flush()
        await session.execute(IN_CLEAR, {"secret": "whsec_" + "x" * 32})
    await check_kills(
        "portal",
        {
            "apply_access_deadlines",
            "delete_expired_sessions",
            "dispatch_changes",
            "end_due_consents",
            "queue_consent_reminders",
            "reseal_columns",
        },
    )


def make_change(hours: int) -> Change:
    """Something that happened so long ago to a dataset."""
    dataset = uuid4()
    return Change(
        at=now() - timedelta(hours=hours),
        event=ChangeKind.UPDATED,
        kind="dataset",
        subject_id=dataset,
        title="Comptages",
        path=f"/data/{dataset}",
        api_path=f"/api/v1/datasets/{dataset}",
        topics=[f"dataset:{dataset}"],
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_followers_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills, office: Office, outside: Outside
) -> None:
    database, territory = office.site.database, office.territory
    await office.report(office.person)
    for client in (office.person, office.producer):
        followed = await client.post(
            "/following", data={"kind": "dataset", "target": str(office.dataset)}
        )
        assert followed.status_code == 303, followed.text
    renamed = {"global_id": str(office.dataset), "resource_title": "Comptages, revus"}
    await office.catalogue.add(1, **renamed)
    moment = now()
    async with database.session(territory.id, role="worker") as session:
        address = f"{outside.origin}/a.csv"
        await session.execute(update(Distribution).values(url=address))
        yesterday = today(territory.zone) - timedelta(days=1)
        await session.execute(update(FaultReport).values(due_on=yesterday))
        await session.execute(update(Change).values(at=moment - timedelta(days=3)))
        weeks_ago = moment - timedelta(days=20)
        await session.execute(update(Following).values(created_at=weeks_ago))
        await session.execute(
            update(Subscription).values(
                rhythm=DigestRhythm.DAILY,
                notified_until=weeks_ago,
                inbox_rhythm=DigestRhythm.DAILY,
                inbox_mailed_until=weeks_ago,
            )
        )
    await check_kills(
        "portal",
        {"check_fault_reports", "check_links", "queue_digests", "queue_inbox_mails"},
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_projects_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills, fair: Fair
) -> None:
    workshop = fair.workshop
    database, territory = workshop.site.database, workshop.territory
    await workshop.publish()
    answer = await workshop.other.post(
        "/data-requests/new", data={**REQUEST_FORM, "seen": "1"}
    )
    assert answer.status_code == 303, answer.text
    await fair.turn_on(workshop.other, **HELPER)
    await fair.turn_on(workshop.leader, **NOISE)
    await let_weeks_pass(database, territory.id)
    await check_kills(
        "portal", {"check_data_request_delays", "queue_suggestion_digests"}
    )


async def let_weeks_pass(database: Database, tenant: UUID) -> None:
    """Have requests for data be late, and nobody have had a mail of suggestions for weeks."""
    long_ago = now() - timedelta(days=20)
    async with database.session(tenant, role="worker") as session:
        await session.execute(update(DataRequest).values(due_on=long_ago.date()))
        await session.execute(update(DeclaredInterest).values(notified_until=long_ago))


@pytest.mark.programs
@pytest.mark.thorough
async def test_schedules_of_requests_do_what_is_due_once_whenever_a_worker_dies(
    check_kills: CheckKills, inhabitants: Inhabitants
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    [sent] = await inhabitants.submit("kerlevan", right="erasure")
    await inhabitants.send(inhabitants.report(sent.id))
    await inhabitants.send_paper(
        *(inhabitants.paper(uuid4()) for _ in range(COUNTED_REQUESTS))
    )
    await inhabitants.change(draft.id, drafted_at=now() - timedelta(days=6))
    yesterday = today(inhabitants.territory.zone) - timedelta(days=1)
    await inhabitants.change(sent.id, due_on=yesterday)
    await check_kills("portal", {"apply_subject_request_time", "publish_punctuality"})
