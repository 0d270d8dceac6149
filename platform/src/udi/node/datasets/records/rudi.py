"""From a producer's answers to the record that the portal receives (RUDI's metadata)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import (
    is_restricted,
    read_day,
    split_keywords,
    texts_of,
    titles_of,
)
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.records.document import (
    is_same_media,
    merge_documents,
    replace_periods,
)
from udi.node.datasets.records.media_tables import (
    file_periods,
    media_columns,
    media_tables,
)
from udi.node.datasets.records.parts import (
    ListedPart,
    list_published_parts,
    replace_parts,
)
from udi.node.datasets.versions.findings import schema_address_of
from udi.node.spaces.models import Space
from udi.protocol.access import AccessRights
from udi.protocol.addresses import NodeAddresses
from udi.protocol.faults import InvalidRecord
from udi.protocol.licences import LICENCES
from udi.protocol.record import write_media, write_record
from udi.protocol.restricted_data import (
    TERMS_OF_AGREEMENT,
    address_of_terms,
    conceal_document,
    write_former_licence,
)
from udi.protocol.rules import entries
from udi.protocol.structures import (
    BoundingBox,
    Checksum,
    Constraints,
    Contact,
    DatasetSize,
    Dates,
    Geography,
    LicenceTerms,
    Media,
    MediaMetadata,
    Organisation,
    Period,
    Record,
)
from udi.protocol.validation import validate
from udi.protocol.vocabulary import DOWNLOAD, MediaKind
from udi.tabular.columns.column import Bounds
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.profile import Profile

FORM_FIELDS = {
    "resource_title": "title",
    "synopsis": "summary",
    "summary": "summary",
    "theme": "theme",
    "keywords": "keywords",
    "contacts": "contact",
    "temporal_spread.end": "last_day",
    "temporal_spread": "first_day",
    "update_frequency": "frequency",
    "resource_languages": "language",
    "access_condition": "licence",
    "geography": "area",
}
FREQUENCY_CODES = {
    "never": "NEVER",
    "continuous": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
}
"""The code of the EU's table for each answer of the form."""
SIDES = ("west", "south", "east", "north")
LONGEST_SYNOPSIS = 150
END_OF_DAY = time(23, 59, 59)


def current_file_url(origin: str, dataset_id: UUID) -> str:
    """The address that always gives the newest version."""
    return NodeAddresses(origin, dataset_id).file


def compose_document(
    dataset: Dataset,
    version: Version | None,
    territory: Territory,
    *,
    at: datetime,
    parts: Sequence[ListedPart] | None = None,
) -> dict[str, Any]:
    """The JSON of a dataset, checked as the portal will: what a client of RUDI said of it stays, whatever the form asks.

    `version` is that of its main file, None where it has none; `parts` are those that it names; None: those that are published. Of restricted data it says nothing that is made of their cells, whoever said so (`restricted.conceal`).

    Raises:
        InvalidRecord: the portal would refuse it; the fields are the form's.
    """
    document = draft_document(dataset, version, territory, at=at, parts=parts)
    if faults := validate(document):
        raise InvalidRecord(
            [replace(fault, field=form_field(fault.field)) for fault in faults]
        )
    return document


def draft_document(
    dataset: Dataset,
    version: Version | None,
    territory: Territory,
    *,
    at: datetime,
    parts: Sequence[ListedPart] | None = None,
) -> dict[str, Any]:
    """The same JSON, unchecked, of a dataset whose answers are complete."""
    document = write_record(compose_record(dataset, version, territory, at=at))
    if dataset.document is not None:
        document = merge_documents(dataset.document, document, dataset.description)
    if parts is None:
        parts = list_published_parts(dataset)
    if parts or dataset.document is not None:
        document = replace_parts(
            document, dataset, parts, territory.origin, main=version
        )
    return conceal_document(document, terms=_address_of_terms(dataset, territory))


def form_field(field: str) -> str:
    """The question of the form that a field of the record comes from; empty when it is none of them."""
    return next(
        (name for start, name in FORM_FIELDS.items() if field.startswith(start)), ""
    )


def compose_record(
    dataset: Dataset, version: Version | None, territory: Territory, *, at: datetime
) -> Record:
    """The record of a dataset whose answers are complete, about its territory; `at` is the instant of publication."""
    answers = dataset.description
    space = dataset.space
    summaries = texts_of(answers, "summary")
    first = read_day(answers.get("first_day", ""))
    return Record(
        id=dataset.id,
        title=answers["title"],
        titles=titles_of(answers),
        synopsis={code: _synopsis(text) for code, text in summaries.items()},
        summary=summaries,
        theme=answers["theme"],
        keywords=tuple(split_keywords(answers)),
        producer=Organisation(id=space.organisation_id, name=space.name),
        contacts=(_contact(space, answers["contact"]),),
        media=(_media(dataset, version, territory.origin),) if version else (),
        dates=Dates(
            created=dataset.created_at, updated=at, published=dataset.opened_at or at
        ),
        access=AccessRights.RESTRICTED
        if is_restricted(answers)
        else AccessRights.PUBLIC,
        licence=_licence(dataset, territory),
        constraints=_constraints(dataset, territory),
        languages=(answers["language"],),
        period=_period(first, read_day(answers.get("last_day", ""))) if first else None,
        frequency=FREQUENCY_CODES.get(answers.get("frequency", ""), ""),
        geography=_geography(answers, version, territory),
        size=_size(version) if version else None,
    )


