"""Datasets of two places that seem to be one: sure, asked or neither; what the team says is remembered."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.portal.catalogue.actions import lock_datasets
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.identity.models import Person
from udi.portal.nodes.inbox import list_match_proposals
from udi.portal.nodes.sources.likeness import (
    MatchBasis,
    find_by_names,
    is_likely,
    is_sure,
)
from udi.portal.nodes.sources.matches.actions import decide_match
from udi.portal.nodes.sources.matches.queries import get_match, list_matches
from udi.portal.nodes.sources.matches.uses import (
    MOVE_USES,
    move_uses,
    task_handlers,
)
from udi.portal.nodes.sources.models import DatasetMatch, MatchState
from udi.portal.notifications.models import Following
from udi.portal.projects.models import Project, ProjectDataset
from udi.portal.projects.transitions import ProjectState
from udi.ui.site import Site

PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
"""
SUM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHER_SUM = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
ALL = tuple(MatchBasis)
SOURCE, CHECKSUM, FILE, TITLE, PUBLISHER = ALL


def turtle(
    identifier: str,
    *,
    title: str = "Bancs publics",
    publisher: str = "Ville d’Exemple",
    file: str = "https://files.example.org/benches.csv",
    checksum: str = "",
    source: str = "",
) -> bytes:
    """A catalogue of one dataset."""
    summed = (
        f'; spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue "{checksum}" ]'
        if checksum
        else ""
    )
    derived = f"; dct:source <{source}>" if source else ""
    return f"""{PREFIXES}
<https://x.example/{identifier}> a dcat:Dataset ; dct:identifier "{identifier}" ; dct:title "{title}"@fr ;
  dct:publisher [ a foaf:Organization ; foaf:name "{publisher}" ] {derived} ;
  dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <{file}> ; dct:title "CSV" {summed} ] .
""".encode()


async def read_both(
    catalogue: Catalogue, open_source: Open, town: bytes, region: bytes
) -> tuple[Reading, Reading]:
    kind = {"Content-Type": "text/turtle"}
    catalogue.put("/town.ttl", town, **kind)
    catalogue.put("/region.ttl", region, **kind)
    first = await open_source(f"{catalogue.origin}/town.ttl")
    await first.read()
    second = await open_source(f"{catalogue.origin}/region.ttl")
    await second.read()
    return first, second


async def matches(reading: Reading) -> list[DatasetMatch]:
    async with reading.database.session(reading.territory.id) as session:
        return list(await session.scalars(select(DatasetMatch)))


async def answer(
    reading: Reading,
    pair: DatasetMatch,
    *,
    same: bool,
    actor: Actor | None = None,
    bound: Collection[UUID] = (),
) -> None:
    async def find_bound(_: AsyncSession, datasets: Collection[UUID]) -> set[UUID]:
        return {*datasets} & {*bound}

    async with reading.database.session(reading.territory.id) as session:
        match = await get_match(session, pair.second_id, pair.first_id)
        await decide_match(
            session,
            actor or team(reading.territory),
            match,
            same=same,
            say=lambda _, message: message,
            bound=[find_bound],
        )


async def load(reading: Reading, id_: UUID) -> Dataset:
    async with reading.database.session(reading.territory.id) as session:
        return await session.get_one(Dataset, (reading.territory.id, id_))


@pytest.mark.parametrize(
    ("bases", "sure", "likely"),
    [
        ((), False, False),
        ((TITLE,), False, False),
        ((PUBLISHER,), False, False),
        ((FILE,), False, False),
        ((FILE, TITLE), False, True),
        ((FILE, PUBLISHER), False, True),
        ((TITLE, PUBLISHER), False, True),
        ((CHECKSUM,), False, True),
        ((CHECKSUM, TITLE), False, True),
        ((CHECKSUM, PUBLISHER), False, True),
        ((CHECKSUM, TITLE, PUBLISHER), True, True),
        ((SOURCE,), False, True),
        ((SOURCE, PUBLISHER), False, True),
        ((SOURCE, TITLE), True, True),
        ((SOURCE, FILE), True, True),
        ((SOURCE, CHECKSUM), True, True),
    ],
)
def test_the_table_of_likeness(
    bases: tuple[MatchBasis, ...], *, sure: bool, likely: bool
) -> None:
    assert (is_sure(bases), is_likely(bases)) == (sure, likely)


