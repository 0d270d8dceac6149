"""CKAN's Action API (2.12), read only: what existing connectors ask of a CKAN, answered from this catalogue.

A producer is an organisation, a theme is a group, a keyword is a tag, a file or a service is a resource.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from udi.portal.catalogue.models import AGREEMENT
from udi.portal.catalogue.open.ckan_extras import list_extras
from udi.portal.catalogue.open.listing import PublishedDataset
from udi.portal.organisations.models import Organisation
from udi.protocol.access import AccessRights
from udi.protocol.catalogue import HarvesterName
from udi.protocol.licences import LICENCES, LISTED
from udi.protocol.restricted_data import TERMS_OF_AGREEMENT
from udi.protocol.structures import Media, Record
from udi.protocol.themes import THEMES, Theme
from udi.protocol.vocabulary import MediaKind
from udi.ui.locale import localise, localise_title

VERSION = "2.12"
Document = dict[str, Any]


def package(dataset: PublishedDataset, origin: str, language: str) -> Document:
    """A dataset as `package_show` gives it."""
    record = dataset.record
    theme = THEMES.get(dataset.record.theme)
    address = f"{origin}/data/{record.id}"
    resources = [
        resource(media, record, address, place, language)
        for place, media in enumerate(record.media)
    ]
    contact = record.contacts[0] if record.contacts else None
    return {
        "id": str(record.id),
        "name": str(record.id),
        "title": localise_title(record.title, record.titles, language),
        **({"title_translated": record.titles} if record.titles else {}),
        "notes": localise(record.summary, language)
        or localise(record.synopsis, language),
        "url": address,
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": record.access is AccessRights.PUBLIC
        and record.licence.standard_licence is not None
        and record.licence.standard_licence.is_open,
        "author": record.producer.name,
        "author_email": None,
        "maintainer": contact.name if contact else None,
        "maintainer_email": contact.email if contact else None,
        "version": record.metadata.version or None,
        "creator_user_id": None,
        **_licence(record, language),
        "owner_org": str(dataset.producer.id),
        "organization": organization(dataset.producer, language),
        "metadata_created": _format_moment(dataset.listed),
        "metadata_modified": _format_moment(dataset.described),
        "tags": [tag(word) for word in record.keywords],
        "num_tags": len(record.keywords),
        "groups": [group(theme, language)] if theme else [],
        "resources": resources,
        "num_resources": len(resources),
        "extras": [
            {"key": key, "value": value}
            for key, value in _extras(record, dataset.harvester).items()
            if value
        ],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def resource(
    media: Media, record: Record, address: str, place: int, language: str
) -> Document:
    """A file or a service; a restricted one leads to the dataset's page."""
    dates = media.dates or record.dates
    return {
        "id": str(media.id),
        "package_id": str(record.id),
        "name": localise_title(media.name, media.names, language) or media.format,
        **({"name_translated": media.names} if media.names else {}),
        "description": media.caption,
        "url": media.url if record.access is AccessRights.PUBLIC else address,
        "format": media.format,
        "mimetype": media.media_type.partition(";")[0] or None,
        "size": media.size,
        "hash": media.checksum.value if media.checksum else "",
        "resource_type": "file" if media.kind is MediaKind.FILE else "api",
        "url_type": None,
        "state": "active",
        "position": place,
        "datastore_active": False,
        "created": _format_moment(dates.stated_creation or dates.published),
        "last_modified": _format_moment(dates.stated_update),
        "metadata_modified": _format_moment(dates.stated_update),
    }


def organization(
    producer: Organisation, language: str, count: int | None = None
) -> Document:
    """A producer."""
    return {
        "id": str(producer.id),
        "name": producer.slug,
        "title": producer.name,
        "description": localise(producer.summary, language),
        "type": "organization",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
        "image_url": "",
        "created": _format_moment(producer.created_at),
    } | _count(count)


