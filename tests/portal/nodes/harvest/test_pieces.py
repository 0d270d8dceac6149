"""A large document is read a piece at a time: the same records, faults and counts as at once, in the memory of a few hundred."""

import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from udi.portal.nodes.harvest import large_documents
from udi.portal.nodes.harvest.format_detection import read
from udi.portal.nodes.harvest.large_documents import is_divisible, read_pieces
from udi.portal.nodes.harvest.record import HarvestedPage

AT = "https://data.example.org/catalogue"


def data_json(count: int) -> bytes:
    datasets = [
        {
            "@type": "dcat:Dataset", "identifier": f"d{place}", "title": f"Jeu n° {place} « été »",
            "description": 'Une description [avec] {des} signes, "et" des guillemets.' * 3, "keyword": ["arbres"],
            "modified": "2026-01-15", "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
            "distribution": [{"downloadURL": f"https://data.example.org/{place}.csv", "mediaType": "text/csv"}],
        }
        for place in range(count)
    ]  # fmt: skip
    head = {
        "describedBy": {"a": ["b", 1.5e3]},
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "language": "fr",
    }
    return json.dumps(
        {**head, "dataset": datasets, "after": [1.5, {}]}, ensure_ascii=False
    ).encode()


def turtle(count: int) -> bytes:
    lines = [
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .",
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .",
        f"<{AT}> a dcat:Catalog ; dct:language <http://publications.europa.eu/resource/authority/language/FRA> ;",
        f"  dcat:dataset {', '.join(f'<{AT}/d{place}>' for place in range(count + 1))} .",
    ]
    lines += [
        f"<{AT}/d{place}> a dcat:Dataset ; dct:identifier 'd{place}' ; dct:title 'Jeu {place}'@fr ;"
        f" dct:publisher <{AT}/ville> ; dcat:distribution [ a dcat:Distribution ;"
        f" dcat:downloadURL <https://data.example.org/{place}.csv> ] ; dcat:contactPoint [ foaf:name 'Service' ] ."
        for place in range(count)
    ]
    lines.append(f"<{AT}/ville> a foaf:Agent ; foaf:name 'Ville d’Exemple' .")
    lines.append(
        "<https://data.example.org/api> a dcat:DataService ; dct:title 'API'@fr ."
    )
    return "\n".join(lines).encode()


def content_of(pages: list[HarvestedPage]) -> dict[str, Any]:
    """What pages say together."""
    records = {record.identifier: record for page in pages for record in page.records}
    return {
        "found": sum(page.dataset_count for page in pages),
        "records": {
            name: (record.title, record.distributions, record.publisher, record.licence, record.modified, record.source_record.sha256)
            for name, record in records.items()
        },
        "services": sorted(service.identifier for page in pages for service in page.services),
        "refused": sorted(refusal.identifier for page in pages for refusal in page.refused),
        "faults": {fault.code: fault.values for page in pages for fault in page.faults},
        "next": {page.next for page in pages} - {""},
    }  # fmt: skip


def in_pieces(body: bytes, folder: Path) -> list[HarvestedPage]:
    path = folder / "document"
    path.write_bytes(body)
    return list(read_pieces(path, base_url=AT))


@pytest.mark.parametrize("make", [data_json, turtle])
@pytest.mark.parametrize("count", [0, 1, 450])
def test_pieces_say_what_the_whole_says(tmp_path: Path, make: Any, count: int) -> None:
    body = make(count)

    whole = read(body, base_url=AT)
    pieces = in_pieces(body, tmp_path)

    assert is_divisible(body[:1000])
    assert whole.dataset_count == len(content_of([whole])["records"]) == count
    assert len(pieces) == max(
        1, -(-(count + (make is turtle)) // large_documents.AT_ONCE)
    )
    assert content_of(pieces) == content_of([whole])


@pytest.mark.thorough
def test_the_order_of_triples_does_not_matter(tmp_path: Path) -> None:
    body = turtle(300)
    quads = list(ox.parse(body, ox.RdfFormat.TURTLE, base_iri=AT))
    random.Random(7).shuffle(quads)  # noqa: S311 - the same order each time
    shuffled = ox.serialize(
        (quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES
    )
    assert shuffled is not None

    assert content_of(in_pieces(shuffled, tmp_path)) == content_of(
        [read(body, base_url=AT)]
    )


@pytest.mark.parametrize("chunk", [7, 64, 1000])
def test_a_document_may_be_cut_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    body = data_json(20)
    monkeypatch.setattr(large_documents, "AT_ONCE", 6)
    (tmp_path / "document").write_bytes(body)
    is_list = large_documents._is_list
    monkeypatch.setattr(
        large_documents, "_is_list", lambda _text: is_list(body.decode())
    )
    monkeypatch.setattr(large_documents, "CHUNK", chunk)

    pieces = list(read_pieces(tmp_path / "document", base_url=AT))

    assert content_of(pieces) == content_of([read(body, base_url=AT)])


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (data_json(450)[:-3000], 400),
        (data_json(450).replace(b'"d430"', b'"d430'), 400),
        (turtle(450)[:-300], 0),
        (b'{"dataset": [' + b"[" * 200_000, 0),
        (b'{"dataset": [{"identifier": "a", "title": "' + b"x" * 6_000_000, 0),
        (b'{"dataset": [' + b"{}" * 100, 0),
    ],
    ids=["cut", "wrong", "turtle", "deep", "endless", "without commas"],
)
def test_what_cannot_be_read_to_its_end_says_so(
    tmp_path: Path, body: bytes, records: int
) -> None:
    pieces = in_pieces(body, tmp_path)

    assert sum(len(page.records) for page in pieces) == records
    assert not pieces[-1].readable


def test_what_must_be_read_whole_is_not_divided() -> None:
    for body in (
        b"<?xml version='1.0'?><rdf:RDF/>",
        b'{"@graph": []}',
        b"[]",
        b"\xff\xfe{",
        b"<html>",
        b"",
        b"a;b\n1;2",
    ):
        assert not is_divisible(body)


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_documents, "AT_ONCE", 10)
    monkeypatch.setattr(large_documents, "CHUNK", 16 * 1024)
    peaks = []
    for count in (100, 400):
        path = tmp_path / f"{count}"
        path.write_bytes(data_json(count))
        tracemalloc.start()
        assert (
            sum(len(page.records) for page in read_pieces(path, base_url=AT)) == count
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]
