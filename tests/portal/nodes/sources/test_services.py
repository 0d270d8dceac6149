"""Services that stand by themselves in a catalogue: a page, the API and DCAT of each, and what it serves."""

from contextlib import AbstractAsyncContextManager
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete, select, text, update

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.visitors import browse
from udi.kit.clock import now
from udi.portal.catalogue.actions import (
    lock_datasets,
    store_dataset,
    withdraw_dataset,
)
from udi.portal.catalogue.data_services.queries import list_catalogue_services
from udi.portal.catalogue.links.inventory import add_links, delete_unused_links
from udi.portal.catalogue.models import Dataset, Link
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.nodes.harvest.format_detection import read as read_document
from udi.portal.nodes.harvest.rdf import read as read_graph_document
from udi.portal.nodes.sources.actions import close_source
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourcePublisher,
    SourceRun,
)
from udi.portal.nodes.sources.publishers.actions import KEEP, choose_publisher
from udi.portal.nodes.sources.service_changes import note_changed_services
from udi.portal.organisations.models import Organisation
from udi.protocol.record import restore_record

TURTLE = {"Content-Type": "text/turtle"}
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
"""
BENCHES = '<https://x.example/d> a dcat:Dataset ; dct:identifier "benches" ; dct:title "Bancs"@fr .\n'
ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}


def service(
    name: str = "map",
    *,
    title: str = "Carte des bancs",
    endpoint: str = "https://maps.example.org/wms",
) -> str:
    return f"""
<https://x.example/{name}> a dcat:DataService ; dct:title "{title}"@fr , "Map of benches"@en ;
  dct:description "Tous les bancs."@fr ; dcat:endpointURL <{endpoint}> ;
  dcat:endpointDescription <{endpoint}?request=GetCapabilities> ; dcat:landingPage <https://x.example/pages/{name}> ;
  foaf:page <https://x.example/help> ; dcat:servesDataset <https://x.example/d> ;
  dct:license <https://www.etalab.gouv.fr/licence-ouverte-open-licence> ;
  dct:publisher [ a foaf:Organization ; foaf:name "Syndicat des cartes" ] ;
  dcat:contactPoint [ a vcard:Organization ; vcard:fn "Guichet des cartes" ; vcard:hasEmail <mailto:maps@x.example> ] .