def group(theme: Theme, language: str, count: int | None = None) -> Document:
    """A theme."""
    return {
        "id": theme.code,
        "name": theme.code,
        "title": localise(theme.label, language),
        "display_name": localise(theme.label, language),
        "description": "",
        "type": "group",
        "is_organization": False,
        "state": "active",
        "image_display_url": "",
    } | _count(count)


def tag(word: str) -> Document:
    """A keyword."""
    return {
        "id": word,
        "name": word,
        "display_name": word,
        "state": "active",
        "vocabulary_id": None,
    }


def licences(language: str) -> list[Document]:
    """Every licence with a code; those of a jurisdiction are named where a dataset has one."""
    return [
        {
            "id": licence.code,
            "title": localise(licence.name, language),
            "url": licence.url,
            "status": "active",
            "family": licence.family,
            "is_okd_compliant": licence.is_open,
        }
        for licence in LISTED.values()
    ]


def facets(
    counted: Mapping[str, Mapping[str, int]],
    titles: Mapping[str, Mapping[str, str]],
    most: int,
) -> Document:
    """Counts in both shapes that `package_search` gives: `facets`, and `search_facets` with titles."""
    facet_counts = {
        name: dict(list(values.items())[:most] if most > 0 else values)
        for name, values in counted.items()
    }
    items = {
        name: [
            {
                "name": value,
                "display_name": titles.get(name, {}).get(value, value),
                "count": number,
            }
            for value, number in values.items()
        ]
        for name, values in facet_counts.items()
    }
    return {
        "facets": facet_counts,
        "search_facets": {
            name: {"title": name, "items": facet_items}
            for name, facet_items in items.items()
        },
    }


def facet_titles(
    language: str, producers: Sequence[Organisation]
) -> dict[str, dict[str, str]]:
    """The words for the values of facets."""
    return {
        "organization": {producer.slug: producer.name for producer in producers},
        "groups": {
            code: localise(theme.label, language) for code, theme in THEMES.items()
        },
        "license_id": {
            code: localise(licence.name, language) for code, licence in LICENCES.items()
        },
    }


def _licence(record: Record, language: str) -> Document:
    if record.licence.is_agreement:
        title = localise(TERMS_OF_AGREEMENT, language)
        return {
            "license_id": AGREEMENT,
            "license_title": title,
            "license_url": record.licence.link,
        }
    licence = record.licence.standard_licence
    title = localise(licence.name if licence else record.licence.label, language)
    return {
        "license_id": licence.code if licence else "other",
        "license_title": title,
        "license_url": record.licence.link,
    }


def _extras(record: Record, harvester: HarvesterName | None) -> dict[str, str | None]:
    box = record.geography.box if record.geography else None
    period = record.period
    dates = record.dates
    return {
        **list_extras(record),
        "harvester_name": harvester.name if harvester else "",
        "issued": _format_moment(dates.published or dates.stated_creation),
        "created": _format_moment(dates.stated_creation),
        "modified": _format_moment(dates.stated_update),
        "language": ",".join(record.languages),
        "identifier": record.doi or str(record.id),
        "temporal_start": _format_moment(period.start) if period else "",
        "temporal_end": _format_moment(period.end) if period and period.end else "",
        "spatial": _spatial(box.west, box.south, box.east, box.north) if box else "",
    }


def _spatial(west: float, south: float, east: float, north: float) -> str:
    ring = ",".join(
        f"[{x}, {y}]"
        for x, y in (
            (west, south),
            (east, south),
            (east, north),
            (west, north),
            (west, south),
        )
    )
    return f'{{"type": "Polygon", "coordinates": [[{ring}]]}}'


def _count(count: int | None) -> Document:
    if count is None:
        return {}
    return {"package_count": count}


def _format_moment(moment: datetime | None) -> str | None:
    """In UTC without saying so, as CKAN does; nothing for what nobody said."""
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat()
