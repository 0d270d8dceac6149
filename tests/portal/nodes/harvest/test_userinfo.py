"""Addresses with a password, in catalogues of every format: nothing that is kept or shown of them holds it."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from tests.depth import examples
from udi.kit.clock import now
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.protocol.faults import InvalidRecord
from udi.protocol.structures import Organisation

CANARY = "hunter7canary"
GIVEN = ConversionContext(
    source=UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10"),
    producer=Organisation(
        id=UUID("0f9d7c0e-3b0f-4c3c-8f0f-6b9b3d9a1c22"), name="Ville d'Exemple"
    ),
    found_at=now(),
)
LARGEST = 300_000
NAMESPACES = re.compile(
    rb"https?://(?:www\.w3\.org|purl\.org|xmlns\.com|www\.opengis\.net|www\.isotc211\.org|schema)"
)
ADDRESS = re.compile(rb"(https?:(?:\\?/){2})(?=[a-z0-9])", re.IGNORECASE)


def with_passwords(document: bytes) -> bytes:
    """The document with a name and a password in each of its addresses, but those of vocabularies."""
    return ADDRESS.sub(
        lambda match: (
            match[1]
            if NAMESPACES.match(document, match.start())
            else match[1] + b"reader:" + CANARY.encode() + b"@"
        ),
        document,
    )


SPARSE = examples(8, 1)
"""One catalogue in so many is read."""


def catalogues(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.stat().st_size < LARGEST
    )


def test_no_real_catalogue_brings_a_password_in(shared_data: Path) -> None:
    read = 0
    leaks = []
    for path in catalogues(shared_data / "data/catalogues")[::SPARSE]:
        document = with_passwords(path.read_bytes())
        if CANARY.encode() not in document:
            continue
        page = format_detection.read(
            document, base_url="https://source.example/catalogue"
        )
        texts = [
            repr(page.records),
            repr(page.refused),
            repr(page.services),
            repr(page.faults),
        ]
        for record in page.records:
            read += 1
            try:
                texts.append(repr(convert(record, GIVEN)))
            except InvalidRecord as error:
                texts.append(repr(error.faults))
        leaks += [path.name for text in texts if CANARY in text][:1]

    assert read > examples(20, 300)
    assert leaks == []


@pytest.mark.parametrize(
    ("document", "title"),
    [
        (
            b'{"success": true, "result": {"count": 1, "results": [{"id": "a", "name": "a", "title": "Arbres", "url":'
            b' "https://r:hunter7canary@x.example/", "resources": [{"id": "b", "format": "CSV", "name": "b", "url":'
            b' "https:\\/\\/r:hunter7canary@x.example\\/b.csv"}]}]}}',
            "Arbres",
        ),
        (
            b"@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
            b'<https://x.example/a> a dcat:Dataset ; dct:title "Arbres"@fr ; dct:identifier "a" ; dcat:distribution ['
            b" a dcat:Distribution ; dcat:accessURL <https://r:hunter7canary\\u0040x.example/b.csv> ] .",
            "Arbres",
        ),
    ],
)
def test_a_password_that_is_written_with_escapes_is_taken_out_too(
    document: bytes, title: str
) -> None:
    page = format_detection.read(document, base_url="https://source.example/catalogue")

    (record,) = page.records
    converted = convert(record, GIVEN)
    assert converted.record.title == title
    assert CANARY not in repr((page, converted))
