"""What a record must be: each refusal beside its success."""

from typing import Any

import pytest

from tests.protocol.examples import (
    FILE_ID,
    SERVICE_ID,
    a_file,
    a_full_record,
    a_record,
    a_service,
    put,
)
from udi.protocol.validation import validate

FILE = "available_formats.0"
CONFIDENTIALITY = "access_condition.confidentiality"


def codes(record: object) -> set[tuple[str, str]]:
    return {(fault.code.value, fault.field) for fault in validate(record)}


def test_a_record_with_the_required_fields_only_is_accepted() -> None:
    assert validate(a_record()) == []


def test_a_record_with_every_field_is_accepted() -> None:
    assert validate(a_full_record()) == []


@pytest.mark.parametrize("field", list(a_record()))
def test_each_required_field_is_missed(field: str) -> None:
    record = a_record()
    del record[field]

    assert ("ERR-202", field) in codes(record)


@pytest.mark.parametrize("field", list(a_record()))
def test_a_required_field_that_is_null_is_missed(field: str) -> None:
    assert ("ERR-202", field) in codes(a_record(**{field: None}))


def test_an_optional_field_that_is_null_is_the_same_as_none() -> None:
    assert (
        validate(
            a_record(doi=None, geography=None, temporal_spread=None, ext_metadata=None)
        )
        == []
    )


def test_a_field_that_the_format_does_not_know_is_accepted() -> None:
    assert validate(a_record(colour={"of": ["the", "sky"]})) == []