def test_more_in_common_never_makes_it_less_sure() -> None:
    every = [frozenset(some) for n in range(6) for some in combinations(ALL, n)]

    assert all(
        is_sure(some) <= is_sure(more) and is_likely(some) <= is_likely(more)
        for some in every
        for more in every
        if some <= more
    )
    assert all(is_likely(some) for some in every if is_sure(some))


SURE = [
    (
        "content, title and publisher",
        turtle("a", checksum=SUM),
        turtle("b", checksum=SUM, file="https://copy.example.org/1.csv"),
    ),
    (
        "it says where it comes from, and the title is the same",
        turtle("https://town.example.org/id/1"),
        turtle(
            "b", source="https://town.example.org/id/1",
            file="https://copy.example.org/1.csv", publisher="Région",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("town", "region"), [line[1:] for line in SURE], ids=[line[0] for line in SURE]
)
async def test_what_leaves_no_doubt_is_one_page(
    catalogue: Catalogue, open_source: Open, town: bytes, region: bytes
) -> None:
    first, second = await read_both(catalogue, open_source, town, region)

    [id_] = (await first.list_published()).values()
    assert await second.list_published() == {}
    assert len((await load(first, id_)).other_origins) == 1
    assert await matches(first) == []


LIKELY = [
    (
        "title and publisher", turtle("a"),
        turtle("b", file="https://copy.example.org/1.csv"), "title",
    ),
    (
        "content alone", turtle("a", checksum=SUM),
        turtle("b", title="Mobilier", publisher="Région", checksum=SUM,
               file="https://copy.example.org/1.csv"), "checksum",
    ),
    (
        "it says where it comes from, and nothing else agrees",
        turtle("https://town.example.org/id/1"),
        turtle("b", title="Mobilier", source="https://town.example.org/id/1",
               file="https://copy.example.org/1.csv"), "source",
    ),
    (
        "file and title", turtle("a"),
        turtle("b", publisher="Région"), "file",
    ),
]  # fmt: skip


@by_depth(
    ("town", "region", "basis"),
    [line[1:] for line in LIKELY],
    ids=[line[0] for line in LIKELY],
    by_default=[0, 1],
)
async def test_what_is_likely_is_asked_once(
    catalogue: Catalogue, open_source: Open, town: bytes, region: bytes, basis: str
) -> None:
    first, second = await read_both(catalogue, open_source, town, region)
    await first.read()
    await second.read()

    [match] = await matches(first)
    assert (match.basis, match.state) == (basis, MatchState.PROPOSED)
    assert len(await first.list_published()) == len(await second.list_published()) == 1


NEITHER = [
    ("another content and title", turtle("a", checksum=SUM), turtle(
        "b", title="Mobilier", checksum=OTHER_SUM, file="https://copy.example.org/1.csv")),
    ("a file alone", turtle("a"), turtle("b", title="Mobilier", publisher="Région")),
    ("a title alone", turtle("a"), turtle(
        "b", publisher="Région", file="https://copy.example.org/1.csv")),
]  # fmt: skip


@by_depth(
    ("town", "region"),
    [line[1:] for line in NEITHER],
    ids=[line[0] for line in NEITHER],
    by_default=[2],
)
async def test_what_many_have_in_common_is_not_asked(
    catalogue: Catalogue, open_source: Open, town: bytes, region: bytes
) -> None:
    first, _ = await read_both(catalogue, open_source, town, region)

    assert await matches(first) == []


async def test_the_same_leaves_one_page_that_lasts_and_names_both(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [stays] = (await first.list_published()).values()
    [goes] = (await second.list_published()).values()
    [match] = await matches(first)

    await answer(first, match, same=True)
    run = await second.read()
    await first.read()

    remaining = await load(first, stays)
    gone = await load(first, goes)
    assert (remaining.state, gone.state) == (
        DatasetState.PUBLISHED,
        DatasetState.WITHDRAWN,
    )
    [other] = remaining.other_origins
    assert (other["source"], other["identifier"]) == (str(second.source_id), "b")
    assert (run.outcome, run.unchanged, run.created) == ("complete", 1, 0)
    assert (await matches(first))[0].state == MatchState.SAME
    assert await first.count_events("dataset.match_answered") == 1


async def test_a_page_with_agreements_stays_whichever_came_first(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [early] = (await first.list_published()).values()
    [late] = (await second.list_published()).values()
    [match] = await matches(first)

    with pytest.raises(ConflictError):
        await answer(first, match, same=True, bound={early, late})
    states = [(await load(first, id_)).state for id_ in (early, late)]
    await answer(first, match, same=True, bound={late})

    assert states == [DatasetState.PUBLISHED, DatasetState.PUBLISHED]
    assert (await load(first, early)).state == DatasetState.WITHDRAWN
    assert (await load(first, late)).state == DatasetState.PUBLISHED


async def test_what_uses_the_page_that_goes_uses_the_one_that_stays(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [stays] = (await first.list_published()).values()
    [goes] = (await second.list_published()).values()
    [match] = await matches(first)
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
    worker = first.database.session(first.territory.id, role="worker")
    async with worker as session:
        session.add_all([reuse, person])
        await session.flush()
        session.add(
            ProjectDataset(project_id=reuse.id, dataset_id=goes, added_at=now())
        )
        followings = [
            Following(
                person_id=person.id, kind="dataset", target=str(id_), created_at=now()
            )
            for id_ in (goes, stays)
        ]
        session.add_all(followings)

    await answer(first, match, same=True)
    async with first.database.session(first.territory.id, role="worker") as session:
        await move_uses(portal_site, session, goes, stays)
        await move_uses(portal_site, session, goes, stays)
        used = await session.scalars(
            select(ProjectDataset.dataset_id).where(
                ProjectDataset.project_id == reuse.id
            )
        )
        followed = await session.scalars(
            select(Following.target).where(Following.person_id == person.id)
        )
        targets = (list(used), list(followed))

    assert targets == ([stays], [str(stays)])


MAP = b"""
<https://x.example/map> a dcat:DataService ; dct:title "Carte"@fr ; dcat:endpointURL <https://maps.example.org/bench-map> ;
  dcat:servesDataset <https://x.example/b> .
"""


async def run_move(site: Site, reading: Reading, former: UUID, later: UUID) -> None:
    """What the worker does after the answer that two datasets are one."""
    payload = {"dataset": str(former), "instead": str(later)}
    job = Job(MOVE_USES, reading.territory.id, payload, 0, last=False)
    await task_handlers(site)[MOVE_USES](job)


async def list_served(reading: Reading) -> tuple[set[UUID], datetime]:
    """What the service of a source serves, and when that changed."""
    link = CatalogueServiceDataset
    async with reading.database.session(reading.territory.id) as session:
        query = select(CatalogueService).where(
            CatalogueService.source_id == reading.source_id
        )
        service = (await session.scalars(query)).one()
        ids = select(link.dataset_id).where(link.service_id == service.id)
        return set(await session.scalars(ids)), service.changed_at


async def count_notes(reading: Reading, dataset: UUID) -> int:
    """How often the feed that says which pages are stale named a dataset."""
    query = text("SELECT count(*) FROM ops.search_change WHERE dataset_id = :id")
    async with reading.database.session(reading.territory.id, role="worker") as session:
        return await session.scalar(query, {"id": dataset}) or 0


@pytest.mark.thorough
async def test_the_page_that_stays_shows_the_services_of_the_one_that_went(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région") + MAP
    )
    [stays] = (await first.list_published()).values()
    [goes] = (await second.list_published()).values()
    [match] = await matches(first)
    before = await list_served(second)
    await answer(first, match, same=True)
    notes = await count_notes(first, stays)

    await run_move(portal_site, second, goes, stays)
    await run_move(portal_site, second, goes, stays)

    served, changed_at = await list_served(second)
    assert (before[0], served) == ({goes}, {stays})
    assert changed_at > before[1]
    assert await count_notes(first, stays) == notes + 1


@pytest.mark.thorough
async def test_an_answer_that_is_taken_back_before_its_job_moves_nothing(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région") + MAP
    )
    [stays] = (await first.list_published()).values()
    [goes] = (await second.list_published()).values()
    [match] = await matches(first)
    await answer(first, match, same=True)
    await answer(first, match, same=False)

    await run_move(portal_site, second, goes, stays)

    assert (await list_served(second))[0] == {goes}


@pytest.mark.thorough
async def test_uses_go_on_to_the_page_that_is_published_when_their_job_runs(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("m", publisher="Métropole")
    )
    region = turtle("b", publisher="Région") + MAP
    catalogue.put("/third.ttl", region, **{"Content-Type": "text/turtle"})
    third = await open_source(f"{catalogue.origin}/third.ttl")
    await third.read()
    [stays] = (await first.list_published()).values()
    [between] = (await second.list_published()).values()
    [goes] = (await third.list_published()).values()
    pairs = {
        frozenset((pair.first_id, pair.second_id)): pair
        for pair in await matches(first)
    }
    await answer(first, pairs[frozenset((between, goes))], same=True)
    await answer(first, pairs[frozenset((stays, between))], same=True)

    await run_move(portal_site, third, goes, between)

    assert (await list_served(third))[0] == {stays}


async def test_the_same_may_be_taken_back(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [stays] = (await first.list_published()).values()
    before = await second.list_published()
    [match] = await matches(first)
    await answer(first, match, same=True)
    await second.read()

    await answer(first, match, same=False)
    separated = await load(first, stays)
    await second.read()
    await first.read()

    assert separated.other_origins == []
    assert await second.list_published() == before
    assert await first.list_published() == {"Bancs publics": stays}
    assert [pair.state for pair in await matches(first)] == [MatchState.DIFFERENT]


async def test_different_stays_two_and_is_not_asked_again(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [match] = await matches(first)
    await answer(first, match, same=False)
    catalogue.put("/region.ttl", turtle("b", publisher="Région", title="bancs publics"))
    await second.read()

    [after] = await matches(first)
    assert after.state == MatchState.DIFFERENT
    assert len(await first.list_published()) == len(await second.list_published()) == 1
    with pytest.raises(ConflictError):
        await answer(first, match, same=True)


async def test_different_stays_two_where_the_next_reading_would_be_sure(
    catalogue: Catalogue, open_source: Open
) -> None:
    town = turtle("a", checksum=SUM)
    first, second = await read_both(
        catalogue, open_source, town, turtle("b", publisher="Région", checksum=SUM)
    )
    before = await second.list_published()
    [match] = await matches(first)
    await answer(first, match, same=True)
    await second.read()
    await answer(first, match, same=False)
    catalogue.put("/region.ttl", turtle("b", checksum=SUM))

    await second.read()
    await first.read()

    assert await second.list_published() == before
    assert len(await first.list_published()) == 1
    assert [pair.state for pair in await matches(first)] == [MatchState.DIFFERENT]


async def test_an_answer_about_what_is_gone_or_was_never_asked_changes_nothing(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [match] = await matches(first)
    [goes] = (await second.list_published()).values()
    async with first.database.session(first.territory.id) as session:
        dataset = await session.get_one(Dataset, (first.territory.id, goes))
        dataset.state = DatasetState.WITHDRAWN

    with pytest.raises(ConflictError):
        await answer(first, match, same=True)
    async with first.database.session(first.territory.id) as session:
        assert await list_matches(session, team(first.territory), limit=5) == []
        with pytest.raises(NotFoundError):
            await get_match(session, goes, UUID(int=1))

    assert (await matches(first))[0].state == MatchState.PROPOSED


async def test_only_the_team_is_asked(
    catalogue: Catalogue, open_source: Open, demo: Territory
) -> None:
    first, _ = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [match] = await matches(first)
    manager = replace(team(demo), moderator=False)
    async with first.database.session(first.territory.id) as session:
        mine = await list_match_proposals(session, team(demo))
        theirs = await list_match_proposals(session, manager)

    with pytest.raises(ForbiddenError):
        await answer(first, match, same=True, actor=manager)
    assert ([item.url for item in mine], list(theirs)) == (["/sources/matches"], [])


@pytest.mark.thorough
async def test_the_page_shows_both_side_by_side(
    portal_app: Litestar, demo: Territory, catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    english = {"Accept-Language": "en"}
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        page = await client.get("/sources/matches", headers=english)
        ids = re.findall(r'name="(first|second)" value="([-0-9a-f]+)"', page.text)
        form = {**dict(ids), "answer": "same"}
        unanswered = await client.post("/sources/matches", data=dict(ids))
        waiting = await client.get("/sources/matches", headers=english)
        answered = await client.post("/sources/matches", data=form)
        after = await client.get("/sources/matches", headers=english)
        nobody = await client.post(
            "/sources/matches", data={"first": "x", "answer": "same"}
        )
    stranger = make_person(demo, memberships={"armor": ["managers"]})
    async with browse(portal_app, demo, stranger) as client:
        refused = await client.get("/sources/matches")

    assert "A file of both has the same address." in page.text
    assert "Région" in page.text
    assert "Ville d’Exemple" in page.text
    assert unanswered.status_code == 422
    assert "A file of both has the same address." in waiting.text
    assert (answered.status_code, nobody.status_code) == (303, 404)
    assert "Nothing to compare" in after.text
    assert "Said to be the same" in after.text
    assert refused.status_code == 403
    assert len(await first.list_published()) == 1
    assert await second.list_published() == {}


@pytest.mark.thorough
async def test_the_page_holds_in_a_browser(
    portal_app: Litestar,
    demo: Territory,
    catalogue: Catalogue,
    open_source: Open,
    tab: Tab,
) -> None:
    first, _ = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    address = f"{demo.origin}/sources/matches"
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        open_pair = await tab.find_faults(client, address, "matches", "fr", "en")
        [pair] = await matches(first)
        await answer(first, pair, same=True)
        answered = await tab.find_faults(
            client, address, "matches-answered", "fr", "en"
        )

    assert open_pair == []
    assert answered == []


@pytest.mark.thorough
async def test_a_program_of_the_team_reads_and_answers(
    portal_app: Litestar, demo: Territory, catalogue: Catalogue, open_source: Open
) -> None:
    await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    headers = await token(portal_app, demo, moderator=True)
    others = await token(portal_app, demo, memberships={"armor": ["managers"]})
    where = "/api/v1/sources/matches"
    async with browse(portal_app, demo) as client:
        listed = (await client.get(where, headers=headers)).json()
        pair = {side: listed["items"][0][side]["id"] for side in ("first", "second")}
        unknown = await client.post(
            where, headers=headers, json={**pair, "answer": "perhaps"}
        )
        refused = await client.post(
            where, headers=others, json={**pair, "answer": "same"}
        )
        answered = await client.post(
            where, headers=headers, json={**pair, "answer": "different"}
        )

    assert (listed["total"], listed["items"][0]["basis"]) == (1, "file")
    assert listed["items"][0]["second"]["publisher"] == "Région"
    assert (unknown.status_code, refused.status_code) == (422, 403)
    assert answered.json() == {"total": 0, "items": []}


async def token(app: Litestar, demo: Territory, **rights: object) -> httpx.Headers:
    """What a program of such a person sends along."""
    async with browse(app, demo, make_person(demo, **rights)) as someone:  # type: ignore[arg-type]  # the rights of a person
        form = {"name": "lecture", "days": "30", "scope": ["sources"]}
        page = await someone.post("/my-space/tokens", data=form)
    [bearer] = re.findall(r"udi_me_[-_A-Za-z0-9]+", page.text)[:1]
    return httpx.Headers({"Authorization": f"Bearer {bearer}"})


@pytest.mark.thorough
async def test_an_answer_that_is_taken_back_during_a_reading_is_heeded_by_the_next(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [match] = await matches(first)
    await answer(first, match, same=True)
    later = now() + timedelta(hours=1)
    await second.change(etag='"one"', lease=uuid4(), leased_until=later, next_at=later)

    await answer(first, match, same=False)

    source = await second.source()
    assert (source.etag, source.whole_read_at) == ("", None)
    assert source.next_at == later


@pytest.mark.thorough
async def test_records_of_a_slice_are_compared_once(
    catalogue: Catalogue, open_source: Open, portal_database: Database
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = portal_database.engine("worker").sync_engine
    event.listen(engine, "before_cursor_execute", note)
    first, _ = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    event.remove(engine, "before_cursor_execute", note)

    assert len(await matches(first)) == 1
    compared = [statement for statement in statements if "title_folded =" in statement]
    assert len(compared) == 2


@pytest.mark.thorough
async def test_matches_may_be_added_of_datasets_that_another_source_changes(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, _ = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [id_] = (await first.list_published()).values()
    reference = (
        select(Dataset.id)
        .where(Dataset.id == id_)
        .with_for_update(read=True, key_share=True, nowait=True)
    )

    async with first.database.session(first.territory.id) as changing:
        await lock_datasets(changing, [id_])
        async with first.database.session(first.territory.id) as proposing:
            assert await proposing.scalar(reference) == id_


@by_depth("same", [True, False], by_default=[0])
async def test_an_answer_locks_sources_before_datasets_as_a_reading_does(
    catalogue: Catalogue, open_source: Open, *, same: bool
) -> None:
    first, _ = await read_both(
        catalogue, open_source, turtle("a"), turtle("b", publisher="Région")
    )
    [match] = await matches(first)
    locks: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        table = re.search(r"FROM (?:app\.)?(\w+)", statement)
        if "FOR NO KEY UPDATE" in statement and table:
            locks.append(table[1])

    if not same:
        await answer(first, match, same=True)
    engine = first.database.engine("app").sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await answer(first, match, same=same)
    event.remove(engine, "before_cursor_execute", note)

    assert locks[0] == "catalogue_source"
    assert "dataset" in locks[1:]


class CountedNames(list[str]):
    """Names that count how often all of them are looked through."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()


@pytest.mark.thorough
async def test_names_are_not_looked_through_again_for_each_dataset(
    catalogue: Catalogue, open_source: Open
) -> None:
    titles = ("Names one", "Names two", "Names three")
    described = "".join(
        f'<https://names.example/{number}> a dcat:Dataset ; dct:identifier "names-{number}" ; dct:title "{title}" .\n'
        for number, title in enumerate(titles)
    )
    catalogue.put(
        "/names.ttl",
        f"{PREFIXES}{described}".encode(),
        **{"Content-Type": "text/turtle"},
    )
    theirs: Reading = await open_source(f"{catalogue.origin}/names.ttl")
    await theirs.read()
    published = (await theirs.list_published()).values()
    ours: Reading = await open_source(f"{catalogue.origin}/none.ttl")
    source = await ours.source()
    pages = [f"https://portal.example/data/{id_}".upper() for id_ in published]
    times = []
    async with ours.database.session(ours.territory.id) as session:
        for names in (CountedNames(pages[:1]), CountedNames(pages)):
            by_name = await find_by_names(session, source, names)
            times.append(names.times)

    assert by_name == dict(zip(pages, ({id_} for id_ in published), strict=True))
    assert times[0] == times[1]
