"""What `udi bench sources` serves and says, without its minutes: each kind of catalogue is read to its last record."""

from pathlib import Path

import pytest

from udi.cli.load.catalogues import PATHS, write
from udi.cli.sources import MOST_MEMORY, find_faults
from udi.portal.nodes.harvest.pieces import is_divisible, read_pieces
from udi.portal.nodes.harvest.recognise import read


@pytest.mark.parametrize("kind", PATHS)
def test_each_catalogue_holds_the_records_that_it_should(kind: str, tmp_path: Path) -> None:
    body = b"".join(write(kind, 250, {"start": "200", "rows": "1000"}))

    page = read(body, base_url="https://catalogue.example/")

    assert page.refused == ()
    assert page.faults == ()
    assert len(page.records) == (50 if kind == "CKAN" else 250)
    assert all((each.distributions and each.contacts and each.licence) or kind == "Turtle" for each in page.records)
    if kind != "CKAN":
        (tmp_path / "document").write_bytes(body)
        pieces = list(read_pieces(tmp_path / "document", base_url="https://catalogue.example/"))
        assert is_divisible(body[:2000])
        assert sum(len(each.records) for each in pieces) == 250
        assert len(pieces) == 2


def test_a_reader_that_takes_much_memory_is_a_fault() -> None:
    kinds = [{"kind": "CKAN", "memory_bytes": MOST_MEMORY}, {"kind": "Turtle", "memory_bytes": MOST_MEMORY + 10**7}]

    assert find_faults(kinds) == ["Reading Turtle takes 610 MB."]
