"""Documents of sources behind walls: what comes back is what was read, and what reads it reaches nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.node import hostile
from udi.portal.nodes.harvest import document_pages, document_reader
from udi.portal.nodes.harvest.document_pages import divide
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.harvest.harvest_format import list_formats
from udi.portal.nodes.harvest.record import HarvestedPage

pytestmark = pytest.mark.programs
URL = "https://data.example.org/data.json"
RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#"
  xmlns:dct="http://purl.org/dc/terms/">
 <dcat:Dataset rdf:about="https://data.example.org/d/1">
  <dct:title xml:lang="fr">Bancs</dct:title><dcat:keyword xml:lang="fr">mobilier</dcat:keyword>
  <dct:spatial><dct:Location><dcat:bbox>{"type":"Polygon","coordinates":[[[2,48],[3,48],[3,49],[2,48]]]}</dcat:bbox>
  </dct:Location></dct:spatial>
 </dcat:Dataset></rdf:RDF>"""
TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://data.example.org/d/1> a dcat:Dataset ; dct:title "Bancs"@fr ; dcat:theme <https://data.example.org/t> .
<https://data.example.org/d/2> a dcat:Dataset ."""
LISTING = '<html><title>Index of /</title><a href="a.xml">a.xml</a> <a href="b.xml">b.xml</a></html>'


def described(count: int) -> bytes:
    """A catalogue in the form of data.json; every third record lacks its title."""
    datasets = [
        {
            "@type": "dcat:Dataset",
            "identifier": f"d{n}",
            "title": f"Jeu {n}" * (n % 3 > 0),
        }
        for n in range(count)
    ]
    return json.dumps(
        {
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "dataset": datasets,
        }
    ).encode()


@pytest.mark.parametrize(
    "document",
    [RDF.encode(), TURTLE.encode(), LISTING.encode(), described(7), b'{"dataset": [', b"\x00\xff", b"<!DOCTYPE x SYSTEM 'y'><x/>"],
    ids=["rdf", "turtle", "listing", "data.json", "broken", "no text", "outside entity"],
)  # fmt: skip
async def test_a_document_is_read_as_it_is_without_walls(document: bytes) -> None:
    async with DocumentReader({}) as documents:
        page = await documents.read(document, URL, "fr")

    assert page == read(document, base_url=URL, language="fr")


async def test_words_of_the_territory_are_known_behind_the_walls() -> None:
    document = TURTLE.replace("<https://data.example.org/t>", '"Voirie"').encode()
    async with DocumentReader({"themes": {"Voirie": "TRAN"}}) as documents:
        [record, *_] = (await documents.read(document, URL, "fr")).records

    assert record.themes == ("TRAN",)


def test_divide_keeps_everything_once_and_the_document_itself_in_the_first_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document_pages, "MOST_THINGS", 10)
    page = replace(
        read(described(45), base_url=URL),
        next="https://data.example.org/2",
        links=("https://x.example",),
    )

    parts = list(divide(page))

    assert [len(part.records) + len(part.refused) for part in parts] == [
        10,
        10,
        10,
        10,
        5,
    ]
    assert tuple(record for part in parts for record in part.records) == page.records
    assert tuple(refused for part in parts for refused in part.refused) == page.refused
    assert [(part.next, part.links) for part in parts[1:]] == [("", ())] * 4
    assert (parts[0].next, parts[0].links, parts[0].faults) == (
        page.next,
        page.links,
        page.faults,
    )
    assert {part.format for part in parts} == {page.format}
    assert list(divide(HarvestedPage(format="x", next="n"))) == [
        HarvestedPage(format="x", next="n")
    ]


async def test_an_answer_of_the_child_is_short_however_large_the_records() -> None:
    datasets = [
        {"identifier": f"d{n}", "title": "Jeu", "description": "x" * 500_000}
        for n in range(20)
    ]
    document = json.dumps(
        {
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "dataset": datasets,
        }
    ).encode()
    async with DocumentReader({}) as documents:
        parts = [await documents.open(document, URL, "fr")]
        while (part := await documents.next_part()) is not None:
            parts.append(part)

    assert [part.dataset_count for part in parts] == [9, 9, 2]


@pytest.mark.usefixtures("real_children")
async def test_what_reads_documents_reaches_its_folder_and_nothing_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("secret")
    async with DocumentReader({}) as documents:
        await documents.open(TURTLE.encode(), URL, "fr")
        child = await documents._running_child()
        (documents.folder / "document").write_text("x")

        async def attempt(agreement_row: str, target: Path) -> str:
            return await child.call(hostile.attempt, agreement_row, target, seconds=60)

        assert await attempt("read", documents.folder / "document") == "done"
        for agreement_row in ("open a socket", "run", "fork", *hostile.KERNEL):
            assert (
                await attempt(agreement_row, tmp_path / "secret") == "PermissionError"
            ), agreement_row
        for target in (Path("/etc/passwd"), tmp_path / "secret"):
            assert await attempt("read", target) == "PermissionError"
            assert await attempt("write", target) == "PermissionError"
        folder = documents.folder
    assert not folder.exists()


@pytest.mark.usefixtures("real_children")
async def test_what_reads_each_format_is_imported_behind_the_walls() -> None:
    async with DocumentReader({}) as documents:
        child = await documents._running_child()
        modules = await child.call(hostile.import_readers, seconds=60)

    assert len(modules) == len(list_formats()) > 5


async def test_a_document_that_takes_too_much_is_refused_and_the_next_one_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with DocumentReader({}, patience=60) as documents:
        monkeypatch.setattr(
            document_reader, "MODULE", "tests.portal.nodes.harvest.heavy"
        )
        page = await documents.open(b"x", URL, "fr")
        assert ([fault.code for fault in page.faults], page.readable) == (
            ["document_too_heavy"],
            False,
        )
        monkeypatch.setattr(document_reader, "MODULE", document_pages.__name__)
        assert await documents.next_part() is None
        assert (await documents.read(TURTLE.encode(), URL, "fr")).dataset_count == 2
