"""Of several nodes of one producer: which of them people are led to, and which of them report what came on paper."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.contract.node import Issuer, Pusher, pushing
from tests.portal.selfdata.requests.conftest import ENGLISH, HOME, Inhabitants
from tests.portal.selfdata.requests.test_drafts import read_ticket
from udi.kit.clock import now
from udi.portal.nodes.models import Node, NodeState
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.protocol.inbox import PATH as INBOX


@pytest.fixture
async def second_node(
    inhabitants: Inhabitants, portal_app: Litestar, issuer: Issuer
) -> AsyncIterator[Pusher]:
    """Another node of the producer that has one; both take requests, and the first, which is older, is heard no more."""
    own_node = inhabitants.own_node
    takes = {
        "waiting": [],
        "subjects": [],
        "spaces": ["own-town"],
        "takes_subject_requests": True,
    }
    async with pushing(
        inhabitants.site,
        portal_app,
        inhabitants.territory,
        issuer,
        slug="second",
        url="https://second.example",
        producers=(own_node.organisation,),
    ) as second:
        for pusher in (own_node, second):
            sent = await pusher.send("POST", INBOX, takes)
            assert sent.status_code == 200, sent.text
        await hear(inhabitants, "own", hours_ago=2)
        yield second


async def hear(inhabitants: Inhabitants, slug: str, *, hours_ago: int) -> None:
    """A node was last heard at another time."""
    values = {"last_seen_at": now() - timedelta(hours=hours_ago)}
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await session.execute(update(Node).where(Node.slug == slug).values(**values))


async def find_ticket_host(inhabitants: Inhabitants, draft: SubjectRequest) -> str:
    """Where the page of a draft leads."""
    page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)
    host = urlsplit(read_ticket(page.text)[0]).hostname
    assert host is not None
    return host


async def test_of_two_own_nodes_the_one_that_is_heard_is_offered(
    inhabitants: Inhabitants, second_node: Pusher
) -> None:
    """Both heard, or neither: the oldest. A draft stays where it was led: it may be written there already."""
    [draft] = await inhabitants.ask("own-town")
    hosts = [await find_ticket_host(inhabitants, draft)]
    await hear(inhabitants, "own", hours_ago=0)
    [young] = await inhabitants.ask("own-town", right="erasure")
    hosts += [await find_ticket_host(inhabitants, one) for one in (draft, young)]
    await hear(inhabitants, "second", hours_ago=2)
    hosts.append(await find_ticket_host(inhabitants, draft))
    await hear(inhabitants, "own", hours_ago=2)
    [late] = await inhabitants.ask("own-town", right="objection")
    hosts.append(await find_ticket_host(inhabitants, late))

    assert hosts == [
        "second.example",
        "second.example",
        "own.example",
        "second.example",
        "own.example",
    ]


async def test_what_was_written_at_a_node_is_sent_to_no_other(
    inhabitants: Inhabitants, second_node: Pusher
) -> None:
    """It has told of it, and the browser is not back: its page leads back here, where another node would have it twice."""
    [draft] = await inhabitants.ask("own-town")
    assert await find_ticket_host(inhabitants, draft) == "second.example"
    written = await inhabitants.send(inhabitants.report(draft.id), by=second_node)
    await hear(inhabitants, "own", hours_ago=0)
    await hear(inhabitants, "second", hours_ago=2)

    host = await find_ticket_host(inhabitants, draft)

    assert set(written.values()) == {"unconfirmed"}
    assert host == "second.example"


async def test_what_was_written_at_a_node_that_is_suspended_is_not_asked_for_again(
    inhabitants: Inhabitants, second_node: Pusher
) -> None:
    [draft] = await inhabitants.ask("own-town")
    await find_ticket_host(inhabitants, draft)
    await inhabitants.send(inhabitants.report(draft.id), by=second_node)
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        suspended = update(Node).where(Node.slug == "second")
        await session.execute(suspended.values(state=NodeState.SUSPENDED))

    page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)

    assert "The organisation has it, and answers you on its own site." in page.text
    assert "Write the letter" not in page.text


async def test_each_own_node_that_takes_requests_reports_those_on_paper(
    inhabitants: Inhabitants, second_node: Pusher
) -> None:
    """Also the one to which nobody is led for now."""
    papers = [inhabitants.paper(uuid4()) | {"producer": "own-town"} for _ in range(3)]
    pushers = [inhabitants.own_node, second_node, inhabitants.hosted]

    outcomes = [
        set((await inhabitants.send_paper(paper, by=pusher)).values())
        for paper, pusher in zip(papers, pushers, strict=True)
    ]

    assert outcomes == [{"accepted"}, {"accepted"}, {"refused"}]
