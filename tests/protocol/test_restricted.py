"""What a record says of restricted data: nothing that is made of their cells, and no open licence."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.examples import a_file, a_full_record, a_record, put
from udi.protocol.access import AccessRights
from udi.protocol.licences import LICENCES, RUDI_LICENCES
from udi.protocol.record import conceal_record, read_record, write_record
from udi.protocol.restricted_data import (
    FORMER_TERMS,
    TERMS_OF_AGREEMENT,
    conceal_document,
    is_placeholder,
    is_terms_of_agreement,
    write_former_licence,
)
from udi.protocol.texts import write_texts
from udi.protocol.validation import validate

RESTRICTED = "access_condition.confidentiality.restricted_access"
TERMS = "https://portal.example/data/1/access-policy"
FIGURES = st.fixed_dictionaries(
    {
        "file_size": st.integers(0, 10**12),
        "checksum": st.fixed_dictionaries(
            {"algo": st.sampled_from(("MD5", "SHA-256", "SHA-512")), "hash": st.text("0123456789abcdef", min_size=1, max_size=128)}
        ),
        "file_encoding": st.sampled_from(("UTF-8", "windows-1252", "UTF-16")),
        "file_structure": st.sampled_from(("https://schema.example/1.json", "https://schema.example/2.json")),
        "rows": st.integers(0, 10**9),
        "delimiter": st.sampled_from(";,"),
    }
)  # fmt: skip


def restricted(**changes: Any) -> dict[str, Any]:
    """A record of restricted data."""
    return put(a_record(**changes), RESTRICTED, True)


@given(st.tuples(FIGURES, FIGURES))
def test_whatever_is_made_of_the_cells_changes_nothing(
    figures: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """The fields of a client that this project knows nothing of are left out too."""
    documents = []
    for figure in figures:
        size = {
            "numbers_of_records": figure["rows"],
            "number_of_records": figure["rows"],
            "number_of_fields": 3,
        }
        facts = {name: value for name, value in figure.items() if name != "rows"}
        documents.append(
            restricted(available_formats=[{**a_file(), **facts}], dataset_size=size)
        )

    first, second = (json.dumps(conceal_document(document)) for document in documents)

    assert first == second
    assert json.dumps(write_record(read_record(documents[0]))) == json.dumps(
        write_record(read_record(documents[1]))
    )


def test_a_record_of_open_data_stays_as_it_is() -> None:
    assert conceal_document(a_record()) == a_record()
    assert conceal_record(read_record(a_record())) == read_record(a_record())


def test_what_is_not_published_is_read_as_unknown() -> None:
    [file] = read_record(restricted()).media

    assert (file.size, file.checksum, file.encoding, file.structure) == (
        None,
        None,
        "",
        "",
    )
    assert is_placeholder(
        write_record(read_record(restricted()))["available_formats"][0]
    )


def test_an_empty_file_of_open_data_has_its_size_and_its_digest() -> None:
    [placeholder] = conceal_document(restricted())["available_formats"]
    empty = {
        **a_file(),
        "file_size": placeholder["file_size"],
        "checksum": placeholder["checksum"],
    }

    [file] = read_record(a_record(available_formats=[empty])).media

    assert file.size == 0
    assert file.checksum is not None


def test_the_number_of_columns_is_published() -> None:
    assert conceal_document(
        restricted(dataset_size={"numbers_of_records": 5, "number_of_fields": 3})
    )["dataset_size"] == {"number_of_fields": 3}
    assert "dataset_size" not in conceal_document(
        restricted(dataset_size={"numbers_of_records": 5})
    )


@pytest.mark.parametrize("code", RUDI_LICENCES)
def test_no_licence_of_open_data_stays(code: str) -> None:
    licence = LICENCES[code]
    custom = {
        "licence_type": "CUSTOM",
        "custom_licence_label": [{"lang": "fr", "text": "Sous licence"}],
    }
    ways = (
        {"licence_type": "STANDARD", "licence_label": code},
        {**custom, "custom_licence_uri": licence.url},
        {**custom, "custom_licence_uri": "https://x.example/", "custom_licence_label": [{"lang": "fr", "text": licence.name["fr"]}]},
    )  # fmt: skip
    for way in ways:
        document = conceal_document(
            put(restricted(), "access_condition.licence", way), terms=TERMS
        )
        record = read_record(document)

        assert document["access_condition"]["licence"]["custom_licence_uri"] == TERMS
        assert record.licence.is_agreement
        assert record.licence.standard_licence is None
        assert validate(document) == []


@pytest.mark.parametrize(
    ("code", "stays"),
    [
        ("cc-by-4.0", False),
        ("dl-de-by-2.0", False),
        ("cc-by-3.0-it", False),
        ("cc-by-nc-4.0", True),
        ("pseul", True),
    ],
)
def test_of_licences_without_a_code_at_rudi_the_open_ones_go(
    code: str, *, stays: bool
) -> None:
    licence = LICENCES[code]
    custom = {
        "licence_type": "CUSTOM",
        "custom_licence_label": write_texts(licence.name),
        "custom_licence_uri": licence.url,
    }

    document = conceal_document(
        put(restricted(), "access_condition.licence", custom), terms=TERMS
    )

    assert (document["access_condition"]["licence"] == custom) is stays


def test_where_the_terms_are_is_said_as_far_as_it_is_known() -> None:
    unknown = conceal_document(restricted())["access_condition"]["licence"][
        "custom_licence_uri"
    ]
    terms_url = conceal_document(conceal_document(restricted(), terms=TERMS))[
        "access_condition"
    ]["licence"]["custom_licence_uri"]

    assert unknown == AccessRights.RESTRICTED.uri
    assert terms_url == TERMS


def test_terms_in_a_former_wording_are_still_those_of_an_agreement() -> None:
    former = {
        "licence_type": "CUSTOM",
        "custom_licence_label": write_texts({**TERMS_OF_AGREEMENT, **FORMER_TERMS}),
        "custom_licence_uri": TERMS,
    }
    document = put(restricted(), "access_condition.licence", former)

    concealed = conceal_document(document)["access_condition"]["licence"]

    assert read_record(document).licence.is_agreement
    assert concealed["custom_licence_uri"] == TERMS
    assert concealed["custom_licence_label"] == write_texts(TERMS_OF_AGREEMENT)
    assert is_terms_of_agreement(
        {"es": "Condiciones del convenio, proyecto por proyecto"}
    )
    assert not is_terms_of_agreement({"es": "Condiciones del convenio"})


def test_terms_that_a_producer_wrote_itself_stay() -> None:
    licence = a_full_record()["access_condition"]["licence"]

    assert (
        conceal_document(a_full_record(), terms=TERMS)["access_condition"]["licence"]
        == licence
    )
    assert not read_record(a_full_record()).licence.is_agreement


def test_what_stays_of_a_former_licence_is_said_in_each_language() -> None:
    words = write_former_licence("odbl-1.0", date(2026, 11, 29))

    assert words.keys() == TERMS_OF_AGREEMENT.keys()
    assert all("2026-11-29" in text and "ODbL" in text for text in words.values())
