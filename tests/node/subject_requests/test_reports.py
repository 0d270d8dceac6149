"""The portal is told dates and states, once the browser came back; no word of anybody."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import convert

from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.subject_requests.test_walk import look, put
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.subject_requests.portal_sync.reports import report_requests
from udi.protocol.subject_request_reports import PATH, SubjectRequestReports
from udi.ui.site import Site


class Reporter:
    """The worker's part that reports, and the portal that answers."""

    def __init__(self, site: Site, territory: Territory, portal: PortalDouble) -> None:
        self.client = PortalClient(site.settings, site.outgoing)
        self.database = site.database
        self.territory = territory
        self.portal = portal

    async def report(self, outcome: str, *ids: str) -> dict[str, Any]:
        """Report once; what was sent, the portal answering the same of each."""
        self.portal.answers.append(
            (200, {"requests": dict.fromkeys(ids, outcome)}),
        )
        before = len(self.portal.pushed)
        await report_requests(self.database, self.client, self.territory)
        sent = [
            body for _, path, body, _ in self.portal.pushed[before:] if path == PATH
        ]
        self.portal.answers.clear()
        return sent[0] if sent else {}


@pytest.fixture
async def reporter(
    asker: Asker, node_site: Site, portal: PortalDouble, demo: Territory
) -> Reporter:
    """After `asker`, whose tickets the node knows by the portal's former address."""
    territory = next(
        known for known in await node_site.registry.list() if known.id == demo.id
    )
    return Reporter(node_site, territory, portal)


async def due_again(database: Database, territory: Territory, request_id: str) -> None:
    await put(database, territory, request_id, report_after=now())


@pytest.fixture
async def request_id(asker: Asker) -> str:
    """A request that was written before the portal of the test took its place."""
    return await asker.ask()


async def test_a_report_says_dates_and_states(
    request_id: str, reporter: Reporter, node_database: Database, demo: Territory
) -> None:
    row, _ = await look(node_database, demo, request_id)

    sent = await reporter.report("accepted", request_id)

    assert sent["paper"] == []
    assert sent["requests"] == [
        {
            "id": request_id,
            "sequence": 1,
            "state": "submitted",
            "received_on": row.received_on.isoformat(),
            "due_on": row.due_on.isoformat(),
            "extended": False,
            "was_late": False,
            "decided_on": None,
            "ended_on": None,
            "confirmation": sent["requests"][0]["confirmation"],
            "news": False,
            "escalated": False,
        }
    ]
    assert convert(sent, SubjectRequestReports, strict=False).requests
    assert await reporter.report("accepted", request_id) == {}


async def test_each_change_is_told_with_a_rising_number(
    request_id: str, reporter: Reporter, agent: Agent
) -> None:
    first = await reporter.report("accepted", request_id)
    await agent.act(request_id, "accept")
    await agent.act(request_id, "answer", outcome="nothing_held", text="Rien.")

    second = await reporter.report("accepted", request_id)

    [before], [after] = first["requests"], second["requests"]
    assert after["sequence"] > before["sequence"]
    assert (after["state"], after["news"]) == ("answered", True)
    assert after["decided_on"] is not None
    assert "nothing" not in str(second)


async def test_it_is_told_again_until_the_browser_is_back_for_a_day_at_most(
    request_id: str, reporter: Reporter, node_database: Database, demo: Territory
) -> None:
    await reporter.report("unconfirmed", request_id)
    assert await reporter.report("unconfirmed", request_id) == {}
    await due_again(node_database, demo, request_id)
    assert (await reporter.report("unconfirmed", request_id))["requests"]
    row, _ = await look(node_database, demo, request_id)
    assert (row.report_state, row.report_tries) == ("pending", 2)
    old = now() - timedelta(hours=25)
    await put(node_database, demo, request_id, received_at=old, report_after=now())

    await reporter.report("unconfirmed", request_id)

    await due_again(node_database, demo, request_id)
    assert await reporter.report("accepted", request_id) == {}
    row, _ = await look(node_database, demo, request_id)
    assert (row.report_state, row.state) == ("detached", "submitted")


async def test_the_producer_is_told_that_the_account_is_gone(
    request_id: str,
    agent: Agent,
    reporter: Reporter,
    node_database: Database,
    demo: Territory,
) -> None:
    before = (await agent.see(request_id)).text
    await reporter.report("gone", request_id)
    row, _ = await look(node_database, demo, request_id)
    await due_again(node_database, demo, request_id)

    page = (await agent.see(request_id)).text
    response = await agent.act(request_id, "accept")

    assert "a supprimé son compte" not in before
    assert "a supprimé son compte" in page
    assert "Seule cette personne" not in page
    assert "events/ask_identity" not in page
    assert (row.report_state, row.reported_sequence) == ("gone", row.sequence)
    assert response.status_code == 303
    assert (await reporter.report("gone", request_id))["requests"]


@pytest.mark.parametrize("outcome", ["unknown", "refused"])
async def test_what_the_portal_does_not_know_lives_at_the_node_only(
    request_id: str,
    reporter: Reporter,
    node_database: Database,
    demo: Territory,
    outcome: str,
) -> None:
    await reporter.report(outcome, request_id)

    row, _ = await look(node_database, demo, request_id)
    assert row.report_state == "detached"


async def test_a_portal_that_is_away_is_told_later(
    request_id: str, reporter: Reporter
) -> None:
    reporter.portal.answers.append((503, {}))
    with pytest.raises(PortalUnavailableError):
        await report_requests(reporter.database, reporter.client, reporter.territory)
    reporter.portal.answers.clear()

    assert (await reporter.report("accepted", request_id))["requests"]


async def test_an_answer_that_says_nothing_is_no_answer(
    request_id: str, reporter: Reporter
) -> None:
    reporter.portal.answers.append((200, {"requests": {request_id: "perhaps"}}))

    with pytest.raises(PortalUnavailableError):
        await report_requests(reporter.database, reporter.client, reporter.territory)


async def test_a_request_on_paper_is_told_without_a_person(
    agent: Agent, reporter: Reporter
) -> None:
    form = {
        "received_on": now().date().isoformat(),
        "right": "erasure",
        "person_name": "Nom Inventé",
        "person_contact": "3 rue des Mouettes",
        "words": "Effacez tout.",
    }
    written = await agent.client.post(f"/spaces/{SLUG}/requests/new", data=form)
    paper_id = written.headers["location"].rpartition("/")[2]

    sent = await reporter.report("accepted", paper_id)

    [paper] = sent["paper"]
    assert sent["requests"] == []
    assert (UUID(paper["id"]), paper["producer"], paper["right"]) == (
        UUID(paper_id),
        SLUG,
        "erasure",
    )
    assert "Inventé" not in str(sent)
    assert "Mouettes" not in str(sent)
