"""Describing projects, and who sees them: confidential until their leader says so."""

import io
import uuid

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.projects.conftest import FORM, Relay, Workshop, picture
from tests.visitors import browse
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.projects.models import (
    Project,
    ProjectDataset,
    ProjectMember,
    ProjectPicture,
)

TITLE = "ombre des rues"
PUBLIC = ("/projects", "/projects.atom", "/api/v1/projects", "/sitemaps/pages.xml")


async def test_nobody_but_its_team_knows_of_a_project_until_its_leader_says_so(
    workshop: Workshop, feed: SearchFeed
) -> None:
    dataset = await workshop.catalogue.add(4)
    await feed.run_once()
    address = await workshop.begin(dataset=str(dataset.id))
    places = (*PUBLIC, f"/data/{dataset.id}")

    for visitor in (workshop.anyone, workshop.other, workshop.team):
        assert (await visitor.get(address)).status_code == 404
        assert (await visitor.get(f"/api/v1{address}")).status_code == 404
        for place in places:
            page = await visitor.get(place, follow_redirects=True)
            assert page.status_code == 200
            assert TITLE not in page.text
            assert address not in page.text
    statuses = {
        "edit": (404, 404),
        "team": (404, 404),
        "datasets": (404, 404),
        "pictures": (404, 404),
        "publish": (404, 404),
        "invitation": (404, 404),
        "hide": (403, 404),
    }
    for path, expected in statuses.items():
        for visitor, status in zip(
            (workshop.other, workshop.team), expected, strict=True
        ):
            answer = await visitor.get(f"{address}/{path}")
            assert answer.status_code == status, path
    assert TITLE in (await workshop.leader.get(address)).text

    published = await workshop.leader.post(f"{address}/publish")
    await feed.run_once()

    assert published.status_code == 303
    assert (await workshop.leader.post(f"{address}/publish")).status_code == 409
    for place in places:
        page = await workshop.anyone.get(place, follow_redirects=True)
        assert address in page.text, place
    assert (
        "Déjà utilisé par"
        in (
            await workshop.anyone.get(f"/data/{dataset.id}", follow_redirects=True)
        ).text
    )


async def test_the_database_itself_keeps_confidential_projects_from_others(
    workshop: Workshop,
) -> None:
    address = await workshop.begin(dataset=str((await workshop.catalogue.add(4)).id))
    await workshop.leader.post(
        f"{address}/pictures",
        files={"picture": ("p.png", picture(form="PNG"))},
        data={"alternative": "Une rue"},
    )
    project = await workshop.one(address)
    database = workshop.site.database
    tables = (Project, ProjectDataset, ProjectPicture)

    async def count_visible_rows(person: uuid.UUID | None, role: str) -> list[int]:
        async with database.session(
            workshop.territory.id, role=role, person=person
        ) as session:  # type: ignore[arg-type]  # a role's name
            return [
                len((await session.execute(select(*table.__table__.primary_key))).all())
                for table in tables
            ]  # type: ignore[attr-defined]  # a table's

    assert await count_visible_rows(project.leader_id, "app") == [1, 1, 1]
    assert await count_visible_rows(uuid.uuid4(), "app") == [0, 0, 0]
    assert await count_visible_rows(None, "app") == [0, 0, 0]
    assert await count_visible_rows(None, "public") == [0, 0, 0]
    async with database.session(workshop.territory.id, role="public") as session:
        with pytest.raises(Exception, match="permission denied"):
            await session.execute(select(ProjectMember.email))


async def test_another_territory_sees_no_project_and_no_picture(
    workshop: Workshop, elsewhere: Catalogue
) -> None:
    address = await workshop.publish()

    async with browse(workshop.app, elsewhere.territory) as stranger:
        assert (await stranger.get(address)).status_code == 404
        assert TITLE not in (await stranger.get("/projects")).text


@by_depth(
    ("field", "value", "message"),
    [
        ("title", " ", "Le projet n’a pas de nom."),
        ("summary", "", "La description manque."),
        ("summary", "a" * 301, "Écrivez 300 caractères au plus."),
        ("purpose", "fame", "Le but du projet n’est pas indiqué."),
        ("url", "ftp://ombre.example/", "Ce n’est pas une adresse web."),
        ("scale", "planet", "Ce choix n’est pas proposé."),
        ("audience", "robots", "Ce choix n’est pas proposé."),
        ("organisation", "kerlevan", "Vous n’appartenez pas à cette organisation."),
    ],
    by_default=[0],
)
async def test_what_is_wrong_is_said_beside_its_field(
    workshop: Workshop, field: str, value: str, message: str
) -> None:
    changes = {"requester": "company"} if field == "organisation" else {}

    answer = await workshop.leader.post(
        "/projects/new", data={**FORM, **changes, field: value}
    )

    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#{field}"' in answer.text
    assert await workshop.count(Project) == 0


