"""An installation read by another that is read by a third: each says the same of what others wrote."""

from pathlib import Path

import pytest
from hypothesis import given

from bench.load.federation.score import is_apart
from tests.portal.nodes.harvest import made
from tests.portal.nodes.harvest.federated import (
    CONTEXT,
    FIRST,
    SECOND,
    comparable,
    comparable_at_first,
    list_names,
    read_by_another,
)
from tests.portal.nodes.harvest.test_round_trips import QUIET, bare
from tests.protocol.graphs import read_graph
from tests.protocol.shacl import violations
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import convert
from udi.protocol.rdf import write_dataset
from udi.protocol.record import conceal_record, restore_record, write_record
from udi.protocol.structures import Record

MOST_RECORDS = 10
"""Of one file."""
STATEMENT = "https://terms.example/use"
FILES = (
    "brescia-mobilita_catalog.rdf",
    "dcat-ap-es_1.0.0_E_DCAT-AP-ES_Catalog_HVD_full.ttl",
    "dcat-ap-es_1.0.0_E_DCAT-AP-ES_full_optional.ttl",
    "ckanext-dcat_dataset_health.ttl",
    "protezione-civile-it_catalog.rdf",
    "udata_catalog.xml",
    "udata_geonetwork-geodcatap-page-3.xml",
    "open-canada_4e81a467-fc14-4fa0-a1d6-9d65336587c6.xml",
    "ckanext-dcat_ckan_full_dataset_dcat_ap.json",
    "ckanext-dcat_ckan_full_dataset_dcat_ap_vocabularies.json",
    "ckanext-dcat_catalog.json",
    "pycsw_pacioos-NS06agg.xml",
    "udata_geonetwork-iso19139-page-3.xml",
    "ckanext-dcat_catalog.rdf",
    "semic_hvd_dataset_multilingual_expected_output.ttl",
    "uk-gemini_04_Dataset_Valid.xml",
    "uk-gemini_wales2.xml",
)


@pytest.fixture(scope="module")
def records(shared_data: Path) -> dict[str, list[Record]]:
    folder = shared_data / "data/catalogues"
    return {name: read_file(folder / name) for name in FILES}


def read_file(path: Path) -> list[Record]:
    page = format_detection.read(path.read_bytes(), base_url="https://source.example/")
    converted = (convert(record, CONTEXT) for record in page.records[:MOST_RECORDS])
    return [restore_record(write_record(result.record)) for result in converted]


@QUIET
@given(record=made.records)
def test_a_third_installation_says_what_the_second_says(record: Record) -> None:
    second = read_by_another(conceal_record(record), FIRST)
    third = read_by_another(second, SECOND)

    assert comparable(third) == comparable(second)
    assert list_names(record) <= list_names(second) <= list_names(third)


@pytest.mark.parametrize("name", FILES)
def test_real_catalogues_are_passed_on_as_they_are(
    records: dict[str, list[Record]], name: str
) -> None:
    assert not is_apart(name)
    assert records[name]
    for record in records[name]:
        second = read_by_another(record, FIRST)
        third = read_by_another(second, SECOND)

        assert comparable(third) == comparable(second)
        assert list_names(record) <= list_names(second) <= list_names(third)
        assert comparable_at_first(second) == comparable_at_first(record)


@pytest.mark.parametrize(
    "files", [[], [{"downloadURL": "https://files.example/a.csv"}]]
)
def test_a_licence_in_words_and_what_is_asked_are_passed_on(
    files: list[dict[str, str]],
) -> None:
    page = format_detection.read(
        bare(license="House rules", rights=STATEMENT, distribution=files),
        base_url=FIRST,
    )
    first = convert(page.records[0], CONTEXT).record
    second = read_by_another(first, FIRST)

    assert first.licence.label == {"fr": "House rules"}
    assert first.constraints.other == {"fr": STATEMENT}
    assert (second.licence, read_by_another(second, SECOND).licence) == (
        first.licence,
        first.licence,
    )
    assert comparable_at_first(second) == comparable_at_first(first)
    assert STATEMENT in str(comparable_at_first(second))


@pytest.mark.parametrize("name", FILES)
def test_what_is_passed_on_breaks_no_shape(
    shared_data: Path, records: dict[str, list[Record]], name: str
) -> None:
    shapes = shared_data / "reference/dcat-ap-shapes/dcat-ap-3.0.1/shapes.ttl"

    for record in records[name]:
        assert violations(read_graph(write_dataset(FIRST, record)), shapes) == []
