"""CKAN's Action API (2.12), read only: what existing connectors ask of a CKAN, answered from this catalogue.

A producer is an organisation, a theme is a group, a keyword is a tag, a file or a service is a resource.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from udi.portal.catalogue.models import AGREEMENT
from udi.portal.catalogue.open.listing import Shown
from udi.portal.organisations.models import Organisation
from udi.protocol.access import AccessRights
from udi.protocol.licences import LICENCES
from udi.protocol.restricted import TERMS_OF_AGREEMENT
from udi.protocol.structures import Media, Record
from udi.protocol.themes import THEMES, Theme
from udi.protocol.vocabulary import MediaKind
from udi.ui.locale import localised

VERSION = "2.12"
Document = dict[str, Any]


def package(shown: Shown, origin: str, language: str) -> Document:
    """A dataset as `package_show` gives it."""
    said, theme = shown.record, THEMES.get(shown.record.theme)
    address = f"{origin}/data/{said.id}"
    resources = [resource(media, said, address, place) for place, media in enumerate(said.media)]
    contact = said.contacts[0] if said.contacts else None
    return {
        "id": str(said.id),
        "name": str(said.id),
        "title": said.title,
        "notes": localised(said.summary, language) or localised(said.synopsis, language),
        "url": address,
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": said.access is AccessRights.PUBLIC and said.licence.known is not None,
        "author": said.producer.name,
        "author_email": None,
        "maintainer": contact.name if contact else None,
        "maintainer_email": contact.email if contact else None,
        "version": None,
        "creator_user_id": None,
        **_licence(said, language),
        "owner_org": str(shown.producer.id),
        "organization": organization(shown.producer, language),
        "metadata_created": _moment(shown.listed),
        "metadata_modified": _moment(shown.described),
        "tags": [tag(word) for word in said.keywords],
        "num_tags": len(said.keywords),
        "groups": [group(theme, language)] if theme else [],
        "resources": resources,
        "num_resources": len(resources),
        "extras": [{"key": key, "value": value} for key, value in _extras(said).items() if value],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def resource(media: Media, said: Record, address: str, place: int) -> Document:
    """A file or a service; a restricted one leads to the dataset's page."""
    return {
        "id": str(media.id),
        "package_id": str(said.id),
        "name": media.name or media.format,
        "description": media.caption,
        "url": media.url if said.access is AccessRights.PUBLIC else address,
        "format": media.format,
        "mimetype": media.media_type.partition(";")[0] or None,
        "size": media.size,
        "hash": media.checksum.value if media.checksum else "",
        "resource_type": "file" if media.kind is MediaKind.FILE else "api",
        "url_type": None,
        "state": "active",
        "position": place,
        "datastore_active": False,
        "created": _moment(media.dates.created if media.dates else said.dates.created),
        "last_modified": _moment(media.dates.updated if media.dates else said.dates.updated),
        "metadata_modified": _moment(media.dates.updated if media.dates else said.dates.updated),
    }


def organization(producer: Organisation, language: str, count: int | None = None) -> Document:
    """A producer."""
    return {
        "id": str(producer.id),
        "name": producer.slug,
        "title": producer.name,
        "description": localised(producer.summary, language),
        "type": "organization",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
        "image_url": "",
        "created": _moment(producer.created_at),
    } | _count(count)


def group(theme: Theme, language: str, count: int | None = None) -> Document:
    """A theme."""
    return {
        "id": theme.code,
        "name": theme.code,
        "title": localised(theme.label, language),
        "display_name": localised(theme.label, language),
        "description": "",
        "type": "group",
        "is_organization": False,
        "state": "active",
        "image_display_url": "",
    } | _count(count)


def tag(word: str) -> Document:
    """A keyword."""
    return {"id": word, "name": word, "display_name": word, "state": "active", "vocabulary_id": None}


def licences(language: str) -> list[Document]:
    """Every licence with a code."""
    return [
        {"id": each.code, "title": localised(each.name, language), "url": each.url, "status": "active", "family": ""}
        for each in LICENCES.values()
    ]


def facets(counted: Mapping[str, Mapping[str, int]], titles: Mapping[str, Mapping[str, str]], most: int) -> Document:
    """Counts in both shapes that `package_search` gives: `facets`, and `search_facets` with titles."""
    kept = {name: dict(list(values.items())[:most] if most > 0 else values) for name, values in counted.items()}
    items = {
        name: [
            {"name": value, "display_name": titles.get(name, {}).get(value, value), "count": number}
            for value, number in values.items()
        ]
        for name, values in kept.items()
    }
    return {
        "facets": kept,
        "search_facets": {name: {"title": name, "items": each} for name, each in items.items()},
    }


def title_groups(language: str, producers: Sequence[Organisation]) -> dict[str, dict[str, str]]:
    """The words for the values of facets."""
    return {
        "organization": {producer.slug: producer.name for producer in producers},
        "groups": {code: localised(theme.label, language) for code, theme in THEMES.items()},
        "license_id": {code: localised(each.name, language) for code, each in LICENCES.items()},
    }


def counts_of(producers: Sequence[Organisation], counted: Mapping[UUID, int]) -> list[tuple[Organisation, int]]:
    """The producers with what they publish, those with most first."""
    return sorted(((each, counted.get(each.id, 0)) for each in producers), key=lambda pair: (-pair[1], pair[0].slug))


def _licence(said: Record, language: str) -> Document:
    if said.licence.is_agreement:
        title = localised(TERMS_OF_AGREEMENT, language)
        return {"license_id": AGREEMENT, "license_title": title, "license_url": said.licence.link}
    known = said.licence.known
    title = localised(known.name if known else said.licence.label, language)
    return {"license_id": known.code if known else "other", "license_title": title, "license_url": said.licence.link}


def _extras(said: Record) -> dict[str, str]:
    box, period = said.geography.box if said.geography else None, said.period
    return {
        "access_rights": said.access.uri,
        "issued": _moment(said.dates.published or said.dates.created),
        "modified": _moment(said.dates.updated),
        "language": ",".join(said.languages),
        "identifier": said.doi or str(said.id),
        "temporal_start": _moment(period.start) if period else "",
        "temporal_end": _moment(period.end) if period and period.end else "",
        "spatial": _spatial(box.west, box.south, box.east, box.north) if box else "",
    }


def _spatial(west: float, south: float, east: float, north: float) -> str:
    ring = ",".join(
        f"[{x}, {y}]" for x, y in ((west, south), (east, south), (east, north), (west, north), (west, south))
    )
    return f'{{"type": "Polygon", "coordinates": [[{ring}]]}}'


def _count(count: int | None) -> Document:
    return {} if count is None else {"package_count": count}


def _moment(moment: datetime) -> str:
    """In UTC without saying so, as CKAN does."""
    return moment.replace(tzinfo=None).isoformat()
