"""Reading RUDI's metadata JSON (1.2.0 to 1.4.3) into a `Record`, and writing it."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from udi.protocol import rudi_names
from udi.protocol import structures as of
from udi.protocol.access import AccessRights
from udi.protocol.faults import InvalidRecord
from udi.protocol.languages import language_of
from udi.protocol.licence_terms import read_licence, write_licence
from udi.protocol.metadata_json import (
    read_frequency,
    read_media_metadata,
    read_metadata,
    write_metadata,
)
from udi.protocol.restricted_data import conceal_document, is_placeholder, is_restricted
from udi.protocol.structures import Record
from udi.protocol.texts import read_texts, write_texts
from udi.protocol.validation import validate
from udi.protocol.validators import add_scheme, read_moment
from udi.protocol.vocabulary import (
    CURRENT_VERSION,
    VERSION_OF_EXTENSIONS,
    VERSION_OF_RICH_TEXT,
    VERSIONS,
    MediaKind,
    StorageStatus,
)

__all__ = ["Record", "conceal_record", "read_record", "restore_record", "write_record"]

Document = dict[str, Any]


def read_record(data: object) -> Record:
    """The record of a document that `validate` finds without fault; HTML is made harmless on the way.

    Raises:
        InvalidRecord: with all its faults.
    """
    faults = validate(data)
    if faults or not isinstance(data, dict):
        raise InvalidRecord(faults)
    return restore_record(data)


def restore_record(data: Document) -> Record:
    """The record of a document that `write_record` made: nothing is checked again.

    Records found elsewhere lack what RUDI asks of those that are sent: contacts, sizes, a licence's address. Of
    restricted data, what nobody should be told is left out.
    """
    data = conceal_document(data)
    access = data["access_condition"]
    confidentiality = access["confidentiality"]
    languages = [language_of(tag) for tag in data.get("resource_languages") or ["fr"]]
    return Record(
        id=UUID(data["global_id"]),
        titles=read_texts(data.get("resource_titles")),
        synopsis=read_texts(data.get("synopsis")),
        summary=read_texts(data.get("summary")),
        summary_html=read_texts(data.get("summary"), markup=True),
        theme=(data.get("theme") or "").strip(),
        keywords=_distinct(word.strip() for word in data.get("keywords") or ()),
        producer=_organisation(data["producer"]),
        contacts=tuple(_contact(contact) for contact in data.get("contacts") or ()),
        media=_distinct_media(_public_media(data)),
        dates=_dates(data["dataset_dates"]),
        access=AccessRights.RESTRICTED
        if confidentiality["restricted_access"]
        else AccessRights.PUBLIC,
        personal=bool(confidentiality.get("gdpr_sensitive")),
        licence=read_licence(access["licence"]),
        storage=StorageStatus(data["storage_status"]),
        languages=_distinct(languages),
        constraints=of.Constraints(
            **{
                ours: read_texts(access.get(name))
                for ours, name in rudi_names.CONSTRAINTS.items()
            }
        ),
        period=_period(data.get("temporal_spread")),
        frequency=read_frequency(data),
        series=_series(data),
        geography=_geography(data.get("geography")),
        size=_size(data.get("dataset_size")),
        description=_description(data["metadata_info"]),
        metadata=read_metadata(data),
        extensions=data.get("ext_metadata") or {},
        extra=_extra_fields(data, rudi_names.KNOWN_OF_RECORD),
        **_read_lines(data, rudi_names.RECORD),
    )


def write_record(record: Record, *, api_version: str = CURRENT_VERSION) -> Document:
    """RUDI's JSON of a record; versions before 1.4.1 lose the HTML of the summary, before 1.4.0 the extensions.

    Of restricted data, it says what `restricted.conceal` leaves.

    Raises:
        ValueError: this version is not one of `vocabulary.VERSIONS`.
    """
    if api_version not in VERSIONS:
        raise ValueError(api_version)
    if api_version >= VERSION_OF_RICH_TEXT:
        rich = record.summary_html
    else:
        rich = {}
    document = record.extra | _without_empty_fields(
        {
            "global_id": str(record.id),
            **_rename_fields(record, rudi_names.RECORD),
            "resource_titles": write_texts(record.titles),
            "synopsis": write_texts(record.synopsis),
            "summary": write_texts(record.summary, rich),
            "theme": record.theme,
            "keywords": list(record.keywords),
            "producer": _write_organisation(record.producer),
            "contacts": [_write_contact(contact) for contact in record.contacts],
            "available_formats": [write_media(media) for media in record.media],
            "resource_languages": list(record.languages),
            "temporal_spread": record.period and _write_period(record.period),
            "update_frequency": record.frequency,
            "dataset_series": [_write_series(series) for series in record.series],
            "geography": record.geography and _write_geography(record.geography),
            "dataset_size": record.size and _write_size(record.size),
            "dataset_dates": _write_dates(record.dates),
            "storage_status": record.storage.value,
            "access_condition": _write_access(record),
            "metadata_info": _write_description(record.description, api_version),
            rudi_names.METADATA: write_metadata(record.metadata),
            "ext_metadata": record.extensions
            if api_version >= VERSION_OF_EXTENSIONS
            else {},
        }
    )
    return conceal_document(document)


def conceal_record(record: Record) -> Record:
    """The same record, without what nobody should be told of restricted data."""
    if record.access is AccessRights.RESTRICTED:
        return restore_record(write_record(record))
    return record


def _organisation(data: Document) -> of.Organisation:
    place = data.get("organization_coordinates")
    return of.Organisation(
        id=UUID(data["organization_id"]),
        coordinates=of.Coordinates(float(place["latitude"]), float(place["longitude"]))
        if place
        else None,
        extra=_extra_fields(data, rudi_names.KNOWN_OF_ORGANISATION),
        **_read_lines(data, rudi_names.ORGANISATION),
    )


def _write_organisation(organisation: of.Organisation) -> Document:
    place = organisation.coordinates
    return organisation.extra | _without_empty_fields(
        {
            "organization_id": str(organisation.id),
            **_rename_fields(organisation, rudi_names.ORGANISATION),
            "organization_coordinates": place
            and {"latitude": place.latitude, "longitude": place.longitude},
        }
    )


def _contact(data: Document) -> of.Contact:
    extra = _extra_fields(data, rudi_names.KNOWN_OF_CONTACT)
    return of.Contact(
        id=UUID(data["contact_id"]),
        extra=extra,
        **_read_lines(data, rudi_names.CONTACT),
    )


def _write_contact(contact: of.Contact) -> Document:
    return contact.extra | _without_empty_fields(
        {"contact_id": str(contact.id), **_rename_fields(contact, rudi_names.CONTACT)}
    )


def _media(data: Document) -> of.Media:
    kind = MediaKind(data["media_type"])
    connector = data["connector"]
    checksum = data.get("checksum")
    is_file = kind is MediaKind.FILE
    counters = rudi_names.COUNTERS if kind is MediaKind.SERIES else ()
    return of.Media(
        id=UUID(data["media_id"]),
        kind=kind,
        url=add_scheme(connector["url"]),
        contract=(connector.get("interface_contract") or "").strip(),
        parameters=tuple(connector.get("connector_parameters") or ()),
        names=read_texts(data.get("media_names")),
        dates=_dates(data["media_dates"]) if data.get("media_dates") else None,
        size=data.get("file_size") if is_file else None,
        checksum=of.Checksum(checksum["algo"], checksum["hash"])
        if is_file and checksum
        else None,
        columns=_columns(data) if is_file else (),
        tables=_tables(data) if is_file else (),
        metadata=read_media_metadata(data),
        counters={name: data[name] for name in counters if data.get(name) is not None},
        extra=_extra_fields(data, rudi_names.KNOWN_OF_MEDIA[kind]),
        **_read_lines(data, rudi_names.LINES_OF_MEDIA[kind]),
    )


def _public_media(data: Document) -> list[Document]:
    """The files and services of a record, without the sizes and the digests that stand for «not published»."""
    listed: list[Document] = data.get("available_formats") or []
    if not is_restricted(data):
        return listed
    return [
        _without_size_and_checksum(media) if is_placeholder(media) else media
        for media in listed
    ]


def _without_size_and_checksum(media: Document) -> Document:
    return {
        name: value
        for name, value in media.items()
        if name not in {"file_size", "checksum"}
    }


def _distinct_media(entries: list[Document]) -> tuple[of.Media, ...]:
    return tuple({media.id: media for media in map(_media, entries)}.values())


def write_media(media: of.Media) -> Document:
    """A file, a service or a series as a record in RUDI's JSON lists it."""
    checksum = media.checksum
    return media.extra | _without_empty_fields(
        {
            "media_type": media.kind.value,
            "media_id": str(media.id),
            **_rename_fields(media, rudi_names.LINES_OF_MEDIA[media.kind]),
            "media_names": write_texts(media.names),
            "media_dates": media.dates and _write_dates(media.dates),
            "connector": _without_empty_fields(
                {
                    "url": media.url,
                    "interface_contract": media.contract,
                    "connector_parameters": list(media.parameters),
                }
            ),
            "file_size": media.size,
            "file_columns": [
                _without_empty_fields({"name": column.name, "unit": column.unit})
                for column in media.columns
            ],
            "file_tables": [_write_table(table) for table in media.tables],
            "checksum": checksum
            and {"algo": checksum.algorithm, "hash": checksum.value},
            **media.counters,
            rudi_names.METADATA: write_metadata(media.metadata),
        }
    )


