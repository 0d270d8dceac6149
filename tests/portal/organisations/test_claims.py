"""An organisation that only catalogues of others name is claimed: it stays at its address, and gets people."""

from uuid import UUID

import pytest
from litestar import Litestar

from tests.portal.organisations.conftest import FORM, Workspace
from tests.visitors import browse, make_person
from udi.portal.organisations.joining.unclaimed import (
    create_unclaimed,
    lock_organisations,
)
from udi.portal.organisations.models import Application, Organisation

ENGLISH = {"Accept-Language": "en"}
NUMBER = "732829320"
CLAIM = {**FORM, "organisation": "office-de-la-mer", "registry_number": NUMBER}


@pytest.fixture
async def unclaimed(workspace: Workspace) -> UUID:
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await lock_organisations(session)
        organisation = await create_unclaimed(
            session,
            name="Office de la mer",
            url="https://mer.example.org",
            country="FR",
            number=NUMBER,
        )
        return organisation.id


async def test_an_unclaimed_organisation_leads_to_the_form_filled_in_and_becomes_the_applicants(
    workspace: Workspace, unclaimed: UUID
) -> None:
    page = await workspace.person.get("/producers/office-de-la-mer", headers=ENGLISH)
    form = await workspace.person.get(
        "/join/new?organisation=office-de-la-mer", headers=ENGLISH
    )
    sent = await workspace.person.post("/join/new", data=CLAIM)
    address = sent.headers["location"]
    team_page = await workspace.team.get(address, headers=ENGLISH)
    decided = await workspace.decide(address, "approve")

    assert 'href="/join/new?organisation=office-de-la-mer"' in page.text
    assert 'value="Office de la mer"' in form.text
    assert f'value="{NUMBER}"' in form.text
    assert "Approving gives it to this person" in team_page.text
    assert (sent.status_code, decided.status_code) == (303, 303)
    [organisation] = await workspace.organisations()
    assert (organisation.id, organisation.slug, organisation.unclaimed) == (
        unclaimed,
        "office-de-la-mer",
        False,
    )
    assert (organisation.name, organisation.email) == (FORM["name"], FORM["email"])
    [change] = await workspace.changes()
    assert (change.organisation_id, change.groups) == (unclaimed, ["managers"])


async def test_the_number_of_an_unclaimed_organisation_claims_it_too(
    workspace: Workspace, unclaimed: UUID
) -> None:
    sent = await workspace.person.post("/join/new", data={**FORM, "apart": "1"})

    [application] = await workspace.rows(Application)
    assert (sent.status_code, application.claims_id) == (303, unclaimed)


async def test_a_second_application_for_one_organisation_is_told(
    workspace: Workspace, unclaimed: UUID, portal_app: Litestar
) -> None:
    await workspace.person.post("/join/new", data=CLAIM)
    other = {**CLAIM, "name": "Office", "registry_number": "552100554"}

    async with browse(
        portal_app, workspace.territory, make_person(workspace.territory)
    ) as second:
        answer = await second.post("/join/new", data=other, headers=ENGLISH)

    assert answer.status_code == 422
    assert "Somebody asked for this organisation already" in answer.text
    assert [row.claims_id for row in await workspace.rows(Application)] == [unclaimed]


async def test_an_organisation_that_was_claimed_meanwhile_is_given_to_nobody_else(
    workspace: Workspace, unclaimed: UUID
) -> None:
    sent = await workspace.person.post("/join/new", data=CLAIM)
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        organisation = await session.get_one(
            Organisation, (workspace.territory.id, unclaimed)
        )
        organisation.unclaimed = False

    decided = await workspace.decide(sent.headers["location"], "approve")

    assert decided.status_code == 409
    assert await workspace.changes() == []


async def test_nobody_becomes_a_member_of_an_organisation_without_people(
    workspace: Workspace, unclaimed: UUID
) -> None:
    answer = await workspace.person.post(
        "/my-space/organisations/office-de-la-mer/membership",
        data={"words": "x"},
        headers=ENGLISH,
    )

    assert answer.status_code == 409
    assert "has nobody here yet who could answer" in answer.text


@pytest.mark.parametrize(
    ("number", "is_kept"),
    [(NUMBER, True), (f"{NUMBER}00074", True), ("552100554", False)],
)
async def test_a_corrected_number_no_longer_claims_the_organisation_of_the_former(
    workspace: Workspace, unclaimed: UUID, number: str, *, is_kept: bool
) -> None:
    sent = await workspace.person.post("/join/new", data={**FORM, "apart": "1"})

    corrected = await workspace.person.post(
        f"{sent.headers['location']}/correct",
        data={**FORM, "registry_number": number, "apart": "1"},
    )

    assert corrected.status_code == 303
    [application] = await workspace.rows(Application)
    assert application.claims_id == (unclaimed if is_kept else None)
