"""Projects, reported reuses and calls in each language of the territory: forms, pages, search, feeds, mails, programs."""

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest
from litestar.datastructures import FormMultiDict
from sqlalchemy import select, update

from tests.mails import text_of
from tests.portal.projects.conftest import FORM, Relay, Workshop, picture
from tests.portal.projects.test_by_programs import ask, token_of
from udi.portal.identity.models import Person
from udi.portal.projects.archive import resume_import
from udi.portal.projects.calls.models import Call, CallCriterion, Submission
from udi.portal.projects.models import Project, ProjectPicture
from udi.portal.projects.translated_texts import merge_translations
from udi.ui.translated_texts import swap_main_texts

PROJECTS = "/api/v1/projects"
ENGLISH = {
    "title_en": "  The shade of the   streets ",
    "summary_en": "Where to walk cool.\x00",
    "words_en": "A map of parasols.\r\n\r\nHour by hour.",
}
CALL = {
    "title": "Des rues fraîches", "summary": "Des idées pour l’été.", "words": "Ce que nous cherchons.",
    "criteria": "Utile aux habitants, 40\nFaisable, 10",
}  # fmt: skip
CALL_IN_ENGLISH = {
    "title_en": "Cool streets", "summary_en": "Ideas for summer.", "words_en": "What we look for.",
    "criteria_en": "Useful to inhabitants, 40\n\n\x00Feasible 2030",
}  # fmt: skip


async def read(client: httpx.AsyncClient, address: str, language: str) -> str:
    page = await client.get(address, headers={"Accept-Language": language})
    assert page.status_code == 200, address
    return page.text


async def write_call(
    workshop: Workshop, address: str = "/calls/new", **more: str
) -> httpx.Response:
    now = datetime.now(UTC)
    days = {
        name: (now + timedelta(days=count)).strftime("%Y-%m-%d %H:%M")
        for name, count in (("closes_at", 10), ("results_at", 20))
    }
    return await workshop.team.post(address, data={**CALL, **days, **more})


async def test_each_reader_sees_a_project_in_their_language(workshop: Workshop) -> None:
    empty = await workshop.leader.get("/projects/new")
    address = await workshop.publish(**ENGLISH)

    assert "<details><summary>Dans d’autres langues" in empty.text
    assert 'name="title_fr"' not in empty.text
    for place in (address, "/projects", "/projects.atom"):
        assert "The shade of the streets" in await read(workshop.anyone, place, "en")
        assert "L’ombre des rues" in await read(workshop.anyone, place, "fr")
    english = await read(workshop.anyone, address, "en")
    assert '<p dir="auto">A map of parasols.</p>' in english
    assert '<h1 dir="auto">The shade of the streets</h1>' in english


@pytest.mark.thorough
async def test_a_text_that_falls_back_says_its_language(workshop: Workshop) -> None:
    address = await workshop.publish(main_language="en", title_fr="Ombre")

    french = await read(workshop.anyone, address, "fr")

    assert '<h1 dir="auto">Ombre</h1>' in french
    assert '<p class="lede" dir="auto" lang="en">' in french
    assert '<div lang="en"><p dir="auto">' in french


@pytest.mark.thorough
async def test_a_project_keeps_what_its_form_does_not_offer(workshop: Workshop) -> None:
    address = await workshop.begin(**ENGLISH)
    again = await workshop.leader.get(f"{address}/edit")
    too_long = await workshop.leader.post(
        f"{address}/edit", data={**FORM, "revision": "1", "title_en": "t" * 151}
    )
    turned = await workshop.leader.post(
        f"{address}/edit",
        data={**FORM, "revision": "1", "title": "Shade", "main_language": "en"}
        | {"title_fr": "Ombre", "title_xx": "none"},
    )

    project = await workshop.one(address)
    assert 'value="The shade of the streets"' in again.text
    assert "<details open><summary>Dans d’autres langues" in again.text
    assert too_long.status_code == 422
    assert 'href="#title_en"' in too_long.text
    assert turned.status_code == 303
    assert (project.title, project.language) == ("Shade", "en")
    assert project.translations == {"title": {"fr": "Ombre"}}


