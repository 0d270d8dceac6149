"""Each of RUDI's own sample files has its outcome, as sent and after its node has upgraded it."""

import json
from pathlib import Path
from typing import Any

import pytest

from udi.protocol.record import read_record, write_record
from udi.protocol.themes import THEMES
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate
from udi.protocol.vocabulary import VERSIONS

# The three conform samples hold `{{$guid}}` for their media, a contract and an area that no portal can use, and a
# source address with a password.
PLACEHOLDERS = {
    *(("ERR-307", f"available_formats[{place}].media_id") for place in range(5)),
    ("ERR-307", "available_formats[4].connector.interface_contract"),
    ("ERR-307", "metadata_info.metadata_source"),
    ("ERR-303", "geography.bounding_box"),
}
VERSION = ("ERR-106", "metadata_info.api_version")
CONFIDENTIALITY = ("ERR-202", "access_condition.confidentiality")
UPDATED = ("ERR-202", "dataset_dates.updated")
SENSITIVE = ("ERR-306", "access_condition.confidentiality.gdpr_sensitive")
MAP_PARAMETERS = ("ERR-405", "available_formats[2].connector.connector_parameters")
NO_INFO = ("ERR-202", "metadata_info")
CREDENTIALS = {
    ("ERR-307", f"available_formats[{place}].file_structure") for place in range(2)
}
ACCEPTED: set[tuple[str, str]] = set()

# file: faults as sent, faults after the upgrade, theme known to UDI after it
OUTCOMES = {
    "01-portal-v1.3.0-conform": (PLACEHOLDERS, PLACEHOLDERS, True),
    "02-portal-v1.4.0-selfdata-ext-0.3.0": (PLACEHOLDERS, PLACEHOLDERS, True),
    "03-portal-v1.4.0-selfdata-ext-0.4.0": (PLACEHOLDERS, PLACEHOLDERS, True),
    "04-portal-v1.2.1": (ACCEPTED, ACCEPTED, True),
    "05-portal-v1.3.0": ({MAP_PARAMETERS}, {MAP_PARAMETERS}, True),
    "06-portal-agri": (ACCEPTED, ACCEPTED, True),
    "07-portal-open": (
        {VERSION, SENSITIVE, *CREDENTIALS},
        {VERSION, SENSITIVE, *CREDENTIALS},
        False,
    ),
    "08-portal-mandatory-only": ({CONFIDENTIALITY}, ACCEPTED, False),
    "09-portal-no-updated-date-INVALID": (
        {VERSION, UPDATED, CONFIDENTIALITY},
        {VERSION, UPDATED},
        False,
    ),
    "10-portal-transport": (ACCEPTED, ACCEPTED, True),
    "11-portal-separators": (ACCEPTED, ACCEPTED, True),
    "12-kalim-create-ok": (ACCEPTED, ACCEPTED, True),
    "13-kalim-creation-ok": (ACCEPTED, ACCEPTED, True),
    "14-kalim-update-add-media": (ACCEPTED, ACCEPTED, True),
    "15-konsult-restricted": (ACCEPTED, ACCEPTED, True),
    "16-konsult-open": ({SENSITIVE}, {SENSITIVE}, True),
    "17-nodestub-resource": (ACCEPTED, ACCEPTED, True),
    "18-node-catalog-example": (
        {
            UPDATED,
            CONFIDENTIALITY,
            NO_INFO,
            ("ERR-201", "access_condition.licence.custom_licence_label"),
        },
        {UPDATED, CONFIDENTIALITY, NO_INFO},
        False,
    ),
    "19-node-write-meta": (
        {("ERR-302", "storage_status")},
        {("ERR-302", "storage_status")},
        True,
    ),
}
RENNES = "20-datarennes-extract"


@pytest.fixture
def samples(shared_data: Path) -> dict[str, Any]:
    """The sample files by name, without suffix."""
    folder = shared_data / "reference/rudi-samples"
    if not folder.is_dir():
        pytest.skip(f"needs RUDI's samples in {folder}")
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted(folder.glob("*.json"))
    }


def faults_of(data: object) -> set[tuple[str, str]]:
    return {(fault.code.value, fault.field) for fault in validate(data)}


def test_every_sample_file_has_an_expected_outcome(samples: dict[str, Any]) -> None:
    assert set(samples) == {*OUTCOMES, RENNES}


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_sample_is_accepted_or_refused_as_sent_and_after_its_upgrade(
    samples: dict[str, Any], name: str
) -> None:
    as_sent, upgraded, theme_is_known = OUTCOMES[name]
    upgrade = upgrade_record(samples[name])

    assert faults_of(samples[name]) == as_sent
    assert faults_of(upgrade) == upgraded
    assert (upgrade["theme"] in THEMES) is theme_is_known


def test_the_version_is_the_first_fault_of_a_record_in_version_1_1_0(
    samples: dict[str, Any],
) -> None:
    for name in ("07-portal-open", "09-portal-no-updated-date-INVALID"):
        assert validate(samples[name])[0].code == "ERR-106"


def test_accepted_samples_survive_being_read_and_written_in_every_version(
    samples: dict[str, Any],
) -> None:
    accepted = [name for name, (faults, _, _) in OUTCOMES.items() if not faults]
    assert len(accepted) > 0
    for name in accepted:
        record = read_record(samples[name])

        assert read_record(write_record(record)) == record
        for version in VERSIONS:
            assert (
                read_record(write_record(record, api_version=version)).media
                == record.media
            )


def test_no_rennes_record_is_accepted_before_its_upgrade(
    samples: dict[str, Any],
) -> None:
    assert len(samples[RENNES]) == 60
    assert all(CONFIDENTIALITY in faults_of(record) for record in samples[RENNES])


def test_rennes_records_are_accepted_after_their_upgrade_unless_they_have_nothing_to_download(
    samples: dict[str, Any],
) -> None:
    upgraded = [upgrade_record(record) for record in samples[RENNES]]
    empty = [record for record in upgraded if record["available_formats"] == [None]]

    assert len(empty) == 6
    assert all(
        faults_of(record) == {("ERR-202", "available_formats[0]")} for record in empty
    )
    assert all(faults_of(record) == set() for record in upgraded if record not in empty)
    assert {record["theme"] for record in upgraded} == set(THEMES)


def test_rennes_records_survive_being_read_and_written(samples: dict[str, Any]) -> None:
    upgraded = [upgrade_record(record) for record in samples[RENNES]]
    records = [
        read_record(data) for data in upgraded if data["available_formats"] != [None]
    ]

    assert len(records) == 54
    assert [read_record(write_record(record)) for record in records] == records
    assert [record.formats for record in records] == [["JSON"]] * 54