def _write_table(table: of.MediaTable) -> Document:
    return _without_empty_fields(
        {
            "name": table.name,
            "url": table.url,
            "number_of_records": table.records,
            "number_of_fields": table.fields,
        }
    )


def _write_access(record: Record) -> Document:
    constraints = {
        name: getattr(record.constraints, ours)
        for ours, name in rudi_names.CONSTRAINTS.items()
    }
    return _without_empty_fields(
        {
            "licence": write_licence(record.licence),
            "confidentiality": {
                "restricted_access": record.access is AccessRights.RESTRICTED,
                "gdpr_sensitive": record.personal,
            },
            **{name: write_texts(words) for name, words in constraints.items()},
        }
    )


def _geography(data: Document | None) -> of.Geography | None:
    if not data:
        return None
    box = of.BoundingBox(
        **{
            ours: float(data["bounding_box"][name])
            for ours, name in rudi_names.BOX.items()
        }
    )
    projection = (data.get("projection") or "").strip()
    return of.Geography(
        box=box, shape=data.get("geographic_distribution"), projection=projection
    )


def _write_geography(geography: of.Geography) -> Document:
    return _without_empty_fields(
        {
            "bounding_box": {
                name: getattr(geography.box, ours)
                for ours, name in rudi_names.BOX.items()
            },
            "geographic_distribution": geography.shape,
            "projection": geography.projection,
        }
    )


