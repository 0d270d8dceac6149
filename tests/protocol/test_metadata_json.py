"""The object `dcat` of a record: checked, tolerant of what is stored, and made of what former records say."""

from typing import Any

import pytest

from tests.protocol.examples import a_file, a_record
from udi.protocol.faults import InvalidRecord
from udi.protocol.metadata_json import (
    read_media_metadata,
    read_metadata,
    write_metadata,
)
from udi.protocol.record import (
    conceal_record,
    read_record,
    restore_record,
    write_record,
)
from udi.protocol.restricted_data import conceal_document
from udi.protocol.structures import Agent, MediaMetadata, Metadata, NamedResource
from udi.protocol.validation import validate

FORMER = {
    "themes": ["ENVI", "AGRI"],
    "themes_other": [["https://voc.example/1", "Trees"], ["", "Streets"]],
    "publisher": {"name": {"fr": "Ville"}, "uri": "", "id": "21350"},
    "access": "NON_PUBLIC",
    "frequency": "ANNUAL",
    "places": [["http://id.insee.fr/geo/commune/35238", ""]],
    "documentation": ["https://source.example/a.pdf"],
    "provenance": {"fr": "Relevé"},
    "conforms_to": ["https://source.example/model", "Model"],
    "version": "2",
    "version_notes": {"fr": "Plus"},
    "extra": {"x": 1},
}
INVALID: list[tuple[str, Any]] = [
    ("themes", "ENVI"),
    ("subjects", [{"uri": 3}]),
    ("keywords", {"fr": "arbre"}),
    ("publisher", []),
    ("periods", [{"start": "yesterday"}]),
    ("spatial_resolution", -1),
    ("landing_page", "elsewhere"),
    ("documentation", ["javascript:1"]),
    ("version_notes", {"fr": 3}),
    ("version", "x" * 301),
    ("publisher", {"name": {"français": "Ville"}}),
    ("publisher", {"name": {"fr_FR": "Ville"}}),
    ("publisher", {"url": "javascript:alert(1)"}),
    ("creators", [{"name": {"": "Ville"}}]),
    ("contact_points", [{"phone": "1", "url": "javascript:alert(1)"}]),
    ("keywords", {"fr-x": ["arbre"]}),
    ("provenance", [{"x": "Relevé"}]),
    ("version_notes", {f"aa-{number:05}": "Plus" for number in range(201)}),
]
PARTS = [
    ({"version": None, "places": [{"uri": None, "label": "Rade"}]}, Metadata(places=(NamedResource(label="Rade"),))),
    ({"version": 3, "themes": ["ENVI", None, 4]}, Metadata(themes=("ENVI",))),
    (
        {"creators": [{"name": {"fr": "Ville", "en": 3}, "uri": []}], "access": {}},
        Metadata(creators=(Agent(name={"fr": "Ville"}),)),
    ),
    ({"provenance": [{"fr": None}], "spatial_resolution": "far", "version": "2"}, Metadata(version="2")),
]  # fmt: skip
FORMER_ODDITIES: list[Any] = [
    {"places": [1]},
    {"places": [["a"]], "themes_other": {"a": 1}},
    {"places": 3, "conforms_to": 4, "provenance": {"fr": 3}},
    {"publisher": {"name": {"fr": 3}}, "themes": [None, 3]},
]


def test_what_is_written_is_read() -> None:
    dcat = {
        "themes": ["ENVI"],
        "creators": [{"name": {"fr": "Ville"}, "uri": "https://ville.example/"}],
        "periods": [{"end": "2026-01-01T00:00:00Z"}],
        "spatial_resolution": 2.5,
        "provenance": [{"fr": "Relevé", "en": "Survey"}],
    }
    record = read_record(a_record(dcat=dcat))

    assert record.metadata.creators == (
        Agent(name={"fr": "Ville"}, uri="https://ville.example/"),
    )
    assert write_record(record)["dcat"] == dcat
    assert restore_record(write_record(record)) == record


def test_a_record_without_it_has_none_written() -> None:
    record = read_record(a_record())

    assert record.metadata == Metadata()
    assert "dcat" not in write_record(record)
    assert write_metadata(Metadata()) == {}


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_what_is_wrong_is_refused_where_it_is(name: str, value: object) -> None:
    faults = validate(a_record(dcat={name: value}))

    assert faults
    assert all(fault.field.startswith(f"dcat.{name}") for fault in faults)
    with pytest.raises(InvalidRecord):
        read_record(a_record(dcat={name: value}))


@pytest.mark.parametrize("stored", [*[{name: value} for name, value in INVALID[:5]], 3])
def test_what_is_stored_is_read_whatever_it_is(stored: object) -> None:
    assert restore_record(a_record(dcat=stored)).metadata == Metadata()


@pytest.mark.parametrize(("stored", "metadata"), PARTS)
def test_one_bad_value_costs_only_itself(stored: object, metadata: Metadata) -> None:
    assert restore_record(a_record(dcat=stored)).metadata == metadata


@pytest.mark.parametrize("former", FORMER_ODDITIES)
def test_what_a_source_wrote_before_has_any_shape(former: object) -> None:
    assert read_record(a_record(harvested=former)).metadata == Metadata()


