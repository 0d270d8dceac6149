"""What an older node's record becomes before it is sent."""

from copy import deepcopy
from typing import Any

import pytest

from tests.protocol.examples import a_file, a_record, put
from udi.protocol.access import AccessRights
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import read_record
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate


def old_record(**changes: Any) -> dict[str, Any]:
    """A record as a node of 2022 kept it."""
    file = a_file(file_size="343687", file_storage_status="available")
    file["checksum"]["file_encoding"] = "charset=us-ascii"
    del file["connector"]["interface_contract"]
    provider = {"organization_id": "x", "organization_name": "y"}
    return a_record(
        theme="Réseaux, Energie",
        collection_tag="init",
        available_formats=[file],
        access_condition={
            "licence": {"licence_type": "STANDARD", "licence_label": "odbl-1.0"}
        },
        metadata_info={"api_version": "1.2.0", "metadata_provider": provider},
        dataverse_doi=None,
        **changes,
    )


def test_an_old_record_becomes_acceptable() -> None:
    upgraded = upgrade_record(old_record())

    assert validate(upgraded) == []
    assert upgraded["theme"] == "energyNetworks"
    assert upgraded["metadata_info"] == {"api_version": "1.4.1"}
    assert upgraded["access_condition"]["confidentiality"] == {
        "restricted_access": False,
        "gdpr_sensitive": False,
    }
    assert "collection_tag" not in upgraded
    assert "dataverse_doi" not in upgraded
    (file,) = upgraded["available_formats"]
    assert (file["file_size"], file["file_encoding"]) == (343687, "us-ascii")
    assert file["connector"]["interface_contract"] == "dwnl"
    assert "file_storage_status" not in file


def test_the_record_that_is_upgraded_stays_as_it_was() -> None:
    data = old_record()
    before = deepcopy(data)

    upgrade_record(data)

    assert data == before


def test_a_record_of_today_is_left_as_it_is() -> None:
    assert upgrade_record(a_record()) == a_record()


def test_upgrading_twice_changes_nothing_more() -> None:
    once = upgrade_record(old_record())

    assert upgrade_record(once) == once


def test_only_a_known_licence_answers_for_confidentiality() -> None:
    licence = {
        "licence_type": "CUSTOM",
        "custom_licence_label": "Sur demande",
        "custom_licence_uri": "https://example.org/conditions",
    }
    unknown = upgrade_record(put(old_record(), "access_condition.licence", licence))
    known_licence = {
        **licence,
        "custom_licence_uri": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    }

    assert [(fault.code.value, fault.field) for fault in validate(unknown)] == [
        ("ERR-202", "access_condition.confidentiality")
    ]
    assert (
        validate(
            upgrade_record(put(old_record(), "access_condition.licence", known_licence))
        )
        == []
    )


def test_what_was_said_of_confidentiality_is_kept() -> None:
    confidentiality = {"restricted_access": True, "gdpr_sensitive": False}

    upgraded = upgrade_record(
        put(old_record(), "access_condition.confidentiality", confidentiality)
    )

    assert upgraded["access_condition"]["confidentiality"] == confidentiality


def test_days_and_times_without_a_zone_become_instants() -> None:
    upgraded = upgrade_record(
        old_record(
            dataset_dates={"created": "2021-04-01", "updated": "2021-04-02T10:00:00"},
            temporal_spread={"start_date": "2020-01-01"},
        )
    )

    assert validate(upgraded) == []
    assert upgraded["dataset_dates"] == {
        "created": "2021-04-01T00:00:00Z",
        "updated": "2021-04-02T10:00:00Z",
    }
    assert upgraded["temporal_spread"]["start_date"] == "2020-01-01T00:00:00Z"


def test_what_is_missing_stays_missing() -> None:
    record = old_record()
    del record["dataset_dates"]["updated"], record["theme"], record["metadata_info"]

    assert {fault.field for fault in validate(upgrade_record(record))} == {
        "dataset_dates.updated",
        "theme",
        "metadata_info",
    }


def test_an_unsupported_version_and_an_unknown_theme_are_left_to_be_refused() -> None:
    upgraded = upgrade_record(
        put(old_record() | {"theme": "biota"}, "metadata_info.api_version", "1.1.0")
    )

    assert upgraded["theme"] == "biota"
    assert upgraded["metadata_info"]["api_version"] == "1.1.0"


@pytest.mark.parametrize("data", [None, [], "text", 7])
def test_what_is_not_an_object_cannot_be_upgraded(data: object) -> None:
    with pytest.raises(InvalidRecord) as refusal:
        upgrade_record(data)

    assert [fault.code.value for fault in refusal.value.faults] == ["ERR-101"]


@pytest.mark.parametrize(
    "place",
    [
        "restricted_access",
        "access_condition.restricted_access",
        "access_condition.licence.restricted_access",
        "metadata_info.restricted_access",
        "available_formats.0.restricted_access",
    ],
)
@pytest.mark.parametrize("value", [True, "true", 1])
def test_a_restriction_said_in_another_place_is_never_lost(
    place: str, value: object
) -> None:
    upgraded = upgrade_record(put(old_record(), place, value))

    assert validate(upgraded) == []
    assert upgraded["access_condition"]["confidentiality"] == {
        "restricted_access": True,
        "gdpr_sensitive": False,
    }
    assert read_record(upgraded).access is AccessRights.RESTRICTED
    assert upgrade_record(upgraded) == upgraded


@pytest.mark.parametrize("place", ["gdpr_sensitive", "access_condition.gdpr_sensitive"])
def test_personal_data_said_in_another_place_are_restricted(place: str) -> None:
    upgraded = upgrade_record(put(old_record(), place, True))

    assert upgraded["access_condition"]["confidentiality"] == {
        "restricted_access": True,
        "gdpr_sensitive": True,
    }


def test_a_restriction_in_another_place_goes_before_confidentiality() -> None:
    confidentiality = {"restricted_access": False, "gdpr_sensitive": False}
    record = put(
        old_record(restricted_access=True),
        "access_condition.confidentiality",
        confidentiality,
    )

    upgraded = upgrade_record(record)

    assert upgraded["access_condition"]["confidentiality"]["restricted_access"] is True


def test_what_says_that_it_is_not_restricted_is_open() -> None:
    upgraded = upgrade_record(old_record(restricted_access=False))

    assert read_record(upgraded).access is AccessRights.PUBLIC


@pytest.mark.parametrize("access", ["closed", {"confidentiality": "closed"}])
def test_a_restriction_that_has_no_place_is_refused(access: object) -> None:
    upgraded = upgrade_record(
        old_record(restricted_access=True) | {"access_condition": access}
    )

    assert validate(upgraded) != []
