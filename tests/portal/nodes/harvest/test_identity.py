"""What a record without an identifier is known by: its file and title, then title and publisher, whatever the order."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.nodes.harvest import datajson
from udi.portal.nodes.harvest.identity import fold_address
from udi.portal.nodes.harvest.record import HarvestedPage, IdentityBasis

UNIVERSITY = {"name": "Université d’Exemple"}


def read(*datasets: dict[str, Any]) -> HarvestedPage:
    body = json.dumps({"dataset": list(datasets)}).encode()
    return datajson.read(body, base_url="https://data.example.org/data.json")


def dataset(title: str = "Bancs", *files: str, **fields: Any) -> dict[str, Any]:
    return {
        "title": title,
        "description": f"Description de {title}.",
        "publisher": UNIVERSITY,
        "distribution": [{"downloadURL": file, "format": "CSV"} for file in files],
        **fields,
    }


BENCHES = "https://files.example.org/bancs.csv"
CASES = [
    (dataset(identifier="b-1"), IdentityBasis.IDENTIFIER, set()),
    (dataset("Bancs", BENCHES), IdentityBasis.FILE, {"identifier_absent"}),
    (dataset("Bancs"), IdentityBasis.TITLE, {"identifier_absent"}),
    (dataset("Bancs", BENCHES, identifier="b-1"), IdentityBasis.IDENTIFIER, set()),
    (
        dataset("Bancs", landingPage="https://data.example.org/bancs"),
        IdentityBasis.IDENTIFIER,
        {"identifier_absent"},
    ),
]


@pytest.mark.parametrize(("described", "basis", "remarks"), CASES)
def test_a_record_is_known_by_its_identifier_else_its_file_else_its_title(
    described: dict[str, Any], basis: IdentityBasis, remarks: set[str]
) -> None:
    page = read(described)

    assert (len(page.records), page.refused) == (1, ())
    [record] = page.records
    assert record.identified_by is basis
    codes = {fault.code for fault in record.faults}
    assert {code for code in codes if code.startswith("identifier")} == remarks


def test_a_university_without_identifiers_is_read_whole() -> None:
    page = read(
        *(
            dataset(f"Enquête {place}", f"https://files.example.org/{place}.csv")
            for place in range(258)
        )
    )

    assert (len(page.records), page.refused) == (258, ())


SHARED = [
    dataset("Lignes de bus", "https://maps.example.org/all.zip"),
    dataset("Arrêts de bus", "https://maps.example.org/all.zip"),
    dataset("Horaires"),
    dataset("Horaires", publisher={"name": "Région d’Exemple"}),
]


def test_datasets_of_one_file_are_told_apart_by_title_and_of_one_title_by_publisher() -> (
    None
):
    identifiers = {
        frozenset(record.identifier for record in read(*order).records)
        for order in itertools.permutations(SHARED)
    }

    assert [len(group) for group in identifiers] == [4]


def test_records_that_nothing_tells_apart_are_refused_but_one_with_words_that_name_it() -> (
    None
):
    one = dataset("Bancs", BENCHES, description="Une première description.")
    other = dataset("Bancs", BENCHES, description="Une seconde description.")

    pages = [read(one, other), read(other, one)]

    descriptions = {
        record.description["fr"] for page in pages for record in page.records
    }
    assert len(descriptions) == 1
    for page in pages:
        [refused] = page.refused
        message, remedy = refused.faults[0].translate()
        assert refused.faults[0].code == "identifier_duplicate"
        assert "“Bancs”" in message
        assert remedy == "Give each dataset an identifier of its own."
    assert len(read(one, one).records) == 1


def test_what_has_neither_identifier_nor_title_is_refused() -> None:
    [refused] = read({"description": "Rien."}).refused

    assert {"title_missing", "identifier_missing"} <= {
        fault.code for fault in refused.faults
    }


@given(st.permutations(["http", "https"]), st.sampled_from(["", ":443", ":80"]))
def test_addresses_that_differ_by_nothing_that_matters_are_one(
    schemes: list[str], port: str
) -> None:
    usual = {"http": ":80", "https": ":443"}
    folded = {
        fold_address(f"{scheme}://Data.Example.org{port and usual[scheme]}/a/?id=3#x")
        for scheme in schemes
    }

    assert folded == {"data.example.org/a?id=3"}
    assert fold_address("https://data.example.org/a?id=4") not in folded
    assert fold_address("https://data.example.org/A?id=3") not in folded
