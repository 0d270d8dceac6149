"""A record of ours read by another installation, and by a third: what each then says, in an order that does not matter."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.addresses import is_web
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.record import RecordKind
from udi.protocol.access import AccessRights
from udi.protocol.geodcat import find_epsg_code
from udi.protocol.rdf import write_dataset
from udi.protocol.rdf_metadata import telephone_number
from udi.protocol.record import restore_record, write_record
from udi.protocol.serialisations import write_turtle
from udi.protocol.structures import Metadata, Organisation, Record
from udi.protocol.vocabulary import DOWNLOAD, MediaKind

FIRST = "https://premier.example"
SECOND = "https://second.example"
CONTEXT = ConversionContext(
    source=UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10"),
    producer=Organisation(
        id=UUID("0f9d7c0e-3b0f-4c3c-8f0f-6b9b3d9a1c22"), name="Ville d'Exemple"
    ),
    found_at=datetime(2026, 11, 30, tzinfo=UTC),
)
INTENDED = {
    "id": "an installation has its own identifier of a dataset",
    "local_id": "it is the identifier of the installation that was read",
    "producer": "each installation says for whom a source is read",
    "description": "of the installation's own record",
    "extra": "what a source wrote and no field holds stays where it was read",
}
"""Fields that differ from one installation to the next."""
INTENDED_OF_MEDIA = {
    "id": "made anew from the address of what was read",
    "extra": "what a source wrote and no field holds stays where it was read",
}
INTENDED_OF_CONTACTS = {"id": "made anew", "extra": "as above"}
UNSTATED_DATES = "what nobody says is the day of each reading, which is told to nobody"
FIRST_READING = {
    "access": "what is said to nobody's exclusion is public, and said to be",
    "landing_page": "the page of the first installation, where the source has none",
    "publisher": "the producer, where the source names none",
    "applicable_legislation": "a high-value category means the Regulation",
    "keywords": "names of subjects are keywords",
}
"""Fields of the metadata that the second installation says and the first was not told; the third says what the second does."""
WRITTEN_OTHERWISE = {
    "rights": "DCAT-AP has one statement of rights, of each distribution: what is asked of who uses a file is in it, line by line",
    "contacts": "where a source names nobody to ask, the mailbox of its publisher stands for one",
    "contract": "follows from whether a file is downloaded, which is said",
    "phone": "a telephone number of DCAT-AP is an address (`tel:`), which has neither blanks nor points",
    "licence": "restricted data have no licence for everybody: their terms are asked for at the portal that is read",
    "box": "nine digits, which are a centimetre",
    "projection": "a reference system in words is its EPSG address, and none is told that has no code there",
    "summary": "DCAT-AP asks for a description: where there is none, the title is",
}
"""What the first installation has in other words or in another place than the second reads of it: it is compared by what it means."""


def read_by_another(record: Record, origin: str) -> Record:
    """What an installation says of a record of the installation at `origin`, whose Turtle it reads."""
    body = write_turtle(write_dataset(origin, record))
    page = format_detection.read(body, base_url=f"{origin}/catalog")
    read = next(one for one in page.records if one.kind is RecordKind.DATASET)
    return restore_record(write_record(convert(read, CONTEXT).record))


def comparable(record: Record) -> dict[str, Any]:
    """What a record says, less what is intended to differ; lists are sets."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    for name in INTENDED:
        del document[name]
    # Each installation adds that of the one that it read: `list_names`.
    del document["metadata"]["identifiers"]
    is_restricted = record.access is AccessRights.RESTRICTED
    for media in document["media"]:
        for name in INTENDED_OF_MEDIA:
            del media[name]
        if is_restricted:
            # Asked for at the page of whoever is read.
            del media["url"]
            del media["contract"]
        standards = {*media["metadata"].pop("conforms_to"), media.pop("structure")}
        media["standards"] = sorted(standards - {""})
    for contact in document["contacts"]:
        for name in INTENDED_OF_CONTACTS:
            del contact[name]
    described = (document, *document["media"])
    for dates in filter(None, (thing["dates"] for thing in described)):
        for name in dates["unstated"]:
            del dates[name]
    sorted_document: dict[str, Any] = _sort(document)
    return sorted_document


def list_names(record: Record) -> set[str]:
    """What a record says that its dataset is called by others."""
    names = (record.local_id, record.doi, record.dataverse_doi)
    return {*names, *record.metadata.identifiers} - {""}


def comparable_at_first(record: Record) -> dict[str, Any]:
    """`comparable`, less what the first reading says besides (`FIRST_READING`), and what is written otherwise by its meaning."""
    document = comparable(record)
    metadata = document["metadata"]
    for name in FIRST_READING:
        del metadata[name]
    requirements = _lines(*document.pop("constraints").values())
    document["rights"] = [] if document["media"] else requirements
    for media in document["media"]:
        contract = media.pop("contract", "")
        if media["metadata"]["is_download"] is None:
            is_file = media["kind"] == MediaKind.FILE
            media["metadata"]["is_download"] = is_file and contract in {"", DOWNLOAD}
        rights = _lines(media["metadata"].pop("rights"))
        statements = media["metadata"].pop("rights_statements")
        media["rights"] = sorted({*requirements, *rights, *statements})
    document["contacts"] = [
        contact for contact in document["contacts"] if contact["role"] != "publisher"
    ]
    for contact in (*document["contacts"], *metadata["contact_points"]):
        contact["phone"] = telephone_number(contact["phone"])
    if geography := document["geography"]:
        system = geography["projection"]
        geography["projection"] = find_epsg_code(system)
        geography["box"] = {
            side: float(f"{degrees:.9g}") for side, degrees in geography["box"].items()
        }
    document["summary"] = document["summary"] or document["synopsis"]
    is_licensed = record.licence.is_stated and not record.licence.is_agreement
    if record.access is AccessRights.RESTRICTED and not is_licensed:
        del document["licence"]
    document["keywords"] = sorted(
        {
            *document["keywords"],
            *(subject.label for subject in record.metadata.subjects),
        }
        - {""}
    )
    sorted_document: dict[str, Any] = _sort(document)
    return sorted_document


def _lines(*texts: dict[str, str]) -> list[str]:
    """The lines of texts, each with its language; one that is an address has none."""
    return sorted(
        {
            line.strip() if is_web(line.strip()) else f"{tag}: {line.strip()}"
            for translations in texts
            for tag, words in translations.items()
            for line in words.split("\n")
            if line.strip()
        }
    )


def comparable_metadata(metadata: Metadata) -> dict[str, Any]:
    """What is said of a dataset besides RUDI's fields; lists are sets."""
    sorted_metadata: dict[str, Any] = _sort(msgspec.to_builtins(metadata))
    return sorted_metadata


def _sort(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sort(item) for name, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return sorted(
            (_sort(item) for item in value),
            key=lambda item: json.dumps(item, sort_keys=True, default=str),
        )
    return value