def area_of_file(version: Version | None) -> Bounds | None:
    """The area that a file shows, by its map or its coordinates: west, south, east, north in degrees (WGS 84)."""
    if version is None:
        return None
    profile = Profile.from_json(version.profile)
    if profile.bbox:
        return profile.bbox
    findings = version.preparation.findings if version.preparation else {}
    coverage = findings.get("coverage")
    if coverage:
        return Coverage.from_json(coverage).box
    return None


def find_area(
    answers: Mapping[str, str], version: Version | None, territory: Territory
) -> Bounds | None:
    """The area that a record will declare: west, south, east, north in degrees (WGS 84); None: it declares none.

    The file's area is made of cells: restricted data declare the territory's, or none.
    """
    chosen_area = answers.get("area", "") or "file"
    if chosen_area == "territory":
        return territory.box
    if chosen_area == "file" and not is_restricted(answers):
        return area_of_file(version)
    return None


def _geography(
    answers: Mapping[str, str], version: Version | None, territory: Territory
) -> Geography | None:
    area = find_area(answers, version, territory)
    if area is None:
        return None
    return Geography(box=BoundingBox(**dict(zip(SIDES, area, strict=True))))


def _licence(dataset: Dataset, territory: Territory) -> LicenceTerms:
    """The licence that was chosen; restricted data have the terms of their agreements in its place."""
    if is_restricted(dataset.description):
        return LicenceTerms(
            label=TERMS_OF_AGREEMENT, url=_address_of_terms(dataset, territory)
        )
    return LicenceTerms(code=dataset.description["licence"])


def _constraints(dataset: Dataset, territory: Territory) -> Constraints:
    """Under what the copies are that were made while the data were open."""
    if (
        not dataset.restricted
        or dataset.closed_at is None
        or dataset.former_licence not in LICENCES
    ):
        return Constraints()
    day = dataset.closed_at.astimezone(territory.zone).date()
    return Constraints(other=write_former_licence(dataset.former_licence, day))


def _address_of_terms(dataset: Dataset, territory: Territory) -> str:
    return address_of_terms(territory.links.get("portal", territory.origin), dataset.id)


def _size(version: Version) -> DatasetSize | None:
    """How large the table is."""
    profile = Profile.from_json(version.profile)
    if not profile.is_table:
        return None
    return DatasetSize(
        records=profile.rows if profile.exact else None, fields=len(profile.columns)
    )


def media_id_of(dataset: Dataset) -> UUID:
    """The identifier of its file: as a client of RUDI calls it, else made from that of the dataset."""
    return dataset.media_id or uuid.uuid5(dataset.id, "file")


def _media(dataset: Dataset, version: Version, origin: str) -> Media:
    file = version.file
    profile = Profile.from_json(version.profile)
    return Media(
        id=media_id_of(dataset),
        kind=MediaKind.FILE,
        url=current_file_url(origin, dataset.id),
        contract=DOWNLOAD,
        name=file.name,
        dates=Dates(created=dataset.created_at, updated=version.created_at),
        media_type=file.media_type,
        size=file.size,
        checksum=Checksum("SHA-256", file.sha256),
        encoding=profile.encoding,
        columns=media_columns(dataset, version),
        tables=media_tables(dataset, version, origin),
        structure=schema_address_of(version),
        metadata=MediaMetadata(
            periods=file_periods(dataset.file_first_day, dataset.file_last_day)
        ),
    )


def replace_tables(
    document: dict[str, Any], dataset: Dataset, version: Version, origin: str
) -> dict[str, Any]:
    """The same record with the tables and the period that the main file of the dataset has now.

    Where its producer says no period here, the one that a client of RUDI gave holds.
    """
    described = write_media(_media(dataset, version, origin))
    tables = described.get("file_tables")
    media_id = media_id_of(dataset)
    given = [
        media
        for _, media in entries(dataset.document or {}, "available_formats")
        if is_same_media(media, media_id)
    ]
    media_list = []
    for _, media in entries(document, "available_formats"):
        fields = dict(media)
        if is_same_media(media, media_id):
            fields.pop("file_tables", None)
            fields |= {"file_tables": tables} if tables else {}
            fields = replace_periods(fields, described, *given)
        media_list.append(fields)
    return {**document, "available_formats": media_list}


def _contact(space: Space, email: str) -> Contact:
    return Contact(
        id=uuid.uuid5(space.id, email),
        name=space.name,
        email=email,
        organisation=space.name,
    )


def _synopsis(summary: str) -> str:
    """The first sentence, or as many whole words as a line takes."""
    line = " ".join(summary.split())
    sentence = line.partition(". ")[0]
    if len(sentence) < len(line):
        sentence = sentence.rstrip(".") + "."
    if len(sentence) <= LONGEST_SYNOPSIS:
        return sentence
    return sentence[: LONGEST_SYNOPSIS - 1].rsplit(" ", 1)[0] + "…"


def _period(first: date, last: date | None) -> Period:
    start = datetime.combine(first, time(), UTC)
    return Period(start, datetime.combine(last, END_OF_DAY, UTC) if last else None)