"""


async def read(
    catalogue: Catalogue, open_source: Open, path: str, *parts: str
) -> tuple[Reading, SourceRun]:
    catalogue.put(path, f"{PREFIXES}{''.join(parts)}".encode(), **TURTLE)
    reading: Reading = await open_source(f"{catalogue.origin}{path}")
    return reading, await reading.read()


async def services(reading: Reading) -> list[CatalogueService]:
    async with reading.database.session(reading.territory.id) as session:
        query = select(CatalogueService).where(
            CatalogueService.source_id == reading.source_id
        )
        return list(await session.scalars(query.order_by(CatalogueService.identifier)))


async def served(reading: Reading, service_id: UUID) -> set[UUID]:
    link = CatalogueServiceDataset
    async with reading.database.session(reading.territory.id) as session:
        query = select(link.dataset_id).where(link.service_id == service_id)
        return set(await session.scalars(query))


def browser(
    portal_app: Litestar, reading: Reading
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return browse(portal_app, reading.territory)


async def test_a_service_has_a_page_that_names_what_it_serves(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar
) -> None:
    reading, run = await read(catalogue, open_source, "/a.ttl", BENCHES, service())
    [row] = await services(reading)
    dataset = (await reading.list_published())["Bancs"]

    async with browser(portal_app, reading) as client:
        page = await client.get(f"/services/{row.id}", headers=ENGLISH)
        listed = await client.get("/services?q=benches%20carte", headers=ENGLISH)
        of_dataset = await client.get(
            f"/data/{dataset}", headers=ENGLISH, follow_redirects=True
        )

    assert (run.total, run.left_out, page.status_code) == (1, 0, 200)
    assert await served(reading, row.id) == {dataset}
    for words in (
        "Map of benches",
        "Tous les bancs.",
        "https://maps.example.org/wms",
        "https://x.example/help",
        "https://x.example/pages/map",
        "Guichet des cartes",
        "Syndicat des cartes",
        f'href="/data/{dataset}"',
    ):
        assert words in page.text
    assert listed.status_code == 200
    assert f"/services/{row.id}" in of_dataset.text


@pytest.mark.thorough
async def test_the_api_and_dcat_say_what_the_page_says(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar
) -> None:
    endpoint = "https://maps.example.org/api-and-dcat"
    parts = (BENCHES, service(endpoint=endpoint))
    reading, _ = await read(catalogue, open_source, "/b.ttl", *parts)
    [row] = await services(reading)
    dataset = str((await reading.list_published())["Bancs"])

    async with browser(portal_app, reading) as client:
        one = (await client.get(f"/api/v1/services/{row.id}")).json()
        matching = (await client.get("/api/v1/services?q=carte&size=100")).json()
        faulty = await client.get("/api/v1/services?size=0")
        nobody = await client.get(f"/api/v1/services/{dataset}")
        catalog = await client.get("/catalog.ttl?page_size=100")
        last = catalog.links.get("last", {"url": "/catalog.ttl"})["url"]
        end = await client.get(last)

    assert (one["endpoint"], one["licence"]["code"]) == (endpoint, "etalab-2.0")
    assert one["title"] == {"fr": "Carte des bancs", "en": "Map of benches"}
    assert [named["id"] for named in one["datasets"]] == [dataset]
    assert one["contacts"][0]["email"] == "maps@x.example"
    assert str(row.id) in {item["id"] for item in matching["items"]}
    assert (faulty.status_code, nobody.status_code) == (422, 404)
    [listed] = [
        harvested
        for harvested in read_graph_document(end.content, base_url=last).services
        if harvested.distributions[0].url == endpoint
    ]
    assert (listed.identifier, listed.serves) == ("https://x.example/map", (dataset,))
    assert listed.licence is not None
    assert listed.licence.code == "etalab-2.0"
    assert listed.landing_page == "https://x.example/pages/map"


@pytest.mark.thorough
async def test_a_service_is_read_as_rdf_at_its_own_address(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar
) -> None:
    endpoint = "https://maps.example.org/as-rdf"
    parts = (BENCHES, service(endpoint=endpoint))
    reading, _ = await read(catalogue, open_source, "/as-rdf.ttl", *parts)
    [row] = await services(reading)
    dataset = str((await reading.list_published())["Bancs"])
    address = f"{reading.territory.origin}/services/{row.id}"

    async with browser(portal_app, reading) as client:
        page = await client.get(f"/services/{row.id}", headers=ENGLISH)
        turtle = await client.get(f"/services/{row.id}.ttl")
        negotiated = await client.get(
            f"/services/{row.id}", headers={"Accept": "application/ld+json"}
        )
        same = await client.get(
            f"/services/{row.id}.ttl", headers={"If-None-Match": turtle.headers["etag"]}
        )
        statuses = [
            (await client.get(f"/services/{name}")).status_code
            for name in (f"{dataset}.ttl", "nothing", "nothing.ttl")
        ]
        async with reading.database.session(reading.territory.id) as session:
            service_row = await session.get_one(
                CatalogueService, (reading.territory.id, row.id)
            )
            service_row.withdrawn_at = now()
            service_row.description = {}
            await note_changed_services(session, [row.id])
        gone = await client.get(f"/services/{row.id}.nt")

    [described] = read_graph_document(turtle.content, base_url=address).services
    assert (described.serves, described.distributions[0].url) == ((dataset,), endpoint)
    assert f'href="/services/{row.id}.jsonld"' in page.text
    assert negotiated.headers["content-type"].startswith("application/ld+json")
    assert negotiated.headers["content-location"] == f"{address}.jsonld"
    assert (same.status_code, statuses) == (304, [404, 404, 404])
    assert (gone.status_code, "maps@x.example" in gone.text) == (410, False)
    assert "Carte des bancs" in gone.text


@pytest.mark.thorough
async def test_a_service_changes_when_what_it_serves_leaves_and_comes_back(
    catalogue: Catalogue, open_source: Open
) -> None:
    parts = (BENCHES, service(endpoint="https://maps.example.org/comes-back"))
    reading, _ = await read(catalogue, open_source, "/comes-back.ttl", *parts)
    [row] = await services(reading)
    id_ = (await reading.list_published())["Bancs"]

    async with reading.database.session(reading.territory.id) as session:
        [dataset] = (await lock_datasets(session, [id_])).values()
        record = restore_record(dataset.record)
        await withdraw_dataset(session, dataset)
    [without] = await services(reading)
    async with reading.database.session(reading.territory.id) as session:
        await store_dataset(session, record, node_id=reading.source_id)
    [with_it] = await services(reading)
    async with reading.database.session(reading.territory.id) as session:
        await store_dataset(session, record, node_id=reading.source_id)
    [as_before] = await services(reading)

    assert row.changed_at < without.changed_at < with_it.changed_at
    assert as_before.changed_at == with_it.changed_at


@pytest.mark.thorough
async def test_a_service_that_left_its_catalogue_says_so(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar
) -> None:
    endpoint = "https://maps.example.org/leaving"
    parts = (BENCHES, service(endpoint=endpoint))
    reading, _ = await read(catalogue, open_source, "/c.ttl", *parts)
    [row] = await services(reading)

    catalogue.put("/c.ttl", f"{PREFIXES}{BENCHES}".encode(), **TURTLE)
    await reading.read()
    [row_missing] = await services(reading)
    await reading.read()
    [former] = await services(reading)
    async with browser(portal_app, reading) as client:
        page = await client.get(f"/services/{row.id}", headers=ENGLISH)
        machine = await client.get(f"/api/v1/services/{row.id}")
    catalogue.put("/c.ttl", f"{PREFIXES}{''.join(parts)}".encode(), **TURTLE)
    await reading.read()
    [again] = await services(reading)

    assert (row_missing.missing, row_missing.withdrawn_at) == (1, None)
    assert former.withdrawn_at is not None
    assert (former.description, page.status_code, machine.status_code) == ({}, 410, 404)
    assert "maps@x.example" not in page.text
    assert (again.id, again.withdrawn_at, again.missing) == (row.id, None, 0)


async def test_a_reading_that_was_not_whole_lets_no_service_go(
    catalogue: Catalogue, open_source: Open
) -> None:
    endpoint = "https://maps.example.org/broken"
    parts = (BENCHES, service(endpoint=endpoint))
    reading, _ = await read(catalogue, open_source, "/d.ttl", *parts)

    catalogue.put("/d.ttl", b"", status=503)
    run = await reading.read()

    [row] = await services(reading)
    assert (run.outcome, row.missing, row.withdrawn_at) == ("failed", 0, None)


@pytest.mark.thorough
async def test_services_leave_and_stay_where_the_site_says_that_nothing_changed(
    catalogue: Catalogue, open_source: Open
) -> None:
    stays = service("stays", endpoint="https://maps.example.org/unchanged")
    goes = service("goes", endpoint="https://maps.example.org/unchanged-gone")
    path = "/unchanged.ttl"
    whole = f"{PREFIXES}{BENCHES}{stays}{goes}".encode()
    catalogue.put(path, whole, ETag='"one"', **TURTLE)
    reading: Reading = await open_source(f"{catalogue.origin}{path}")
    await reading.read()

    catalogue.put(path, f"{PREFIXES}{BENCHES}{stays}".encode(), ETag='"two"', **TURTLE)
    outcomes = [(await reading.read()).outcome for _ in range(3)]

    [gone, remaining] = await services(reading)
    assert outcomes == ["complete", "unchanged", "unchanged"]
    assert gone.withdrawn_at is not None
    assert (remaining.missing, remaining.withdrawn_at) == (0, None)


@pytest.mark.thorough
async def test_what_a_service_serves_is_a_change_of_it(
    catalogue: Catalogue, open_source: Open
) -> None:
    others = "".join(
        f'<https://x.example/{name}> a dcat:Dataset ; dct:identifier "{name}" ; dct:title "{name}"@fr .\n'
        for name in ("trees", "wells")
    )
    by_itself = service(endpoint="https://maps.example.org/served-later")
    parts = (others, BENCHES, by_itself)
    reading, _ = await read(catalogue, open_source, "/served-later.ttl", *parts)
    [row] = await services(reading)
    published = await reading.list_published()
    benches = published["Bancs"]
    link = CatalogueServiceDataset
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(delete(link).where(link.service_id == row.id))
        session.add_all(
            link(service_id=row.id, dataset_id=published[title])
            for title in ("trees", "wells")
        )

    moment = now()
    await reading.read()
    [joined] = await services(reading)
    await reading.read()
    [again] = await services(reading)
    async with reading.database.session(reading.territory.id) as session:
        changed = await list_catalogue_services(session, since=moment)

    assert await served(reading, row.id) == {benches}
    assert row.id in {one.service.id for one in changed}
    assert again.changed_at == joined.changed_at > row.changed_at


@pytest.mark.thorough
async def test_a_service_serves_data_of_other_places_by_names_that_mean_the_same_everywhere(
    catalogue: Catalogue, open_source: Open
) -> None:
    elsewhere = """<https://portal.example/datasets/lamps> a dcat:Dataset ;
      dct:identifier "https://portal.example/datasets/lamps" ; dct:title "Lampadaires"@fr .
