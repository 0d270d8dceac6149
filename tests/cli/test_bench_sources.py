"""What `udi bench sources` serves and says, without its minutes: each kind of catalogue is read to its last record."""

from pathlib import Path

import pytest

from bench.load.catalogues import PATHS, write
from bench.sources import MOST_MEMORY, find_faults
from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.harvest.large_documents import is_divisible, read_pieces


@pytest.mark.parametrize("kind", PATHS)
def test_each_catalogue_holds_the_records_that_it_should(kind: str) -> None:
    body = b"".join(write(kind, 250, {"start": "200", "rows": "1000"}))

    page = read(body, base_url="https://catalogue.example/")

    assert page.refused == ()
    assert page.faults == ()
    assert len(page.records) == (50 if kind == "CKAN" else 250)
    whole = [
        record
        for record in page.records
        if record.distributions and record.contacts and record.licence
    ]
    assert len(whole) == (0 if kind == "Turtle" else len(page.records))


@pytest.mark.parametrize("kind", [kind for kind in PATHS if kind != "CKAN"])
def test_a_catalogue_of_one_document_is_read_in_pieces(
    kind: str, tmp_path: Path
) -> None:
    body = b"".join(write(kind, 250, {"start": "200", "rows": "1000"}))
    (tmp_path / "document").write_bytes(body)

    pieces = list(
        read_pieces(tmp_path / "document", base_url="https://catalogue.example/")
    )

    assert is_divisible(body[:2000])
    assert sum(len(piece.records) for piece in pieces) == 250
    assert len(pieces) == 2


def test_catalogues_of_two_lengths_have_no_file_in_common() -> None:
    addresses = [
        {
            distribution.url
            for record in read(
                b"".join(write("CKAN", count, {})),
                base_url="https://catalogue.example/",
            ).records
            for distribution in record.distributions
        }
        for count in (10, 20)
    ]

    assert [len(urls) for urls in addresses] == [20, 40]
    assert addresses[0].isdisjoint(addresses[1])


def test_much_memory_and_a_record_that_is_not_there_once_are_faults() -> None:
    stored = {"first": {"created": 9}, "again": {"unchanged": 9}}
    kinds = [
        {"kind": "CKAN", "records": 9, "memory_bytes": MOST_MEMORY, **stored},
        {
            "kind": "Turtle",
            "records": 9,
            "memory_bytes": MOST_MEMORY + 10**7,
            **stored,
            "again": {"unchanged": 8},
        },
    ]

    assert find_faults(kinds) == [
        "Reading Turtle takes 610 MB.",
        "Of 9 records of Turtle, 9 were made and 8 found as before.",
    ]
