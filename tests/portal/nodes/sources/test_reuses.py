"""What udata lists beside its datasets: dataservices and reuses, each an object of its own."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import select, text, update

from tests.mails import text_of
from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.portal.catalogue.actions import lock_datasets, withdraw_dataset
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.nodes.sources import reuse_import
from udi.portal.nodes.sources.actions import close_source
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.models import CatalogueSource, SourceReuse
from udi.portal.nodes.sources.queries import list_left_out
from udi.portal.nodes.sources.reuse_import import SHOW_REUSES, reuse_id
from udi.portal.projects.actions import harvested_reuses
from udi.portal.projects.actions.harvested_reuses import task_handlers
from udi.portal.projects.listing import ProjectFilters, list_projects
from udi.portal.projects.models import Project, ProjectDataset
from udi.ui.site import Site

__all__ = ["relay"]
ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}
DATASETS = "/api/1/datasets/"
SERVICES = "/api/1/dataservices/"
REUSES = "/api/1/reuses/"
Lists = dict[str, list[dict[str, Any]]]


def dataset(name: str, title: str) -> dict[str, Any]:
    return {
        "id": name, "title": title, "description": "Un jeu de données.", "license": "lov2", "organization": {"name": "Ville"},
        "resources": [{"id": name, "title": "CSV", "url": f"https://source.example/{name}.csv", "format": "csv"}],
    }  # fmt: skip


def reuse(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": name, "title": "Carte des arbres", "description": "Chaque arbre, sur une carte.", "type": "visualization",
        "url": f"https://reuse.example/{name}", "page": f"https://source.example/reuses/{name}/", "tags": ["arbre"],
        "organization": {"name": "Atelier des cartes"}, "datasets": [{"id": "trees", "title": "Arbres"}], **facts,
    }  # fmt: skip


def dataservice(name: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": name, "title": "API des arbres", "description": "Les arbres, un par un.", "tags": ["arbre"], "license": "lov2",
        "base_api_url": f"https://api.example/{name}", "endpoint_description_url": f"https://api.example/{name}/openapi.json",
        "business_documentation_url": "https://api.example/help", "format": "REST", "access_type": "open_with_account",
        "self_web_url": f"https://source.example/dataservices/{name}/", "organization": {"name": "Régie des arbres"},
        "contact_points": [], "datasets": [{"id": "trees", "title": "Arbres"}], **facts,
    }  # fmt: skip


def publish(catalogue: Catalogue, lists: Lists) -> None:
    """A site of udata that has these lists, each on one page; what it lacks is not there."""

    def live(path: str, _query: dict[str, str]) -> Answer | None:
        things = lists.get(path)
        if things is None:
            return None
        catalogue.put(path, {"data": things, "total": len(things), "next_page": None})
        return catalogue.pages[path]

    catalogue.pages.clear()
    catalogue.live = live


async def follow(reading: Reading, site: Site) -> None:
    """What the worker does after a reading."""
    job = Job(
        SHOW_REUSES,
        reading.territory.id,
        {"source": str(reading.source_id)},
        0,
        last=True,
    )
    await task_handlers(site)[SHOW_REUSES](job)


async def take_waiting_jobs(reading: Reading) -> list[Job]:
    """The jobs of its reuses that the worker would do; they wait no more."""
    async with reading.database.platform_session(role="worker") as session:
        rows = await session.execute(
            text(
                "DELETE FROM queue.pgqueuer WHERE entrypoint = :name"
                " RETURNING convert_from(payload, 'UTF8')::jsonb"
            ),
            {"name": SHOW_REUSES},
        )
        payloads = [row[0] for row in rows]
    return [
        Job(SHOW_REUSES, reading.territory.id, payload, 0, last=True)
        for payload in payloads
        if payload["source"] == str(reading.source_id)
    ]


async def find_project(reading: Reading, name: str) -> Project | None:
    async with reading.database.session(reading.territory.id) as session:
        key = (reading.territory.id, reuse_id(reading.source_id, name))
        return await session.get(Project, key)


async def used(reading: Reading, name: str) -> set[UUID]:
    id_ = reuse_id(reading.source_id, name)
    query = select(ProjectDataset.dataset_id).where(ProjectDataset.project_id == id_)
    async with reading.database.session(reading.territory.id) as session:
        return set(await session.scalars(query))


def written_here() -> Project:
    """What somebody of the territory told of, long ago."""
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    return Project(
        title="Carte",
        summary="",
        language="fr",
        state="delivered",
        confidential=False,
        url="https://reuse.example/here",
        requester="person",
        created_at=moment,
        changed_at=moment,
        published_at=moment,
    )


@pytest.mark.thorough
async def test_reuses_and_dataservices_of_udata_are_objects_of_their_own(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar, portal_site: Site
) -> None:
    lists = {
        DATASETS: [dataset("trees", "Arbres")],
        SERVICES: [dataservice("api-1")],
        REUSES: [
            reuse("map-1"),
            reuse("of-person", organization=None, owner={"first_name": "A", "last_name": "B"}),
            reuse("nowhere", url="ftp://reuse.example"),
            reuse("nameless", title="\u200b \u200b"),
            reuse("of-others", datasets=[{"id": "elsewhere"}]),
            reuse("unbroken", description="x" * 400),
            {"id": "t", "name": "Climat", "elements": {"rel": "subsection"}},
        ],
    }  # fmt: skip
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}?tag=arbre&page_size=5")
    run = await reading.read()
    await follow(reading, portal_site)
    await follow(reading, portal_site)

    published = await reading.list_published()
    trees = published["Arbres"]
    project_id = reuse_id(reading.source_id, "map-1")
    project = await find_project(reading, "map-1")
    by_person = await find_project(reading, "of-person")
    unbroken = await find_project(reading, "unbroken")
    async with reading.database.session(reading.territory.id) as session:
        left_out = [
            (action.identifier, fault.code)
            for action, fault in await list_left_out(session, run, limit=9)
        ]
        query = select(CatalogueService).where(
            CatalogueService.source_id == reading.source_id
        )
        service = (await session.scalars(query)).one()
    async with browse(portal_app, reading.territory) as client:
        page = await client.get(f"/projects/{project_id}", headers=ENGLISH)
        of_dataset = await client.get(
            f"/data/{trees}", headers=ENGLISH, follow_redirects=True
        )
        described = (await client.get(f"/api/v1/services/{service.id}")).json()
        detail = (await client.get(f"/api/v1/projects/{project_id}")).json()

    assert (run.outcome, run.total, set(published)) == ("complete", 1, {"Arbres"})
    assert catalogue.requests[-2:] == [
        f"{path}?tag=arbre&page_size=100" for path in (SERVICES, REUSES)
    ]
    assert sorted(left_out) == [
        ("nameless", "reuse_left_out"),
        ("nowhere", "reuse_left_out"),
        ("t", "type_ignored"),
    ]
    assert await find_project(reading, "of-others") is None
    assert unbroken is not None
    assert unbroken.summary == "x" * 299 + "…"
    assert project is not None
    assert (project.state, project.listed) == ("delivered", True)
    assert await used(reading, "map-1") == {trees}
    assert by_person is not None
    assert by_person.leader_name == ""
    for words in (
        "Carte des arbres",
        "Chaque arbre, sur une carte.",
        "https://reuse.example/map-1",
        "https://source.example/reuses/map-1/",
        "Atelier des cartes",
        "read in another catalogue",
    ):
        assert words in page.text
    assert f"/projects/{project.id}" in of_dataset.text
    assert detail["origin"] == "https://source.example/reuses/map-1/"
    assert (detail["result"], detail["reported"]) == (project.url, True)
    assert described["endpoint"] == "https://api.example/api-1"
    assert described["endpoint_description"] == "https://api.example/api-1/openapi.json"
    assert described["documentation"] == ["https://api.example/help"]
    assert (described["format"], described["access"]) == ("REST", "PUBLIC")
    assert [served["id"] for served in described["datasets"]] == [str(trees)]


async def test_a_reuse_follows_its_source_and_what_the_team_decided_stays(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    lists = {
        DATASETS: [dataset("trees", "Arbres"), dataset("wells", "Puits")],
        REUSES: [reuse("map-2")],
    }
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    whole = await reading.read()
    await follow(reading, portal_site)
    id_ = reuse_id(reading.source_id, "map-2")
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(
            update(Project)
            .where(Project.id == id_)
            .values(hidden_at=text("now()"), hidden_reason="Hors sujet")
        )

    lists[REUSES] = [
        reuse("map-2", title="Carte des puits", datasets=[{"id": "wells"}])
    ]
    await reading.read()
    await follow(reading, portal_site)
    changed = await find_project(reading, "map-2")
    changed_uses = await used(reading, "map-2")
    lists[REUSES] = []
    await reading.read()
    await follow(reading, portal_site)
    missed = await find_project(reading, "map-2")
    await reading.read()
    await follow(reading, portal_site)
    gone = await find_project(reading, "map-2")
    lists[REUSES] = [reuse("map-2")]
    await reading.read()
    await follow(reading, portal_site)
    again = await find_project(reading, "map-2")

    assert whole.outcome == "complete", "a site without dataservices is whole"
    published = await reading.list_published()
    assert changed is not None
    assert (changed.title, changed.hidden_reason) == ("Carte des puits", "Hors sujet")
    assert changed_uses == {published["Puits"]}
    assert missed is not None
    assert missed.state == "delivered"
    assert gone is not None
    assert (gone.state, gone.summary, gone.leader_name) == ("archived", "", "")
    assert again is not None
    assert (again.state, again.title) == ("delivered", "Carte des arbres")
    assert again.summary == "Chaque arbre, sur une carte."
    assert again.leader_name == "Atelier des cartes"
    assert again.hidden_at is not None
    assert await used(reading, "map-2") == {published["Arbres"]}


async def test_lists_that_break_let_no_reuse_go(
    catalogue: Catalogue, open_source: Open
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], REUSES: [reuse("map-3")]}
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    await reading.read()

    del lists[REUSES]
    catalogue.put(SERVICES, b"", status=503)
    catalogue.put(REUSES, b"<html><p>Entrez</p></html>", type="text/html")
    broken = await reading.read()
    again = await reading.read()

    async with reading.database.session(reading.territory.id) as session:
        query = select(SourceReuse).where(SourceReuse.source_id == reading.source_id)
        row = (await session.scalars(query)).one()
    assert [broken.outcome, again.outcome] == ["complete", "complete"]
    assert (row.missing, row.withdrawn_at) == (0, None)


@pytest.mark.thorough
async def test_an_address_that_people_told_of_stays_theirs(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], REUSES: [reuse("map-4")]}
    publish(catalogue, lists)
    first = await open_source(f"{catalogue.origin}{DATASETS}")
    await first.read()
    await follow(first, portal_site)
    second = await open_source(f"{catalogue.origin}{DATASETS}?sort=title")
    await second.read()
    await follow(second, portal_site)

    assert await find_project(first, "map-4") is not None
    assert await find_project(second, "map-4") is None


@pytest.mark.thorough
async def test_an_address_is_shown_once_and_what_the_team_hid_comes_back_under_no_other_name(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    address = "https://reuse.example/twice"
    both = {name: reuse(name, url=address) for name in ("map-6", "map-7")}
    lists = {DATASETS: [dataset("trees", "Arbres")], REUSES: [*both.values()]}
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    for _ in range(2):
        await reading.read()
        await follow(reading, portal_site)
    projects = {name: await find_project(reading, name) for name in both}
    [first] = [name for name, project in projects.items() if project]
    [second] = both.keys() - {first}
    id_ = reuse_id(reading.source_id, first)
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(
            update(Project).where(Project.id == id_).values(hidden_at=text("now()"))
        )
    lists[REUSES] = [both[second]]
    for _ in range(2):
        await reading.read()
        await follow(reading, portal_site)

    hidden = await find_project(reading, first)
    assert hidden is not None
    assert hidden.state == "archived"
    assert await find_project(reading, second) is None


@pytest.mark.thorough
async def test_no_more_reuses_than_the_most_of_a_source_are_taken(
    catalogue: Catalogue,
    open_source: Open,
    portal_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reuse_import, "MOST_REUSES", 3)
    monkeypatch.setattr(harvested_reuses, "BATCH", 1)
    names = [f"many-{number}" for number in range(5)]
    lists = {DATASETS: [dataset("trees", "Arbres")]}
    lists[REUSES] = [reuse(name) for name in names]
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    await reading.read()
    run = await reading.read()
    await follow(reading, portal_site)
    projects = [await find_project(reading, name) for name in names]
    lists[REUSES] = []
    for _ in range(2):
        await reading.read()
    await follow(reading, portal_site)
    after = [await find_project(reading, name) for name in names[:3]]

    assert run.left_out == 2
    assert [project is not None for project in projects] == [True] * 3 + [False] * 2
    assert {project and project.state for project in after} == {"archived"}


@pytest.mark.thorough
async def test_thanks_and_the_reuses_of_people_come_first_whatever_a_catalogue_does(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    lists = {
        DATASETS: [dataset(name, name.title()) for name in ("trees", "wells", "roads")],
        REUSES: [reuse("map-8"), reuse("map-9")],
    }
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    await reading.read()
    await follow(reading, portal_site)
    trees = (await reading.list_published())["Trees"]
    async with reading.database.session(reading.territory.id) as session:
        session.add(written_here())
        await session.execute(update(ProjectDataset).values(thanked=True))
    kept_reuse = lists[REUSES].pop()
    del lists[DATASETS][0]
    for _ in range(2):
        await reading.read()
        await follow(reading, portal_site)
    lists[REUSES].append(kept_reuse)
    await reading.read()
    await follow(reading, portal_site)

    async with reading.database.session(reading.territory.id) as session:
        _, page = await list_projects(session, ProjectFilters())
        query = select(ProjectDataset.dataset_id, ProjectDataset.thanked)
        uses = [(row[0], row[1]) for row in await session.execute(query)]
    assert "Trees" not in await reading.list_published()
    assert uses == [(trees, True)] * 2
    origins = [bool(summary.project.origin) for summary in page.items]
    assert origins == [False, True, True]


@pytest.mark.thorough
async def test_thanks_stay_while_data_of_another_place_are_withdrawn_or_doubtful(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    lists = {DATASETS: [dataset(name, name) for name in ("lamps", "poles", "wires")]}
    publish(catalogue, lists)
    theirs = await open_source(f"{catalogue.origin}{DATASETS}?sort=created")
    await theirs.read()
    published = await theirs.list_published()
    page = "https://portal.example/data"
    poles = f"{page}/{published['poles']}"
    named = [{"page": f"{page}/{published['lamps']}"}, {"page": poles}]
    lists = {DATASETS: [], REUSES: [reuse("map-10", datasets=named)]}
    publish(catalogue, lists)
    ours = await open_source(f"{catalogue.origin}{DATASETS}")
    await ours.read()
    await follow(ours, portal_site)
    async with ours.database.session(ours.territory.id) as session:
        await session.execute(
            update(ProjectDataset)
            .where(ProjectDataset.project_id == reuse_id(ours.source_id, "map-10"))
            .values(thanked=True)
        )
        withdrawn = (await lock_datasets(session, [published["lamps"]])).values()
        await withdraw_dataset(session, *withdrawn)
        copies = update(Dataset).where(Dataset.id == published["wires"])
        await session.execute(copies.values(local_id=poles))
    for _ in range(2):
        await ours.read()
        await follow(ours, portal_site)
    stayed = await list_thanked(ours, "map-10")
    lists[REUSES] = [reuse("map-10", datasets=[{"page": poles}])]
    async with ours.database.session(ours.territory.id) as session:
        await session.execute(copies.values(local_id=""))
        key = (ours.territory.id, published["lamps"])
        lamps = await session.get_one(Dataset, key)
        lamps.state = DatasetState.PUBLISHED
    await ours.read()
    await follow(ours, portal_site)

    assert stayed == {published["lamps"], published["poles"]}
    assert await list_thanked(ours, "map-10") == {published["poles"]}


async def list_thanked(reading: Reading, name: str) -> set[UUID]:
    """The datasets whose producers thanked a reuse."""
    query = select(ProjectDataset.dataset_id).where(
        ProjectDataset.project_id == reuse_id(reading.source_id, name),
        ProjectDataset.thanked,
    )
    async with reading.database.session(reading.territory.id) as session:
        return set(await session.scalars(query))


@pytest.mark.thorough
async def test_a_reuse_names_two_hundred_datasets_however_each_is_called(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = "https://source.example"
    named = [
        {
            "id": f"d-{number}",
            "uri": f"{site}/api/1/datasets/d-{number}/",
            "page": f"{site}/datasets/d-{number}/",
        }
        for number in range(210)
    ]
    lists = {DATASETS: [], REUSES: [reuse("map-11", datasets=named)]}
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    await reading.read()

    async with reading.database.session(reading.territory.id) as session:
        query = select(SourceReuse).where(SourceReuse.source_id == reading.source_id)
        row = (await session.scalars(query)).one()
    ids = [name for name in row.datasets if name.startswith("d-")]
    assert (len(ids), ids[-1]) == (200, "d-199")


@pytest.mark.thorough
async def test_reuses_of_a_source_that_is_closed_leave_with_its_datasets(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], REUSES: [reuse("map-5")]}
    publish(catalogue, lists)
    reading = await open_source(f"{catalogue.origin}{DATASETS}")
    await reading.read()
    await follow(reading, portal_site)

    async with reading.database.session(reading.territory.id) as session:
        key = (reading.territory.id, reading.source_id)
        source = await session.get_one(CatalogueSource, key)
        await close_source(session, team(reading.territory), source, withdraw=True)
    await harvest_next_source(reading.workspace)
    await follow(reading, portal_site)

    project = await find_project(reading, "map-5")
    assert project is not None
    assert project.state == "archived"


@pytest.mark.thorough
async def test_the_team_is_told_once_of_the_reuses_that_a_reading_brings(
    catalogue: Catalogue, open_source: Open, portal_site: Site, relay: Relay
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], SERVICES: []}
    named = [reuse(f"told-{number}", title=f"Carte {number}") for number in range(12)]
    publish(catalogue, {**lists, REUSES: named})
    reading = await open_source(f"{catalogue.origin}{DATASETS}?tag=told")
    show = task_handlers(portal_site)[SHOW_REUSES]

    await reading.read()
    [first] = await take_waiting_jobs(reading)
    await show(first)
    mails = relay.mails[:]
    await reading.read()
    [second] = await take_waiting_jobs(reading)
    await show(second)

    assert len(mails) == len(relay.mails) == 1, "nothing new was read"
    assert mails[0]["To"] == reading.territory.contact
    assert mails[0]["Subject"].startswith("12 nouvelles réutilisations")
    assert text_of(mails[0]).count("/projects/") == 10
    assert "Autres\u00a0: 2" in text_of(mails[0])


@pytest.mark.thorough
async def test_two_readings_in_a_row_tell_the_team_once(
    catalogue: Catalogue, open_source: Open, portal_site: Site, relay: Relay
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], SERVICES: []}
    publish(catalogue, {**lists, REUSES: [reuse("once")]})
    reading = await open_source(f"{catalogue.origin}{DATASETS}?tag=once")

    await reading.read()
    waiting = await take_waiting_jobs(reading)
    await reading.read()
    waiting += await take_waiting_jobs(reading)
    for job in waiting:
        await task_handlers(portal_site)[SHOW_REUSES](job)

    assert (len(waiting), len(relay.mails)) == (2, 1)


async def test_a_reuse_that_the_team_hid_or_that_leaves_is_told_to_nobody(
    catalogue: Catalogue, open_source: Open, portal_site: Site, relay: Relay
) -> None:
    lists = {DATASETS: [dataset("trees", "Arbres")], SERVICES: []}
    publish(catalogue, {**lists, REUSES: [reuse("untold")]})
    reading = await open_source(f"{catalogue.origin}{DATASETS}?tag=untold")

    await reading.read()
    [waiting] = await take_waiting_jobs(reading)
    await follow(reading, portal_site)
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(
            update(Project)
            .where(Project.id == reuse_id(reading.source_id, "untold"))
            .values(hidden_at=now(), hidden_reason="x")
        )
    await task_handlers(portal_site)[SHOW_REUSES](waiting)

    assert relay.mails == []