"""
    theirs, _ = await read(
        catalogue,
        open_source,
        "/lamps.ttl",
        elsewhere,
        BENCHES.replace("Bancs", "Assises"),
        name_publisher("https://portal.example/datasets/lamps"),
        name_publisher("https://x.example/d"),
    )
    their_datasets = await theirs.list_published()
    served = """<https://x.example/lamps> a dcat:DataService ; dct:title "Lampes"@fr ;
      dcat:endpointURL <https://maps.example.org/lamps> ; dcat:servesDataset "benches" , "%s" ,
      <http://portal.example/datasets/lamps/> , <https://portal.example/datasets/nothing> ."""
    page = f"https://ours.example/data/{their_datasets['Assises']}"

    first, _ = await read(
        catalogue,
        open_source,
        "/of-lamps.ttl",
        served % "https://portal.example/datasets/x",
    )
    [row] = await services(first)
    by_address = await served_by(first, row.id)
    catalogue.put("/of-lamps.ttl", f"{PREFIXES}{served % page}".encode(), **TURTLE)
    await first.read()
    by_page = await served_by(first, row.id)

    assert by_address == {their_datasets["Lampadaires"]}, (
        "«benches» is a name of one catalogue"
    )
    assert by_page == {their_datasets["Lampadaires"], their_datasets["Assises"]}


