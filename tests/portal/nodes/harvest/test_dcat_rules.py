"""What the standards say of identifiers, agents, documents, durations and addresses, read and written again."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from udi.portal.nodes.harvest import rdf
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.protocol.rdf import write_dataset
from udi.protocol.record import restore_record, write_record
from udi.protocol.serialisations import write_canonical
from udi.protocol.structures import Organisation

PREFIXES = """@prefix adms: <http://www.w3.org/ns/adms#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix freq: <http://publications.europa.eu/resource/authority/frequency/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix time: <http://www.w3.org/2006/time#> .
"""
CONTEXT = ConversionContext(
    source=UUID(int=1),
    producer=Organisation(id=UUID(int=2), name="Ville"),
    found_at=datetime(2026, 11, 30, tzinfo=UTC),
)


def read(statement: str) -> HarvestedRecord:
    """The record of a dataset of which this is said besides its title and identifier."""
    source = f'{PREFIXES}<https://a.example/1> a dcat:Dataset ; dct:title "Arbres"@fr ; dct:identifier "arbres" ; {statement} .'
    (record,) = rdf.read(source.encode(), base_url="https://a.example/").records
    return record


def written(record: HarvestedRecord) -> str:
    """Our own RDF of a record, stored and read back."""
    stored = restore_record(write_record(convert(record, CONTEXT).record))
    return write_canonical(write_dataset("https://ours.example", stored)).decode()


def test_every_identifier_of_a_dataset_is_kept_and_written_again() -> None:
    record = read(
        'dct:identifier "second" ; adms:identifier [ skos:notation "ES-2024-001" ], [ skos:notation "10.5281/zenodo.7890" ]'
    )
    ours = written(record)
    (again,) = rdf.read(ours.encode(), base_url="https://ours.example/").records

    assert record.identifier == "arbres"
    assert record.identifiers == ("second", "ES-2024-001", "10.5281/zenodo.7890")
    for notation in ("arbres", "second", "ES-2024-001", "10.5281/zenodo.7890"):
        assert ours.count(f'core#notation> "{notation}"') == 1
        assert notation in again.identifiers
    assert str(convert(record, CONTEXT).record.id) == again.identifier


def test_every_doi_of_a_dataset_is_kept() -> None:
    dois = ["10.5281/zenodo.7890", "10.5281/zenodo.7891", "doi:10.57745/A", "doi:10.57745/B"]  # fmt: skip
    quoted = ", ".join(f'"{doi}"' for doi in dois)
    record = read(f"dct:identifier {quoted}")
    ours = written(record)

    for doi in dois:
        assert ours.count(f'core#notation> "{doi}"') == 1


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("[ a dct:Frequency ; rdf:value [ a time:DurationDescription ; time:years 1.0 ] ]", "ANNUAL"),
        ("[ rdf:value [ time:months 3 ] ]", "QUARTERLY"),
        ('[ rdf:value [ time:days "7" ] ]', "WEEKLY"),
        ("[ rdf:value [ time:weeks 1 ] ]", "WEEKLY"),
        ("[ a time:DurationDescription ; time:hours 1 ]", "HOURLY"),
        ("[ rdf:value [ time:years 1 ; time:months 6 ] ]", ""),
        ("[ rdf:value [ time:years 0.5 ] ]", ""),
        ("[ rdf:value [ time:years 1000000 ] ]", ""),
    ],
)  # fmt: skip
def test_a_duration_of_owl_time_says_how_often(statement: str, code: str) -> None:
    assert read(f"dct:accrualPeriodicity {statement}").frequency == code


def test_two_descriptions_of_one_publisher_are_one() -> None:
    office = "https://registry.example/office"
    statement = f'dct:publisher [ a foaf:Organization ; dct:identifier "{office}" ; foaf:name "Bureau"@fr ], <{office}>, <https://other.example/>'
    creators = 'dct:creator [ dct:identifier "1" ; foaf:name "A" ], [ dct:identifier "1" ; foaf:name "B" ]'
    record = read(f"{statement} ; {creators}")

    publisher: Any = record.publisher
    assert (publisher.uri, publisher.name) == (office, {"fr": "Bureau"})
    assert [creator.name["fr"] for creator in record.creators] == ["A", "B"]


def test_a_document_without_an_address_is_known_by_its_page() -> None:
    record = read(
        'foaf:page [ a foaf:Document ; rdfs:label "Notice" ; foaf:homepage <https://a.example/notice> ], "no address"'
    )

    assert record.documentation == ("https://a.example/notice",)


def test_blanks_around_an_address_are_no_part_of_it() -> None:
    record = read("dct:source <https://a.example/map/271\t>, <https://a.example/b c>")

    assert [source.uri for source in record.sources] == [
        "https://a.example/map/271",
        "https://a.example/b%20c",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "dct:frequency freq:WEEKLY ; dct:accrualPeriodicity freq:NEVER",
        "dct:accrualPeriodicity freq:NEVER ; dct:frequency freq:WEEKLY",
        "dct:frequency freq:WEEKLY, freq:NEVER ; dct:accrualPeriodicity freq:NEVER",
    ],
)
def test_a_property_goes_before_one_that_is_read_for_it(statement: str) -> None:
    assert read(statement).frequency == "NEVER"
    assert read("dct:frequency freq:WEEKLY").frequency == "WEEKLY"


EU = "http://publications.europa.eu/resource/authority/"
FILE = "https://a.example/file"


def test_data_without_words_are_in_the_language_that_the_table_has_for_them() -> None:
    record = read(
        f'dct:language <{EU}language/FRA> ; dcat:distribution [ dcat:accessURL <{FILE}> ; dct:language <{EU}language/ZXX>, "it" ]'
    )
    ours = written(record)
    (again,) = rdf.read(ours.encode(), base_url="https://ours.example/").records

    assert record.languages == again.languages == ("fr",)
    assert [file.languages for file in record.distributions] == [("zxx", "it")]
    assert [set(file.languages) for file in again.distributions] == [{"zxx", "it"}]
    assert ours.count(f"language> <{EU}language/ZXX>") == 1
    assert "language_unknown" not in {fault.code for fault in record.faults}


def test_a_standard_of_a_file_without_an_address_is_known_by_its_name() -> None:
    standards = 'dct:conformsTo "Standard 1", [ a dct:Standard ; dct:title "Standard 2" ], <https://a.example/standard>'
    record = read(f"dcat:distribution [ dcat:accessURL <{FILE}> ; {standards} ]")
    ours = written(record)
    (again,) = rdf.read(ours.encode(), base_url="https://ours.example/").records

    for (media,) in (
        convert(record, CONTEXT).record.media,
        convert(again, CONTEXT).record.media,
    ):
        assert set(media.metadata.standards) == {"Standard 1", "Standard 2"}
        assert "https://a.example/standard" in {
            media.structure,
            *media.metadata.conforms_to,
        }
    assert ours.count("conformsTo> <") == len(("Standard 1", "Standard 2", "address"))


SERVICE = "dcat:accessService [ a dcat:DataService ; dcat:endpointURL <https://a.example/api> ]"


@pytest.mark.parametrize(
    ("statement", "media_type"),
    [
        ('dct:format "HTML" ; dcat:mediaType "text/html"', "text/html"),
        ('dct:format "HTML"', ""),
        ('dct:format "N-Triples" ; dcat:mediaType "application/n-triples"', "application/n-triples"),
    ],
)  # fmt: skip
def test_the_media_type_that_a_source_says_of_a_service_is_written(
    statement: str, media_type: str
) -> None:
    record = read(
        f"dcat:distribution [ dcat:accessURL <{FILE}> ; {SERVICE} ; {statement} ]"
    )
    ours = written(record)
    (again,) = rdf.read(ours.encode(), base_url="https://ours.example/").records

    for (media,) in (
        convert(record, CONTEXT).record.media,
        convert(again, CONTEXT).record.media,
    ):
        assert media.metadata.media_type == media_type
    assert ours.count("dcat#mediaType>") == bool(media_type)


@pytest.mark.parametrize(
    ("file_type", "address", "media_type"),
    [
        ("RDF", FILE, ""),
        ("RDF", f"{FILE}.rdf", "application/rdf+xml"),
        ("RDF", f"{FILE}.ttl", "text/turtle"),
        ("RDF", f"{FILE}.zip", ""),
        ("RDF_XML", f"{FILE}.ttl", ""),
    ],
)
def test_rdf_in_any_syntax_is_not_one_syntax(
    file_type: str, address: str, media_type: str
) -> None:
    statement = f"dct:format <{EU}file-type/{file_type}>"
    distribution = f"a dcat:Distribution ; dcat:accessURL <{address}> ; {statement}"
    record = read(f"dcat:distribution [ {distribution} ]")
    (file,) = record.distributions

    assert (file.format, file.media_type) == (file_type, media_type)
    assert written(record).count(f"format> <{EU}file-type/{file_type}>") == 1


def test_a_further_landing_page_is_a_document_of_the_dataset() -> None:
    pages = "<https://a.example/z>, <https://a.example/b>, <https://a.example/c>"
    record = read(f"dcat:landingPage {pages} ; foaf:page <https://a.example/notice>")
    ours = written(record)

    assert record.landing_page == "https://a.example/z"
    assert set(record.documentation) == {
        "https://a.example/b",
        "https://a.example/c",
        "https://a.example/notice",
    }
    assert ours.count("dcat#landingPage> <") == 1
    for page in ("b", "c", "notice"):
        assert ours.count(f"foaf/0.1/page> <https://a.example/{page}>") == 1


BY = "http://creativecommons.org/licenses/by/4.0/"
BY_NC = "http://creativecommons.org/licenses/by-nc/2.0/"


@pytest.mark.parametrize(
    ("dataset", "files", "code"),
    [
        (BY, (BY_NC,), "cc-by-nc-2.0"),
        (BY, (BY_NC, BY_NC), "cc-by-nc-2.0"),
        (BY, (BY_NC, ""), "cc-by-4.0"),
        (BY, (BY_NC, BY), "cc-by-4.0"),
        (BY, (), "cc-by-4.0"),
        ("", (BY_NC, ""), "cc-by-nc-2.0"),
        ("", (BY_NC, BY), ""),
    ],
)
def test_the_licence_of_all_files_goes_before_that_of_their_dataset(
    dataset: str, files: tuple[str, ...], code: str
) -> None:
    statements = [
        f"dct:license <{licence}>" if licence else "" for licence in (dataset, *files)
    ]
    distributions = [
        f"dcat:distribution [ dcat:accessURL <{FILE}/{number}> ; {statement} ]"
        for number, statement in enumerate(statements[1:])
    ]
    record = read(" ; ".join(filter(None, (statements[0], *distributions))))

    assert convert(record, CONTEXT).record.licence.code == code
