"""Pages that a form answers with, and those of the answer and of what is lent, on every screen and under axe-core."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.node.producer import Producer
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import FORM, Asker
from tests.node.subject_requests.test_recipients import add_agreements
from tests.ui.tab import Answered, Tab
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.subject_requests.models import HeldTicket
from udi.node.subject_requests.pages.own_rows_pages import OWN_ROWS_PATH
from udi.protocol.subject_requests import SubjectRight

LANGUAGES = ("fr", "en", "es")


async def test_words_that_were_not_sent_hold_on_every_screen(
    asker: Asker, tab: Tab, demo: Territory, node_database: Database
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)
    await end_tickets(node_database, demo)
    late = await asker.write(request_id)
    asker.client.cookies.clear()
    asker.client.cookies.set("other", "1")
    unknown = await asker.write(request_id)
    origin = demo.links["node"]

    for answer, name in ((late, "unsent-late"), (unknown, "unsent-login")):
        assert answer.status_code == 403
        assert FORM["words"] in answer.text
        client = Answered(asker.client, "/subjects/new", answer)
        address = f"{origin}/subjects/new"
        assert await tab.find_faults(client, address, name, *LANGUAGES) == []


async def end_tickets(database: Database, territory: Territory) -> None:
    """An hour passes."""
    async with database.session(territory.id, role="worker") as session:
        moment = now() - timedelta(seconds=1)
        await session.execute(update(HeldTicket).values(expires_at=moment))


@pytest.mark.thorough
async def test_the_answer_with_those_who_read_the_data_holds_on_every_screen(
    asker: Asker,
    agent: Agent,
    producer: Producer,
    tab: Tab,
    demo: Territory,
    node_database: Database,
) -> None:
    dataset = await producer.publish()
    await add_agreements(node_database, demo, dataset, 2)
    request_id = await asker.ask(right=SubjectRight.ERASURE)
    await agent.act(request_id, "accept")
    address = f"{demo.links['node']}/requests/{request_id}"

    before = await tab.find_faults(
        agent.client, address, "answer-recipients", *LANGUAGES
    )
    await agent.act(request_id, "answer", **{f"tell-{dataset}": "1"})
    after = await tab.find_faults(agent.client, address, "told", *LANGUAGES)

    assert (before, after) == ([], [])


@pytest.mark.thorough
async def test_what_the_node_knows_of_who_asks_holds_on_every_screen(
    asker: Asker, tab: Tab, demo: Territory
) -> None:
    await asker.ask()
    address = f"{demo.links['node']}{OWN_ROWS_PATH}"

    assert await tab.find_faults(asker.client, address, "own-rows", *LANGUAGES) == []