async def test_what_was_changed_meanwhile_is_not_written_over(
    workshop: Workshop,
) -> None:
    address = await workshop.begin()
    form = {**FORM, "revision": "1"}

    first = await workshop.leader.post(
        f"{address}/edit", data={**form, "impact": "Dix rues plantées."}
    )
    second = await workshop.leader.post(
        f"{address}/edit", data={**form, "impact": "Rien."}
    )
    refusal = await workshop.leader.post(
        f"{address}/edit", data={**form, "revision": "2", "title": ""}
    )

    assert [answer.status_code for answer in (first, second, refusal)] == [
        303,
        412,
        422,
    ]
    assert (await workshop.one(address)).impact == "Dix rues plantées."


@pytest.mark.thorough
async def test_a_withdrawn_dataset_keeps_its_line_and_leads_to_what_its_address_says(
    workshop: Workshop,
) -> None:
    remaining = await workshop.catalogue.add(1)
    gone = await workshop.catalogue.add(7)
    address = await workshop.publish(dataset=str(gone.id))
    addition = await workshop.leader.post(
        f"{address}/datasets", data={"dataset": str(remaining.id)}
    )
    await workshop.catalogue.withdraw(gone)
    late = await workshop.leader.post(
        f"{address}/datasets", data={"dataset": str(uuid.uuid4())}
    )

    page = await workshop.anyone.get(address)

    assert (addition.status_code, late.status_code) == (303, 422)
    assert f'href="/data/{remaining.id}' in page.text
    assert f'href="/data/{gone.id}"' in page.text
    assert "Retiré" in page.text
    assert (await workshop.anyone.get(f"/data/{gone.id}")).status_code == 410
    await workshop.leader.post(f"{address}/datasets", data={"remove": str(gone.id)})
    assert str(gone.id) not in (await workshop.anyone.get(address)).text


@pytest.mark.thorough
async def test_data_are_looked_for_and_chosen_on_a_page(
    workshop: Workshop, feed: SearchFeed
) -> None:
    await workshop.catalogue.add_all()
    await feed.run_once()
    address = await workshop.begin()

    page = await workshop.leader.get(f"{address}/datasets?q=arbres")

    assert "Arbres d&#39;alignement" in page.text
    assert "Choisir" in page.text


@pytest.mark.thorough
async def test_a_list_is_paged_filtered_and_leaves_archived_projects_out(
    workshop: Workshop,
) -> None:
    for number in range(9):
        await workshop.publish(
            title=f"Projet {number}", purpose="research" if number else "civic"
        )
    last = await workshop.publish(title="Projet rangé")
    await workshop.leader.post(f"{last}/move", data={"event": "archive"})

    first = await workshop.anyone.get("/projects")
    second = await workshop.anyone.get("/projects?page=99")
    civic = await workshop.anyone.get("/projects?purpose=civic&q=projet")
    archived = await workshop.anyone.get("/projects?state=archived&purpose=fame")
    feed = await workshop.anyone.get("/projects.atom?purpose=civic")

    assert first.text.count('href="/projects/') == 8 + 2
    assert "Projet 0" in second.text
    assert ("Projet 0" in civic.text, "Projet 1" in civic.text) == (True, False)
    assert "Projet rangé" in archived.text
    assert "Projet rangé" not in first.text
    assert feed.text.count("<entry>") == 1
    assert 'rel="noindex' not in first.text


async def test_a_picture_is_made_anew_small_and_without_where_it_was_taken(
    workshop: Workshop,
) -> None:
    address = await workshop.publish()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Appareil de quelqu’un", 6
    sent = picture(3000, 2000, exif=exif)

    answer = await workshop.leader.post(
        f"{address}/pictures",
        files={"picture": ("rue.jpg", sent)},
        data={"alternative": "Une rue à midi"},
    )

    assert answer.status_code == 303, answer.text
    [row] = await workshop.rows(ProjectPicture)
    page = await workshop.anyone.get(address)
    assert 'alt="Une rue à midi"' in page.text
    for name, most in ((f"{row.id}.webp", 40_000), (f"{row.id}-small.webp", 7_000)):
        bytes_ = await workshop.anyone.get(f"{address}/pictures/{name}")
        assert bytes_.headers["content-type"] == "image/webp"
        assert len(bytes_.content) <= most
        image = Image.open(io.BytesIO(bytes_.content))
        assert dict(image.getexif()) == {}
        assert b"Appareil" not in bytes_.content
    assert row.height > row.width, "it stands upright"
    removed = await workshop.leader.post(f"{address}/pictures/{row.id}/remove")
    assert removed.status_code == 303
    assert (
        await workshop.anyone.get(f"{address}/pictures/{row.id}.webp")
    ).status_code == 404


@by_depth(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 50,
        picture()[:2000],
    ],
    ids=["nothing", "a drawing", "another kind", "a part"],
    by_default=[0],
)
async def test_what_is_no_picture_is_refused(workshop: Workshop, sent: bytes) -> None:
    address = await workshop.begin()

    answer = await workshop.leader.post(
        f"{address}/pictures",
        files={"picture": ("p.jpg", sent)},
        data={"alternative": "Une rue"},
    )

    assert answer.status_code == 422
    assert 'href="#picture"' in answer.text


