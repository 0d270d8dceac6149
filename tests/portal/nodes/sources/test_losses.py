"""The report on losses of a source: what is counted, what is kept of it, and who reads it."""

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, ckan
from tests.portal.nodes.sources.test_changes import DatedCkan
from tests.ui.tab import Tab
from tests.visitors import browse, make_person
from udi.kit.tenancy import Territory
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.sources.losses import accounts, european_score
from udi.portal.nodes.sources.losses.accounts import FieldAccount
from udi.portal.nodes.sources.losses.comparison import compare_record
from udi.portal.nodes.sources.losses.targets import may_show
from udi.portal.nodes.sources.models import SourceReport
from udi.protocol import structures as of

MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
DCAT = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
<https://town.example/data/1> a dcat:Dataset ;
  dct:identifier "trees" ;
  dct:title "Arbres"@fr ;
  dct:description "<p>Les arbres de la <b>ville</b>.</p>"@fr ;
  dcat:keyword "arbre, nature"@fr ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL> ;
  dct:issued "2020-01-02"^^<http://www.w3.org/2001/XMLSchema#date> ;
  dct:coverageNote "Sauf le bois du nord" ;
  dcat:contactPoint [ a vcard:Organization ; vcard:fn "Service des arbres" ; vcard:hasEmail <mailto:arbres@town.example> ;
    vcard:note "Demander Camille Exemple au 02 99 00 00 00" ] ;
  dcat:distribution [ a dcat:Distribution ; dcat:accessURL <https://town.example/trees.csv> ;
    dct:license <http://creativecommons.org/licenses/by/4.0/> ; dct:format "CSV" ] .
"""


def compare(document: bytes) -> tuple[accounts.Accounts, of.Record]:
    """The accounts of the only record of a document, and our record of it."""
    page = read(document, base_url="https://town.example/catalogue", language="fr")
    record = page.records[0]
    producer = of.Organisation(id=UUID(int=2), name="Ville")
    context = ConversionContext(source=UUID(int=1), producer=producer, found_at=MOMENT)
    conversion = convert(record, context)
    counted: accounts.Accounts = {}
    faults = (*record.faults, *conversion.faults)
    values = compare_record(record, conversion.record, faults)
    accounts.add_record(counted, values, "Arbres", "")
    return counted, conversion.record


def outcomes(account: FieldAccount) -> tuple[int, int, int]:
    return account.preserved, account.changed, account.lost


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("dct:title", (1, 0, 0)),
        ("dct:description", (0, 1, 0)),
        ("dcat:keyword", (0, 1, 0)),
        ("dct:accrualPeriodicity", (1, 0, 0)),
        ("dct:issued", (1, 0, 0)),
        ("dct:coverageNote", (0, 0, 1)),
        ("dcat:distribution/dct:license", (1, 0, 0)),
        ("dcat:distribution/dct:format", (1, 0, 0)),
        ("dcat:contactPoint/vcard:hasEmail", (1, 0, 0)),
    ],
)
def test_compare_record_tells_what_is_here_changed_and_lost(
    field: str, expected: tuple[int, int, int]
) -> None:
    counted, _ = compare(DCAT.encode())

    assert outcomes(counted[field]) == expected


def test_terms_of_the_tables_of_the_eu_that_are_here_are_not_lost() -> None:
    table = "http://publications.europa.eu/resource/authority"
    document = DCAT.replace(
        'dct:format "CSV"',
        f"dct:format <{table}/file-type/RDF> ; dct:language <{table}/language/ZXX>",
    )
    counted, _ = compare(document.encode())

    assert outcomes(counted["dcat:distribution/dct:format"]) == (1, 0, 0)
    assert outcomes(counted["dcat:distribution/dct:language"]) == (1, 0, 0)


def test_examples_say_why_and_how_to_mend() -> None:
    counted, _ = compare(DCAT.encode())

    changed = counted["dct:description"].examples[0]
    lost = counted["dct:coverageNote"].examples[0]
    assert (changed.value, changed.ours) == (
        "<p>Les arbres de la <b>ville</b>.</p>",
        "Les arbres de la ville.",
    )
    assert changed.remedy == "Write the text without tags."
    assert (lost.value, lost.code) == ("", "not_read")


def test_examples_show_nothing_of_people() -> None:
    counted, _ = compare(DCAT.encode())

    note = counted["dcat:contactPoint/vcard:note"]
    assert outcomes(note) == (0, 0, 1)
    assert [example.value for example in note.examples] == [""]
    assert "Camille" not in str(note)


def test_conceal_leaves_no_mail_address_and_no_telephone_number() -> None:
    concealed = accounts.conceal("Écrire à a.b@town.example ou 02 99 00 00 00")

    assert concealed == "Écrire à … ou …"


@pytest.mark.parametrize(
    "text",
    [
        "Renseignements : 02 99 12 34 56, https://ville.example/page?id=1234567890",
        "Du 2020-01-02T10:00:00 au 2020-02-03 : 02-99-12-34-56",
        "+33 2 99 12 34 56 le 2020-01-02 02 99 12 34 56",
        "https://ville.example,02 99 12 34 56",
        "0299-12-34-56",
    ],
)
def test_conceal_leaves_no_telephone_number_beside_addresses_and_dates(
    text: str,
) -> None:
    concealed = accounts.conceal(text)

    assert not re.search(r"99.?12.?34", concealed)
    assert "…" in concealed


@pytest.mark.parametrize(
    "text",
    ["https://ville.example/1234567890", "2020-01-02", "2020-01-02/2021-01-02"],
)
def test_conceal_leaves_addresses_and_dates(text: str) -> None:
    assert accounts.conceal(text) == text


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("title", True),
        ("notes", True),
        ("resources.name", True),
        ("dct:description", True),
        ("dcat:distribution/dcat:accessURL", True),
        ("identificationInfo/citation/title", True),
        ("extras.responsable", False),
        ("extras.referent", False),
        ("extras.auteur", False),
        ("extras.gestionnaire", False),
        ("extras.autor", False),
        ("extras.teléfono", False),
        ("extras.zuständige_stelle", False),
        ("extras.theme_bearbeiter", False),
        ("metas.custom.title-owner", False),
        ("bearbeiter", False),
        ("bearbeiter.name", False),
        ("prov:wasGeneratedBy/prov:wasAssociatedWith/foaf:name", False),
        ("prov:wasGeneratedBy/foaf:name", False),
        ("prov:wasGeneratedBy/prov:wasAssociatedWith/dct:title", False),
    ],
)
def test_may_show_only_what_is_known_to_name_no_person(
    field: str, *, expected: bool
) -> None:
    assert may_show(field) is expected


def test_json_and_iso_name_their_own_fields(shared_data: Path) -> None:
    folder = shared_data / "data/catalogues"
    pod, _ = compare((folder / "udata_evian.json").read_bytes())
    iso, _ = compare((folder / "uk-gemini_dataset1.xml").read_bytes())

    assert outcomes(pod["title"]) == (1, 0, 0)
    assert pod["distribution.accessURL"].preserved
    assert outcomes(iso["identificationInfo/citation/title"]) == (1, 0, 0)
    assert iso["identificationInfo/pointOfContact/organisationName"].examples == []


def test_merge_accounts_bounds_fields_and_examples() -> None:
    stored: dict[str, Any] = {}
    for place in range(accounts.MOST_FIELDS + 5):
        stored = accounts.merge_accounts(
            stored, {f"field-{place}": FieldAccount(records=1, lost=1)}
        )
    for _ in range(5):
        counted, _ = compare(DCAT.encode())
        stored = accounts.merge_accounts(
            stored, {"field-0": counted["dct:coverageNote"]}
        )

    assert len(stored) == accounts.MOST_FIELDS
    assert stored["field-0"]["lost"] == 6
    assert len(stored["field-0"]["examples"]) == 1


def test_score_counts_what_is_measured_out_of_405() -> None:
    _, record = compare(DCAT.encode())
    counts = european_score.count_measures([record])

    score = european_score.score(counts)
    with_links = european_score.score(
        {
            **counts,
            european_score.CHECKED: 2,
            "access_answers": 1,
            european_score.CHECKED_DOWNLOADS: 0,
        }
    )

    assert sum(measure.points for measure in european_score.MEASURES) == 405
    assert score.measurable == 405 - 50 - 30 - 30
    assert score.of_dimension(european_score.Dimension.FINDABILITY) == (30, 100)
    assert with_links.points == score.points + 25
    assert score.rating == ""


async def find_reports(reading: Reading) -> list[SourceReport]:
    async with reading.database.session(reading.territory.id) as session:
        runs = [run.id for run in await reading.runs()]
        query = select(SourceReport).where(SourceReport.run_id.in_(runs))
        return list(await session.scalars(query))


@pytest.mark.thorough
async def test_a_reading_counts_each_record_once_over_its_slices(
    open_source: Open, catalogue: Catalogue
) -> None:
    catalogue.live = ckan([f"jeu-{place}" for place in range(25)], largest=10)
    reading = await open_source(catalogue.origin, slice=4)

    await reading.read()
    await reading.read()

    first, second = await find_reports(reading)
    assert first.records == second.records == 25
    assert first.fields == second.fields
    assert first.fields["title"]["preserved"] == first.fields["title"]["records"] == 25
    assert first.measures["datasets"] == 25


@pytest.mark.thorough
async def test_a_reading_of_what_changed_alone_has_no_report(
    open_source: Open, catalogue: Catalogue
) -> None:
    site = DatedCkan(["jeu-1", "jeu-2", "jeu-3"])
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    site.changed = {"jeu-2": "Un autre titre"}

    run = await reading.read()

    [report] = await find_reports(reading)
    assert run.incremental
    assert report.run_id != run.id
    assert report.records == 3


@pytest.fixture
async def source(open_source: Open, catalogue: Catalogue) -> Reading:
    catalogue.put("/catalogue.ttl", DCAT.encode(), Content_Type="text/turtle")
    reading: Reading = await open_source(f"{catalogue.origin}/catalogue.ttl")
    return reading


@pytest.mark.thorough
async def test_the_page_shows_the_worst_fields_and_the_next_act(
    source: Reading, portal_app: Litestar, demo: Territory
) -> None:
    moderator = make_person(demo, moderator=True)
    path = f"/sources/{source.source_id}/report"
    async with browse(portal_app, demo, moderator) as team:
        english = {"Accept-Language": "en"}
        before = await team.get(path, headers=english)
        run = await source.read()
        page = await team.get(path, headers=english)
        past = await team.get(f"{path}?reading={run.id}", headers=english)
        unknown = await team.get(f"{path}?reading={uuid.uuid4()}")
        malformed = await team.get(f"{path}?reading=first")

    assert "There is no report yet" in before.text
    assert "Sauf le bois du nord" not in page.text
    assert "Les arbres de la ville." in page.text
    assert "Write the text without tags." in page.text
    assert "points of 405" in page.text
    assert "Camille" not in page.text
    assert past.status_code == 200
    assert (unknown.status_code, malformed.status_code) == (404, 404)


@pytest.mark.thorough
async def test_the_page_shows_the_readings_of_before_over_time(
    source: Reading, catalogue: Catalogue, portal_app: Litestar, demo: Territory
) -> None:
    path = f"/sources/{source.source_id}/report"
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as team:
        english = {"Accept-Language": "en"}
        first = await source.read()
        once = await team.get(path, headers=english)
        poorer = DCAT.replace("Les arbres de la ville.", "Arbres.")
        catalogue.put("/catalogue.ttl", poorer.encode(), Content_Type="text/turtle")
        second = await source.read()
        twice = await team.get(path, headers=english)

    assert "Over time" not in once.text
    trend = twice.text.partition('id="trend"')[2]
    assert trend.index(f"reading={second.id}") < trend.index(f"reading={first.id}")


@pytest.mark.thorough
async def test_the_page_holds_in_a_browser(
    source: Reading, portal_app: Litestar, demo: Territory, tab: Tab
) -> None:
    await source.read()
    await source.read()
    address = f"{demo.origin}/sources/{source.source_id}/report"
    async with browse(portal_app, demo, make_person(demo, moderator=True)) as client:
        faults = await tab.find_faults(client, address, "losses", "fr", "en")

    assert faults == []


async def test_the_report_is_for_who_looks_after_the_source(
    source: Reading, portal_app: Litestar, demo: Territory
) -> None:
    stranger = make_person(demo, memberships={"armor": ["managers"]})
    async with browse(portal_app, demo, stranger) as client:
        page = await client.get(f"/sources/{source.source_id}/report")

    assert page.status_code == 404