@pytest.mark.thorough
async def test_texts_change_places_with_those_of_the_new_main_language(
    workshop: Workshop,
) -> None:
    address = await workshop.begin()
    turned = {**FORM, "revision": "1", "form_language": "fr", "main_language": "en"}
    partial = await workshop.leader.post(
        f"{address}/edit", data={**turned, "title_en": "Shade"}
    )
    whole = await workshop.leader.post(f"{address}/edit", data={**turned, **ENGLISH})

    project = await workshop.one(address)
    assert partial.status_code == 422
    assert 'href="#summary"' in partial.text
    for field in (
        'name="form_language" value="en"',
        'name="title" type="text" value="Shade"',
        'name="title_fr" type="text" value="L’ombre des rues"',
        "Où marcher au frais en été.</textarea>",
    ):
        assert field in partial.text
    assert whole.status_code == 303
    assert (project.title, project.language) == ("The shade of the streets", "en")
    assert project.translations == {
        name: {"fr": FORM[name]} for name in ("title", "summary", "words")
    }


@pytest.mark.parametrize(
    ("posted", "swapped"),
    [
        ("title=Ombre&title_en=Shade&main_language=fr", "title=Ombre&title_en=Shade&main_language=fr"),
        ("title=Shade&title_en=+&main_language=en", "title=Shade&title_en=+&main_language=en"),
        ("title=Ombre&title_en=Shade&main_language=en", "title=Shade&title_fr=Ombre&main_language=en&form_language=en"),
        (
            "title=Shade&title_fr=Ombre&form_language=en&main_language=fr",
            "title=Ombre&title_en=Shade&form_language=fr&main_language=fr",
        ),
    ],
)  # fmt: skip
def test_only_texts_in_the_new_main_language_change_places(
    posted: str, swapped: str
) -> None:
    values = [*parse_qsl(posted), ("support", "data"), ("support", "testers")]

    form = swap_main_texts(FormMultiDict(values), ["title"], "fr", ["fr", "en"])

    assert form.dict() == {**parse_qs(swapped), "support": ["data", "testers"]}


async def test_search_finds_words_of_every_language_and_no_name_of_a_field(
    workshop: Workshop,
) -> None:
    address = await workshop.publish(**ENGLISH)

    totals = {}
    for words in ("parasols", "ombre", "PARASOLS rues", "par%sols", "summary", "50%"):
        answer = await workshop.anyone.get("/api/v1/projects", params={"q": words})
        totals[words] = answer.json()["total"]

    assert address
    assert totals == {
        "parasols": 1, "ombre": 1, "PARASOLS rues": 1, "par%sols": 0, "summary": 0, "50%": 0,
    }  # fmt: skip


@pytest.mark.thorough
async def test_programs_read_every_language(workshop: Workshop) -> None:
    address = await workshop.publish(**ENGLISH)

    detail = (await workshop.anyone.get(f"/api/v1{address}")).json()
    item = (await workshop.anyone.get("/api/v1/projects")).json()["items"][0]

    titles = {"fr": "L’ombre des rues", "en": "The shade of the streets"}
    assert detail["titles"] == item["titles"] == titles
    assert detail["summaries"]["en"] == item["summaries"]["en"] == "Where to walk cool."
    assert detail["words_by_language"]["en"] == "A map of parasols.\n\nHour by hour."
    assert detail["impact_by_language"] == {}
    assert detail["title"] == "L’ombre des rues"


@pytest.mark.thorough
async def test_programs_write_in_every_language(workshop: Workshop) -> None:
    by = await token_of(workshop.leader, "projects")
    described = {
        "title": "Ombre", "summary": "Au frais.", "purpose": "civic", "language": "fr",
        "titles": {"fr": "left out", "en": "Shade"}, "words_by_language": {"en": " A map. "},
    }  # fmt: skip
    refused = await ask(
        workshop, "POST", PROJECTS, by, described | {"titles": {"xx": "?"}}
    )
    created = (await ask(workshop, "POST", PROJECTS, by, described)).json()
    replaced = await ask(
        workshop,
        "PUT",
        f"{PROJECTS}/{created['id']}",
        by,
        described | {"language": "en", "revision": 1},
    )

    assert refused.status_code == 422
    assert '"titles"' in refused.text
    assert created["titles"] == {"fr": "Ombre", "en": "Shade"}
    assert created["words_by_language"] == {"en": "A map."}
    assert replaced.json()["titles"] == {"en": "Ombre", "fr": "left out"}