def test_addresses_that_pages_lead_to_are_of_the_web() -> None:
    stored = {
        "publisher": {"uri": "https://ville.example/", "url": "javascript:alert(1)"},
        "contact_points": [{"phone": "1", "url": "data:text/html,x"}],
        "landing_page": "www.ville.example/arbres",
        "documentation": ["www.ville.example/a.pdf", "file:///etc/passwd"],
    }
    document = a_record(
        dcat=stored,
        available_formats=[a_file(dcat={"access_url": "javascript:alert(1)"})],
    )
    record = restore_record(document)
    metadata = record.metadata

    assert metadata.publisher == Agent(uri="https://ville.example/")
    assert [point.url for point in metadata.contact_points] == [""]
    assert metadata.landing_page == "https://www.ville.example/arbres"
    assert metadata.documentation == ("https://www.ville.example/a.pdf",)
    assert record.media[0].metadata.access_url == ""


def test_the_mail_address_of_a_person_is_told_to_nobody() -> None:
    creator = {"name": {"fr": "Quelqu'un"}, "email": "a@b.example", "is_person": True}
    metadata = read_record(a_record(dcat={"creators": [creator]})).metadata

    assert [(agent.is_person, agent.email) for agent in metadata.creators] == [
        (True, "")
    ]


@pytest.mark.parametrize("described", ["text", 3, ["a"]])
def test_a_file_described_by_something_else_is_refused(described: object) -> None:
    document = a_record(available_formats=[a_file(dcat=described)])
    document["access_condition"]["confidentiality"] = {"restricted_access": True}

    assert validate(document)
    assert conceal_document(document)["available_formats"]


def test_a_record_harvested_before_says_what_its_source_wrote() -> None:
    record = restore_record(a_record(harvested=FORMER))
    metadata = record.metadata

    assert record.frequency == "ANNUAL"
    assert (metadata.themes, metadata.access) == (("ENVI", "AGRI"), "NON_PUBLIC")
    assert metadata.subjects == (
        NamedResource(uri="https://voc.example/1", label="Trees"),
        NamedResource(label="Streets"),
    )
    assert metadata.places == (
        NamedResource(uri="http://id.insee.fr/geo/commune/35238"),
    )
    assert metadata.publisher == Agent(name={"fr": "Ville"}, identifier="21350")
    assert metadata.conforms_to == (
        NamedResource(uri="https://source.example/model"),
        NamedResource(label="Model"),
    )
    assert metadata.provenance == ({"fr": "Relevé"},)
    assert (metadata.version, metadata.version_notes) == ("2", {"fr": "Plus"})
    assert restore_record(write_record(record)).metadata == metadata


def test_what_is_read_anew_replaces_what_was_written_before() -> None:
    document = {"dcat": {"themes": ["TECH"]}, "harvested": FORMER}

    assert read_metadata(document) == Metadata(themes=("TECH",))


@pytest.mark.parametrize("stored", [{}, {"dcat": None}, {"dcat": ["x"]}])
def test_metadata_that_nobody_stored_are_empty_and_of_one_record_alone(
    stored: dict[str, Any],
) -> None:
    metadata = read_metadata(stored)

    assert metadata == Metadata()
    assert metadata.keywords is not read_metadata(stored).keywords
    assert read_media_metadata(stored) == MediaMetadata()


def test_what_has_another_shape_is_left_out_of_what_is_stored() -> None:
    stored = {"themes": ["TECH", 3, None], "version": ["2"], "landing_page": ""}
    of_media = {"size": "12", "rights": {"fr": "Libre", "en": 4}, "languages": "fr"}

    assert read_metadata({"dcat": stored}) == Metadata(themes=("TECH",))
    assert read_media_metadata({"dcat": of_media}) == MediaMetadata(
        size=12, rights={"fr": "Libre"}
    )


def test_dates_that_nobody_said_are_named() -> None:
    dates = {
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-02T00:00:00Z",
        "unstated": ["created"],
    }
    record = read_record(a_record(dataset_dates=dates))

    assert record.dates.stated_creation is None
    assert record.dates.stated_update == record.dates.updated
    assert write_record(record)["dataset_dates"] == dates
    assert validate(a_record(dataset_dates=dates | {"unstated": ["published"]}))


def test_of_restricted_files_nothing_is_told_of_what_is_in_them() -> None:
    dcat = {
        "captions": {"fr": "Arbres", "en": "Trees"},
        "status": "https://status.example/1",
        "access_url": "https://source.example/ask",
        "size": 3,
        "checksum": {"algorithm": "SHA-1", "value": "ab"},
        "conforms_to": ["https://source.example/model"],
    }
    document = a_record(available_formats=[a_file(dcat=dcat)])
    document["access_condition"]["confidentiality"] = {"restricted_access": True}

    concealed = conceal_record(read_record(document))

    metadata = concealed.media[0].metadata
    assert (metadata.captions, metadata.status) == (
        dcat["captions"],
        dcat["status"],
    )
    assert (metadata.access_url, metadata.size, metadata.checksum) == ("", None, None)
    assert metadata.conforms_to == ()
