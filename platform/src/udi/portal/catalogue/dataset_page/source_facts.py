"""What the source of a dataset says of it beyond the essentials, in the order of its use, as a page lists it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from udi.portal.catalogue.place_names import find_place_name, name_place, read_code
from udi.protocol.access import URI as ACCESS_RIGHT
from udi.protocol.access import AccessRights
from udi.protocol.frequencies import LABELS, count_late_days
from udi.protocol.hvd import CATEGORIES
from udi.protocol.structures import Agent, NamedResource, Record
from udi.protocol.texts import Texts
from udi.protocol.themes import EU_THEMES
from udi.ui.locale import localise

ADDRESSES = ("http://", "https://")
ACCESS_LABELS = {
    "NON_PUBLIC": {"fr": "Non publique", "en": "Non-public", "es": "No público"},
    "CONFIDENTIAL": {
        "fr": "Confidentielle",
        "en": "Confidential",
        "es": "Confidencial",
    },
    "SENSITIVE": {"fr": "Sensible", "en": "Sensitive", "es": "Sensible"},
}
"""Access rights that are more than open or restricted, which the page says at its head."""


@dataclass(frozen=True)
class SourceValue:
    """A value: its words, the page that it leads to where it has one, and a few words beside it."""

    text: str
    link: str = ""
    note: str = ""


@dataclass(frozen=True)
class SourceFact:
    """What is said, by a name that the template has the words of, and its values."""

    name: str
    values: tuple[SourceValue, ...]


@dataclass(frozen=True)
class UpdateRhythm:
    """How often changes are expected, and by how many days the next is late: None where no day is due, or none is known."""

    words: str
    late_days: int | None


def find_rhythm(record: Record, language: str, today: date) -> UpdateRhythm | None:
    """The announced rhythm; None where none is announced."""
    words = LABELS.get(record.frequency)
    if not words:
        return None
    changed = record.dates.stated_update or record.dates.published
    late_days = None
    if changed:
        late_days = count_late_days(record.frequency, changed.date(), today)
    return UpdateRhythm(localise(words, language), late_days)


def list_source_facts(record: Record, language: str) -> list[SourceFact]:
    """Those that have a value."""
    facts = (
        SourceFact(name, tuple(dict.fromkeys(value for value in values if value.text)))
        for name, values in _list_values(record, language)
    )
    return [fact for fact in facts if fact.values]


def _list_values(
    record: Record, language: str
) -> Iterator[tuple[str, Iterable[SourceValue]]]:
    metadata = record.metadata
    yield "places", map(_place, metadata.places)
    yield "themes", _themes(record, language)
    yield "rights_holders", _agents(metadata.rights_holders, language)
    yield "creators", _agents(metadata.creators, language)
    yield "publisher", _publisher(record, language)
    yield "provenance", _texts(metadata.provenance, language)
    yield "sources", map(_resource, metadata.sources)
    yield "documentation", map(_address, metadata.documentation)
    yield "landing_page", map(_address, filter(None, [metadata.landing_page]))
    yield "conforms_to", map(_resource, metadata.conforms_to)
    yield "legislation", map(_address, metadata.applicable_legislation)
    yield "high_value", (_category(uri, language) for uri in metadata.hvd_categories)
    if metadata.spatial_resolution is not None:
        yield "spatial_resolution", [SourceValue(f"{metadata.spatial_resolution:g}")]
    yield "temporal_resolution", _words(metadata.temporal_resolution)
    yield "version", _version(record, language)
    yield (
        "series",
        (
            SourceValue(localise(series.title, language) or series.url, series.url)
            for series in record.series
        ),
    )
    yield "access", _access(record, language)
    yield "identifiers", _identifiers(record)


def _words(text: str, note: str = "") -> list[SourceValue]:
    return [SourceValue(text, note=note)] if text else []


def _place(place: NamedResource) -> SourceValue:
    name = name_place(place)
    code = read_code(place.uri) if place.uri else ""
    note = code if code != name and find_place_name(place.uri) else ""
    return SourceValue(name, _link(place.uri), note)


def _resource(resource: NamedResource) -> SourceValue:
    return SourceValue(resource.label or resource.uri, _link(resource.uri))


def _address(address: str) -> SourceValue:
    return SourceValue(address, _link(address))


def _link(address: str) -> str:
    return address if address.startswith(ADDRESSES) else ""


def _themes(record: Record, language: str) -> list[SourceValue]:
    """The EU's themes, then the subjects of other vocabularies that have words."""
    metadata = record.metadata
    themes = [
        SourceValue(localise(EU_THEMES[code], language))
        for code in metadata.themes
        if code in EU_THEMES
    ]
    subjects = (
        SourceValue(subject.label or read_code(subject.uri), _link(subject.uri))
        for subject in metadata.subjects
    )
    return [*themes, *subjects]


def _agents(agents: Iterable[Agent], language: str) -> list[SourceValue]:
    return [
        SourceValue(name, _link(agent.url), agent.identifier)
        for agent in agents
        if (name := localise(agent.name, language) or agent.uri)
    ]


def _publisher(record: Record, language: str) -> list[SourceValue]:
    """Where its name is not that of the producer, which the head of the page says."""
    publisher = record.metadata.publisher
    if publisher is None or record.producer.name in publisher.name.values():
        return []
    return _agents([publisher], language)


def _texts(texts: Iterable[Texts], language: str) -> list[SourceValue]:
    words = (localise(text, language) for text in texts)
    return [SourceValue(word, _link(word)) for word in words if word]


def _category(uri: str, language: str) -> SourceValue:
    label = next(
        (category.label for category in CATEGORIES if category.uri == uri), None
    )
    return SourceValue(localise(label, language) if label else uri, _link(uri))


def _version(record: Record, language: str) -> list[SourceValue]:
    notes = localise(record.metadata.version_notes, language)
    if record.metadata.version:
        return [SourceValue(record.metadata.version, note=notes)]
    return _words(notes)


def _access(record: Record, language: str) -> list[SourceValue]:
    """Only beside restricted data: what is open to all is not confidential, whatever else is stored."""
    code = record.metadata.access
    label = ACCESS_LABELS.get(code)
    if label and record.access is not AccessRights.PUBLIC:
        return [SourceValue(localise(label, language), ACCESS_RIGHT + code)]
    return []


def _identifiers(record: Record) -> list[SourceValue]:
    identifiers = (
        record.local_id,
        record.doi,
        record.dataverse_doi,
        *record.metadata.identifiers,
    )
    return [SourceValue(identifier) for identifier in identifiers if identifier]
