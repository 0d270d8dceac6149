"""What a source says of a dataset beyond the essentials: on its page, in the API, in CKAN's extras, in search; never invented."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar
from msgspec import structs
from sqlalchemy import update

from tests.portal.catalogue.corpus import Catalogue, described, document
from tests.visitors import browse
from udi.portal.catalogue.archive import read_dcat
from udi.portal.catalogue.dataset_page.source_facts import (
    find_rhythm,
    list_source_facts,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.ckan_extras import list_extras
from udi.portal.catalogue.open.schema_org import list_agents
from udi.portal.catalogue.place_names import find_place_name, name_place, read_code
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.queries import get_tenant
from udi.protocol.access import AccessRights
from udi.protocol.frequencies import CODES, LABELS
from udi.protocol.record import read_record
from udi.protocol.structures import Dates, NamedResource, Record
from udi.protocol.themes import EU_THEMES

DCAT: dict[str, Any] = {
    "themes": ["ENVI", "AGRI"],
    "subjects": [{"uri": "https://voc.example/plane", "label": "Platanes"}],
    "rights_holders": [{"name": {"fr": "Syndicat des arbres"}, "identifier": "S1"}],
    "publisher": {"name": {"fr": "Jardins publics"}, "url": "https://jardins.example"},
    "contact_points": [{"name": "Accueil", "phone": "+33 2 99 00 00 00"}],
    "places": [
        {"uri": "http://id.insee.fr/geo/commune/35238"},
        {"label": "Quartier des Lices"},
    ],
    "landing_page": "https://source.example/arbres",
    "documentation": ["https://source.example/arbres.pdf"],
    "provenance": [{"fr": "Relevé à pied."}],
    "conforms_to": [{"label": "Modèle des arbres"}],
    "spatial_resolution": 2.5,
    "version": "3.1",
    "version_notes": {"fr": "Deux rues de plus."},
}
UNSTATED = {
    "created": "2026-11-30T00:00:00Z",
    "updated": "2026-11-30T00:00:00Z",
    "unstated": ["created", "updated"],
}


def described_record(**fields: Any) -> Record:
    return read_record(document(0) | {"dcat": DCAT, **fields})


@pytest.fixture
async def trees(armor: Catalogue, feed: SearchFeed) -> Record:
    record = await armor.add(0, **described(0) | {"dcat": DCAT})
    await feed.run_once()
    return record


async def fetch(app: Litestar, catalogue: Catalogue, url: str) -> httpx.Response:
    async with browse(app, catalogue.territory) as visitor:
        return await visitor.get(url, headers={"Accept-Language": "en"})


async def test_the_page_says_what_the_source_says(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    page = await fetch(portal_app, armor, f"/data/{trees.id}")

    section = re.search(r'<h3 id="source">.*?</dl>', page.text, re.DOTALL)
    assert section
    for words in (
        "Rennes",
        "Quartier des Lices",
        "Agriculture, fisheries, forestry and food",
        "Platanes",
        "Syndicat des arbres",
        "Jardins publics",
        "Relevé à pied.",
        'href="https://source.example/arbres"',
        'href="https://source.example/arbres.pdf"',
        "2.5 m",
        "Deux rues de plus.",
    ):
        assert words in section[0], words
    assert 'href="tel:+33299000000"' in page.text


async def test_a_page_without_such_facts_has_no_section_of_them(
    armor: Catalogue, portal_app: Litestar
) -> None:
    plain = await armor.add(1, local_id="")

    page = await fetch(portal_app, armor, f"/data/{plain.id}")

    assert 'id="source"' not in page.text
    assert "Updates expected" not in page.text


async def test_search_finds_places_holders_and_subjects(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    for words in ("quartier des lices", "syndicat arbres", "platanes", "rennes"):
        response = await fetch(portal_app, armor, f"/api/v1/datasets?q={words}")
        assert str(trees.id) in [item["id"] for item in response.json()["items"]], words


async def test_programs_read_what_the_source_says(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    detail = (await fetch(portal_app, armor, f"/api/v1/datasets/{trees.id}")).json()
    triples = (await fetch(portal_app, armor, f"/data/{trees.id}.nt")).text
    package = await fetch(
        portal_app, armor, f"/api/3/action/package_show?id={trees.id}"
    )

    assert detail["metadata"]["rights_holders"] == DCAT["rights_holders"]
    assert detail["record"]["dcat"]["places"] == DCAT["places"]
    assert "<http://purl.org/dc/terms/rightsHolder>" in triples
    extras = {item["key"]: item["value"] for item in package.json()["result"]["extras"]}
    assert extras["rights_holder_name"] == "Syndicat des arbres"
    assert json.loads(extras["documentation"]) == DCAT["documentation"]
    assert extras["provenance"] == "Relevé à pied."
    assert package.json()["result"]["version"] == "3.1"


async def test_a_date_that_nobody_said_is_told_nowhere(
    armor: Catalogue, portal_app: Litestar
) -> None:
    record = await armor.add(0, **described(0) | {"dataset_dates": UNSTATED})
    address = f"/data/{record.id}"

    page = await fetch(portal_app, armor, address)
    detail = (await fetch(portal_app, armor, f"/api/v1/datasets/{record.id}")).json()
    triples = (await fetch(portal_app, armor, f"{address}.nt")).text
    package = await fetch(
        portal_app, armor, f"/api/3/action/package_show?id={record.id}"
    )
    extras = {item["key"] for item in package.json()["result"]["extras"]}

    assert "Last update" not in page.text
    assert 'name="DC.date"' not in page.text
    assert '"dateModified"' not in page.text
    assert '"dateCreated"' not in page.text
    assert (detail["created"], detail["modified"]) == (None, None)
    assert f"data/{record.id}> <http://purl.org/dc/terms/modified>" not in triples
    assert f"data/{record.id}> <http://purl.org/dc/terms/created>" not in triples
    assert not extras & {"issued", "created", "modified"}
    for extension in ("json", "bib", "ris"):
        citation = await fetch(portal_app, armor, f"{address}/citation.{extension}")
        assert citation.status_code == 200
        assert "2026" not in citation.text.replace(str(record.id), "")


async def test_its_own_address_and_the_archive_name_a_dataset_as_the_catalogue_does(
    armor: Catalogue, trees: Record, portal_app: Litestar
) -> None:
    reader = armor.organisations["armor"]
    async with armor.database.session(armor.territory.id) as session:
        await session.execute(
            update(Dataset)
            .where(Dataset.id == trees.id)
            .values(other_origins=[{"identifier": "r-9"}], harvester_id=reader)
        )

    described_alone = (await fetch(portal_app, armor, f"/data/{trees.id}.nt")).text
    listed = (await fetch(portal_app, armor, "/catalog.nt")).text
    async with armor.database.platform_session() as session:
        tenant = await get_tenant(session, armor.territory.slug)
    async with armor.database.session(armor.territory.id) as session:
        archived = b"".join([piece async for piece in read_dcat(session, tenant)])

    for written in (described_alone, listed, archived.decode()):
        assert '<http://www.w3.org/2004/02/skos/core#notation> "r-9"' in written
        assert f"<http://purl.org/dc/terms/contributor> <urn:uuid:{reader}>" in written


async def test_pages_lead_to_the_web_only(
    armor: Catalogue, portal_app: Litestar
) -> None:
    contact = document(0)["contacts"][0] | {"contact_page": "www.jardins.example/a"}
    dcat = {"contact_points": [{"name": "Accueil", "url": "www.jardins.example/b"}]}
    record = await armor.add(0, **described(0) | {"dcat": dcat, "contacts": [contact]})
    page = await fetch(portal_app, armor, f"/data/{record.id}")

    assert 'href="https://www.jardins.example/a"' in page.text
    assert 'href="https://www.jardins.example/b"' in page.text

    hostile = {"contact_points": [{"name": "Accueil", "url": "javascript:alert(1)"}]}
    async with armor.database.session(armor.territory.id) as session:
        dataset = await session.get_one(Dataset, (armor.territory.id, record.id))
        dataset.record = {**dataset.record, "dcat": hostile}
    page = await fetch(portal_app, armor, f"/data/{record.id}")

    assert page.status_code == 200
    assert "javascript:alert" not in page.text


def test_a_person_is_a_person_for_search_engines_and_in_extras() -> None:
    creator = {"name": {"fr": "Quelqu'un"}, "is_person": True}
    record = described_record(dcat={"creators": [creator]})
    extras = list_extras(record)

    assert list_agents(record.metadata.creators, "fr") == [
        {"@type": "Person", "name": "Quelqu'un"}
    ]
    assert extras["creator_type"].endswith("PrivateIndividual(s)")


def test_facts_without_words_and_confidential_public_data_are_left_out() -> None:
    dcat = {"places": [{}, {"label": "Rade"}], "access": "CONFIDENTIAL"}
    record = described_record(dcat=dcat)
    restricted = structs.replace(record, access=AccessRights.RESTRICTED)

    facts = {fact.name: fact.values for fact in list_source_facts(record, "fr")}

    assert [value.text for value in facts["places"]] == ["Rade"]
    assert "access" not in facts
    assert "access" in [fact.name for fact in list_source_facts(restricted, "fr")]


def test_facts_come_in_the_order_of_their_use_and_none_is_empty() -> None:
    facts = list_source_facts(described_record(local_id="A-1"), "fr")

    assert [fact.name for fact in facts] == [
        "places",
        "themes",
        "rights_holders",
        "publisher",
        "provenance",
        "documentation",
        "landing_page",
        "conforms_to",
        "spatial_resolution",
        "version",
        "identifiers",
    ]
    assert all(value.text for fact in facts for value in fact.values)


def test_the_publisher_is_said_where_it_is_not_the_producer() -> None:
    record = described_record()
    publisher = record.metadata.publisher
    assert publisher
    same = structs.replace(publisher, name={"fr": record.producer.name})
    same_record = structs.replace(
        record, metadata=structs.replace(record.metadata, publisher=same)
    )

    assert "publisher" in [fact.name for fact in list_source_facts(record, "fr")]
    assert "publisher" not in [
        fact.name for fact in list_source_facts(same_record, "fr")
    ]


@pytest.mark.parametrize(
    ("unstated", "published", "late"),
    [
        ((), None, 29),
        (("updated",), None, None),
        (("updated",), datetime(2026, 3, 1, tzinfo=UTC), 0),
    ],
)
def test_a_rhythm_is_late_after_a_day_that_somebody_said(
    unstated: tuple[str, ...], published: datetime | None, late: int | None
) -> None:
    changed = datetime(2026, 1, 1, tzinfo=UTC)
    dates = Dates(
        created=changed, updated=changed, published=published, unstated=unstated
    )
    record = structs.replace(described_record(), frequency="MONTHLY", dates=dates)

    rhythm = find_rhythm(record, "fr", date(2026, 3, 2))

    assert rhythm
    assert (rhythm.words, rhythm.late_days) == ("chaque mois", late)
    assert find_rhythm(structs.replace(record, frequency=""), "fr", date.min) is None


def test_every_frequency_and_theme_has_words() -> None:
    assert LABELS.keys() == CODES - {"UNKNOWN"}
    assert all(set(words) == {"fr", "en", "es"} for words in LABELS.values())
    assert all(set(words) == {"fr", "en", "es"} for words in EU_THEMES.values())


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://id.insee.fr/geo/commune/35238", "Rennes"),
        ("http://rdf.insee.fr/geo/2016/departement/35", "Ille-et-Vilaine"),
        ("http://id.insee.fr/geo/region/53", "Bretagne"),
        ("fr:commune:35238", "Rennes"),
        ("fr:commune:35238@1942-01-01", "Rennes"),
        ("fr:epci:243500139", "Rennes Métropole"),
        ("http://id.insee.fr/geo/commune/99999", ""),
        ("http://sws.geonames.org/2983990/", ""),
        ("https://elsewhere.example/commune/35238/trees", ""),
    ],
)
def test_codes_of_areas_are_said_in_words(address: str, name: str) -> None:
    assert find_place_name(address) == name


def test_a_place_that_no_list_has_is_its_label_or_its_code() -> None:
    assert name_place(NamedResource(uri="https://sws.geonames.org/2983990/")) == (
        "2983990"
    )
    assert name_place(NamedResource(uri="fr:commune:35238", label="Roazhon")) == (
        "Roazhon"
    )
    assert read_code("https://elsewhere.example/a#b") == "b"


def test_extras_say_only_what_the_record_says() -> None:
    plain = read_record(document(0))

    names = {name for name, value in list_extras(plain).items() if value}
    more = {name for name, value in list_extras(described_record()).items() if value}

    assert names == {"access_rights"}
    assert more > names | {"theme", "landing_page", "version_notes", "spatial_text"}