@pytest.mark.parametrize("data", [None, True, 3, "text", [], [a_record()]])
def test_what_is_not_an_object_is_not_a_record(data: object) -> None:
    assert codes(data) == {("ERR-101", "")}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("resource_title", 12, "ERR-201"),
        ("resource_title", "", "ERR-308"),
        ("resource_title", " \t", "ERR-308"),
        ("resource_title", "t" * 151, "ERR-203"),
        ("resource_title", "a\x00b", "ERR-301"),
        ("resource_title", "a\ud800b", "ERR-301"),
        ("resource_title", "a\x1bb", "ERR-301"),
        ("global_id", "{6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c}", "ERR-307"),
        ("global_id", "6f1f7c3e2b1d4c3a9a550d1e2f3a4b5c", "ERR-307"),
        ("global_id", 7, "ERR-201"),
        ("theme", "", "ERR-308"),
        ("keywords", "arbre", "ERR-201"),
        ("keywords", [], "ERR-202"),
        ("keywords", ["k"] * 201, "ERR-203"),
        ("contacts", [], "ERR-202"),
        ("available_formats", [], "ERR-202"),
        ("storage_status", "pending", "ERR-302"),
        ("metadata_info.api_version", "1.4.9", "ERR-106"),
        ("metadata_info.api_version", "latest", "ERR-106"),
        ("metadata_info.api_version", "latest", "ERR-307"),
        ("metadata_info.api_version", 1.4, "ERR-201"),
        ("metadata_info.metadata_source", "https://me:secret@example.org/", "ERR-307"),
        ("dataset_dates.created", "2026-03-01", "ERR-307"),
        ("dataset_dates.created", "2026-03-01T08:00:00", "ERR-307"),
        ("dataset_dates.created", "2026-02-30T08:00:00Z", "ERR-307"),
        ("dataset_dates.created", "0000-01-01T00:00:00Z", "ERR-307"),
        ("dataset_dates.created", "0001-01-01T00:00:00+14:00", "ERR-307"),
        ("dataset_dates.created", "2026-W10-1T08:00:00Z", "ERR-307"),
        ("dataset_dates.created", 1772352000, "ERR-201"),
        ("producer.organization_id", "kerlevan", "ERR-307"),
        ("access_condition.licence.licence_type", "FREE", "ERR-302"),
        ("access_condition.licence.licence_label", "wtfpl", "ERR-302"),
        (CONFIDENTIALITY, None, "ERR-202"),
        (f"{CONFIDENTIALITY}.restricted_access", None, "ERR-202"),
        (f"{CONFIDENTIALITY}.restricted_access", "false", "ERR-201"),
        (f"{CONFIDENTIALITY}.restricted_access", 0, "ERR-201"),
    ],
)
def test_a_bad_value_is_refused_with_its_code_and_field(
    path: str, value: object, code: str
) -> None:
    assert (code, path) in codes(put(a_record(), path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("resource_title", "t" * 150),
        ("resource_title", "Îles & « marées »\nà Kerlevan 🌊"),
        ("global_id", "6F1F7C3E-2B1D-4C3A-9A55-0D1E2F3A4B5C"),
        ("dataset_dates.created", "2021-04-22T15:26:31.911992100+02:00"),
        ("dataset_dates.created", "9999-12-31T00:00:00Z"),
        ("local_id", ""),
        ("doi", "10.5072/FK2/JV9LCO"),
        ("storage_status", "archived"),
        ("metadata_info.api_version", "1.2.0"),
        ("available_formats.0.file_size", 0),
        ("available_formats.0.file_size", 2**63 - 1),
        ("available_formats.0.file_type", "application/vnd.apache.parquet"),
        ("available_formats.0.file_type", "text/csv+crypt"),
        ("available_formats.0.connector.url", "http://example.org:8080/é?a=b#c"),
        ("available_formats.0.connector.url", "www.example.org/file.csv"),
        ("available_formats.0.connector.interface_contract", "any words"),
        (
            "contacts.0.email",
            "direction_de_la_voirie_-_services_generaux_patrimoine_et_batiments@example.org",
        ),
    ],
)
def test_a_good_value_is_accepted(path: str, value: object) -> None:
    assert codes(put(a_record(), path, value)) == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("media_type", "PAPER", "ERR-302"),
        ("media_id", "{{$guid}}", "ERR-307"),
        ("file_type", "csv", "ERR-302"),
        ("file_type", "text/html\r\nX: y", "ERR-302"),
        ("file_size", True, "ERR-201"),
        ("file_size", "2048", "ERR-201"),
        ("file_size", 2048.0, "ERR-201"),
        ("file_size", -1, "ERR-303"),
        ("file_size", 2**63, "ERR-303"),
        pytest.param("file_size", 10**5000, "ERR-303", id="thousands of digits"),
        ("checksum", None, "ERR-202"),
        ("media_name", "n" * 301, "ERR-203"),
        ("media_dates", {"created": "2026-03-01T08:00:00Z"}, "ERR-202"),
    ],
)
def test_a_bad_file_is_refused(name: str, value: object, code: str) -> None:
    assert code in {
        fault.code
        for fault in validate(a_record(available_formats=[a_file(**{name: value})]))
    }


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/a",
        "//example.org/a",
        "/files/a.csv",
        "example.org",
        "https://",
        "https:///a",
        "https://example.org/a b",
        "https://example.org:99999/",
        "https://[::1",
        "https://user@example.org/",
    ],
)
def test_an_address_that_a_browser_would_not_open_on_the_web_is_refused(
    url: str,
) -> None:
    assert codes(put(a_record(), f"{FILE}.connector.url", url)) == {
        ("ERR-307", "available_formats[0].connector.url")
    }


@pytest.mark.parametrize(
    "email",
    [
        "nobody",
        "a@b",
        "a b@example.org",
        "a@example.org\nBcc: b@example.org",
        "<a@b.org>",
    ],
)
def test_a_bad_mail_address_is_refused(email: str) -> None:
    assert codes(put(a_record(), "contacts.0.email", email)) == {
        ("ERR-307", "contacts[0].email")
    }


def test_a_language_outside_the_list_is_refused_and_its_regional_form_accepted() -> (
    None
):
    assert ("ERR-302", "synopsis[0].lang") in codes(
        a_record(synopsis=[{"lang": "xx", "text": "Oui"}])
    )
    assert codes(a_record(synopsis=[{"lang": "fr-FR", "text": "Oui"}])) == set()


