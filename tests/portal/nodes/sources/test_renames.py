"""A catalogue that gives its records new identifiers: nothing is withdrawn, and its pages stay once a person says so."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.harvest.federated import CONTEXT, FIRST, SECOND
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.portal.nodes.sources.test_identity import move
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.jobs import Job
from udi.portal.identity.models import Person
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import convert
from udi.portal.nodes.sources.actions import accept_renames
from udi.portal.nodes.sources.matches.uses import MOVE_RENAMED, task_handlers
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.reconciliation import RunAssessment, assess_run
from udi.portal.nodes.sources.renames import Content, pair_contents
from udi.portal.notifications.models import Following
from udi.portal.projects.models import Project, ProjectDataset
from udi.portal.projects.transitions import ProjectState
from udi.protocol.rdf import write_dataset
from udi.protocol.serialisations import write_turtle
from udi.ui.site import Site

PATH = "/data.json"
CATALOGUE = "protezione-civile-it_catalog.rdf"


def dataset(title: str, identifier: str, host: str = "files.example.org") -> Any:
    return {
        "identifier": identifier,
        "title": title,
        "description": f"Description de {title}.",
        "distribution": [
            {"downloadURL": f"https://{host}/{title}.csv", "format": "CSV"}
        ],
    }


async def read(reading: Reading, catalogue: Catalogue, *datasets: Any) -> Any:
    catalogue.put(PATH, json.dumps({"dataset": datasets}).encode())
    return await reading.read()


async def accept(reading: Reading) -> None:
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        await accept_renames(session, team(reading.territory), source)


@by_depth("host", ["files.example.org", "new.example.org"], by_default=[1])
@by_depth("number", [3, 12], by_default=[1])
async def test_a_catalogue_with_new_identifiers_keeps_its_pages(
    catalogue: Catalogue, open_source: Open, number: int, host: str
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    old = [dataset(f"Jeu {place}", f"old-{place}") for place in range(number)]
    new = [dataset(f"Jeu {place}", f"new-{place}", host) for place in range(number)]
    await read(reading, catalogue, *old)
    before = await reading.list_published()

    run = await read(reading, catalogue, *new)
    source = await reading.source()
    assert (run.outcome, run.withdrawn, source.state) == ("vanished", 0, "vanished")
    assert len(await reading.list_shown()) == 2 * number

    later = await read(reading, catalogue, *new)
    assert (later.outcome, later.withdrawn) == ("vanished", 0)
    await accept(reading)
    after = await reading.read()
    again = await reading.read()

    assert await reading.list_published() == before
    assert len(await reading.list_shown()) == number
    assert set(await reading.records()) == {f"new-{place}" for place in range(number)}
    assert (after.outcome, after.updated, after.created) == ("complete", number, 0)
    assert (again.unchanged, again.missing) == (number, 0)
    assert await reading.count_events("source.renames_accepted") == 1


async def use_page(reading: Reading, dataset_id: UUID) -> tuple[UUID, UUID]:
    """Have somebody follow a dataset, and a reuse name it; both."""
    reuse = Project(
        title="Carte des bancs", summary="", language="fr", state=ProjectState.DELIVERED, confidential=False,
        created_at=now(), changed_at=now(), published_at=now(),
    )  # fmt: skip
    person = Person(
        issuer="https://id.example",
        subject=str(uuid4()),
        name="Compte de test",
        email="follower@people.example",
        locale="fr",
    )
    worker = reading.database.session(reading.territory.id, role="worker")
    async with worker as session:
        session.add_all([reuse, person])
        await session.flush()
        session.add_all(
            [
                ProjectDataset(
                    project_id=reuse.id, dataset_id=dataset_id, added_at=now()
                ),
                Following(
                    person_id=person.id,
                    kind="dataset",
                    target=str(dataset_id),
                    created_at=now(),
                ),
            ]
        )
    return person.id, reuse.id


async def take_moves(reading: Reading, goes: UUID) -> list[dict[str, Any]]:
    """What waits for the worker to move the uses of a page, taken from its queue."""
    statement = text(
        "DELETE FROM queue.pgqueuer WHERE entrypoint = :name AND convert_from(payload, 'UTF8') LIKE :goes"
        " RETURNING convert_from(payload, 'UTF8')"
    )
    values = {"name": MOVE_RENAMED, "goes": f"%{goes}%"}
    async with reading.database.session(reading.territory.id, role="worker") as session:
        rows = await session.execute(statement, values)
        return [json.loads(row[0]) for row in rows]


@pytest.mark.thorough
async def test_who_used_the_page_that_goes_uses_the_one_that_stays(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await read(reading, catalogue, dataset("Bancs", "old"))
    [stays] = (await reading.list_published()).values()
    await read(reading, catalogue, dataset("Bancs", "new"))
    [goes] = {id_ for _, id_ in await reading.list_shown()} - {stays}
    person, reuse = await use_page(reading, goes)

    await accept(reading)
    await reading.read()
    [payload] = await take_moves(reading, goes)
    job = Job(MOVE_RENAMED, reading.territory.id, payload, 0, last=True)
    await task_handlers(portal_site)[MOVE_RENAMED](job)

    used = select(ProjectDataset.dataset_id).where(ProjectDataset.project_id == reuse)
    followed = select(Following.target).where(Following.person_id == person)
    async with reading.database.session(reading.territory.id, role="worker") as session:
        targets = [list(await session.scalars(query)) for query in (used, followed)]
    assert await reading.list_published() == {"Bancs": stays}
    assert targets == [[stays], [str(stays)]]


@pytest.mark.thorough
async def test_a_source_that_moves_to_another_installation_keeps_its_pages(
    catalogue: Catalogue, open_source: Open, shared_data: Path
) -> None:
    """Two installations that read the same file have identifiers of their own: once a person says so, they are the same."""
    body = (shared_data / "data/catalogues" / CATALOGUE).read_bytes()
    for origin in (FIRST, SECOND):
        context = replace(CONTEXT, source=uuid5(CONTEXT.source, origin))
        page = format_detection.read(body, base_url="https://source.example/")
        triples = [
            triple
            for record in page.records
            for triple in write_dataset(origin, convert(record, context).record)
        ]
        path = f"/{urlsplit(origin).hostname}.ttl"
        catalogue.put(path, write_turtle(triples), Content_Type="text/turtle")
    reading = await open_source(f"{catalogue.origin}/{urlsplit(FIRST).hostname}.ttl")
    await reading.read()
    before = await reading.list_published()

    await move(reading, f"{catalogue.origin}/{urlsplit(SECOND).hostname}.ttl")
    run = await reading.read()
    state = (await reading.source()).state
    await accept(reading)
    after = await reading.read()

    assert (run.outcome, run.withdrawn, state) == ("vanished", 0, "vanished")
    assert (after.outcome, after.created) == ("complete", 0)
    assert await reading.list_published() == before
    assert len(before) == len(await reading.list_shown()) == len(page.records)


async def test_what_is_gone_indeed_is_no_rename(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    old = [dataset(f"Jeu {place}", f"old-{place}") for place in range(3)]
    await read(reading, catalogue, *old)

    run = await read(
        reading, catalogue, *[dataset(f"Autre {n}", f"n-{n}") for n in range(3)]
    )

    assert (run.outcome, run.missing) == ("complete", 3)
    with pytest.raises(ConflictError):
        await accept(reading)


@pytest.mark.thorough
async def test_who_says_that_they_are_gone_loses_the_former(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await read(reading, catalogue, *[dataset(f"Jeu {n}", f"old-{n}") for n in range(8)])
    await read(reading, catalogue, *[dataset(f"Jeu {n}", f"new-{n}") for n in range(8)])

    await reading.change(state="active", accepts_loss=True)
    run = await reading.read()

    assert (run.withdrawn, len(await reading.list_shown())) == (8, 8)
    with pytest.raises(ConflictError):
        await accept(reading)


ONE, TWO, THREE = (UUID(int=place) for place in (1, 2, 3))
BENCHES = Content.of("Bancs", ["https://a.example.org/b.csv"])
MOVED = Content.of("bancs ", ["https://b.example.org/b.csv"])
OTHER_TITLE = Content.of("Arbres", ["https://a.example.org/b.csv"])
OTHER_FILE = Content.of("Bancs", ["https://a.example.org/c.csv"])
PAIRS = [
    ("title and file", {ONE: BENCHES}, {TWO: BENCHES}, {ONE: TWO}),
    ("another host", {ONE: BENCHES}, {TWO: MOVED}, {ONE: TWO}),
    ("another title", {ONE: BENCHES}, {TWO: OTHER_TITLE}, {}),
    ("another file", {ONE: BENCHES}, {TWO: OTHER_FILE}, {}),
    ("two new", {ONE: BENCHES}, {TWO: BENCHES, THREE: BENCHES}, {}),
    ("two gone", {ONE: BENCHES, THREE: BENCHES}, {TWO: BENCHES}, {}),
    ("the same host first", {ONE: BENCHES}, {TWO: MOVED, THREE: BENCHES}, {ONE: THREE}),
]


@pytest.mark.parametrize(
    ("gone", "new", "pairs"),
    [line[1:] for line in PAIRS],
    ids=[line[0] for line in PAIRS],
)
def test_pair_contents_by_the_table(
    gone: dict[UUID, Content], new: dict[UUID, Content], pairs: dict[UUID, UUID]
) -> None:
    assert pair_contents(gone, new) == pairs


contents = st.dictionaries(
    st.uuids(), st.sampled_from([BENCHES, MOVED, OTHER_TITLE, OTHER_FILE]), max_size=5
)


@given(contents, contents)
def test_pair_contents_joins_each_with_one_whatever_the_order(
    gone: dict[UUID, Content], new: dict[UUID, Content]
) -> None:
    pairs = pair_contents(gone, new)

    assert len(set(pairs.values())) == len(pairs)
    assert all(
        gone[former].title == new[later].title for former, later in pairs.items()
    )
    backwards = dict(reversed(gone.items())), dict(reversed(new.items()))
    assert pair_contents(*backwards) == pairs


@pytest.mark.parametrize(
    ("published", "missing", "renamed", "assessment"),
    [
        (3, 3, 3, RunAssessment.VANISHED),
        (10, 8, 8, RunAssessment.VANISHED),
        (10, 2, 2, RunAssessment.MISSING),
        (3, 3, 2, RunAssessment.MISSING),
        (1, 0, 0, RunAssessment.MISSING),
        (0, 0, 0, RunAssessment.MISSING),
    ],
)
def test_assess_run_asks_where_nearly_all_have_other_identifiers(
    published: int, missing: int, renamed: int, assessment: RunAssessment
) -> None:
    result = assess_run(
        complete=True,
        published_count=published,
        missing=missing,
        renamed=renamed,
        accepts_loss=False,
    )

    assert result is assessment
