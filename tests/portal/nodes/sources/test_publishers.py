"""Whose a harvested dataset is: what records say of their publishers, and the organisation that this is here."""

import itertools
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from msgspec import structs
from sqlalchemy import event, select, update
from sqlalchemy.orm import joinedload

from tests.depth import by_depth, examples
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading
from tests.visitors import browse, freshen, make_person
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.services.models import CatalogueService
from udi.portal.catalogue.stewards import STEWARD_ID, find_steward
from udi.portal.nodes.actions.push import PushedRecord, publish_records
from udi.portal.nodes.models import Node, NodeProducer
from udi.portal.nodes.sources.models import (
    PublisherMatch,
    SourcePublisher,
    SourceRecord,
)
from udi.portal.nodes.sources.publishers import matching
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.joining.applications import LOCK
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.models import Tenant
from udi.protocol.record import restore_record
from udi.settings import Settings

SIREN = "213502388"
SIRET = "21350238800019"
"""Both have the key of their register."""
PROPOSALS = "/sources/publishers"
ENGLISH = {"Accept-Language": "en"}
TURTLE = {"Content-Type": "text/turtle"}
PREFIXES = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
)


def write_catalogue(publishers: list[str]) -> bytes:
    """A Turtle catalogue with one dataset of each publisher, written as a node of Turtle; empty: none."""
    datasets = []
    for number, publisher in enumerate(publishers):
        publisher_line = f" ; dct:publisher {publisher}" if publisher else ""
        datasets.append(
            f'<https://x.example/d/{number}> a dcat:Dataset ; dct:identifier "d{number}" ;'
            f' dct:title "Jeu {number}"@fr{publisher_line} .\n'
        )
    return f"{PREFIXES}{''.join(datasets)}".encode()


def agent(name: str, more: str = "", kind: str = "foaf:Organization") -> str:
    return f'[ a {kind} ; foaf:name "{name}"@fr {more}]'


async def list_organisations(reading: Reading) -> dict[str, Organisation]:
    """The organisation of each dataset, by its title."""
    async with reading.database.session(reading.territory.id) as session:
        query = select(Dataset.title, Organisation).join(
            Organisation, Organisation.id == Dataset.organisation_id
        )
        rows = await session.execute(query.where(Dataset.node_id == reading.source_id))
        return {row[0]: row[1] for row in rows}


async def list_rows(reading: Reading) -> dict[str, SourcePublisher]:
    async with reading.database.session(reading.territory.id) as session:
        query = select(SourcePublisher).where(
            SourcePublisher.source_id == reading.source_id
        )
        return {row.key: row for row in await session.scalars(query)}


async def list_linked(reading: Reading) -> set[UUID]:
    async with reading.database.session(reading.territory.id) as session:
        query = select(NodeProducer.organisation_id).where(
            NodeProducer.node_id == reading.source_id
        )
        return set(await session.scalars(query))


async def add_organisation(
    database: Database, territory: Territory, name: str, slug: str, number: str = ""
) -> UUID:
    """An organisation that joined, so that it has people of its own."""
    id_ = uuid4()
    async with database.session(territory.id) as session:
        organisation = await apply_organisation(
            session, id=id_, slug=slug, name=name, summary={}, email="d@joined.example"
        )
        organisation.country = "FR" if number else ""
        organisation.registry_number = number
    return id_


@dataclass(frozen=True)
class Outcome:
    """What is expected of the publisher of a record."""

    publisher: str
    organisation: str
    how: str
    is_proposed: bool = False


