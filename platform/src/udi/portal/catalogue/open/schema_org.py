"""A dataset for search engines and for those who learn from data: schema.org's Dataset, which is Croissant 1.0 too.

One document is both: Croissant is schema.org with a few words more. The portal knows files, not columns: it says no record set.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from udi.portal.catalogue.models import AGREEMENT, Dataset, Distribution
from udi.portal.catalogue.open.representations import CROISSANT_PROFILE
from udi.portal.catalogue.open.signposts import licence_of, permanent_name
from udi.portal.catalogue.place_names import name_place
from udi.protocol.access import AccessRights
from udi.protocol.metadata_json import read_metadata
from udi.protocol.restricted_data import TERMS_OF_AGREEMENT
from udi.protocol.structures import Agent, Metadata
from udi.ui.locale import localise, localise_title

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the Croissant specification, less what only machine learning's own terms need."""
HASHES = {"MD5": "md5", "SHA-256": "sha256"}


def write_dataset(
    dataset: Dataset, origin: str, catalogue: str, language: str
) -> dict[str, Any]:
    """The document; texts in one language. Restricted data show no address of a file."""
    address = f"{origin}/data/{dataset.id}"
    producer = dataset.organisation
    publisher = {
        "@type": "Organization",
        "@id": f"{origin}/producers/{producer.slug}",
        "name": producer.name,
        "url": producer.url or f"{origin}/producers/{producer.slug}",
    }
    open_ = dataset.access == AccessRights.PUBLIC
    files = list(_files(dataset, address, language))
    metadata = read_metadata(dataset.record)
    year = (dataset.stated_update or dataset.published_at).year
    document = {
        "@context": CONTEXT | {"@language": language},
        "@type": "sc:Dataset",
        "@id": address,
        "conformsTo": CROISSANT_PROFILE,
        "name": dataset.title_in(language),
        "description": localise(dataset.summary, language)
        or localise(dataset.synopsis, language)
        or dataset.title_in(language),
        "url": address,
        "identifier": [permanent_name(dataset, origin), str(dataset.id)],
        "license": licence_of(dataset),
        "conditionsOfAccess": localise(TERMS_OF_AGREEMENT, language)
        if dataset.licence == AGREEMENT
        else "",
        "keywords": dataset.keywords,
        "inLanguage": dataset.languages,
        "creator": list_agents(metadata.creators, language) or publisher,
        "copyrightHolder": list_agents(metadata.rights_holders, language),
        "publisher": publisher,
        "dateCreated": _format_moment(dataset.stated_creation),
        "datePublished": dataset.published_at.isoformat(),
        "dateModified": _format_moment(dataset.stated_update),
        "temporalCoverage": _period(dataset),
        "spatialCoverage": _places(dataset, metadata),
        "about": _subjects(metadata),
        "isBasedOn": [source.uri for source in metadata.sources if source.uri],
        "version": metadata.version,
        "isAccessibleForFree": True if open_ else None,
        "citeAs": f"{producer.name} ({year}). {dataset.title}. {permanent_name(dataset, origin)}",
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": catalogue,
            "url": f"{origin}/data",
        },
        "isLiveDataset": True
        if any(not set(HASHES.values()) & set(file) for file in files)
        else None,
        "distribution": files if open_ else [],
    }
    return {
        name: value for name, value in document.items() if value not in (None, "", [])
    }


def _files(dataset: Dataset, address: str, language: str) -> Iterator[dict[str, Any]]:
    file_names = dataset.file_names
    for media in dataset.distributions:
        if media.kind == "FILE":
            names = file_names.get(str(media.id))
            yield _file(media, address, localise_title(media.name, names, language))


def _file(media: Distribution, address: str, name: str) -> dict[str, Any]:
    if media.hash_algorithm in HASHES:
        digest = {HASHES[media.hash_algorithm]: media.hash_value}
    else:
        digest = {}
    file_object = {
        "@type": "cr:FileObject",
        "@id": f"{address}#media-{media.id}",
        "name": name or media.format,
        "description": media.caption,
        "contentUrl": media.url,
        "encodingFormat": media.media_type.partition(";")[0]
        or "application/octet-stream",
        "contentSize": f"{media.size} B" if media.size is not None else "",
    }
    return {name: value for name, value in file_object.items() if value} | digest


def _period(dataset: Dataset) -> str:
    if dataset.period_start is None:
        return ""
    if dataset.period_end:
        end = dataset.period_end.date().isoformat()
    else:
        end = ".."
    return f"{dataset.period_start.date().isoformat()}/{end}"


def _format_moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def list_agents(agents: Iterable[Agent], language: str) -> list[dict[str, str]]:
    """Those who made the data or own them, as the source describes them."""
    return [
        {"@type": "Person" if agent.is_person else "Organization", "name": name}
        | ({"url": agent.url} if agent.url else {})
        for agent in agents
        if (name := localise(agent.name, language))
    ]


def _subjects(metadata: Metadata) -> list[dict[str, str]]:
    return [
        {"@type": "DefinedTerm", "name": subject.label}
        | ({"url": subject.uri} if subject.uri else {})
        for subject in metadata.subjects
        if subject.label
    ]


def _places(
    dataset: Dataset, metadata: Metadata
) -> dict[str, Any] | list[dict[str, Any]]:
    """The rectangle, and places by their names and addresses; one alone stands by itself."""
    places: list[dict[str, Any]] = []
    if dataset.west is not None:
        box = f"{dataset.south} {dataset.west} {dataset.north} {dataset.east}"
        places.append({"@type": "Place", "geo": {"@type": "GeoShape", "box": box}})
    for place in metadata.places:
        named = {"@type": "Place", "name": name_place(place)}
        places.append(named | ({"sameAs": place.uri} if place.uri else {}))
    return places[0] if len(places) == 1 else places
