"""The life of a project and of its team: the tables of the documentation are those that run."""

import itertools
import re
from pathlib import Path

import httpx
import pytest

from tests.mails import text_of
from tests.portal.projects.conftest import FORM, Relay, Workshop
from tests.portal.transitions import list_trials, read_transitions
from udi.kit.errors import ConflictError
from udi.portal.projects.transitions import (
    TEAM_MEMBER,
    ProjectEvent,
    ProjectState,
    TeamMemberEvent,
    TeamMemberStage,
)

PAGE = Path(__file__).parents[3] / "docs/reference/projects.md"
TRANSITIONS = read_transitions("""
    idea        start   in_progress
    idea        deliver delivered
    idea        archive archived
    in_progress deliver delivered
    in_progress archive archived
    delivered   resume  in_progress
    delivered   archive archived
    archived    restore in_progress
""")
TEAM_TRANSITIONS = read_transitions("""
    invited accept  joined
    invited decline declined
    invited cancel  cancelled
    joined  leave   left
    joined  remove  left
""")
"""The two tables of `docs/reference/projects.md`, written a second time."""
PATHS = {
    ProjectState.IDEA: [],
    ProjectState.IN_PROGRESS: [ProjectEvent.START],
    ProjectState.DELIVERED: [ProjectEvent.DELIVER],
    ProjectState.ARCHIVED: [ProjectEvent.ARCHIVE],
}
STAGES = {
    TeamMemberStage.INVITED: [],
    TeamMemberStage.JOINED: [TeamMemberEvent.ACCEPT],
    TeamMemberStage.DECLINED: [TeamMemberEvent.DECLINE],
    TeamMemberStage.CANCELLED: [TeamMemberEvent.CANCEL],
    TeamMemberStage.LEFT: [TeamMemberEvent.ACCEPT, TeamMemberEvent.LEAVE],
}
NAMES = {
    TeamMemberEvent.ACCEPT: "joined",
    TeamMemberEvent.DECLINE: "declined",
    TeamMemberEvent.CANCEL: "cancelled",
    TeamMemberEvent.LEAVE: "left",
    TeamMemberEvent.REMOVE: "removed",
}


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(itertools.product(ProjectState, ProjectEvent), TRANSITIONS),
)
async def test_every_pair_of_state_and_event_follows_the_table(
    workshop: Workshop, state: ProjectState, events: list[ProjectEvent]
) -> None:
    address = await workshop.begin()
    for step in PATHS[state]:
        assert (
            await workshop.leader.post(f"{address}/move", data={"event": step})
        ).status_code == 303
    before = await workshop.events()
    for event in events:
        answer = await workshop.leader.post(f"{address}/move", data={"event": event})

        target = TRANSITIONS.get((state, event))
        assert answer.status_code == (303 if target else 409), answer.text
        assert (await workshop.one(address)).state == (target or state), event
        assert (await workshop.events())[len(before) :] == (
            ["project.moved"] if target else []
        )
        page = await workshop.leader.get(address)
        offered = {offer for start, offer in TRANSITIONS if start == (target or state)}
        assert {
            offer for offer in ProjectEvent if f'value="{offer}"' in page.text
        } == offered, event


async def do(
    workshop: Workshop,
    someone: httpx.AsyncClient,
    address: str,
    email: str,
    step: TeamMemberEvent,
) -> httpx.Response:
    if step in {TeamMemberEvent.CANCEL, TeamMemberEvent.REMOVE}:
        member = await workshop.member(email)
        return await workshop.leader.post(
            f"{address}/team/{member.id}", data={"what": step}
        )
    return await someone.post(f"{address}/invitation", data={"what": step})


@pytest.mark.parametrize(
    ("stage", "steps"),
    list_trials(itertools.product(TeamMemberStage, TeamMemberEvent), TEAM_TRANSITIONS),
)
async def test_every_pair_of_stage_and_step_follows_the_table(
    workshop: Workshop, stage: TeamMemberStage, steps: list[TeamMemberEvent]
) -> None:
    address = await workshop.begin()
    email = workshop.logins["other"].email
    invited = await workshop.leader.post(
        f"{address}/team", data={"email": email, "right": "see"}
    )
    assert invited.status_code == 303, invited.text
    for step in STAGES[stage]:
        assert (
            await do(workshop, workshop.other, address, email, step)
        ).status_code == 303
    before = await workshop.events()
    present = stage in {TeamMemberStage.INVITED, TeamMemberStage.JOINED}
    for what in steps:
        answer = await do(workshop, workshop.other, address, email, what)

        target = TEAM_TRANSITIONS.get((stage, what))
        if not present and what in {
            TeamMemberEvent.ACCEPT,
            TeamMemberEvent.DECLINE,
            TeamMemberEvent.LEAVE,
        }:
            refusal = 404
        else:
            refusal = 409
        assert answer.status_code == (303 if target else refusal), answer.text
        assert (await workshop.member(email)).stage == (target or stage), what
        added = (await workshop.events())[len(before) :]
        assert added == ([f"project.member_{NAMES[what]}"] if target else [])
        sees = (target or stage) == TeamMemberStage.JOINED
        assert (await workshop.other.get(address)).status_code == (200 if sees else 404)