async def test_a_mail_about_a_project_has_the_title_in_its_language(
    workshop: Workshop, relay: Relay
) -> None:
    address = await workshop.publish(**ENGLISH)
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        project = await session.get_one(
            Project, (workshop.territory.id, uuid.UUID(address.split("/")[2]))
        )
        person = await session.get_one(
            Person, (workshop.territory.id, project.leader_id)
        )
        person.locale = "en"
    await workshop.team.post(f"{address}/hide", data={"reason": "Rules."})
    await workshop.tell(address, "hidden")

    assert "The shade of the streets" in text_of(relay.mails[-1])


async def test_a_reported_reuse_has_a_name_in_each_language(workshop: Workshop) -> None:
    address = await workshop.report(title_en="My trees")
    corrected = await workshop.other.post(
        f"{address}/correct",
        data={
            "title": "Mes arbres",
            "url": "https://arbres.example/",
            "title_en": "Trees",
        },
    )

    assert corrected.status_code == 303
    assert "Trees" in await read(workshop.anyone, address, "en")
    assert (await workshop.one(address)).translations == {"title": {"en": "Trees"}}


@pytest.mark.thorough
async def test_a_call_and_its_criteria_are_read_in_each_language(
    workshop: Workshop,
) -> None:
    written = await write_call(workshop, **CALL_IN_ENGLISH)
    assert written.status_code == 303, written.text
    address = str(written.headers["location"]).removesuffix("/organise")
    form = await workshop.team.get(f"{address}/edit")
    await workshop.team.post(f"{address}/organise/open")
    project = await workshop.begin(**ENGLISH)
    await workshop.leader.post(
        f"{address}/answer", data={"project": project.split("/")[2], "answer": "Ainsi."}
    )

    english = await read(workshop.anyone, address, "en")
    french = await read(workshop.anyone, address, "fr")
    detail = (await workshop.anyone.get(f"/api/v1{address}")).json()
    (submission,) = await workshop.rows(Submission)
    assert "Useful to inhabitants\nFeasible 2030</textarea>" in form.text
    for text in ("Cool streets", "What we look for.", "Useful to inhabitants</strong>"):
        assert text in english
    assert "Utile aux habitants</strong>" in french
    assert "Cool streets" in await read(workshop.anyone, "/calls.atom", "en")
    assert detail["criteria"][1]["labels"] == {"fr": "Faisable", "en": "Feasible 2030"}
    assert detail["titles"]["en"] == "Cool streets"
    assert submission.titles["en"] == "The shade of the streets"
    assert submission.language == "fr"


async def test_the_jury_and_the_organiser_read_every_language_of_a_submission(
    workshop: Workshop,
) -> None:
    written = await write_call(workshop)
    address = str(written.headers["location"]).removesuffix("/organise")
    await workshop.team.post(f"{address}/organise/open")
    project = await workshop.begin(**ENGLISH)
    await workshop.leader.post(
        f"{address}/answer", data={"project": project.split("/")[2], "answer": "Ainsi."}
    )
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        await session.execute(update(Call).values(closes_at=datetime.now(UTC)))
    (submission,) = await workshop.rows(Submission)

    page = await read(workshop.team, f"{address}/submissions/{submission.id}", "en")

    assert '<h1 dir="auto" lang="fr">L’ombre des rues</h1>' in page
    assert '<p dir="auto">Heure par heure.</p>' in page
    folded = page.partition("In other languages")[2].partition("</details>")[0]
    assert '<div lang="en">' in folded
    for text in (
        "The shade of the streets",
        "Where to walk cool.",
        "A map of parasols.",
    ):
        assert text in folded


