"""Who read data that were corrected or erased is told, where the producer ticks it; nobody's word goes along."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from tests.node.producer import Producer
from tests.node.subject_requests.agents import TEXTS, Agent
from tests.node.subject_requests.askers import FORM, Asker
from tests.node.subject_requests.test_reports import Reporter, reporter
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.models import HeldAgreement
from udi.node.datasets.exchange.portal import PortalUnavailableError
from udi.node.subject_requests.models import RecipientNotice
from udi.node.subject_requests.recipients import report_notices
from udi.protocol.recipient_notices import PATH
from udi.protocol.subject_requests import SubjectRight

__all__ = ["reporter"]


async def add_agreements(
    database: Database, territory: Territory, dataset: str, number: int
) -> list[UUID]:
    """Projects that read a dataset."""
    ids = [uuid4() for _ in range(number)]
    async with database.session(territory.id, role="worker") as session:
        for id_ in ids:
            session.add(
                HeldAgreement(
                    id=id_, dataset_id=UUID(dataset), document="", sha256="", status="", revision=1, state="active",
                    ends_at=now() + timedelta(days=9),
                )
            )  # fmt: skip
    return ids


async def rows(database: Database, territory: Territory) -> list[RecipientNotice]:
    async with database.session(territory.id, role="worker") as session:
        return list(await session.scalars(select(RecipientNotice)))


async def make_due(database: Database, territory: Territory) -> None:
    async with database.session(territory.id, role="worker") as session:
        await session.execute(update(RecipientNotice).values(report_after=now()))


@pytest.fixture
async def dataset(producer: Producer, node_database: Database, demo: Territory) -> str:
    """A dataset that two projects read."""
    published = await producer.publish()
    await add_agreements(node_database, demo, published, 2)
    return published


async def answer(agent: Agent, request_id: str, **form: Any) -> None:
    await agent.act(request_id, "accept")
    sent = await agent.act(request_id, "answer", **form)
    assert sent.status_code == 303, sent.text


@pytest.mark.parametrize(
    ("right", "change"),
    [
        pytest.param(
            SubjectRight.RECTIFICATION, "corrected", marks=pytest.mark.thorough
        ),
        (SubjectRight.ERASURE, "erased"),
        pytest.param(
            SubjectRight.RESTRICTION, "restricted", marks=pytest.mark.thorough
        ),
    ],
)
async def test_the_answer_tells_those_who_read_what_was_ticked(
    right: SubjectRight,
    change: str,
    dataset: str,
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask(right=right)
    await agent.act(request_id, "accept")
    page = await agent.see(request_id)
    await agent.act(request_id, "answer", **{f"tell-{dataset}": "1"})

    notices = await rows(node_database, demo)

    assert f'name="tell-{dataset}"' in page.text
    assert len(notices) == 2
    assert {notice.change for notice in notices} == {change}
    assert {notice.version for notice in notices} == {1}
    assert {notice.noticed_on for notice in notices} <= {
        now().date(),
        now().date() + timedelta(days=1),
    }
    assert all(notice.report_after > now() for notice in notices)


@pytest.mark.parametrize("form", [{}, {"tell-x": "1"}, {f"tell-{UUID(int=7)}": "1"}])
async def test_nobody_is_told_of_what_was_not_ticked(
    form: dict[str, str],
    dataset: str,
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask(right=SubjectRight.ERASURE)

    await answer(agent, request_id, **form)

    assert await rows(node_database, demo) == []


async def test_nobody_is_told_where_nothing_was_held(
    dataset: str,
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask(right=SubjectRight.ERASURE)

    await answer(agent, request_id, outcome="nothing_held", **{f"tell-{dataset}": "1"})

    assert await rows(node_database, demo) == []


@pytest.mark.parametrize(
    "right", [SubjectRight.ACCESS, SubjectRight.OBJECTION, SubjectRight.PORTABILITY]
)
async def test_other_rights_tell_nobody(
    right: SubjectRight,
    dataset: str,
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask(right=right)
    await agent.act(request_id, "accept")
    page = await agent.see(request_id)

    await agent.act(request_id, "answer", **{f"tell-{dataset}": "1"})

    assert "tell-" not in page.text
    assert await rows(node_database, demo) == []


@pytest.fixture
async def answered(dataset: str, asker: Asker, agent: Agent) -> str:
    """A request of which two projects are notified, answered before the portal of the test took its place."""
    request_id = await asker.ask(right=SubjectRight.ERASURE)
    await answer(agent, request_id, **{f"tell-{dataset}": "1"})
    return request_id


async def report(reporter: Reporter, states: Mapping[str, str]) -> int:
    """Report once; the portal answers these states."""
    reporter.portal.answers.append((200, {"notices": states}))
    number = await report_notices(
        reporter.database, reporter.client, reporter.territory
    )
    reporter.portal.answers.clear()
    return number


async def test_both_sides_see_how_many_acknowledged(
    answered: str,
    asker: Asker,
    agent: Agent,
    reporter: Reporter,
    node_database: Database,
    demo: Territory,
) -> None:
    first, second = await rows(node_database, demo)
    before = await agent.see(answered)
    await make_due(node_database, demo)
    await report(reporter, {str(first.id): "acknowledged", str(second.id): "waiting"})

    pages = [await agent.see(answered), await asker.see(answered)]

    assert "Aucun n’en a encore accusé réception." in before.text
    for page in pages:
        assert "2 projets en sont prévenus." in page.text
        assert "1 en a accusé réception." in page.text
        for notice in (first, second):
            assert f'/agreements/{notice.agreement_id}">' in page.text


async def test_a_notice_names_no_request_and_has_no_word(
    answered: str, reporter: Reporter, node_database: Database, demo: Territory
) -> None:
    early = await report(reporter, {})
    await make_due(node_database, demo)
    ids = [str(notice.id) for notice in await rows(node_database, demo)]

    numbers = [await report(reporter, dict.fromkeys(ids, "waiting")) for _ in range(2)]

    assert early == 0
    assert numbers == [2, 0]
    [body] = [body for _, path, body, _ in reporter.portal.pushed if path == PATH]
    assert {frozenset(notice) for notice in body["notices"]} == {
        frozenset({"id", "agreement", "dataset", "version", "change", "noticed_on"})
    }
    content = json.dumps(body)
    for secret in (answered, *FORM.values(), *TEXTS["answer"].values()):
        assert secret not in content


async def test_what_the_portal_does_not_know_is_reported_no_more_and_not_counted(
    answered: str,
    agent: Agent,
    reporter: Reporter,
    node_database: Database,
    demo: Territory,
) -> None:
    await make_due(node_database, demo)
    ids = [str(notice.id) for notice in await rows(node_database, demo)]
    await report(reporter, dict.fromkeys(ids, "unknown"))
    await make_due(node_database, demo)

    again = await report(reporter, {})
    page = await agent.see(answered)

    assert again == 0
    assert "en sont prévenus" not in page.text


async def test_a_portal_that_does_not_answer_is_asked_later(
    answered: str, reporter: Reporter, node_database: Database, demo: Territory
) -> None:
    await make_due(node_database, demo)
    for status, content in ((503, {}), (200, {"notices": []})):
        reporter.portal.answers.append((status, content))
        with pytest.raises(PortalUnavailableError):
            await report_notices(reporter.database, reporter.client, reporter.territory)

    assert {notice.state for notice in await rows(node_database, demo)} == {""}