KNOWN = "Syndicat des eaux"
KNOWN_NUMBER = "552100554"
HARVESTER = ""
"""The producer that reads the source."""
OUTCOMES = {
    "nobody": Outcome("", HARVESTER, ""),
    "a name that nobody has": Outcome(agent("Office de la mer"), "Office de la mer", "created"),
    "a name of an organisation that joined": Outcome(agent(KNOWN), HARVESTER, "name", is_proposed=True),
    "the same name in capitals": Outcome(agent("SYNDICAT DES EAUX"), HARVESTER, "name", is_proposed=True),
    "its number under another name": Outcome(
        agent("SDE", f'; dct:identifier "{KNOWN_NUMBER}"'), HARVESTER, "number", is_proposed=True
    ),
    "its name with the number of another": Outcome(
        agent(KNOWN, f'; dct:identifier "{SIREN}"'), KNOWN, "created"
    ),
    "a number that nobody has": Outcome(
        agent("Ville d’Aval", f'; dct:identifier "{SIRET}"'), "Ville d’Aval", "created"
    ),
    "a natural person": Outcome(agent("Ada Exemple", kind="foaf:Person"), HARVESTER, "person"),
    "an address alone": Outcome("<https://x.example/agents/7>", HARVESTER, "unnamed"),
}  # fmt: skip