@pytest.mark.thorough
async def test_criteria_change_places_and_stay_in_languages_that_are_not_offered(
    workshop: Workshop,
) -> None:
    written = await write_call(workshop, **CALL_IN_ENGLISH)
    address = str(written.headers["location"]).removesuffix("/organise")
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        for criterion in await session.scalars(select(CallCriterion)):
            labels = {"br": f"Dezverk {criterion.points}"}
            criterion.labels = criterion.labels | labels

    async def change(**more: str) -> dict[str, dict[str, str]]:
        changed = await write_call(workshop, f"{address}/edit", **more)
        assert changed.status_code == 303, changed.text
        criteria: list[CallCriterion] = await workshop.rows(CallCriterion)
        return {
            f"{criterion.label}, {criterion.points}": criterion.labels
            for criterion in criteria
        }

    swapped = await change(**CALL_IN_ENGLISH, main_language="en")
    more = await change(criteria="Useful, 40\nFeasible, 10\nCheap, 5")

    assert swapped == {
        "Useful to inhabitants, 40": {"fr": "Utile aux habitants", "br": "Dezverk 40"},
        "Feasible 2030, 10": {"fr": "Faisable", "br": "Dezverk 10"},
    }
    assert more == {"Useful, 40": {}, "Feasible, 10": {}, "Cheap, 5": {}}


async def test_criteria_in_a_language_are_as_many_as_in_the_main_one(
    workshop: Workshop,
) -> None:
    refused = await write_call(workshop, criteria_en="Useful", title_en="t" * 151)

    assert refused.status_code == 422
    assert 'href="#criteria_en"' in refused.text
    assert 'href="#title_en"' in refused.text
    assert "Useful</textarea>" in refused.text
    assert await workshop.count(Call) == await workshop.count(CallCriterion) == 0