def name_publisher(dataset: str) -> str:
    """That an organisation without people of its own here publishes it."""
    return f"""<{dataset}> dct:publisher [ a foaf:Organization ; foaf:name "Syndicat des lampes" ] .\n"""


async def test_a_service_stands_beside_no_dataset_of_another_producer(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar
) -> None:
    path = "/beside.ttl"
    parts = (
        BENCHES.replace("Bancs", "Sièges"),
        '<https://x.example/free> a dcat:Dataset ; dct:identifier "free" ; dct:title "Libres"@fr .\n',
        name_publisher("https://x.example/free"),
    )
    theirs, _ = await read(catalogue, open_source, "/beside-theirs.ttl", *parts)
    published = await theirs.list_published()
    named = " , ".join(
        f"<https://ours.example/data/{published[title]}>"
        for title in ("Sièges", "Libres")
    )
    beside = f"""<https://x.example/beside> a dcat:DataService ; dct:title "Lampes"@fr ;
      dcat:endpointURL <https://maps.example.org/beside> ; dcat:servesDataset {named} ."""
    ours, _ = await read(catalogue, open_source, path, beside)
    [row] = await services(ours)
    of_others = await served(ours, row.id)
    async with ours.database.session(ours.territory.id) as session:
        await session.execute(
            update(Dataset)
            .where(Dataset.id == published["Sièges"])
            .values(organisation_id=ours.producer)
        )
    await ours.read()

    async with browser(portal_app, ours) as client:
        page, own_page = [
            await client.get(
                f"/data/{published[title]}", headers=ENGLISH, follow_redirects=True
            )
            for title in ("Libres", "Sièges")
        ]

    assert of_others == {published["Libres"]}
    assert await served(ours, row.id) == set(published.values())
    by_whom = f'Published by <span dir="auto">{(await name_of(ours))}</span>'
    assert f"/services/{row.id}" in own_page.text
    assert (page.text.count(by_whom), own_page.text.count(by_whom)) == (1, 0)


async def name_of(reading: Reading) -> str:
    """The name of the producer of a source."""
    async with reading.database.session(reading.territory.id) as session:
        key = (reading.territory.id, reading.producer)
        return (await session.get_one(Organisation, key)).name


