"""Asking for restricted data, and what their producer answers: every state, every event, both sides."""

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.depth import by_depth
from tests.portal.access.conftest import WHY, Workspace
from tests.portal.access.policies import REQUEST_FORM
from tests.portal.transitions import list_trials, read_transitions
from udi.kit.errors import ConflictError
from udi.portal.access.models import (
    AccessAgreement,
    AccessDocument,
    AccessRequest,
    AccessRequestState,
    AccessStep,
)
from udi.portal.access.requests.clock import LAPSE_AFTER
from udi.portal.access.requests.transitions import ACCESS_REQUEST, AccessRequestEvent

PAGE = Path(__file__).parents[3] / "docs/reference/access.md"
NAMES = {
    "message": "message_written", "correct": "corrected", "answer": "answered", "accept": "accepted",
    "withdraw": "withdrawn", "question": "questioned", "counter": "countered", "grant": "granted", "refuse": "refused",
    "lapse": "lapsed",
}  # fmt: skip
OFFER = {"months": "6", "columns": "îlot\nénergie"}
TRANSITIONS = read_transitions("""
    submitted  message  submitted
    submitted  correct  submitted
    submitted  withdraw withdrawn
    submitted  question questioned
    submitted  counter  countered
    submitted  grant    granted
    submitted  refuse   refused
    questioned message  questioned
    questioned correct  submitted
    questioned answer   submitted
    questioned withdraw withdrawn
    questioned question questioned
    questioned counter  countered
    questioned grant    granted
    questioned refuse   refused
    questioned lapse    lapsed
    countered  message  countered
    countered  correct  submitted
    countered  answer   submitted
    countered  accept   granted
    countered  withdraw withdrawn
    countered  counter  countered
    countered  refuse   refused
    countered  lapse    lapsed
    refused    correct  submitted
    lapsed     correct  submitted
""")
"""The table of `docs/reference/access.md`, written a second time."""
ON_PAGES = [
    event for event in AccessRequestEvent if event is not AccessRequestEvent.LAPSE
]
WAY = {
    AccessRequestState.QUESTIONED: AccessRequestEvent.QUESTION, AccessRequestState.COUNTERED: AccessRequestEvent.COUNTER, AccessRequestState.GRANTED: AccessRequestEvent.GRANT,
    AccessRequestState.REFUSED: AccessRequestEvent.REFUSE, AccessRequestState.WITHDRAWN: AccessRequestEvent.WITHDRAW,
}  # fmt: skip


async def bring_to(workspace: Workspace, state: AccessRequestState) -> str:
    """A request in this state."""
    await workspace.set_policy()
    address = await workspace.ask()
    if state in WAY:
        await act(workspace, address, WAY[state])
    if state == AccessRequestState.LAPSED:
        await workspace.decide(address, "question")
        await let_lapse(workspace, address)
    assert (await workspace.one(address)).state == state
    return address


async def let_lapse(workspace: Workspace, address: str) -> None:
    """Let the thirty days of an answer pass."""
    await workspace.sweep((await workspace.one(address)).since + LAPSE_AFTER)


async def act(
    workspace: Workspace, address: str, event: AccessRequestEvent
) -> httpx.Response:
    """Do it on the page of the request, as whoever may."""
    if event is AccessRequestEvent.ACCEPT:
        return await workspace.accept(address)
    if event is AccessRequestEvent.CORRECT:
        return await workspace.person.post(
            f"{address}/correct", data=REQUEST_FORM | {"words": "Mieux dit."}
        )
    if event in {
        AccessRequestEvent.MESSAGE,
        AccessRequestEvent.ANSWER,
        AccessRequestEvent.WITHDRAW,
    }:
        return await workspace.person.post(
            f"{address}/{event}", data={"words": "Les totaux par heure suffisent."}
        )
    return await workspace.decide(
        address, event, **(OFFER if event is AccessRequestEvent.COUNTER else {})
    )