@pytest.mark.thorough
async def test_a_picture_needs_its_words_and_there_are_four(workshop: Workshop) -> None:
    address = await workshop.begin()
    small = picture(40, 30, "WEBP")

    silent = await workshop.leader.post(
        f"{address}/pictures", files={"picture": ("p.webp", small)}
    )
    answers = [
        await workshop.leader.post(
            f"{address}/pictures",
            files={"picture": ("p.webp", small)},
            data={"alternative": f"Rue {number}"},
        )
        for number in range(5)
    ]

    assert 'href="#alternative"' in silent.text
    assert [answer.status_code for answer in (silent, *answers)] == [
        422,
        303,
        303,
        303,
        303,
        409,
    ]


async def test_a_reuse_is_reported_in_two_fields_hidden_with_a_reason_and_its_reporter_reported(
    workshop: Workshop, relay: Relay
) -> None:
    dataset = await workshop.catalogue.add(4)
    address = await workshop.report(dataset=str(dataset.id))
    await workshop.tell(address, "reported")
    twice = await workshop.other.post(
        "/projects/report", data={"title": "Encore", "url": "https://arbres.example/"}
    )
    refusal = await workshop.other.post(
        "/projects/report", data={"title": "", "url": "arbres"}
    )
    page = await workshop.anyone.get(address)
    corrected = await workshop.other.post(
        f"{address}/correct",
        data={"title": "Nos arbres", "url": "https://arbres.example/"},
    )

    not_team = await workshop.leader.post(f"{address}/hide", data={"reason": "Non"})
    no_reason = await workshop.team.post(f"{address}/hide", data={"reason": " "})
    hidden = await workshop.team.post(
        f"{address}/hide", data={"reason": "L’adresse mène à une publicité."}
    )
    await workshop.tell(address, "hidden")

    statuses = [
        answer.status_code
        for answer in (twice, refusal, page, corrected, not_team, no_reason, hidden)
    ]
    assert statuses == [422, 422, 200, 303, 403, 422, 303]
    assert "Compte de test" not in page.text
    assert (await workshop.anyone.get(address)).status_code == 404
    assert (await workshop.leader.get(address)).status_code == 404
    assert "L’adresse mène à une publicité." in (await workshop.other.get(address)).text
    first, second = relay.mails
    assert (first["To"], first["Subject"]) == (
        workshop.territory.contact,
        "Une réutilisation est signalée\N{NO-BREAK SPACE}: Mes arbres",
    )
    assert second["To"] == workshop.logins["other"].email
    assert "L’adresse mène à une publicité." in text_of(second)
    assert (await workshop.team.post(f"{address}/show")).status_code == 303
    await workshop.tell(address, "unhidden")
    assert (await workshop.anyone.get(address)).status_code == 200
    assert (
        relay.mails[2]["Subject"]
        == "«\N{NO-BREAK SPACE}Nos arbres\N{NO-BREAK SPACE}» est à nouveau public"
    )
    events = [name for name in await workshop.events() if name.startswith("reuse")]
    assert events == [
        "reuse.reported",
        "reuse.corrected",
        "reuse.hidden",
        "reuse.unhidden",
    ]


async def test_a_reported_reuse_is_corrected_by_whoever_reported_it(
    workshop: Workshop,
) -> None:
    address = await workshop.report("Mes arbres")
    form = {"title": "Mes publicités", "url": "https://publicite.example/"}

    for visitor in (workshop.leader, workshop.team):
        assert (await visitor.get(f"{address}/correct")).status_code == 403
        assert (await visitor.post(f"{address}/correct", data=form)).status_code == 403
    assert (await workshop.one(address)).title == "Mes arbres"


async def test_people_may_report_a_reuse_that_left_the_catalogue_where_it_was_read(
    workshop: Workshop,
) -> None:
    address = await workshop.report()
    id_ = uuid.UUID(address.split("/")[2])
    left = {"origin": "https://source.example/reuses/1/", "state": "archived"}
    hidden = {"hidden_at": func.now()}
    form = {"title": "Encore", "url": "https://arbres.example/"}
    answers = []
    for values in ({"origin": left["origin"]}, {**left, **hidden}, {"hidden_at": None}):
        async with workshop.site.database.session(
            workshop.territory.id, role="worker"
        ) as session:
            one = update(Project).where(Project.id == id_)
            await session.execute(one.values(values))
        answers.append(await workshop.leader.post("/projects/report", data=form))

    assert [answer.status_code for answer in answers] == [422, 422, 303]


async def test_a_person_reports_so_many_reuses_a_day(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udi.portal.projects.actions.report.MOST_A_DAY", 1)
    await workshop.report()

    more = await workshop.other.post(
        "/projects/report", data={"title": "Autre", "url": "https://autre.example/"}
    )

    assert more.status_code == 429


async def test_a_passer_by_is_led_to_the_login(workshop: Workshop) -> None:
    for path in ("/projects/new", "/projects/report", "/projects/mine"):
        answer = await workshop.anyone.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
