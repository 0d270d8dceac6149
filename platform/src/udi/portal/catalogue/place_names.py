"""Places, agents and subjects of a description in words: codes of INSEE and of groupings of municipalities have names here."""

import re

from udi.protocol.structures import Metadata, NamedResource
from udi.tabular.columns.area_names import find_area_name
from udi.tabular.columns.column import ColumnType

LEVELS = {
    "commune": ColumnType.COMMUNE,
    "departement": ColumnType.DEPARTMENT,
    "region": ColumnType.REGION,
    "epci": ColumnType.SIREN,
    "intercommunalite": ColumnType.SIREN,
}
CODE = re.compile(
    rf"(?P<level>{'|'.join(LEVELS)})(?:s|\d{{4}})?[/:](?P<code>[0-9][0-9AB]?[0-9]*)(?:@[\d-]+)?",
    re.IGNORECASE,
)
"""In the addresses of INSEE (`id.insee.fr/geo/commune/35238`) and in the zones of data.gouv.fr (`fr:commune:35238`)."""
MOST_NAMES = 200
MOST_PLACES = 50
LONGEST_NAME = 120


def name_place(place: NamedResource) -> str:
    """The name that its source gives it, else that of its code, else the end of its address."""
    return place.label or find_place_name(place.uri) or read_code(place.uri)


def find_place_name(address: str) -> str:
    """The name of the area whose code ends an address; empty where no list of ours has it."""
    match = CODE.search(address)
    if match is None or match.end() != len(address.rstrip("/")):
        return ""
    return find_area_name(match["code"], LEVELS[match["level"].lower()])


def read_code(address: str) -> str:
    """What a reader may know a place or a concept by: the last part of its address."""
    return re.split(r"[/#:]", address.rstrip("/#"))[-1] or address


def list_place_names(metadata: Metadata) -> list[str]:
    """Names of the places of a description, each once; a code without a name is none."""
    names = (place.label or find_place_name(place.uri) for place in metadata.places)
    clean = (" ".join(name.split())[:LONGEST_NAME] for name in names)
    return list(dict.fromkeys(name for name in clean if name))[:MOST_PLACES]


def list_searched_names(metadata: Metadata) -> list[str]:
    """Names of places, subjects, creators and rights holders that a search finds a dataset by, each once."""
    agents = [*metadata.creators, *metadata.rights_holders]
    if metadata.publisher:
        agents.append(metadata.publisher)
    names = [
        *(place.label or find_place_name(place.uri) for place in metadata.places),
        *(subject.label for subject in metadata.subjects),
        *(words for agent in agents for words in agent.name.values()),
    ]
    return list(dict.fromkeys(name for name in names if name))[:MOST_NAMES]
