"""Messages between connectors, and secrets that end: workers killed in the middle of these tasks."""

from uuid import uuid4

import pytest
from sqlalchemy import update

from tests.faults.outside import Outside
from tests.faults.tasks.conftest import CheckKills
from tests.faults.tasks.queueing import call_node, enqueue
from tests.portal.access.conftest import workspace
from tests.portal.dataspace.conftest import (
    Talk,
    no_pause,
    open_addresses,
    other_side,
    talk,
)
from tests.portal.dataspace.test_outbox import ask_elsewhere
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN

__all__ = ["no_pause", "open_addresses", "other_side", "talk", "workspace"]


@pytest.mark.programs
@pytest.mark.thorough
async def test_tasks_of_data_spaces_are_done_once_whenever_a_worker_dies(
    check_kills: CheckKills, talk: Talk, outside: Outside
) -> None:
    territory = talk.workspace.territory
    database = talk.workspace.site.database
    negotiation = await talk.ask()
    await ask_elsewhere(talk)
    await talk.decide(negotiation, "grant")
    async with database.session(territory.id, role="worker") as session:
        await session.execute(update(Connector).values(address=outside.origin))
        await session.execute(update(DataspaceProcess).values(callback=outside.origin))
    person, project = talk.leader.person_id, talk.project.id
    await enqueue(
        database, territory, "end_project_secrets", person=person, project=project
    )
    await check_kills(
        "portal", {"follow_access", "send_dataspace_messages", "end_project_secrets"}
    )


@pytest.mark.programs
@pytest.mark.thorough
async def test_a_transfer_opens_once_whenever_a_worker_dies(
    check_kills: CheckKills, talk: Talk, outside: Outside
) -> None:
    territory = talk.workspace.territory
    database = talk.workspace.site.database
    negotiation = await talk.agree()
    message = {
        "@type": "TransferRequestMessage",
        "consumerPid": f"{URN}{uuid4()}",
        "agreementId": f"{URN}{negotiation.agreement_id}",
        "format": "HttpData-PULL",
        "callbackAddress": talk.other.origin,
    }
    answer = await talk.post("/transfers/request", message)
    assert answer.status_code == 201, answer.text
    await call_node(database, territory, outside)
    async with database.session(territory.id, role="worker") as session:
        await session.execute(update(DataspaceProcess).values(callback=outside.origin))
    await check_kills("portal", {"go_on_in_dataspace"})
