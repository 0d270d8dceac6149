"""Rights follow the role that somebody has now: each role at each address of a request, an agreement and a project."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.portal.access.conftest import Workspace
from tests.portal.identity.test_tokens import bearer_headers, made
from tests.visitors import browse, make_person
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.tasks import task_handlers
from udi.portal.projects.actions.team import END_SECRETS
from udi.portal.projects.models import Project, ProjectMember

LEADER = "leads now"
FORMER = "led before"
MEMBER = "in the team"
GONE = "was in the team"
INVITED = "invited"
PRODUCER = "publishes for the producer"
TEAM = "of the territory's team"
STRANGER = "anybody"  # fmt: skip
EVERYBODY = (LEADER, FORMER, MEMBER, GONE, INVITED, PRODUCER, TEAM, STRANGER)
SIDES = {LEADER, PRODUCER}
READS = {
    "/agreements/{agreement}/agreement.jws": SIDES | {FORMER},
    "/agreements/{agreement}/agreement.pdf": SIDES | {FORMER},
    "/agreements/{agreement}/agreement.jsonld": SIDES,
    "/agreements/{agreement}/files": {LEADER},
    "/access-requests/{request}": SIDES,
    "/projects/{project}/access": {LEADER},
    "/projects/{project}/data-spaces": {LEADER},
    "/projects/{project}/edit": {LEADER, FORMER, MEMBER},
    "/projects/{project}/team": {LEADER, FORMER, MEMBER},
    "/projects/{project}": {LEADER, FORMER, MEMBER},
}
"""Who may read each address; who led before stays in the team, and keeps the text that they accepted."""
WHY = {"words": "La mesure a changé.", "days": "30"}
ACTS: dict[str, tuple[dict[str, str], set[str]]] = {
    "/access-requests/{request}/message": ({"words": "Un mot."}, set()),
    "/access-requests/{request}/withdraw": ({}, set()),
    "/agreements/{agreement}/suspend": (WHY, {PRODUCER}),
    "/agreements/{agreement}/resume": ({}, {PRODUCER}),
    "/agreements/{agreement}/renew": ({"words": "Encore un été."}, {LEADER}),
    "/projects/{project}/access/credentials": (
        {"name": "Machine", "days": "30", "node": "{node}"},
        {LEADER},
    ),
    "/projects/{project}/publish": ({}, {LEADER}),
    "/agreements/{agreement}/give_notice": (WHY, {PRODUCER}),
    "/agreements/{agreement}/keep": ({}, {PRODUCER}),
    "/agreements/{agreement}/give_up": ({}, {LEADER}),
}
"""Who may do each thing, in an order in which each can be done. The request is granted: nobody writes to it any more."""
CLOSED = {401, 403, 404}
CONFLICT = 409


@dataclass
class Handed:
    """A project with an agreement, whose leader handed it over; somebody in each role."""

    workspace: Workspace
    people: dict[str, httpx.AsyncClient]
    places: dict[str, str]

    def fill(self, text: str) -> str:
        return text.format(**self.places)


@pytest.fixture
async def handed(workspace: Workspace, portal_app: Litestar) -> AsyncIterator[Handed]:
    async with AsyncExitStack() as stack:

        async def come() -> tuple[httpx.AsyncClient, Login]:
            login = make_person(workspace.territory)
            return await stack.enter_async_context(
                browse(portal_app, workspace.territory, login)
            ), login

        await workspace.set_policy(requesters=["research", "person"])
        request = await workspace.ask()
        assert (await workspace.decide(request, "grant")).status_code == 303
        row = await workspace.one(request)
        project = f"/projects/{row.project_id}"
        people = {
            FORMER: workspace.person,
            PRODUCER: workspace.producer,
            TEAM: workspace.team,
        }
        for role in (LEADER, MEMBER, GONE, INVITED):
            people[role], login = await come()
            data = {"email": login.email, "right": "edit"}
            assert (
                await workspace.person.post(f"{project}/team", data=data)
            ).status_code == 303
            if role != INVITED:
                answer = await people[role].post(
                    f"{project}/invitation", data={"what": "accept"}
                )
                assert answer.status_code == 303, answer.text
        people[STRANGER], _ = await come()
        form = {
            "name": "Serveur",
            "days": "30",
            "node": str(
                (await workspace.agreement_row(f"/{row.agreement_id}")).node_id
            ),
        }
        assert (
            await workspace.person.post(f"{project}/access/credentials", data=form)
        ).status_code == 201
        await _change(workspace, project, people[LEADER], "lead", by=workspace.person)
        await _change(workspace, project, people[GONE], "remove", by=people[LEADER])
        places = {
            "request": str(row.id), "agreement": str(row.agreement_id), "project": str(row.project_id),
            "node": form["node"],
        }  # fmt: skip
        yield Handed(workspace, people, places)


async def _change(
    workspace: Workspace,
    project: str,
    whom: httpx.AsyncClient,
    what: str,
    *,
    by: httpx.AsyncClient,
) -> None:
    me = (
        await whom.get("/api/v1/me", headers=bearer_headers(await made(whom)))
    ).json()["email"]
    [member] = [row for row in await workspace.rows(ProjectMember) if row.email == me]
    answer = await by.post(f"{project}/team/{member.id}", data={"what": what})
    assert answer.status_code == 303, answer.text


def is_open(answer: httpx.Response) -> bool:
    """Whether somebody was let in: not refused, nor led to a login."""
    return answer.status_code not in CLOSED and "/login" not in answer.headers.get(
        "location", ""
    )


async def test_each_role_reads_what_the_table_says(handed: Handed) -> None:
    readers_by_address = {
        address: {
            role
            for role in EVERYBODY
            if is_open(await handed.people[role].get(handed.fill(address)))
        }
        for address in READS
    }

    assert readers_by_address == READS


async def test_each_role_does_what_the_table_says(handed: Handed) -> None:
    mismatches = []
    for address, (data, able) in ACTS.items():
        form = {name: handed.fill(value) for name, value in data.items()}
        for role in sorted(EVERYBODY, key=lambda role: role in able):
            answer = await handed.people[role].post(handed.fill(address), data=form)
            side = role in SIDES and not able and answer.status_code == CONFLICT
            if is_open(answer) != (role in able) and not side:
                mismatches.append((address, role, answer.status_code))

    assert mismatches == []


async def test_the_page_of_an_agreement_says_to_each_role_what_it_may_know(
    handed: Handed,
) -> None:
    texts = {
        role: (
            await handed.people[role].get(handed.fill("/agreements/{agreement}"))
        ).text
        for role in EVERYBODY
    }

    whole = {role for role, text in texts.items() if 'id="text"' in text}
    copies = {role for role, text in texts.items() if "agreement.jws" in text}
    acts = {
        role for role, text in texts.items() if "/revoke" in text or "/give_up" in text
    }
    assert (whole, copies, acts) == (SIDES, SIDES | {FORMER}, SIDES)


async def test_lists_and_programs_follow_the_role(handed: Handed) -> None:
    agreements = set()
    requests = set()
    for role in (LEADER, FORMER, MEMBER, PRODUCER, STRANGER):
        client = handed.people[role]
        headers = bearer_headers(await made(client, scopes=["access"]))
        mine = (await client.get("/api/v1/agreements/mine", headers=headers)).text
        page = (await client.get("/access-requests")).text
        agreements |= {role} if handed.places["agreement"] in mine else set()
        requests |= {role} if handed.places["request"] in page else set()

    assert agreements == SIDES
    assert requests == SIDES


async def test_the_secrets_that_the_former_leader_made_end(handed: Handed) -> None:
    workspace = handed.workspace
    project = handed.places["project"]
    [credential] = await workspace.rows(ProjectCredential)
    assert credential.revoked_at is None
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        leader = (await session.scalars(select(Project.leader_id))).one()
    assert credential.created_by != leader
    payload: dict[str, Any] = {"project": project, "person": str(credential.created_by)}

    await task_handlers(workspace.site)[END_SECRETS](
        Job(END_SECRETS, workspace.territory.id, payload, 0, last=True)
    )

    [credential] = await workspace.rows(ProjectCredential)
    assert credential.revoked_at is not None
    assert (await workspace.events())[-1] == "project_credential.revoked"


async def test_who_asked_does_not_answer_for_the_producer_after_handing_the_project_over(
    workspace: Workspace, portal_app: Litestar
) -> None:
    both = make_person(
        workspace.territory,
        memberships={"armor": ["publishers"], "goeland": ["publishers"]},
    )
    other = make_person(workspace.territory)
    await workspace.set_policy()
    async with (
        browse(portal_app, workspace.territory, both) as asker,
        browse(portal_app, workspace.territory, other) as second,
    ):
        request = await workspace.ask(by=asker)
        project = f"/projects/{(await workspace.one(request)).project_id}"
        await asker.post(
            f"{project}/team", data={"email": other.email, "right": "edit"}
        )
        await second.post(f"{project}/invitation", data={"what": "accept"})
        await _change(workspace, project, second, "lead", by=asker)
        form = {
            "words": "Oui.",
            "revision": str((await workspace.one(request)).revision),
        }

        refused = await asker.post(f"{request}/grant", data=form)
        others = await workspace.producer.post(f"{request}/grant", data=form)

    assert (refused.status_code, others.status_code) == (403, 303)
