"""A record that a node makes of what it knows is one that a portal accepts."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.protocol.examples import CONTACT_ID, FILE_ID, IDENTIFIER, PRODUCER_ID
from udi.protocol.access import AccessRights
from udi.protocol.record import read_record, write_record
from udi.protocol.structures import (
    BoundingBox,
    Checksum,
    Contact,
    Dates,
    Geography,
    LicenceTerms,
    Media,
    Organisation,
    Period,
    Record,
)
from udi.protocol.validation import validate
from udi.protocol.vocabulary import DOWNLOAD, VERSIONS, MediaKind, StorageStatus

NOON = datetime(2026, 11, 25, 12, tzinfo=timezone(timedelta(hours=1)))
FILE = Media(
    id=UUID(FILE_ID),
    kind=MediaKind.FILE,
    url="https://node.example.org/files/arbres.csv",
    contract=DOWNLOAD,
    name="arbres.csv",
    media_type="text/csv",
    size=48_200,
    checksum=Checksum("SHA-256", "cd" * 32),
)
MADE = Record(
    id=IDENTIFIER,
    title="Arbres des rues",
    synopsis={"fr": "Les arbres des rues"},
    summary={"fr": "Essence et hauteur.", "en": "Species and height."},
    theme="environment",
    keywords=("arbre", "rue"),
    producer=Organisation(id=UUID(PRODUCER_ID), name="Mairie de Kerlevan"),
    contacts=(
        Contact(id=UUID(CONTACT_ID), name="Espaces verts", email="verts@example.org"),
    ),
    media=(FILE,),
    dates=Dates(created=NOON, updated=NOON, published=NOON),
    access=AccessRights.PUBLIC,
    licence=LicenceTerms(code="etalab-2.0"),
)


def made(**changes: Any) -> Record:
    return msgspec.structs.replace(MADE, **changes)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_accepted_in_every_version(version: str) -> None:
    document = write_record(MADE, api_version=version)

    assert validate(document) == []
    assert read_record(document) == MADE
    assert read_record(document).dates.created.tzinfo is UTC


CONCEALED = msgspec.structs.replace(
    FILE, size=None, checksum=None, encoding="", structure=""
)
"""The file, without what is made of its bytes."""


def test_restricted_data_elsewhere_under_an_agreement_are_described_too() -> None:
    record = made(
        access=AccessRights.RESTRICTED,
        storage=StorageStatus.ARCHIVED,
        licence=LicenceTerms(
            label={"fr": "Convention"}, url="https://example.org/convention"
        ),
        period=Period(NOON, None),
        geography=Geography(
            box=BoundingBox(west=-1.7, south=48.0, east=-1.6, north=48.2)
        ),
        languages=("fr", "en"),
    )
    document = write_record(record)

    assert document["access_condition"]["confidentiality"] == {
        "restricted_access": True,
        "gdpr_sensitive": False,
    }
    assert read_record(document) == msgspec.structs.replace(record, media=(CONCEALED,))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "t" * 151}, "resource_title"),
        ({"synopsis": {}}, "synopsis"),
        ({"keywords": ()}, "keywords"),
        ({"contacts": ()}, "contacts"),
        ({"media": ()}, "available_formats"),
        (
            {"licence": LicenceTerms(code="unknown")},
            "access_condition.licence.licence_label",
        ),
        ({"summary": {"xx": "words"}}, "summary[0].lang"),
    ],
)
def test_what_a_portal_would_refuse_is_found_before_it_is_sent(
    changes: dict[str, Any], field: str
) -> None:
    assert [fault.field for fault in validate(write_record(made(**changes)))] == [field]