async def added_events(workspace: Workspace, before: list[str]) -> list[str]:
    """Return the events of requests that came after others."""
    return [
        name
        for name in (await workspace.events())[len(before) :]
        if name.startswith("access_request.")
    ]


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(itertools.product(AccessRequestState, ON_PAGES), TRANSITIONS),
)
async def test_an_event_on_a_page_follows_the_table(
    workspace: Workspace,
    state: AccessRequestState,
    events: list[AccessRequestEvent],
) -> None:
    address = await bring_to(workspace, state)
    before = await workspace.events()

    for event in events:
        response = await act(workspace, address, event)

        target = TRANSITIONS.get((state, event))
        assert response.status_code == (303 if target else 409), response.text
        assert (await workspace.one(address)).state == (target or state), event
        assert await added_events(workspace, before) == (
            [f"access_request.{NAMES[event]}"] if target else []
        )
        assert len(await workspace.rows(AccessAgreement)) == (
            "granted" in {state, target}
        )
    assert (await workspace.person.get(address)).status_code == 200
    assert (await workspace.producer.get(address)).status_code == 200


@by_depth(
    ("state", "events"),
    [
        (AccessRequestState.SUBMITTED, ["access_request.escalated"]),
        (AccessRequestState.QUESTIONED, ["access_request.lapsed"]),
        (AccessRequestState.COUNTERED, ["access_request.lapsed"]),
        (AccessRequestState.GRANTED, []),
        (AccessRequestState.REFUSED, []),
        (AccessRequestState.WITHDRAWN, []),
        (AccessRequestState.LAPSED, []),
    ],
    by_default=[0, 1, 3],
)
async def test_a_request_lapses_only_while_it_waits_for_the_person(
    workspace: Workspace, state: AccessRequestState, events: list[str]
) -> None:
    address = await bring_to(workspace, state)
    before = await workspace.events()

    await let_lapse(workspace, address)

    assert (await workspace.one(address)).state == TRANSITIONS.get(
        (state, "lapse"), state
    )
    assert await added_events(workspace, before) == events
    assert len(await workspace.rows(AccessAgreement)) == (
        state is AccessRequestState.GRANTED
    )


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| `access_request\.",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS
    with pytest.raises(ConflictError):
        ACCESS_REQUEST.next_state(
            AccessRequestState.GRANTED, AccessRequestEvent.WITHDRAW
        )


async def test_a_request_begins_without_an_account_and_waits_for_the_login(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    form = await workspace.passer.get(f"{workspace.home}/access-requests/new")
    response = await workspace.passer.post(
        f"{workspace.home}/access-requests/new", data=REQUEST_FORM
    )
    back = response.headers["location"].removeprefix("/login?back=").replace("%3F", "?")
    page = await workspace.person.get(back)

    assert "Vous pouvez commencer sans compte" in form.text
    assert response.status_code == 303
    assert "Repérer les îlots où la consommation grimpe." in page.text
    assert (await workspace.passer.get(back)).text.count("Repérer les îlots") == 0
    sent = await workspace.person.post(back, data=REQUEST_FORM)
    assert sent.status_code == 303
    assert "Repérer" not in (await workspace.person.get(back)).text


async def test_both_sides_see_the_thread_and_nobody_else_does(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    await workspace.decide(address, "question", "Des totaux par jour suffiraient-ils ?")
    await workspace.person.post(
        f"{address}/answer", data={"words": "Par heure, de mai à septembre."}
    )
    [document] = await workspace.rows(AccessDocument)

    for reader in (workspace.person, workspace.producer):
        page = await reader.get(address)
        assert "Des totaux par jour suffiraient-ils ?" in page.text
        assert "Par heure, de mai à septembre." in page.text
        sent = await reader.get(f"{address}/documents/{document.id}")
        assert (sent.content, sent.headers["content-type"]) == (
            b"%PDF-1.7 Bonjour",
            "application/pdf",
        )
        assert sent.headers["content-disposition"].startswith("attachment")
    assert (await workspace.team.get(address)).status_code == 404
    assert (
        await workspace.team.get(f"{address}/documents/{document.id}")
    ).status_code == 404
    assert (await workspace.passer.get(address)).status_code == 303
    assert [step.side for step in sorted(await workspace.rows(AccessStep), key=lambda step: step.at)] == [
        "requester", "producer", "requester",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purpose": "commercial"}, "purpose"), ({"words": ""}, "words"), ({"interest": " "}, "interest"),
        ({"months": "25"}, "months"), ({"months": "x"}, "months"), ({"columns": ["adresse"]}, "columns"),
        ({"answer_quels_t_s": ""}, "answer_quels_t_s"), ({"answer_qui_lira": "tout le monde"}, "answer_qui_lira"),
        ({"title": ""}, "title"), ({"organisation": "", "requester": "person"}, "project"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_field_by_field(
    workspace: Workspace, changed: dict[str, Any], field: str
) -> None:
    await workspace.set_policy()

    answer = await workspace.send(**changed)

    assert answer.status_code == 422, answer.text
    assert f'href="#{field}"' in answer.text
    assert await workspace.rows(AccessStep) == []


async def test_a_decision_says_why_and_is_about_what_was_read(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()

    assert (await workspace.decide(address, "grant", " ")).status_code == 422
    assert (
        await workspace.decide(address, "refuse", WHY, revision="7")
    ).status_code == 412
    assert (
        await workspace.person.post(
            f"{address}/grant", data={"words": WHY, "revision": "1"}
        )
    ).status_code == 403
    assert (await workspace.producer.post(f"{address}/withdraw")).status_code == 403
    assert (await workspace.one(address)).state == AccessRequestState.SUBMITTED


async def test_what_many_do_at_once_is_done_once_and_counted(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address, *_ = await asyncio.gather(*(workspace.ask() for _ in range(4)))

    answers = await asyncio.gather(
        *(workspace.decide(address, "grant") for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert len(await workspace.rows(AccessAgreement)) == 1
    [policy] = await workspace.rows_of_policy()
    assert (policy.received, policy.granted, policy.answer_days) == (4, 1, [0])


async def test_one_project_has_one_request_for_the_same_data(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    project = str((await workspace.one(address)).project_id)

    again = await workspace.send(project=project)

    assert again.status_code == 409


async def test_a_program_fills_in_the_form_that_only_a_person_can_send(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    answers = {
        "title": "Rafraîchir la ville",
        "summary": "Choisir dix rues à ombrager.",
        "requester": "research",
        "purpose": "research",
        "words": "Repérer les îlots où la consommation grimpe.",
        "months": "6",
        "columns": ["îlot", "énergie"],
    }
    response = await workspace.passer.get(
        "/api/v1/access-requests/draft",
        params={"dataset": str(workspace.dataset), **answers},
    )
    form = await workspace.person.get(response.json()["form"])

    assert {entry["field"] for entry in response.json()["missing"]} == {
        "interest", "answer_quels_t_s", "answer_qui_lira",
    }  # fmt: skip
    assert "Rempli à l’avance" in form.text
    assert "Repérer les îlots où la consommation grimpe." in form.text
    assert re.search(r'value="énergie"[^>]*checked', form.text)
    assert re.search(rf'action="{workspace.home}/access-requests/new"', form.text)
    assert await workspace.rows(AccessRequest) == []


@by_depth(
    ("changes", "status", "field"),
    [
        ({"dataset": "nobody"}, 422, "dataset"),
        ({"dataset": "6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c"}, 404, None),
        ({"words": "a" * 6_000}, 422, "words"),
        ({"color": "red"}, 422, "color"),
    ],
    by_default=[0],
)
async def test_a_draft_that_cannot_be_filled_in_says_why(
    workspace: Workspace, changes: dict[str, str], status: int, field: str | None
) -> None:
    await workspace.set_policy()
    response = await workspace.passer.get(
        "/api/v1/access-requests/draft",
        params={"dataset": str(workspace.dataset), **changes},
    )

    assert response.status_code == status
    assert [entry["field"] for entry in response.json().get("errors", [])] == (
        [field] if field else []
    )


async def test_the_form_of_a_correction_has_what_was_sent_and_says_nothing_of_an_address(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    page = await workspace.person.get(f"{await workspace.ask()}/correct")

    assert page.status_code == 200
    assert REQUEST_FORM["words"] in page.text
    assert "Rempli à l’avance" not in page.text
