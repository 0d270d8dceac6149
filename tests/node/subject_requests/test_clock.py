"""What time does: lapse, close, destroy, forget; a legal hold stops it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.subject_requests.test_walk import look, put
from udi.kit import clock as kit_clock
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.subject_requests import actions
from udi.node.subject_requests.deadlines import clock
from udi.node.subject_requests.deadlines.clock import advance_requests
from udi.node.subject_requests.models import (
    HeldTicket,
    SubjectFile,
    SubjectPerson,
    SubjectRequest,
    SubjectSession,
)
from udi.node.subject_requests.portal_sync import tickets

PDF = b"%PDF-1.7 un justificatif"


async def advance(
    database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch, days: int
) -> int:
    """Have time do what is due in so many days."""
    later = kit_clock.now() + timedelta(days=days)
    with monkeypatch.context() as patched:
        for module in (actions, clock, tickets):
            patched.setattr(module, "now", lambda: later)
        async with database.session(territory.id, role="worker") as session:
            return await advance_requests(session)


async def count(database: Database, territory: Territory, model: Any) -> int:
    async with database.session(territory.id, role="worker") as session:
        query = select(func.count()).select_from(model)
        return await session.scalar(query) or 0


async def test_an_answer_is_destroyed_two_months_after_and_forgotten_a_year_later(
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "accept")
    files = {"file": ("reponse.pdf", PDF, "application/pdf")}
    await agent.client.post(f"/requests/{request_id}/files", files=files)
    await agent.act(request_id, "answer")
    await advance(node_database, demo, monkeypatch, 55)
    before, entries_before = await look(node_database, demo, request_id)
    assert (before.state, entries_before > 2) == ("answered", True)

    await advance(node_database, demo, monkeypatch, 63)

    closed, entries = await look(node_database, demo, request_id)
    assert (closed.state, entries) == ("closed", 0)
    assert (closed.words, closed.known_by, closed.concerns) == ("", "", "")
    assert await count(node_database, demo, SubjectFile) == 0
    await advance(node_database, demo, monkeypatch, 63 + 360)
    assert await count(node_database, demo, SubjectRequest) == 1
    await advance(node_database, demo, monkeypatch, 63 + 368)
    assert await count(node_database, demo, SubjectRequest) == 0


async def test_a_question_without_an_answer_lapses_after_thirty_days(
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "ask_identity")
    await advance(node_database, demo, monkeypatch, 29)
    before, _ = await look(node_database, demo, request_id)

    await advance(node_database, demo, monkeypatch, 31)

    after, entries = await look(node_database, demo, request_id)
    assert (before.state, after.state, entries) == ("identity_pending", "lapsed", 0)


async def test_a_request_that_nobody_answers_is_late_then_closed(
    asker: Asker,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    first, _ = await look(node_database, demo, request_id)

    assert await advance(node_database, demo, monkeypatch, 20) == 0
    assert await advance(node_database, demo, monkeypatch, 40) == 1
    assert await advance(node_database, demo, monkeypatch, 41) == 0

    late, _ = await look(node_database, demo, request_id)
    assert (late.state, late.was_late) == ("submitted", True)
    assert late.sequence == first.sequence + 1
    await advance(node_database, demo, monkeypatch, 370)
    silent, _ = await look(node_database, demo, request_id)
    assert silent.state == "closed"


async def test_a_legal_hold_stops_time(
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await agent.client.post(f"/requests/{request_id}/hold", data={"hold": "on"})

    await advance(node_database, demo, monkeypatch, 800)

    held, entries = await look(node_database, demo, request_id)
    assert (held.state, entries > 1) == ("refused", True)
    await agent.client.post(f"/requests/{request_id}/hold", data={"hold": "off"})
    await advance(node_database, demo, monkeypatch, 800)
    freed, entries = await look(node_database, demo, request_id)
    assert (freed.state, entries) == ("closed", 0)


async def test_what_was_withdrawn_while_held_is_destroyed_once_released(
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    await agent.client.post(f"/requests/{request_id}/hold", data={"hold": "on"})
    await asker.act(request_id, "withdraw")
    released = await agent.client.post(
        f"/requests/{request_id}/hold", data={"hold": "off"}
    )

    await advance(node_database, demo, monkeypatch, 0)

    row, entries = await look(node_database, demo, request_id)
    assert (released.status_code, row.known_by, entries) == (303, "", 0)
    dossier = await agent.client.get(f"/requests/{request_id}/dossier.json")
    assert dossier.status_code == 409


async def test_who_asked_is_forgotten_with_the_last_request(
    asker: Asker,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_id = await asker.ask()
    await asker.bring()
    long_ago: datetime = now() - timedelta(days=400)
    ended = {"state": "withdrawn", "ended_at": long_ago, "destroyed_at": long_ago}
    await put(node_database, demo, request_id, **ended)
    await advance(node_database, demo, monkeypatch, 2)
    assert await count(node_database, demo, SubjectPerson) == 1
    async with node_database.session(demo.id, role="worker") as session:
        for row in await session.scalars(select(SubjectSession)):
            await session.delete(row)

    await advance(node_database, demo, monkeypatch, 2)

    assert await count(node_database, demo, SubjectPerson) == 0
    assert await count(node_database, demo, SubjectRequest) == 0
    assert await count(node_database, demo, HeldTicket) == 0
    assert UUID(request_id)
