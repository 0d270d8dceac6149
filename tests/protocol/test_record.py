"""Reading RUDI's JSON into a record, and writing it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.protocol.examples import (
    FILE_ID,
    IDENTIFIER,
    PRODUCER_ID,
    a_file,
    a_full_record,
    a_record,
    a_service,
    put,
)
from udi.protocol.access import AccessRights
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import read_record, write_record
from udi.protocol.structures import BoundingBox, Checksum, Coordinates, Media
from udi.protocol.vocabulary import MediaKind, StorageStatus


def test_a_record_is_read_with_one_shape_for_texts_instants_and_identifiers() -> None:
    record = read_record(a_full_record())

    assert record.id == IDENTIFIER
    assert record.synopsis == {"fr": "Les arbres des rues"}
    assert record.dates.created == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert record.producer.id == UUID(PRODUCER_ID)
    assert record.producer.coordinates == Coordinates(48.1, -1.6)
    assert record.access is AccessRights.RESTRICTED
    assert record.personal
    assert record.storage is StorageStatus.ONLINE
    assert record.geography
    assert record.geography.box == BoundingBox(
        west=-1.7, south=48.0, east=-1.6, north=48.2
    )
    assert record.licence.label == {"fr": "Oui", "en": "Yes"}
    assert record.constraints.mention == {"fr": "Oui", "en": "Yes"}
    assert record.description.contacts[0].role == "Écriture"


def an_open_record() -> dict[str, Any]:
    """A full record of open data, of which more is told."""
    return {
        **a_full_record(),
        "access_condition": a_record()["access_condition"],
        "ext_metadata": {},
    }


def test_files_services_and_series_are_read_with_their_own_fields() -> None:
    file, service, series = read_record(an_open_record()).media

    assert (file.kind, file.id, file.size, file.format) == (
        MediaKind.FILE,
        UUID(FILE_ID),
        2048,
        "CSV",
    )
    assert file.checksum == Checksum("SHA-256", "ab" * 32)
    assert (service.kind, service.format, service.size) == (
        MediaKind.SERVICE,
        "WMS",
        None,
    )
    assert series.counters["period"] == 10


def test_a_record_is_written_as_it_was_read() -> None:
    data = a_full_record()

    document = write_record(read_record(data))
    written_open = write_record(read_record(an_open_record()))

    assert read_record(document) == read_record(data)
    assert document["ext_metadata"] == data["ext_metadata"]
    assert document["purpose"] == data["purpose"]
    assert document["producer"]["siren"] == "213500000"
    assert document["available_formats"][0]["file_storage_status"] == "available"
    assert written_open["available_formats"] == data["available_formats"]


def test_the_tables_of_a_file_are_read_and_written() -> None:
    tables = [
        {
            "name": "Arbres",
            "url": "https://node.example.org/datasets/1/tables/arbres",
            "number_of_records": 0,
            "number_of_fields": 3,
        },
        {"name": "Notes"},
    ]
    data = an_open_record() | {"available_formats": [a_file(file_tables=tables)]}

    record = read_record(data)

    assert [table.name for table in record.media[0].tables] == ["Arbres", "Notes"]
    assert record.media[0].tables[0].records == 0
    assert write_record(record)["available_formats"][0]["file_tables"] == tables


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"name": "x" * 301},
        {"name": "Arbres", "url": "javascript:alert(1)"},
        {"name": "Arbres", "number_of_records": "3"},
    ],
)
def test_a_table_that_is_none_is_refused(table: dict[str, Any]) -> None:
    data = an_open_record() | {"available_formats": [a_file(file_tables=[table])]}

    with pytest.raises(InvalidRecord):
        read_record(data)


def test_a_record_with_the_required_fields_only_is_written_without_others() -> None:
    assert write_record(read_record(a_record())) == a_record() | {
        "resource_languages": ["fr"]
    }


def test_older_versions_are_written_without_html_and_without_extensions() -> None:
    record = read_record(a_full_record())

    oldest = write_record(record, api_version="1.2.0")

    assert oldest["metadata_info"]["api_version"] == "1.2.0"
    assert oldest["summary"] == [{"lang": "fr", "text": "Les arbres"}]
    assert "ext_metadata" not in oldest
    assert "ext_metadata" in write_record(record, api_version="1.4.0")


def test_an_unknown_version_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"1\.1\.0"):
        write_record(read_record(a_record()), api_version="1.1.0")


def test_an_invalid_record_is_refused_with_all_its_faults() -> None:
    data = put(a_record(resource_title=""), "contacts.0.email", "nobody")

    with pytest.raises(InvalidRecord) as refusal:
        read_record(data)

    assert [(fault.code.value, fault.field) for fault in refusal.value.faults] == [
        ("ERR-308", "resource_title"),
        ("ERR-307", "contacts[0].email"),
    ]
    assert [item.field for item in refusal.value.refusals] == [
        "resource_title",
        "contacts[0].email",
    ]
    assert "ERR-308 resource_title" in str(refusal.value)


def summary(**entry: str) -> dict[str, Any]:
    return a_record(summary=[{"lang": "fr"} | entry])


def test_html_of_a_summary_is_made_harmless() -> None:
    html = '<p onclick="x()">Voir <a href="javascript:x">ici</a><script>alert(1)</script> <em>bien</em></p>'

    record = read_record(summary(text="Voir ici bien", html=html))

    assert record.summary == {"fr": "Voir ici bien"}
    assert record.summary_html == {
        "fr": '<p>Voir <a rel="nofollow noopener noreferrer">ici</a> <em>bien</em></p>'
    }


def test_html_in_the_plain_text_of_an_old_record_is_read_as_html_and_as_words() -> None:
    record = read_record(summary(text="<p>Arbres &amp; haies</p>"))

    assert record.summary == {"fr": "Arbres & haies"}
    assert record.summary_html == {"fr": "<p>Arbres &amp; haies</p>"}


@pytest.mark.parametrize(
    "words", ["Température < 10 & pluie > 3", "a &amp; b", "x <y et z", "5 < 6"]
)
def test_plain_words_are_left_as_they_are(words: str) -> None:
    record = read_record(summary(text=words))

    assert record.summary == {"fr": words}
    assert record.summary_html == {}


def test_regions_of_languages_are_dropped_and_the_first_entry_wins() -> None:
    entries = [
        {"lang": "fr-FR", "text": "Oui"},
        {"lang": "en-GB", "text": "Lorry"},
        {"lang": "en-US", "text": "Truck"},
    ]

    record = read_record(
        a_record(synopsis=entries, resource_languages=["fr-FR", "fr", "en-US"])
    )

    assert record.synopsis == {"fr": "Oui", "en": "Lorry"}
    assert record.languages == ("fr", "en")


def test_what_people_leave_out_or_repeat_is_put_right() -> None:
    file = put(a_file(), "connector.url", "www.example.org/a.csv")

    record = read_record(
        a_record(available_formats=[file, file], keywords=["arbre", " arbre ", "rue"])
    )

    assert [media.url for media in record.media] == ["https://www.example.org/a.csv"]
    assert record.keywords == ("arbre", "rue")


def test_the_number_of_records_is_read_under_both_its_names() -> None:
    for name in ("numbers_of_records", "number_of_records"):
        size = read_record(a_record(dataset_size={name: 12})).size
        assert size
        assert size.records == 12


def test_the_terms_of_a_licence_are_shown_with_their_name_and_link() -> None:
    standard = read_record(a_record()).licence
    custom = read_record(a_full_record()).licence

    assert standard.name["en"] == "Open Licence 2.0 (Etalab)"
    assert standard.link == "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
    assert standard.standard_licence
    assert (custom.name["en"], custom.link, custom.standard_licence) == (
        "Yes",
        "https://example.org/licence",
        None,
    )


def test_a_size_that_says_nothing_is_none() -> None:
    assert read_record(a_record(dataset_size={"unknown": 1})).size is None


def test_formats_are_named_once_each() -> None:
    twin = a_file(media_id="aaaaaaaa-5a49-4838-a727-161514131211")
    service = a_service("wfs", "versions", "layer", "default_crs", "formats")

    assert read_record(
        a_record(available_formats=[a_file(), twin, service])
    ).formats == ["CSV", "WFS"]


def test_a_service_of_another_kind_is_an_api() -> None:
    media = Media(
        id=IDENTIFIER,
        kind=MediaKind.SERVICE,
        url="https://example.org/",
        contract="generic-data",
    )

    assert media.format == "API"
