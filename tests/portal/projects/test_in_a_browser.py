"""The pages of projects on every screen, in both languages, and light."""

import httpx
import pytest

from tests.portal.projects.conftest import Workshop, picture
from tests.portal.projects.fair import HOME, Fair, fair
from tests.portal.projects.test_calls import Workspace
from tests.ui.tab import Tab
from udi.portal.projects.calls.models import Submission
from udi.portal.projects.models import ProjectPicture
from udi.portal.projects.suggestions.models import DeclaredInterest

__all__ = ["fair"]
LIGHT = 100_000


@pytest.mark.thorough
async def test_pages_hold_on_every_screen_and_stay_light(
    workshop: Workshop, tab: Tab
) -> None:
    dataset = await workshop.catalogue.add(7)
    address = await workshop.publish(
        dataset=str(dataset.id),
        url="https://ombre.example/carte",
        impact="Dix rues plantées.",
        title_en="The shade of the streets",
    )
    large = picture(1600, 1100)
    for number in range(4):
        await workshop.leader.post(
            f"{address}/pictures",
            files={"picture": ("rue.jpg", large)},
            data={"alternative": f"Rue {number} à midi"},
        )
    for number in range(8):
        await workshop.publish(title=f"Projet {number}")
    await workshop.report(dataset=str(dataset.id))
    origin = workshop.territory.origin
    [one, *_] = await workshop.rows(ProjectPicture)

    for who, path, name in (
        (workshop.anyone, "/projects", "projects"),
        (workshop.anyone, address, "project"),
        (workshop.leader, address, "project-own"),
        (workshop.leader, f"{address}/edit", "project-form"),
        (workshop.leader, f"{address}/pictures", "pictures"),
        (workshop.leader, f"{address}/pictures?picture={one.id}", "picture-words"),
        (workshop.leader, f"{address}/team", "team"),
        (workshop.other, "/projects/report", "report"),
    ):
        assert await tab.find_faults(who, f"{origin}{path}", name, "fr", "en") == []
    for place in ("/projects", address):
        page = await workshop.anyone.get(place)
        bytes_ = len(page.content)
        for row in await workshop.rows(ProjectPicture):
            for name in (f"{row.id}.webp", f"{row.id}-small.webp"):
                image_source = f'src="{address}/pictures/{name}"'
                bytes_ += (
                    len(
                        (
                            await workshop.anyone.get(f"{address}/pictures/{name}")
                        ).content
                    )
                    if image_source in page.text
                    else 0
                )
        assert bytes_ < LIGHT - 25_000, "what is left is for the styles"


@pytest.mark.thorough
async def test_a_call_holds_on_every_screen_from_its_form_to_its_results(
    workshop: Workshop, tab: Tab
) -> None:
    dataset = await workshop.catalogue.add(7)
    origin = workshop.territory.origin
    jury = [await workshop.come()]
    workspace = Workspace(workshop, jury)
    response = await workshop.team.post(
        "/calls/new", data=workspace.form(datasets=f"{origin}/data/{dataset.id}")
    )
    workspace.address = response.headers["location"].removesuffix("/organise")
    (juror, _), candidate = jury[0], workshop.other
    await workspace.name_jury()
    await workspace.act("open")
    await candidate.post(
        f"{workspace.address}/questions", data={"question": "Qui peut répondre ?"}
    )

    async def look(who: httpx.AsyncClient, path: str, name: str) -> list[str]:
        return await tab.find_faults(
            who, f"{origin}{workspace.address}{path}", name, "fr", "en"
        )

    assert (
        await tab.find_faults(workshop.team, f"{origin}/calls/new", "call-form", "fr")
        == []
    )
    assert await look(workshop.team, "/organise", "call-organise-open") == []
    await workspace.send(candidate, "Ombres")
    assert await look(candidate, "", "call-open") == []
    assert await look(candidate, "/answer", "call-answer") == []
    await workspace.pass_hour()
    [submission] = await workshop.rows(Submission)
    await workspace.declare(juror)
    assert await look(juror, "/jury", "call-jury") == []
    assert await look(juror, f"/submissions/{submission.id}", "call-score") == []
    await workspace.score(juror, submission)
    await workspace.act("judge")
    assert await look(workshop.team, "/organise", "call-organise-judged") == []
    await workspace.act(
        "decide",
        submission=str(submission.id),
        laureate="yes",
        reason="Utile dès cet été.",
    )
    await workspace.act("publish")
    assert await look(workshop.anyone, "", "call-results") == []
    assert await look(candidate, f"/submissions/{submission.id}", "call-told") == []
    assert (
        await tab.find_faults(workshop.anyone, f"{origin}/calls", "calls", "fr") == []
    )


@pytest.mark.thorough
async def test_suggestions_hold_on_every_screen_from_the_first_form_to_off(
    fair: Fair, tab: Tab
) -> None:
    workshop = fair.workshop
    leader = fair.workshop.leader
    await workshop.begin(
        title="Le bruit des rues",
        summary="Où dormir au calme.",
        support=["testers", "data"],
    )
    form = {
        "title": "Bruit la nuit, rue par rue",
        "words": "Choisir où planter.",
        "theme": "environment",
        "seen": "1",
    }
    await workshop.other.post("/data-requests/new", data=form)
    await fair.turn_on(
        workshop.other,
        offers=["testers", "skills"],
        discoverable="1",
        name="Les Marcheuses de Kerlévan",
    )
    [helper] = [row.id for row in await workshop.rows(DeclaredInterest)]

    async def look(path: str, name: str, *languages: str) -> list[str]:
        return await tab.find_faults(
            leader, f"{workshop.territory.origin}{path}", name, *languages
        )

    assert await look(HOME, "suggestions-undecided", "fr") == []
    assert await look(f"{HOME}/interests", "suggestions-form", "en") == []
    interest_form = {
        "looks_for": "bruit des rues la nuit",
        "has": "sonomètres, relevés de bruit",
        "themes": ["environment", "economy"],
    }
    await fair.turn_on(
        leader,
        **interest_form,
        offers="skills",
        seeks="place",
        mailed="1",
        discoverable="1",
        name="Collectif Ombre",
    )
    assert await look(HOME, "suggestions-on", "fr", "en") == []
    assert (
        await look(f"{HOME}/messages/new?to={helper}", "suggestions-message", "fr")
        == []
    )
    await leader.post(f"{HOME}/off")
    assert await look(HOME, "suggestions-off", "en") == []
