"""Licences of others: what real values mean, and which of them come back from what we write."""

import csv
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import structs
from pyoxigraph import RdfFormat

from tests.protocol.examples import a_record
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.vocabulary import find_licence
from udi.protocol.licences import LICENCES, LISTED, NOT_STATED
from udi.protocol.rdf import write_dataset
from udi.protocol.record import read_record
from udi.protocol.serialisations import write_triples
from udi.protocol.structures import LicenceTerms, Organisation, Record

ORIGIN = "https://donnees.example"
SOURCE = UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10")
CONTEXT = ConversionContext(
    source=SOURCE,
    producer=Organisation(id=SOURCE, name="Ville d'Exemple"),
    found_at=datetime(2026, 11, 25, tzinfo=UTC),
)
VALUES = Path(__file__).parent / "licence_values.tsv"
PORTS = ("cc-by-3.0-it", "cc-by-3.0-at", "cc-by-nc-sa-2.1-es", "cc-by-3.0-igo")


def real_values() -> list[tuple[str, str]]:
    lines = VALUES.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(
        (line for line in lines if not line.startswith("#")),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
    return [(row["value"], row["meaning"] or "") for row in rows]


def is_held_apart(value: str) -> bool:
    """A third of the values, on which nothing was ever tuned."""
    return int(hashlib.sha256(value.encode()).hexdigest(), 16) % 3 == 0


def meaning_of(value: str) -> str:
    match = find_licence(value)
    return (match.code or match.match) if match else ""


@pytest.mark.parametrize(
    ("part", "count", "missed"),
    [("tuned", 74, []), ("held apart", 36, ["other"])],
)
def test_real_values_mean_what_a_person_reads(
    part: str, count: int, missed: list[str]
) -> None:
    apart = part == "held apart"
    values = [pair for pair in real_values() if is_held_apart(pair[0]) is apart]

    assert len(values) == count
    assert [
        value for value, meaning in values if meaning_of(value) != meaning
    ] == missed


def harvest(record: Record) -> Record:
    """The record as a portal reads it in our DCAT."""
    body = write_triples(list(write_dataset(ORIGIN, record)), RdfFormat.TURTLE)
    page = format_detection.read(body, base_url=ORIGIN)
    [read] = [record for record in page.records if record.title]
    return convert(read, CONTEXT).record


@pytest.mark.parametrize("code", [*LISTED, *PORTS])
def test_a_licence_comes_back_from_our_dcat(code: str) -> None:
    ours = read_record(a_record())
    record = structs.replace(ours, licence=LicenceTerms(code=code))

    assert harvest(record).licence == LicenceTerms(code=code)


def test_the_licence_of_a_dataset_without_a_file_comes_back_from_our_dcat() -> None:
    ours = read_record(a_record())
    for licence in (
        LicenceTerms(code="cc-by-4.0"),
        LicenceTerms(label={"fr": "Règles de la ville"}, url="https://ville.example/r"),
    ):
        record = structs.replace(ours, media=(), licence=licence)
        assert harvest(record).licence == licence


def iso(constraints: str) -> bytes:
    return f"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"
 xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gmx="http://www.isotc211.org/2005/gmx"
 xmlns:xlink="http://www.w3.org/1999/xlink">
<gmd:fileIdentifier><gco:CharacterString>abc</gco:CharacterString></gmd:fileIdentifier>
<gmd:identificationInfo><gmd:MD_DataIdentification>
<gmd:citation><gmd:CI_Citation><gmd:title><gco:CharacterString>Trees</gco:CharacterString></gmd:title></gmd:CI_Citation></gmd:citation>
<gmd:abstract><gco:CharacterString>Trees of the streets.</gco:CharacterString></gmd:abstract>
{constraints}
</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>""".encode()


def legal(kind: str, *others: str) -> str:
    code = (
        f'<gmd:{kind}><gmd:MD_RestrictionCode codeList="x" codeListValue="otherRestrictions"/></gmd:{kind}>'
        if kind
        else ""
    )
    elements = "".join(
        f"<gmd:otherConstraints>{other}</gmd:otherConstraints>" for other in others
    )
    return f"<gmd:resourceConstraints><gmd:MD_LegalConstraints>{code}{elements}</gmd:MD_LegalConstraints></gmd:resourceConstraints>"


def anchor(address: str, words: str) -> str:
    return f'<gmx:Anchor xlink:href="{address}">{words}</gmx:Anchor>'


def text(words: str) -> str:
    return f"<gco:CharacterString>{words}</gco:CharacterString>"


def read_iso(constraints: str) -> Record:
    [record] = format_detection.read(iso(constraints), base_url=ORIGIN).records
    return convert(record, CONTEXT).record


INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist"
NO_LIMITS = anchor(
    f"{INSPIRE}/LimitationsOnPublicAccess/noLimitations",
    "No limitations to public access",
)
NO_CONDITION = anchor(
    f"{INSPIRE}/ConditionsApplyingToAccessAndUse/noConditionsApply",
    "No conditions apply to access and use",
)
CREATIVE = anchor("https://creativecommons.org/licenses/by/4.0/deed.de", "CC BY 4.0")


def test_constraints_of_iso_tell_licence_use_and_access_apart() -> None:
    record = read_iso(
        legal("useConstraints", CREATIVE, text("Name the town on every map."))
        + legal("accessConstraints", NO_LIMITS, text("Ask the service of maps."))
    )

    assert record.licence == LicenceTerms(code="cc-by-4.0")
    assert record.access == "public"
    assert record.constraints.usage == {"fr": "Name the town on every map."}
    assert record.constraints.access == {"fr": "Ask the service of maps."}
    assert record.constraints.other == {}


def test_no_conditions_apply_is_a_sentence_about_use_and_no_licence() -> None:
    record = read_iso(
        legal("useConstraints", NO_CONDITION) + legal("accessConstraints", NO_LIMITS)
    )

    assert record.licence == LicenceTerms(label=NOT_STATED)
    assert record.constraints.usage == {"fr": "No conditions apply to access and use"}
    assert record.constraints.access == {}


def test_a_sentence_about_use_stands_for_a_licence_that_nobody_names() -> None:
    record = read_iso(
        "<gmd:resourceConstraints><gmd:MD_Constraints><gmd:useLimitation>"
        + text("For teaching only.")
        + "</gmd:useLimitation></gmd:MD_Constraints></gmd:resourceConstraints>"
    )

    assert record.licence == LicenceTerms(label={"fr": "For teaching only."})
    assert record.constraints.usage == {"fr": "For teaching only."}


def test_a_licence_of_one_producer_keeps_its_words_and_its_address() -> None:
    document = {
        "identifier": "1",
        "title": "Trees",
        "distribution": [],
        "license": "https://ville.example/regles",
    }
    page = format_detection.read(json.dumps([document]).encode(), base_url=ORIGIN)

    licence = convert(page.records[0], CONTEXT).record.licence

    assert licence.url == "https://ville.example/regles"
    assert licence.standard_licence is None
    assert all(code not in licence.label.values() for code in LICENCES)
