"""Requests for data, agreements, consents and what a project is told: workers killed in the middle of these tasks."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import call_node, enqueue, make_webhook
from tests.portal.access.conftest import workspace
from tests.portal.consents.conftest import Lending, lending
from tests.portal.consents.test_changes import stop
from udi.kit.clock import now, today
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.models import Consent
from udi.portal.notifications.webhooks.actions import queue_delivery
from udi.portal.selfdata.recipients.models import DataChangeNotice

__all__ = ["lending", "workspace"]


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_access_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills, lending: Lending, outside: Outside
) -> None:
    territory = lending.workspace.territory
    database = lending.workspace.site.database
    await call_node(database, territory, outside)
    question = await lending.open(months="3")
    consent = await lending.give(question)
    await lending.give(question, by=lending.neighbour)
    [agreement] = await lending.rows(AccessAgreement)
    async with database.session(territory.id, role="worker") as session:
        session.add(make_webhook(agreement.person_id, outside, projects=True))
        notice = DataChangeNotice(
            id=uuid4(),
            agreement_id=agreement.id,
            version=3,
            change="erased",
            noticed_on=today(territory.zone),
            received_at=now(),
        )
        session.add(notice)
    await stop(lending, consent)
    await lending.change(Consent, expires_at=now() + timedelta(days=20))
    [other] = [row for row in await lending.rows(Consent) if row.id != consent.id]
    await enqueue(database, territory, "remind_of_consent", consent=other.id)
    await enqueue(database, territory, "notify_project_of_change", notice=notice.id)
    await check_kills(
        "portal",
        {
            "tell_access_request",
            "deliver_agreement",
            "deliver_consent",
            "notify_of_withdrawal",
            "notify_project_of_change",
            "remind_of_consent",
        },
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_what_ends_an_agreement_is_told_once_whenever_a_worker_dies(
    check_kills: CheckKills, lending: Lending, outside: Outside
) -> None:
    territory = lending.workspace.territory
    database = lending.workspace.site.database
    await call_node(database, territory, outside)
    question = await lending.open(months="3")
    await lending.give(question)
    await lending.give(question, by=lending.neighbour)
    ended = await lending.workspace.team.post(
        f"{question}/invalidate", data={"reason": "Le but n’est pas dit."}
    )
    assert ended.status_code == 303, ended.text
    suspended = await lending.workspace.producer.post(
        f"{lending.agreement}/suspend", data={"words": "Capteurs en panne."}
    )
    assert suspended.status_code == 303, suspended.text
    [agreement] = await lending.rows(AccessAgreement)
    async with database.session(territory.id, role="worker") as session:
        webhook = make_webhook(agreement.person_id, outside, projects=True)
        session.add(webhook)
        await session.flush()
        await queue_delivery(
            session, webhook, agreement.id, "dataset.changed", now(), {"title": "Îlots"}
        )
    await check_kills(
        "portal", {"deliver_webhook", "invalidate_consents", "tell_agreement"}
    )
