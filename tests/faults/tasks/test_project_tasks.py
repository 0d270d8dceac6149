"""Projects, calls, requests for data, suggestions and what people follow: workers killed in the middle of these tasks."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import enqueue, make_webhook
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
from tests.portal.projects.test_calls import Workspace
from tests.portal.projects.test_data_requests import FORM as REQUEST_FORM
from tests.portal.projects.test_suggestions import HELPER, NOISE
from udi.kit.clock import now
from udi.portal.notifications.models import (
    Digest,
    DigestRhythm,
    Subscription,
    WebhookState,
)
from udi.portal.organisations.models import Organisation
from udi.portal.projects.suggestions.models import SuggestionMessage

__all__ = [
    "armor",
    "fair",
    "feed",
    "indexes",
    "office",
    "registry",
    "relay",
    "workshop",
]


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_projects_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills, fair: Fair
) -> None:
    workshop = fair.workshop
    database, territory = workshop.site.database, workshop.territory
    await workshop.publish()
    call = Workspace(workshop, [await workshop.come() for _ in range(2)])
    await call.write()
    await call.name_jury()
    await call.act("open")
    answer = await workshop.other.post(
        "/data-requests/new", data={**REQUEST_FORM, "seen": "1"}
    )
    assert answer.status_code == 303, answer.text
    await fair.turn_on(workshop.other, **HELPER)
    await fair.turn_on(workshop.leader, **NOISE)
    helper = await fair.interest(await fair.person("other"))
    written = await workshop.leader.post(
        "/my-space/suggestions/messages",
        data={"to": str(helper.id), "words": "Bonjour, nous faisons une carte."},
    )
    assert written.status_code == 303, written.text
    assert await workshop.count(SuggestionMessage) == 1
    seeker = await fair.interest(await fair.person("leader"))
    await enqueue(
        database, territory, "tell_suggestions", interest=seeker.id, until="2026-11-30"
    )
    await check_kills(
        "portal",
        {
            "tell_project",
            "tell_call",
            "tell_data_request",
            "send_suggestion_message",
            "tell_suggestions",
        },
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_followers_are_done_once_whenever_a_worker_dies(
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
    moment = now() + timedelta(minutes=1)
    async with database.session(territory.id, role="worker") as session:
        subscriptions = (await session.scalars(select(Subscription))).all()
        hooks = []
        for subscription in subscriptions:
            subscription.inbox_rhythm = DigestRhythm.DAILY
            subscription.inbox_mailed_until = moment
            hook = make_webhook(subscription.person_id, outside, everything=True)
            session.add(hook)
            hooks.append(hook)
        digest = Digest(
            person_id=subscriptions[0].person_id,
            since=moment - timedelta(days=40),
            until=moment,
        )
        session.add(digest)
        armor = (
            await session.scalars(
                select(Organisation).where(Organisation.slug == "armor")
            )
        ).one()
        await session.flush()
        hooks[0].state = WebhookState.STOPPED
        organisation = armor.id
    await enqueue(database, territory, "send_digest", digest=digest.id)
    for subscription in subscriptions:
        await enqueue(
            database,
            territory,
            "send_inbox",
            subscription=subscription.id,
            until=moment.isoformat(),
        )
    await enqueue(
        database,
        territory,
        "say_webhook_stopped",
        webhook=hooks[0].id,
        at=now().isoformat(timespec="seconds"),
    )
    await enqueue(
        database,
        territory,
        "send_producer_reminder",
        organisation=organisation,
        late=1,
        at=now().isoformat(),
    )
    await check_kills(
        "portal",
        {
            "tell_fault_report",
            "send_digest",
            "send_inbox",
            "say_webhook_stopped",
            "send_producer_reminder",
        },
    )