async def served_by(reading: Reading, service: UUID) -> set[UUID]:
    query = select(CatalogueServiceDataset.dataset_id).where(
        CatalogueServiceDataset.service_id == service
    )
    async with reading.database.session(reading.territory.id) as session:
        return set(await session.scalars(query))


@pytest.mark.thorough
async def test_services_move_with_the_publisher_that_they_name(
    catalogue: Catalogue, open_source: Open
) -> None:
    endpoint = "https://maps.example.org/moved"
    reading, _ = await read(
        catalogue, open_source, "/moved.ttl", service(endpoint=endpoint)
    )
    [row] = await services(reading)
    noted = text("SELECT count(*) FROM ops.search_change WHERE dataset_id = :id")

    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        named = select(SourcePublisher).where(SourcePublisher.source_id == source.id)
        publisher = (await session.scalars(named)).one()
        await choose_publisher(
            session, team(reading.territory), source, publisher, KEEP
        )
    [moved] = await services(reading)
    async with reading.database.session(reading.territory.id, role="worker") as session:
        notes = await session.scalar(noted, {"id": row.id})
    await reading.read()
    [read_again] = await services(reading)

    assert row.organisation_id != reading.producer
    assert moved.organisation_id == read_again.organisation_id == reading.producer
    assert (moved.changed_at > row.changed_at, notes) == (True, 2)


@pytest.mark.thorough
async def test_two_sources_show_one_service_of_an_address(
    catalogue: Catalogue, open_source: Open
) -> None:
    endpoint = "https://maps.example.org/twice"
    first, _ = await read(catalogue, open_source, "/e.ttl", service(endpoint=endpoint))
    second, run = await read(
        catalogue, open_source, "/f.ttl", service("other", endpoint=endpoint)
    )

    assert len(await services(first)) == 1
    assert (await services(second), run.left_out) == ([], 1)


@pytest.mark.thorough
async def test_the_address_of_a_service_is_looked_at_like_a_file(
    catalogue: Catalogue, open_source: Open
) -> None:
    endpoint = "https://maps.example.org/looked-at"
    reading, _ = await read(
        catalogue, open_source, "/g.ttl", service(endpoint=endpoint)
    )
    link = select(Link.host).where(Link.url == endpoint)

    async with reading.database.session(reading.territory.id, role="worker") as session:
        await add_links(session, "")
        await delete_unused_links(session)
        host = await session.scalar(link)
        [row] = await services(reading)
        withdrawn = await session.get_one(
            CatalogueService, (reading.territory.id, row.id)
        )
        withdrawn.withdrawn_at = withdrawn.changed_at
        await session.flush()
        await delete_unused_links(session)
        host_after = await session.scalar(link)

    assert (host, host_after) == ("maps.example.org", None)


@pytest.mark.thorough
async def test_services_of_a_source_that_is_closed_leave_with_its_datasets(
    catalogue: Catalogue, open_source: Open
) -> None:
    endpoint = "https://maps.example.org/closed"
    reading, _ = await read(
        catalogue, open_source, "/h.ttl", service(endpoint=endpoint)
    )

    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        await close_source(session, team(reading.territory), source, withdraw=True)
    await harvest_next_source(reading.workspace)

    [row] = await services(reading)
    assert row.withdrawn_at is not None


def test_a_service_of_iso_names_what_it_operates_on() -> None:
    record = b"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"
      xmlns:srv="http://www.isotc211.org/2005/srv" xmlns:xlink="http://www.w3.org/1999/xlink">
      <gmd:fileIdentifier><gco:CharacterString>view-1</gco:CharacterString></gmd:fileIdentifier>
      <gmd:hierarchyLevel><gmd:MD_ScopeCode codeListValue="service"/></gmd:hierarchyLevel>
      <gmd:identificationInfo><srv:SV_ServiceIdentification>
      <gmd:citation><gmd:CI_Citation><gmd:title><gco:CharacterString>Vue</gco:CharacterString></gmd:title></gmd:CI_Citation></gmd:citation>
      <srv:operatesOn uuidref="benches"/>
      <srv:operatesOn xlink:href="https://x.example/csw?service=CSW&amp;request=GetRecordById&amp;id=trees"/>
      </srv:SV_ServiceIdentification></gmd:identificationInfo></gmd:MD_Metadata>"""

    page = read_document(record, base_url="https://x.example/csw")

    assert page.services[0].serves == ("benches", "trees")