def rows(event: str) -> list[tuple[str, str, str]]:
    matches = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \|(?: none \|)? `" + event,
        PAGE.read_text(),
        re.MULTILINE,
    )
    return [(state, other, third) for state, other, third in matches]


def test_the_documented_tables_are_the_tested_ones() -> None:
    assert {
        (state, event): target for state, event, target in rows("project.moved")
    } == TRANSITIONS
    assert {
        (stage, step): target for stage, step, target in rows("project.member_")
    } == TEAM_TRANSITIONS
    with pytest.raises(ConflictError):
        TEAM_MEMBER.next_state(TeamMemberStage.LEFT, TeamMemberEvent.ACCEPT)


async def test_who_edits_takes_it_on_and_only_who_leads_archives(
    workshop: Workshop, relay: Relay
) -> None:
    address = await workshop.begin()
    email = workshop.logins["other"].email
    await workshop.leader.post(f"{address}/team", data={"email": email, "right": "see"})
    await workshop.tell(address, "invited", email)
    await workshop.other.post(f"{address}/invitation", data={"what": "accept"})
    await workshop.tell(address, "invited", email)

    only_sees = await workshop.other.post(f"{address}/move", data={"event": "start"})
    member = await workshop.member(email)
    await workshop.leader.post(f"{address}/team/{member.id}", data={"what": "edit"})
    started = await workshop.other.post(f"{address}/move", data={"event": "start"})
    archived = await workshop.other.post(f"{address}/move", data={"event": "archive"})
    changed = await workshop.other.post(
        f"{address}/edit", data={**FORM, "title": "L’ombre", "revision": "2"}
    )
    invitation = await workshop.other.post(
        f"{address}/team", data={"email": "ami@ombre.example", "right": "see"}
    )

    assert [
        answer.status_code
        for answer in (only_sees, started, archived, changed, invitation)
    ] == [403, 303, 403, 303, 403]
    [mail] = relay.mails
    assert (mail["To"], mail["Subject"]) == (
        email,
        "Vous êtes invité à rejoindre l’équipe d’un projet",
    )
    assert "ombre des rues" not in text_of(mail)
    assert f"{workshop.territory.origin}{address}" in text_of(mail)


@pytest.mark.parametrize(("public", "refusal"), [(False, 404), (True, 403)])
async def test_who_is_invited_changes_nothing_before_they_accept(
    workshop: Workshop, *, public: bool, refusal: int
) -> None:
    address = await (workshop.publish() if public else workshop.begin())
    email = workshop.logins["other"].email
    await workshop.leader.post(
        f"{address}/team", data={"email": email, "right": "edit"}
    )
    form = {
        **FORM,
        "title": "L’ombre",
        "revision": str((await workshop.one(address)).revision),
    }

    edit_form = await workshop.other.get(f"{address}/edit")
    refused = await workshop.other.post(f"{address}/edit", data=form)
    await workshop.other.post(f"{address}/invitation", data={"what": "accept"})
    changed = await workshop.other.post(f"{address}/edit", data=form)

    assert [edit_form.status_code, refused.status_code, changed.status_code] == [
        refusal,
        refusal,
        303,
    ]


async def test_who_was_removed_changes_a_public_project_no_more(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    email = workshop.logins["other"].email
    await workshop.leader.post(
        f"{address}/team", data={"email": email, "right": "edit"}
    )
    await workshop.other.post(f"{address}/invitation", data={"what": "accept"})
    while_in_it = await workshop.other.get(f"{address}/edit")
    member = await workshop.member(email)

    removed = await workshop.leader.post(
        f"{address}/team/{member.id}", data={"what": "remove"}
    )
    form = {
        **FORM,
        "title": "L’ombre",
        "revision": str((await workshop.one(address)).revision),
    }
    edit_form = await workshop.other.get(f"{address}/edit")
    refused = await workshop.other.post(f"{address}/edit", data=form)

    assert [while_in_it.status_code, removed.status_code] == [200, 303]
    assert [edit_form.status_code, refused.status_code] == [403, 403]


async def test_a_project_is_handed_over_and_its_former_leader_stays_in_the_team(
    workshop: Workshop,
) -> None:
    address = await workshop.begin(organisation="armor", requester="public_body")
    email = workshop.logins["other"].email
    await workshop.leader.post(f"{address}/team", data={"email": email, "right": "see"})
    member = await workshop.member(email)
    early = await workshop.leader.post(
        f"{address}/team/{member.id}", data={"what": "lead"}
    )
    await workshop.other.post(f"{address}/invitation", data={"what": "accept"})

    handed = await workshop.leader.post(
        f"{address}/team/{member.id}", data={"what": "lead"}
    )

    assert (early.status_code, handed.status_code) == (409, 303)
    project = await workshop.one(address)
    assert (project.organisation_id, project.requester) == (None, "person")
    assert (await workshop.leader.get(f"{address}/edit")).status_code == 200
    assert (await workshop.leader.post(f"{address}/publish")).status_code == 403
    assert (await workshop.other.post(f"{address}/publish")).status_code == 303


async def test_a_colleague_is_in_at_once_and_is_reported(
    workshop: Workshop, relay: Relay
) -> None:
    colleague, login = await workshop.come(memberships={"armor": []})
    address = await workshop.begin(organisation="armor", requester="public_body")

    added = await workshop.leader.post(
        f"{address}/team", data={"email": login.email, "right": "edit"}
    )
    await workshop.tell(address, "added", login.email)
    again = await workshop.leader.post(
        f"{address}/team", data={"email": login.email, "right": "edit"}
    )

    assert (added.status_code, again.status_code) == (303, 422)
    assert (await colleague.get(f"{address}/edit")).status_code == 200
    assert [mail["Subject"] for mail in relay.mails] == [
        "Vous êtes dans l’équipe d’un projet"
    ]