@pytest.mark.parametrize(
    "words", ["", "  ", "<p> </p>", "<script>alert(1)</script>", "<!-- nothing -->"]
)
def test_a_summary_that_says_nothing_once_its_html_is_removed_is_missing(
    words: str,
) -> None:
    assert codes(a_record(summary=[{"lang": "fr", "text": words}])) == {
        ("ERR-202", "summary[0].text")
    }


def test_a_long_text_is_refused_by_its_length_and_by_nothing_else() -> None:
    assert codes(a_record(summary=[{"lang": "fr", "text": "é" * 1_000_000}])) == {
        ("ERR-203", "summary[0].text")
    }
    assert codes(a_record(summary=[{"lang": "fr", "text": "é" * 50_000}])) == set()
    assert codes(a_record(unknown="é" * 1_000_000)) == {("ERR-203", "unknown")}


def box(**sides: float) -> dict[str, Any]:
    whole = {
        "west_longitude": -2,
        "east_longitude": -1,
        "south_latitude": 47,
        "north_latitude": 48,
    }
    return {"bounding_box": whole | sides}


def test_an_area_has_its_south_below_its_north_and_stays_on_the_globe() -> None:
    assert codes(a_record(geography=box())) == set()
    assert codes(a_record(geography=box(south_latitude=49))) == {
        ("ERR-303", "geography.bounding_box")
    }
    for side, value in (
        ("west_longitude", -181),
        ("north_latitude", 90.5),
        ("east_longitude", float("inf")),
    ):
        assert ("ERR-303", f"geography.bounding_box.{side}") in codes(
            a_record(geography=box(**{side: value}))
        )


def test_an_area_may_cross_the_antimeridian() -> None:
    assert (
        codes(a_record(geography=box(west_longitude=178, east_longitude=-178))) == set()
    )


def test_numbers_without_a_finite_value_are_refused_wherever_they_are() -> None:
    assert ("ERR-201", "unknown[0]") in codes(a_record(unknown=[float("nan")]))
    assert ("ERR-303", "unknown") in codes(a_record(unknown=2**64))


def test_a_period_ends_after_it_starts_or_goes_on() -> None:
    spread = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2025-01-01T00:00:00Z"}
    assert codes(a_record(temporal_spread=spread)) == {("ERR-303", "temporal_spread")}
    assert (
        codes(a_record(temporal_spread={"start_date": "2026-01-01T00:00:00Z"})) == set()
    )


def test_personal_data_cannot_be_open() -> None:
    record = put(a_record(), f"{CONFIDENTIALITY}.gdpr_sensitive", True)
    assert codes(record) == {("ERR-306", f"{CONFIDENTIALITY}.gdpr_sensitive")}

    assert codes(put(record, f"{CONFIDENTIALITY}.restricted_access", True)) == set()


def test_the_provider_is_refused_from_1_4_1_on_and_read_before() -> None:
    info = {"metadata_provider": {"organization_id": "x", "organization_name": "y"}}
    refused = a_record(metadata_info={"api_version": "1.4.1"} | info)

    assert codes(refused) == {("ERR-307", "metadata_info.metadata_provider")}
    assert codes(a_record(metadata_info={"api_version": "1.4.0"} | info)) == set()


def test_two_different_media_cannot_share_an_identifier() -> None:
    twin = a_file(media_id=FILE_ID.upper(), file_size=1)

    assert codes(a_record(available_formats=[a_file(), twin])) == {
        ("ERR-304", "available_formats[1].media_id")
    }
    assert codes(a_record(available_formats=[a_file(), a_file()])) == set()