def _period(data: Document | None) -> of.Period | None:
    if data:
        return of.Period(
            _parse_moment(data["start_date"]), _parse_moment(data.get("end_date"))
        )
    return None


def _write_period(period: of.Period) -> Document:
    return _without_empty_fields(
        {
            "start_date": _format_moment(period.start),
            "end_date": _format_moment(period.end),
        }
    )


def _series(data: Document) -> tuple[of.Series, ...]:
    series_by_url = {
        url: of.Series(url, read_texts(series.get("series_title")))
        for series in data.get("dataset_series") or ()
        if (url := add_scheme(series["series_url"]))
    }
    return tuple(series_by_url.values())


def _write_series(series: of.Series) -> Document:
    return _without_empty_fields(
        {"series_url": series.url, "series_title": write_texts(series.title)}
    )


def _columns(data: Document) -> tuple[of.MediaColumn, ...]:
    return tuple(
        of.MediaColumn(column["name"].strip(), (column.get("unit") or "").strip())
        for column in data.get("file_columns") or ()
    )


def _tables(data: Document) -> tuple[of.MediaTable, ...]:
    return tuple(
        of.MediaTable(
            name=table["name"].strip(),
            url=add_scheme(table["url"]) if table.get("url") else "",
            records=table.get("number_of_records"),
            fields=table.get("number_of_fields"),
        )
        for table in data.get("file_tables") or ()
    )


def _size(data: Document | None) -> of.DatasetSize | None:
    data = data or {}
    records = data.get("numbers_of_records")
    size = of.DatasetSize(
        data.get("number_of_records") if records is None else records,
        data.get("number_of_fields"),
    )
    if size == of.DatasetSize():
        return None
    return size


def _write_size(size: of.DatasetSize) -> Document:
    return _without_empty_fields(
        {"numbers_of_records": size.records, "number_of_fields": size.fields}
    )


def _description(data: Document) -> of.Description:
    dates = data.get("metadata_dates")
    return of.Description(
        dates=_dates(dates) if dates else None,
        contacts=tuple(
            _contact(contact) for contact in data.get("metadata_contacts") or ()
        ),
        source=add_scheme(data.get("metadata_source") or ""),
    )


def _write_description(description: of.Description, api_version: str) -> Document:
    return _without_empty_fields(
        {
            "api_version": api_version,
            "metadata_dates": description.dates and _write_dates(description.dates),
            "metadata_contacts": [
                _write_contact(contact) for contact in description.contacts
            ],
            "metadata_source": description.source,
        }
    )


def _dates(data: Document) -> of.Dates:
    return of.Dates(
        unstated=tuple(data.get("unstated") or ()),
        **{name: _parse_moment(data.get(name)) for name in rudi_names.DATES},
    )


def _write_dates(dates: of.Dates) -> Document:
    moments = {name: _format_moment(getattr(dates, name)) for name in rudi_names.DATES}
    return _without_empty_fields({**moments, "unstated": list(dates.unstated)})


def _parse_moment(value: str | None) -> Any:
    # Validated: a text here names an instant.
    if value:
        return read_moment(value)
    return None


def _format_moment(value: datetime | None) -> str | None:
    if value:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return None


def _read_lines(data: Document, fields: Mapping[str, str]) -> Document:
    lines = {}
    for ours, name in fields.items():
        line = (data.get(name) or "").strip()
        if line and ours in rudi_names.ADDRESSES:
            line = add_scheme(line)
        lines[ours] = line
    return lines


def _rename_fields(structure: object, fields: Mapping[str, str]) -> Document:
    return {name: getattr(structure, ours) for ours, name in fields.items()}


def _extra_fields(data: Document, known_fields: Collection[str]) -> Document:
    return {name: value for name, value in data.items() if name not in known_fields}


def _without_empty_fields(data: Document) -> Document:
    return {
        name: value for name, value in data.items() if value not in (None, "", [], {})
    }


def _distinct(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