@by_depth("case", OUTCOMES, by_default=[1, 2, 4, 5, 7])
async def test_match_publishers_by_number_by_name_or_as_an_organisation_nobody_claimed(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    case: str,
) -> None:
    expected = OUTCOMES[case]
    known = await add_organisation(
        portal_database, demo, KNOWN, "eaux", number=KNOWN_NUMBER
    )
    catalogue.put("/c.ttl", write_catalogue([expected.publisher]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")

    await reading.read()

    organisation = (await list_organisations(reading))["Jeu 0"]
    hows = [
        (row.how, row.proposed_id == known)
        for row in (await list_rows(reading)).values()
    ]
    is_harvesters = organisation.id == reading.producer
    name = HARVESTER if is_harvesters else organisation.name
    assert (name, organisation.unclaimed) == (expected.organisation, not is_harvesters)
    assert hows == ([(expected.how, expected.is_proposed)] if expected.how else [])
    assert await list_linked(reading) == {reading.producer, organisation.id}
    assert not (organisation.unclaimed and organisation.email)


@pytest.mark.thorough
async def test_an_organisation_nobody_claimed_has_page_filter_feed_and_citation(
    catalogue: Catalogue,
    open_source: Open,
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    settings: Settings,
) -> None:
    catalogue.put(
        "/hills.ttl", write_catalogue([agent("Syndicat des collines")]), **TURTLE
    )
    reading = await open_source(f"{catalogue.origin}/hills.ttl")
    await reading.read()
    [dataset] = (await reading.list_published()).values()
    slug = (await list_organisations(reading))["Jeu 0"].slug
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: settings.origin("portal", host)
    )
    freshen(registry)
    await SearchFeed(portal_database, registry, settings).run_once()

    async with browse(portal_app, demo) as reader:
        page = await reader.get(f"/producers/{slug}", headers=ENGLISH)
        listed = (await reader.get(f"/api/v1/datasets?producer={slug}")).json()
        feed = await reader.get(f"/data.atom?producer={slug}")
        citation = (await reader.get(f"/data/{dataset}/citation.json")).json()

    assert "Syndicat des collines" in page.text
    assert "This is my organisation" in page.text
    assert [item["id"] for item in listed["items"]] == [str(dataset)]
    assert str(dataset) in feed.text
    assert "Syndicat des collines" in str(citation)


VILLE = "Ville d’Amont"
BY_NUMBER = [
    agent(VILLE, f'; dct:identifier "{SIREN}"'),
    agent("Mairie d’Amont", f'; dct:identifier "{SIRET}"'),
    f"<https://registre.example/siren/{SIREN}>",
]
BY_NAME = [agent(VILLE), agent(VILLE.upper()), BY_NUMBER[0], BY_NUMBER[2]]
ORDERS = [
    [catalogue_agents[place] for place in order]
    for catalogue_agents in (BY_NUMBER, BY_NAME)
    for order in itertools.permutations(range(len(catalogue_agents)))
]


@pytest.mark.thorough
@pytest.mark.parametrize("publishers", ORDERS[:: examples(10, 3)])
async def test_match_publishers_finds_one_organisation_whatever_the_order_of_records(
    catalogue: Catalogue, open_source: Open, publishers: list[str]
) -> None:
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")

    await reading.read()

    organisations = {o.id: o for o in (await list_organisations(reading)).values()}
    [town] = organisations.values()
    assert (town.unclaimed, town.country, town.registry_number[:9]) == (
        True,
        "FR",
        SIREN,
    )


async def test_a_source_speaks_for_nobody_who_is_here_until_they_confirm(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    portal_app: Litestar,
) -> None:
    known = await add_organisation(portal_database, demo, KNOWN, "eaux")
    catalogue.put("/c.ttl", write_catalogue([agent(KNOWN)] * 2), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    addresses = await reading.list_published()
    before = await list_organisations(reading)
    member = make_person(demo, memberships={"eaux": ["managers"]})
    stranger = make_person(demo, memberships={"other": ["managers"]})
    [(key, _)] = (await list_rows(reading)).items()
    answer = {"source": str(reading.source_id), "key": key, "answer": "yes"}

    async with browse(portal_app, demo, stranger) as client:
        refused = await client.post(PROPOSALS, data=answer)
        strangers_page = await client.get(PROPOSALS)
    meanwhile = await list_organisations(reading)
    async with browse(portal_app, demo, member) as client:
        todo = await client.get("/inbox", headers=ENGLISH)
        page = await client.get(PROPOSALS, headers=ENGLISH)
        dataset_page = await client.get(f"/data/{addresses['Jeu 0']}", headers=ENGLISH)
        confirmed = await client.post(PROPOSALS, data=answer)
        again = await client.post(PROPOSALS, data=answer)

    assert {o.id for o in before.values()} == {reading.producer}
    assert (refused.status_code, KNOWN in strangers_page.text) == (403, False)
    assert {o.id for o in meanwhile.values()} == {reading.producer}
    assert "Publishers to confirm" in todo.text
    assert KNOWN in page.text
    assert "Publisher, as the source says:" in dataset_page.text
    assert (confirmed.status_code, again.status_code) == (303, 409)
    assert {o.id for o in (await list_organisations(reading)).values()} == {known}
    assert await list_linked(reading) == {reading.producer, known}
    assert await reading.list_published() == addresses


@pytest.mark.thorough
async def test_who_says_no_leaves_the_datasets_where_they_are_for_good(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    portal_app: Litestar,
) -> None:
    await add_organisation(portal_database, demo, KNOWN, "eaux")
    catalogue.put("/c.ttl", write_catalogue([agent(KNOWN)]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    [(key, _)] = (await list_rows(reading)).items()

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        answer = {"source": str(reading.source_id), "key": key, "answer": "no"}
        response = await client.post(PROPOSALS, data=answer)
    catalogue.put("/c.ttl", write_catalogue([agent(KNOWN)] * 2), **TURTLE)
    await reading.read()

    [row] = (await list_rows(reading)).values()
    assert (response.status_code, row.how, row.proposed_id) == (303, "harvester", None)
    assert {o.id for o in (await list_organisations(reading)).values()} == {
        reading.producer
    }


async def test_the_node_of_a_source_publishes_for_the_organisations_of_its_publishers_and_no_other(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
) -> None:
    known = await add_organisation(portal_database, demo, KNOWN, "eaux")
    publishers = [agent("Office de la mer"), agent(KNOWN)]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    dataset_id = (await reading.list_published())["Jeu 0"]

    async with portal_database.session(demo.id) as session:
        node = (
            await session.scalars(select(Node).where(Node.id == reading.source_id))
        ).one()
        dataset = (
            await session.scalars(select(Dataset).where(Dataset.id == dataset_id))
        ).one()
        record = restore_record(dataset.record)
        forged = structs.replace(
            record, producer=structs.replace(record.producer, id=known, name=KNOWN)
        )
        pushed = PushedRecord("PUT", {}, (), forged, either=True)
        faults = await publish_records(session, node, [pushed])

    assert [fault.field for fault in faults[dataset_id]] == ["producer.organization_id"]
    assert (await list_organisations(reading))["Jeu 0"].name == "Office de la mer"


async def test_people_of_the_producer_that_reads_act_for_an_organisation_that_nobody_claimed(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
) -> None:
    catalogue.put("/c.ttl", write_catalogue([agent("Office de la mer"), ""]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()

    async with portal_database.session(demo.id) as session:
        rows = list(
            await session.scalars(
                select(Dataset).options(joinedload(Dataset.organisation))
            )
        )
        stewards = {row.title: await find_steward(session, row) for row in rows}
        same = set(await session.scalars(select(STEWARD_ID)))
        for row in rows:
            row.organisation.unclaimed = False
        claimed = {row.title: await find_steward(session, row) for row in rows}

    assert {steward.id for steward in stewards.values()} == {reading.producer}
    assert same == {reading.producer}
    assert claimed["Jeu 0"].name == "Office de la mer"


@pytest.mark.thorough
async def test_a_choice_moves_the_datasets_at_once_and_counts_for_other_sources(
    catalogue: Catalogue,
    open_source: Open,
    demo: Territory,
    portal_app: Litestar,
) -> None:
    publishers = [agent("Office de la mer"), agent("Office Mer")]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    catalogue.put("/d.ttl", write_catalogue([agent("office  mer")]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    await reading.change(next_at=None)
    addresses = await reading.list_published()
    page_address = f"/sources/{reading.source_id}"

    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        page = await client.get(page_address, headers=ENGLISH)
        answers = [
            await client.post(
                f"{page_address}/publishers",
                data={"key": "office mer", "organisation": organisation},
            )
            for organisation in ("office-de-la-mer", "nobody")
        ]
        lists = [
            await client.get("/producers", headers=ENGLISH),
            await client.get("/producers/office-mer", headers=ENGLISH),
        ]
        view = await client.get("/producers/office-de-la-mer", headers=ENGLISH)
    other = await open_source(f"{catalogue.origin}/d.ttl")
    await other.read()

    assert "Office Mer" in page.text
    assert [answer.status_code for answer in answers] == [303, 404]
    organisations = await list_organisations(reading)
    assert {o.slug for o in organisations.values()} == {"office-de-la-mer"}
    assert await reading.list_published() == addresses
    assert ("Office de la mer" in lists[0].text, "Office Mer" in lists[0].text) == (
        True,
        False,
    )
    assert lists[1].status_code == 200
    assert "publishes elsewhere; its descriptions were read from" in view.text
    [row] = (await list_rows(other)).values()
    assert row.how == "alias"
    assert {o.slug for o in (await list_organisations(other)).values()} == {
        "office-de-la-mer"
    }


async def test_who_looks_after_a_source_proposes_an_organisation_that_is_not_theirs(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    portal_app: Litestar,
) -> None:
    known = await add_organisation(portal_database, demo, KNOWN, "eaux")
    catalogue.put("/c.ttl", write_catalogue([agent("Office de la mer")]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    async with portal_database.session(demo.id) as session:
        mine = await session.get_one(Organisation, (demo.id, reading.producer))
    person = make_person(demo, memberships={mine.slug: ["managers"]})
    address = f"/sources/{reading.source_id}/publishers"

    async with browse(portal_app, demo, person) as client:
        form = {"key": "office de la mer", "organisation": "eaux"}
        proposed = await client.post(address, data=form)
        waiting = (await list_rows(reading))["office de la mer"]
        stays = await client.post(address, data=form | {"organisation": ":keep"})
        missing = await client.post(address, data=form | {"key": "nobody"})

    assert [a.status_code for a in (proposed, stays, missing)] == [303, 303, 404]
    assert waiting.proposed_id == known
    row = (await list_rows(reading))["office de la mer"]
    assert (row.how, row.proposed_id, row.organisation_id) == (
        "harvester",
        None,
        reading.producer,
    )
    assert {o.id for o in (await list_organisations(reading)).values()} == {
        reading.producer
    }


async def test_two_territories_know_different_organisations_of_one_name(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    other: Territory,
) -> None:
    await add_organisation(portal_database, other, "Office de la mer", "mer", SIREN)
    catalogue.put("/c.ttl", write_catalogue([agent("Office de la mer")]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")

    await reading.read()

    async with portal_database.session(other.id) as session:
        rows = list(await session.scalars(select(SourcePublisher)))
        [theirs] = await session.scalars(select(Organisation))
    assert (rows, theirs.unclaimed) == ([], False)
    assert (await list_organisations(reading))["Jeu 0"].unclaimed


SEA = "Office de la mer"
SEA_SLUG = "office-de-la-mer"
SEA_KEY = "office de la mer"


async def claim(reading: Reading, slug: str) -> UUID:
    """An organisation that nobody claimed gets people of its own."""
    async with reading.database.session(reading.territory.id) as session:
        [organisation] = await session.scalars(
            select(Organisation).where(Organisation.slug == slug)
        )
        organisation.unclaimed = False
        return organisation.id


async def list_ids(reading: Reading) -> dict[str, UUID]:
    return {title: o.id for title, o in (await list_organisations(reading)).items()}


@by_depth("answer", ["yes", "no"], by_default=[0])
async def test_who_joins_after_a_source_named_them_is_asked_before_anything_new_stands_under_them(
    catalogue: Catalogue,
    open_source: Open,
    demo: Territory,
    portal_app: Litestar,
    answer: str,
) -> None:
    catalogue.put("/c.ttl", write_catalogue([agent(SEA)]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    joined = await claim(reading, SEA_SLUG)
    catalogue.put("/c.ttl", write_catalogue([agent(SEA)] * 2), **TURTLE)

    first = await reading.read()
    waiting = await list_ids(reading)
    again = await reading.read()
    stays = await list_ids(reading)
    form = {"source": str(reading.source_id), "key": SEA_KEY, "answer": answer}
    stranger = make_person(demo, memberships={"other": ["managers"]})
    async with browse(portal_app, demo, stranger) as client:
        refused = await client.post(PROPOSALS, data=form)
        strangers_page = await client.get(PROPOSALS)
    member = make_person(demo, memberships={SEA_SLUG: ["managers"]})
    async with browse(portal_app, demo, member) as client:
        todo = await client.get("/inbox", headers=ENGLISH)
        page = await client.get(PROPOSALS, headers=ENGLISH)
        answered = await client.post(PROPOSALS, data=form)
        last_page = await client.get(PROPOSALS, headers=ENGLISH)
    catalogue.put("/c.ttl", write_catalogue([agent(SEA)] * 3), **TURTLE)
    await reading.read()

    assert (first.created, first.unchanged, again.unchanged) == (1, 1, 2)
    assert waiting == stays == {"Jeu 0": joined, "Jeu 1": reading.producer}
    assert (refused.status_code, SEA in strangers_page.text) == (403, False)
    assert "Publishers to confirm" in todo.text
    assert (SEA in page.text, SEA in last_page.text) == (True, False)
    assert answered.status_code == 303
    expected = joined if answer == "yes" else reading.producer
    assert set((await list_ids(reading)).values()) == {expected}
    assert len(await list_ids(reading)) == 3


@pytest.mark.thorough
async def test_what_the_team_said_of_a_publisher_holds_when_its_organisation_joins(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_app: Litestar
) -> None:
    publishers = [agent(SEA), agent("Office Mer")]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        await client.post(
            f"/sources/{reading.source_id}/publishers",
            data={"key": "office mer", "organisation": SEA_SLUG},
        )
    joined = await claim(reading, SEA_SLUG)
    catalogue.put(
        "/c.ttl", write_catalogue([*publishers, agent("Office Mer")]), **TURTLE
    )

    await reading.read()

    assert set((await list_ids(reading)).values()) == {joined}


@by_depth("is_own", [False, True], by_default=[1])
async def test_the_choice_of_who_looks_after_a_source_counts_for_no_other_source(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    portal_app: Litestar,
    *,
    is_own: bool,
) -> None:
    publishers = [agent(SEA), agent("Office Mer")]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    catalogue.put("/e.ttl", write_catalogue([agent("Office Mer")]), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    async with portal_database.session(demo.id) as session:
        mine = await session.get_one(Organisation, (demo.id, reading.producer))
        office = await session.scalar(
            select(Organisation).where(Organisation.slug == "office-mer")
        )
        assert office is not None
        office.name = "Bureau"
    person = make_person(demo, memberships={mine.slug: ["managers"]})
    form = {"key": "office mer", "organisation": mine.slug if is_own else SEA_SLUG}
    async with browse(portal_app, demo, person) as client:
        chosen = await client.post(
            f"/sources/{reading.source_id}/publishers", data=form
        )
    other = await open_source(f"{catalogue.origin}/e.ttl")

    await other.read()

    assert chosen.status_code == 303
    [row] = (await list_rows(other)).values()
    assert (row.how, row.proposed_id) == ("created", None)


@pytest.mark.thorough
async def test_a_source_that_named_as_many_publishers_as_it_may_keeps_nobody_waiting(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matching, "MOST_PUBLISHERS", 1)
    publishers = [agent(SEA), agent("Zone de la mer")]
    catalogue.put("/c.ttl", write_catalogue(publishers), **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    locks: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == LOCK:
            locks.append(statement)

    engine = portal_database.engine("worker").sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await reading.read()
    count = len(locks)
    await reading.change(etag="", last_modified="")
    await reading.read()
    event.remove(engine, "before_cursor_execute", note)

    assert (count, len(locks)) == (1, 1)
    assert list(await list_rows(reading)) == [SEA_KEY]
    assert (await list_ids(reading))["Jeu 1"] == reading.producer


SPANISH = "Q1234567D"
SPANISH_KEY = f"ES:{SPANISH}"


async def write_former_row(reading: Reading, key: str, organisation: UUID) -> None:
    """Have the row of the Spanish publisher as it was before its register was known, with the organisation that confirmed it."""
    async with reading.database.session(reading.territory.id) as session:
        values = {
            "key": key,
            "number": "",
            "organisation_id": organisation,
            "how": PublisherMatch.CHOSEN,
            "confirmed": True,
        }
        await session.execute(
            update(SourcePublisher)
            .where(SourcePublisher.key == SPANISH_KEY)
            .values(**values)
        )
        await session.execute(
            update(SourceRecord)
            .where(SourceRecord.publisher == SPANISH_KEY)
            .values(publisher=key)
        )
        await session.execute(
            update(CatalogueService)
            .where(CatalogueService.publisher == SPANISH_KEY)
            .values(publisher=key)
        )
        await session.execute(
            update(Dataset)
            .where(Dataset.node_id == reading.source_id)
            .values(organisation_id=organisation)
        )
        session.add(
            NodeProducer(node_id=reading.source_id, organisation_id=organisation)
        )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("publisher", "former_key"),
    [
        (agent("Aguas", f'; dct:identifier "{SPANISH}"'), SPANISH),
        (agent("Aguas", f'; dct:identifier "NIF {SPANISH}"'), f"NIF {SPANISH}"),
        (
            f"<https://x.example/nif/{SPANISH}>",
            f"https://x.example/nif/{SPANISH}",
        ),
    ],
    ids=["number", "number after the name of its register", "address"],
)
async def test_a_publisher_of_before_its_register_was_known_keeps_what_was_decided(
    catalogue: Catalogue,
    open_source: Open,
    portal_database: Database,
    demo: Territory,
    publisher: str,
    former_key: str,
) -> None:
    known = await add_organisation(portal_database, demo, KNOWN, "eaux")
    service = (
        f'<https://x.example/s> a dcat:DataService ; dct:title "Mapa"@es ; dct:publisher {publisher} ;'
        " dcat:endpointURL <https://maps.example.org/former> ."
    )
    first = write_catalogue([publisher]) + service.encode()
    catalogue.put("/c.ttl", first, **TURTLE)
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    before = list(await list_rows(reading))
    await write_former_row(reading, former_key, known)

    catalogue.put("/c.ttl", write_catalogue([publisher, agent("Otra")]), **TURTLE)
    await reading.read()

    rows = await list_rows(reading)
    row = rows[SPANISH_KEY]
    records = await reading.records()
    assert before == [SPANISH_KEY]
    assert set(rows) == {SPANISH_KEY, "otra"}
    assert (row.organisation_id, row.confirmed, row.number) == (known, True, SPANISH)
    assert records["d0"].publisher == SPANISH_KEY
    async with portal_database.session(demo.id) as session:
        of_service = select(CatalogueService.publisher).where(
            CatalogueService.source_id == reading.source_id
        )
        assert list(await session.scalars(of_service)) == [SPANISH_KEY]
    assert (await list_ids(reading))["Jeu 0"] == known