@pytest.mark.parametrize(
    ("existing", "written", "merged"),
    [
        ({"title": {"br": "Disheol"}}, {}, {"title": {"br": "Disheol"}}),
        ({"title": {"en": "Shade"}}, {}, {}),
        ({}, {"title": {"fr": "Ombre"}}, {}),
    ],
)
def test_texts_in_languages_that_are_not_offered_stay(
    existing: dict[str, Any], written: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge_translations(existing, written, ["fr", "en"], "fr") == merged


async def add_picture(workshop: Workshop, address: str, **words: str) -> httpx.Response:
    return await workshop.leader.post(
        f"{address}/pictures",
        files={"picture": ("rue.jpg", picture())},
        data={"alternative": "Une rue à midi", **words},
    )


@pytest.mark.thorough
async def test_each_reader_hears_what_a_picture_shows_in_their_language(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    added = await add_picture(
        workshop, address, alternative_en=" A street   at noon ", alternative_xx="?"
    )
    [row] = await workshop.rows(ProjectPicture)
    pages = {
        language: await read(workshop.anyone, address, language)
        for language in ("fr", "en")
    }
    described = (await workshop.anyone.get(f"{PROJECTS}{address[9:]}")).json()

    assert added.status_code == 303, added.text
    assert row.translations == {"alternative": {"en": "A street at noon"}}
    assert 'alt="Une rue à midi">' in pages["fr"]
    assert 'alt="A street at noon">' in pages["en"]
    assert described["pictures"][0]["alternatives"] == {
        "fr": "Une rue à midi",
        "en": "A street at noon",
    }


@pytest.mark.thorough
async def test_words_of_a_picture_change_in_each_language_or_not_at_all(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    await add_picture(workshop, address)
    [row] = await workshop.rows(ProjectPicture)
    words = f"{address}/pictures/{row.id}/words"
    form = await workshop.leader.get(f"{address}/pictures?picture={row.id}")
    refused = [
        await workshop.leader.post(words, data=data)
        for data in (
            {"alternative": " "},
            {"alternative": "Une rue", "alternative_en": "s" * 251},
        )
    ]
    unchanged = await workshop.rows(ProjectPicture)
    turned = {"alternative_en": "A street", "main_language": "en"}
    changed = await workshop.leader.post(
        words, data={"alternative": "Une rue", "form_language": "fr", **turned}
    )
    english = await read(workshop.anyone, address, "en")

    assert f'action="{words}"' in form.text
    assert 'value="Une rue à midi"' in form.text
    assert [answer.status_code for answer in refused] == [422, 422]
    assert 'href="#alternative"' in refused[0].text
    assert 'href="#alternative_en"' in refused[1].text
    assert [picture.alternative for picture in unchanged] == ["Une rue à midi"]
    assert changed.status_code == 303
    [row] = await workshop.rows(ProjectPicture)
    assert (row.alternative, row.language) == ("A street", "en")
    [project] = await workshop.rows(Project)
    assert row.alternatives(project) == {"en": "A street", "fr": "Une rue"}
    assert 'alt="A street"' in english


async def test_words_of_a_picture_are_changed_by_who_may_edit_the_project(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    other = await workshop.begin()
    await add_picture(workshop, address)
    [row] = await workshop.rows(ProjectPicture)
    data = {"alternative": "Autre chose"}
    answers = [
        await client.post(f"{place}/pictures/{row.id}/words", data=data)
        for client, place in (
            (workshop.other, address),
            (workshop.team, address),
            (workshop.anyone, address),
            (workshop.leader, other),
        )
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 401, 404]
    [row] = await workshop.rows(ProjectPicture)
    assert row.alternative == "Une rue à midi"


@pytest.mark.thorough
async def test_a_picture_of_a_release_without_languages_is_described_all_the_same(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    await add_picture(workshop, address)
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        await session.execute(update(ProjectPicture).values(language=""))
    mine = await token_of(workshop.leader, "projects")
    described = f"{PROJECTS}{address[9:]}"

    page = await read(workshop.anyone, address, "en")
    for_everybody = await workshop.anyone.get(described)
    upload = {"alternative": "Deux", "content": base64.b64encode(picture()).decode()}
    for_its_team = await ask(workshop, "POST", f"{described}/pictures", mine, upload)

    assert 'alt="Une rue à midi" lang="fr"' in page
    assert for_everybody.json()["pictures"][0]["alternatives"] == {
        "fr": "Une rue à midi"
    }
    assert for_its_team.json()["items"][0]["alternatives"] == {"fr": "Une rue à midi"}


@pytest.mark.thorough
async def test_words_of_pictures_of_an_earlier_archive_get_the_language_of_their_project(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    await add_picture(workshop, address)
    await add_picture(workshop, address)
    first, second = await workshop.rows(ProjectPicture)
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        await session.execute(update(ProjectPicture).values(language="en"))
        await session.execute(
            update(ProjectPicture)
            .where(ProjectPicture.id == first.id)
            .values(language="")
        )
        await resume_import(session, workshop.site.settings)

    rows = await workshop.rows(ProjectPicture)

    assert {row.id: row.language for row in rows} == {first.id: "fr", second.id: "en"}


@pytest.mark.thorough
async def test_programs_say_what_a_picture_shows_in_each_language(
    workshop: Workshop,
) -> None:
    mine = await token_of(workshop.leader, "projects")
    payload = {"title": "Ombrer", "summary": "Dix rues.", "purpose": "civic"}
    home = (await ask(workshop, "POST", PROJECTS, mine, payload)).headers["location"]
    upload = {
        "alternative": "A street.",
        "language": "en",
        "alternatives": {"fr": "Une rue."},
        "content": base64.b64encode(picture()).decode(),
    }
    added = await ask(workshop, "POST", f"{home}/pictures", mine, upload)
    unknown = await ask(
        workshop, "POST", f"{home}/pictures", mine, upload | {"language": "xx"}
    )

    assert added.json()["items"][0]["alternatives"] == {
        "en": "A street.",
        "fr": "Une rue.",
    }
    assert unknown.status_code == 422


@pytest.mark.thorough
async def test_titles_of_what_waits_are_in_the_reader_s_language(
    workshop: Workshop,
) -> None:
    address = await workshop.publish(**ENGLISH)
    email = workshop.logins["other"].email
    await workshop.leader.post(f"{address}/team", data={"email": email, "right": "see"})

    english = await read(workshop.other, "/inbox", "en")
    french = await read(workshop.other, "/inbox", "fr")
    document = await workshop.other.get(
        "/inbox.json", headers={"Accept-Language": "en"}
    )
    feed = await read(workshop.other, "/inbox.atom", "en")

    assert '<h3 dir="auto">The shade of the streets</h3>' in english
    assert '<h3 dir="auto">L’ombre des rues</h3>' in french
    assert document.json()["items"][0]["title"] == "The shade of the streets"
    assert "Invitation: The shade of the streets" in feed
