"""Sources, reports to nodes and requests about oneself: workers killed in the middle of these tasks."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.contract.conftest import issuer
from tests.contract.node import make_record
from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import call_node, enqueue, make_webhook
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, catalogue, open_source, reader
from tests.portal.nodes.sources.test_reuses import (
    DATASETS,
    REUSES,
    dataset,
    publish,
    reuse,
)
from tests.portal.selfdata.conftest import town_hall
from tests.portal.selfdata.requests.conftest import Inhabitants, inhabitants
from udi.kit.clock import now
from udi.portal.identity.models import Membership, Person
from udi.portal.nodes.sources.matches.uses import queue_renamed
from udi.portal.nodes.sources.models import DatasetMatch
from udi.portal.notifications.models import Following
from udi.portal.organisations.models import Organisation

__all__ = [
    "catalogue",
    "inhabitants",
    "issuer",
    "open_source",
    "reader",
    "town_hall",
]


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_sources_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills,
    inhabitants: Inhabitants,
    catalogue: Catalogue,
    open_source: Open,
    outside: Outside,
) -> None:
    database, territory = inhabitants.site.database, inhabitants.territory
    names = [dataset("trees", "Arbres"), dataset("benches", "Bancs")]
    names += [dataset("lamps", "Lampes"), dataset("roads", "Rues")]
    publish(catalogue, {DATASETS: names, REUSES: [reuse("map-1")]})
    reading = await open_source(f"{catalogue.origin}{DATASETS}?page_size=5")
    run = await reading.read()
    datasets = await reading.list_published()
    async with database.session(territory.id, role="worker") as session:
        person = (await session.scalars(select(Person.id).limit(1))).one()
        producer = await session.get_one(Organisation, (territory.id, reading.producer))
        session.add(
            Membership(
                person_id=person, organisation_slug=producer.slug, groups=["managers"]
            )
        )
        session.add(make_webhook(person, outside, readings=True))
        for title in ("Arbres", "Lampes"):
            session.add(
                Following(
                    person_id=person,
                    kind="dataset",
                    target=str(datasets[title]),
                    created_at=now(),
                )
            )
        first, second = sorted((datasets["Arbres"], datasets["Bancs"]), key=str)
        session.add(
            DatasetMatch(
                first_id=first,
                second_id=second,
                state="same",
                basis="title",
                proposed_at=now(),
            )
        )
        await session.flush()
        await queue_renamed(session, {datasets["Lampes"]: datasets["Rues"]})
    await enqueue(
        database,
        territory,
        "move_uses",
        dataset=datasets["Arbres"],
        instead=datasets["Bancs"],
    )
    await enqueue(
        database, territory, "tell_source", run=run.id, trouble="vanished", person=""
    )
    await enqueue(database, territory, "tell_reading", run=run.id)
    await enqueue(
        database,
        territory,
        "send_link_news",
        organisation=reading.producer,
        missing=[],
        back=[],
        counts={"missing": 1, "back": 0},
        day=now().date().isoformat(),
        person="",
    )
    pusher = inhabitants.own_node
    pushed = await pusher.post(make_record(pusher.organisation))
    assert pushed.status_code < 300, pushed.text
    [request] = await inhabitants.submit("kerlevan")
    await inhabitants.change(request.id, news_at=now() - timedelta(days=1))
    for name in ("tell_subject_request_news", "remind_of_subject_request"):
        await enqueue(database, territory, name, request=request.id, sequence=7)
    await call_node(database, territory, outside)
    await check_kills(
        "portal",
        {
            "move_uses",
            "move_uses_of_renamed",
            "remind_of_subject_request",
            "send_link_news",
            "send_report",
            "show_harvested_reuses",
            "tell_reading",
            "tell_source",
            "tell_subject_request_news",
        },
    )
