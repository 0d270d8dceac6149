"""Every real catalogue is read: what is found is counted as a person and two other parsers counted it."""

import csv
import sys
from pathlib import Path
from uuid import UUID

import pytest

from tests.portal.nodes.harvest.tally import tally, write_table
from udi.kit.clock import now
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.record import HarvestedPage, RecordKind
from udi.protocol.record import restore_record, write_record
from udi.protocol.structures import Organisation

BASE = "https://source.example/catalogue"
SOURCE = UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10")
PRODUCER = Organisation(
    id=UUID("0f9d7c0e-3b0f-4c3c-8f0f-6b9b3d9a1c22"), name="Ville d'Exemple"
)
CORRECTED: dict[str, tuple[int, str]] = {}
"""Numbers that differ from those counted at first, each with its reason. There is none."""
REFUSED = {
    "pod_www2.ed.gov.data.json": ["identifier_duplicate"] * 4,
    "pycsw_Record_88247b56-4cbc-4df9-9860-db3f8042e357.xml": ["title_missing"],
}
NOT_CATALOGUES = {
    "csw-client_capabilities-ok.xml": "document_capabilities",
    "owslib_9250AA67-F3AC-6C12-0CB9-0662231AA181_dif.xml": "document_unsupported",
    "owslib_9250AA67-F3AC-6C12-0CB9-0662231AA181_fgdc.xml": "document_unsupported",
    "piveau_example_translation.json": "document_unknown",
    "pycsw_get_GetCapabilities-lang.xml": "document_capabilities",
    "uk-gemini_capabilities.xml": "document_capabilities",
    "uk-gemini_dataset.json": "document_unknown",
}
LISTS = {
    "data-gov-uk_organization-show-peterborough.json": 35,
    "data-gov-uk_organization_show-ecology.json": 0,
    "data-gov-uk_organization_show-ni-spatial.json": 588,
    "data-gov-uk_rest-organization-defence.json": 21,
    "data-gov-uk_rest-organization-health.json": 1,
    "ogcapi-records_collections.json": 1,
}


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, str]:
    with (shared_data / "reference/harvest-expected.tsv").open(
        encoding="utf-8"
    ) as file:
        return {
            line["file"]: line["records"]
            for line in csv.DictReader(file, delimiter="\t")
        }


@pytest.fixture(scope="module")
def pages(shared_data: Path, expected: dict[str, str]) -> dict[str, HarvestedPage]:
    folder = shared_data / "data/catalogues"
    return {
        name: format_detection.read((folder / name).read_bytes(), base_url=BASE)
        for name in expected
    }


def test_as_many_are_found_as_were_counted(
    pages: dict[str, HarvestedPage],
    expected: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    numbered = {name: int(count) for name, count in expected.items() if count}
    corrected_counts = {
        name: CORRECTED.get(name, (count, ""))[0] for name, count in numbered.items()
    }

    with capsys.disabled():
        sys.stdout.write(
            f"\n{write_table(tally(name, pages[name]) for name in numbered)}"
        )

    assert len(corrected_counts) == 203
    assert {
        name: pages[name].dataset_count for name in corrected_counts
    } == corrected_counts
    assert sum(corrected_counts.values()) == 1473


def test_nothing_is_refused_without_the_rule_it_breaks(
    pages: dict[str, HarvestedPage],
) -> None:
    refused = {
        name: [refusal.faults[0].code for refusal in page.refused if refusal.is_dataset]
        for name, page in pages.items()
    }

    assert {name: codes for name, codes in refused.items() if codes} == REFUSED
    assert all(
        all(fault.translate())
        for page in pages.values()
        for refusal in page.refused
        for fault in refusal.faults
    )


def test_what_is_no_catalogue_is_named(pages: dict[str, HarvestedPage]) -> None:
    unreadable = {
        name: page.faults[0].code for name, page in pages.items() if not page.readable
    }

    assert unreadable == NOT_CATALOGUES


def test_a_list_without_descriptions_says_what_to_read_next(
    pages: dict[str, HarvestedPage],
) -> None:
    assert {name: len(pages[name].links) for name in LISTS} == LISTS


def test_services_and_other_things_are_told_from_datasets(
    pages: dict[str, HarvestedPage],
) -> None:
    kinds = {record.kind for page in pages.values() for record in page.records}

    assert kinds == {RecordKind.DATASET, RecordKind.SERIES}
    assert sum(len(page.services) for page in pages.values()) == 36
    assert (
        sum(
            not refusal.is_dataset
            for page in pages.values()
            for refusal in page.refused
        )
        == 8
    )


def test_each_record_becomes_ours_and_can_be_stored(
    pages: dict[str, HarvestedPage],
) -> None:
    context = ConversionContext(source=SOURCE, producer=PRODUCER, found_at=now())
    stored = 0
    for page in pages.values():
        for record in page.records:
            ours = convert(record, context).record
            assert restore_record(write_record(ours)).id == ours.id
            assert len({media.id for media in ours.media}) == len(ours.media)
            assert record.source_record.body
            stored += 1

    assert stored == 1473 - 5


def test_reading_twice_gives_the_same(
    shared_data: Path, pages: dict[str, HarvestedPage]
) -> None:
    """So that a second run changes nothing: blank nodes, which have other names each time, included."""
    for name in (
        "udata_bnodes.jsonld",
        "dcatapit_dataset.rdf",
        "udata_geonetwork-dcat-page-1.xml",
        "udata_evian.json",
    ):
        again = format_detection.read(
            (shared_data / "data/catalogues" / name).read_bytes(), base_url=BASE
        )

        assert [record.source_record.sha256 for record in again.records] == [
            record.source_record.sha256 for record in pages[name].records
        ]
        assert again == pages[name]
