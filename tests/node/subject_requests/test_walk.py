"""The whole table over HTTP: what it allows happens, everything else is 409 and changes nothing."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.protocol.test_subject_requests import TABLE
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.subject_requests.models import SubjectRequest, SubjectRequestEntry
from udi.protocol.subject_requests import SubjectRequestEvent, SubjectRequestState

FRESH = {
    "not_overdue",
    "identity_request_left",
    "never_extended",
    "never_escalated",
}
"""The conditions that hold of a request of today."""
LATE = {"overdue"}
"""Those of one that is late, and was extended, asked about twice and escalated."""
OF_LATE = {
    "due_on": date(2026, 1, 5),
    "extended": True,
    "identity_requests": 2,
    "escalated": True,
}
WORDS = {
    "give_identity": {"text": "Le code est 4471."},
    "escalate": {"text": "Il manque 2023."},
}
STATES = [state for state in SubjectRequestState if state != "drafted"]
LATE_BY_DEFAULT = {"processing", "extended", "refused", "closed"}
CASES = [
    pytest.param(
        state,
        holding,
        id=f"{name}-{state}",
        marks=() if state in usual else pytest.mark.thorough,
    )
    for name, holding, usual in (
        ("fresh", FRESH, {*STATES} - LATE_BY_DEFAULT | {"processing"}),
        ("late", LATE, LATE_BY_DEFAULT),
    )
    for state in STATES
]
"""By default each state is walked once, and the one in which each condition counts both ways; under `--all` all are."""


async def put(
    database: Database, territory: Territory, request_id: str, **values: Any
) -> None:
    """Put a request into a state."""
    row = SubjectRequest.id == UUID(request_id)
    async with database.session(territory.id, role="worker") as session:
        await session.execute(update(SubjectRequest).where(row).values(**values))


async def look(database: Database, territory: Territory, request_id: str) -> Any:
    """All that a request is, and how much was written in it."""
    table = SubjectRequest.__table__
    at = SubjectRequestEntry.request_id == UUID(request_id)
    async with database.session(territory.id, role="worker") as session:
        row = await session.execute(select(table).where(table.c.id == UUID(request_id)))
        entries = await session.scalar(
            select(func.count()).select_from(SubjectRequestEntry).where(at)
        )
        return row.one(), entries


@pytest.mark.parametrize(("state", "holding"), CASES)
async def test_each_event_in_each_state_by_each_side(
    asker: Asker,
    agent: Agent,
    node_database: Database,
    demo: Territory,
    state: SubjectRequestState,
    holding: set[str],
) -> None:
    request_id = await asker.ask()
    ended = state in {"closed", "lapsed", "withdrawn"}
    begun: dict[str, Any] = {
        "state": state,
        "due_on": now().date() + timedelta(days=20),
        "extended": False,
        "identity_requests": 0,
        "escalated": False,
        "decided_at": now() if state in {"answered", "refused"} else None,
        "ended_at": now() if ended else None,
        "decided_by": None,
    } | (OF_LATE if holding is LATE else {})
    outcomes = {}
    expected = {}
    for side in ("person", "agent"):
        for event in SubjectRequestEvent:
            actor, conditions, _ = TABLE.get((state, event), ("", frozenset(), ""))
            doors = {"person": {"person"}, "agent": {"agent", "officer"}}
            allowed = actor in doors[side] and conditions <= holding
            expected[side, event.value] = (303, True) if allowed else (409, False)
            await put(node_database, demo, request_id, **begun)
            before = await look(node_database, demo, request_id)
            if side == "person":
                answer = await asker.act(request_id, event, **WORDS.get(event, {}))
            else:
                answer = await agent.act(request_id, event)
            changed = await look(node_database, demo, request_id) != before
            outcomes[side, event.value] = (answer.status_code, changed)

    assert outcomes == expected


async def test_a_word_that_is_no_event_is_not_found(asker: Asker, agent: Agent) -> None:
    request_id = await asker.ask()

    assert (await asker.act(request_id, "publish")).status_code == 404
    assert (await agent.act(request_id, "publish")).status_code == 404


async def test_each_state_that_an_event_leads_to(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask()

    async def state() -> str:
        row, _ = await look(node_database, demo, request_id)
        return str(row.state)

    states = []
    for step in (
        agent.act(request_id, "ask_identity"),
        asker.act(request_id, "give_identity", text="Le code est 4471."),
        agent.act(request_id, "accept"),
        agent.act(request_id, "extend"),
        agent.act(request_id, "refuse"),
        asker.act(request_id, "escalate", text="Il manque 2023."),
        colleague.act(request_id, "overturn"),
        agent.act(request_id, "answer"),
    ):
        assert (await step).status_code == 303
        states.append(await state())

    assert states == [
        "identity_pending",
        "submitted",
        "processing",
        "extended",
        "refused",
        "escalated",
        "processing",
        "answered",
    ]