@pytest.mark.parametrize(
    ("contract", "parameters"),
    [
        ("wms", ("versions", "layer", "default_crs", "formats")),
        ("WFS", ("versions", "layer", "default_crs", "formats")),
        (
            "wmts",
            ("versions", "layer", "default_crs", "formats", "matrix_set", "max_zoom"),
        ),
        ("custom", ("contract_url",)),
    ],
)
def test_a_service_names_the_parameters_without_which_it_cannot_be_called(
    contract: str, parameters: tuple[str, ...]
) -> None:
    complete = a_service(contract, *parameters)
    incomplete = a_service(contract, *parameters[1:])

    assert codes(a_record(available_formats=[complete])) == set()
    refused = validate(a_record(available_formats=[incomplete]))
    assert [fault.code.value for fault in refused] == ["ERR-405"]
    assert refused[0].values["missing"] == parameters[0]


@pytest.mark.parametrize(
    "key", [10**5000, None, [], "\ud800"], ids=["digits", "null", "list", "surrogate"]
)
def test_a_parameter_whose_name_is_no_name_is_not_counted(key: object) -> None:
    service = a_service(
        "custom",
        connector={"url": "https://example.org/", "interface_contract": "custom"},
    )
    service["connector"]["connector_parameters"] = [
        {"key": key, "value": "https://example.org/api.json"}
    ]

    assert "ERR-405" in {
        fault.code for fault in validate(a_record(available_formats=[service]))
    }


def test_a_service_has_a_known_contract() -> None:
    where = "available_formats[0].connector.interface_contract"
    assert codes(a_record(available_formats=[a_service("telepathy")])) == {
        ("ERR-307", where)
    }
    for contract in ("generic-data", "page", "api", "geoservice"):
        assert codes(a_record(available_formats=[a_service(contract)])) == set()


def self_data(access: str | None, *services: str) -> dict[str, Any]:
    if access:
        content = {"ext_selfdata_content": {"selfdata_access": access}}
    else:
        content = {}
    media = [
        a_service(name, media_id=SERVICE_ID[:-1] + str(place))
        for place, name in enumerate(services)
    ]
    record = a_record(
        ext_metadata={"ext_selfdata": content}, available_formats=[a_file(), *media]
    )
    return put(
        record, CONFIDENTIALITY, {"restricted_access": True, "gdpr_sensitive": True}
    )


def test_self_data_served_by_api_needs_each_of_its_two_services_once() -> None:
    assert codes(self_data("API", "temporal-bar-chart", "generic-data")) == set()
    assert codes(self_data("OUT")) == set()
    assert codes(self_data("API", "generic-data")) == {("ERR-305", "available_formats")}
    twice = self_data("API", "temporal-bar-chart", "generic-data", "generic-data")
    assert codes(twice) == {("ERR-305", "available_formats")}


def test_an_extension_of_a_personal_dataset_describes_its_self_data() -> None:
    where = "ext_metadata.ext_selfdata.ext_selfdata_content"
    assert codes(self_data(None)) == {("ERR-107", where)}


def test_too_deep_or_too_many_values_are_refused_as_a_whole() -> None:
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = [deep]
    assert codes(a_record(unknown=deep)) == {("ERR-101", "")}
    assert codes(a_record(unknown=[0] * 200_000)) == {("ERR-101", "")}
    assert codes(a_record(unknown=[0] * 50_000)) == set()


def test_all_faults_are_said_at_once_and_at_most_a_hundred() -> None:
    record = put(
        put(a_record(resource_title=7), "contacts.0.email", "x"),
        f"{FILE}.file_size",
        -1,
    )
    assert {code for code, _ in codes(record)} == {"ERR-201", "ERR-307", "ERR-303"}

    assert len(validate(a_record(keywords=[3] * 200))) == 100


def test_a_name_that_cannot_be_stored_is_refused_and_shown_without_it() -> None:
    faults = validate(a_record(**{"a\x00b": 1}))

    assert [(fault.code.value, fault.field) for fault in faults] == [
        ("ERR-301", "a\N{REPLACEMENT CHARACTER}b")
    ]
