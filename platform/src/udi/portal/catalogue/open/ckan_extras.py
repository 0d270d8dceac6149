"""What DCAT-AP says of a dataset beyond CKAN's own fields, as extras under the names of ckanext-dcat; lists are JSON."""

import json
from collections.abc import Iterable, Mapping

from udi.protocol.access import URI as ACCESS_RIGHT
from udi.protocol.access import AccessRights
from udi.protocol.frequencies import URI as FREQUENCY
from udi.protocol.structures import Agent, NamedResource, Record
from udi.protocol.themes import URI as THEME

PERSON = "http://purl.org/adms/publishertype/PrivateIndividual(s)"
"""ADMS's type of a natural person, by which the next portal knows that it is no organisation."""


def list_extras(record: Record) -> Mapping[str, str]:
    """Those that the record says, by their names; empty for what it does not."""
    metadata = record.metadata
    themes = [
        *(THEME + code for code in metadata.themes),
        *_addresses(metadata.subjects),
    ]
    resolution = metadata.spatial_resolution
    return {
        "access_rights": _access_rights(record),
        "frequency": FREQUENCY + record.frequency if record.frequency else "",
        "theme": _write_list(themes),
        "hvd_category": _write_list(metadata.hvd_categories),
        "applicable_legislation": _write_list(metadata.applicable_legislation),
        **_agents("publisher", [metadata.publisher] if metadata.publisher else []),
        **_agents("creator", metadata.creators),
        **_agents("rights_holder", metadata.rights_holders),
        "spatial_uri": next(iter(_addresses(metadata.places)), ""),
        "spatial_text": ", ".join(
            place.label for place in metadata.places if place.label
        ),
        "spatial_resolution_in_meters": ""
        if resolution is None
        else _write_list([f"{resolution:g}"]),
        "temporal_resolution": _write_list(
            filter(None, [metadata.temporal_resolution])
        ),
        "landing_page": metadata.landing_page,
        "documentation": _write_list(metadata.documentation),
        "provenance": "\n".join(
            words for texts in metadata.provenance for words in texts.values()
        ),
        "source": _write_list(_values(metadata.sources)),
        "conforms_to": _write_list(_values(metadata.conforms_to)),
        "version_notes": "\n".join(metadata.version_notes.values()),
        "in_series": _write_list(series.url for series in record.series),
    }


def _access_rights(record: Record) -> str:
    code = record.metadata.access
    if code and (code == AccessRights.PUBLIC.name) == (
        record.access is AccessRights.PUBLIC
    ):
        return ACCESS_RIGHT + code
    return record.access.uri


def _agents(name: str, agents: Iterable[Agent]) -> dict[str, str]:
    """The first, as ckanext-dcat's extras have room for."""
    agent = next(iter(agents), Agent())
    return {
        f"{name}_name": next(iter(agent.name.values()), ""),
        f"{name}_uri": agent.uri,
        f"{name}_identifier": agent.identifier,
        f"{name}_email": agent.email,
        f"{name}_url": agent.url,
        f"{name}_type": agent.kind or (PERSON if agent.is_person else ""),
    }


def _addresses(resources: Iterable[NamedResource]) -> list[str]:
    return [resource.uri for resource in resources if resource.uri]


def _values(resources: Iterable[NamedResource]) -> list[str]:
    return [resource.uri or resource.label for resource in resources]


def _write_list(values: Iterable[str]) -> str:
    entries = list(values)
    return json.dumps(entries, ensure_ascii=False) if entries else ""
