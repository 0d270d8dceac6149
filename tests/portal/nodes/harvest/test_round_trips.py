"""What we write, we read again: our record through RUDI's JSON and through DCAT-AP keeps what each can hold."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args, get_type_hints
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs
from pyoxigraph import RdfFormat

from tests.depth import examples
from tests.portal.nodes.harvest import made
from tests.portal.nodes.harvest.federated import comparable_metadata, list_names
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.record import RecordKind
from udi.protocol.access import AccessRights
from udi.protocol.geodcat import find_epsg_code
from udi.protocol.hvd import LEGISLATION
from udi.protocol.rdf import dataset_address, write_dataset
from udi.protocol.record import conceal_record, restore_record, write_record
from udi.protocol.serialisations import write_canonical, write_triples
from udi.protocol.structures import (
    Contact,
    LicenceTerms,
    Media,
    MediaMetadata,
    Metadata,
    Organisation,
    Record,
)
from udi.protocol.themes import THEMES
from udi.protocol.vocabulary import PUBLIC_MEDIA, MediaKind

ORIGIN = "https://donnees.example"
SOURCE = UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10")
FORMS = (RdfFormat.TURTLE, RdfFormat.RDF_XML, RdfFormat.JSON_LD, RdfFormat.N_TRIPLES)
QUIET = settings(
    max_examples=examples(15, 40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def given_of(record: Record) -> ConversionContext:
    return ConversionContext(
        source=SOURCE,
        producer=record.producer,
        found_at=datetime(2026, 11, 25, tzinfo=UTC),
    )


FINDING = settings(QUIET, max_examples=500, database=None, phases=[Phase.generate])


def paths(structure: type[Struct], before: str = "") -> Iterator[str]:
    """Every field of a structure, and of those in it."""
    for name, hint in get_type_hints(structure).items():
        inner = next(
            (
                candidate
                for candidate in (hint, *get_args(hint))
                if isinstance(candidate, type) and issubclass(candidate, Struct)
            ),
            None,
        )
        yield from paths(inner, f"{before}{name}.") if inner else [f"{before}{name}"]


DCAT = {
    "id", "title", "titles", "summary", "theme", "keywords", "producer.name", "contacts.name", "contacts.email",
    "contacts.organisation", "media.kind", "media.url", "media.name", "media.names", "media.caption", "media.dates.updated",
    "media.media_type", "media.size", "media.checksum.algorithm", "media.checksum.value", "media.structure",
    "media.documentation", "dates.created", "dates.updated", "dates.published", "access", "licence.code", "licence.label",
    "licence.url", "languages", "constraints.usage", "constraints.reference", "constraints.mention", "constraints.access",
    "constraints.other", "period.start", "period.end", "frequency", "series.url", "series.title", "geography.box.west", "geography.box.south", "geography.box.east",
    "geography.box.north", "geography.shape", "geography.projection", "doi", "dataverse_doi", "local_id",
    "contacts.role", "contacts.phone", "contacts.url", "dates.unstated", "media.dates.published", "media.dates.unstated",
    *(path for path in paths(Metadata, "metadata.")), *(path for path in paths(MediaMetadata, "media.metadata.")),
}  # fmt: skip
"""The fields that DCAT-AP 3 and GeoDCAT-AP 3 can hold; what is compared below is all of it."""
NOT_DCAT = {
    "synopsis": "one description", "summary_html": "descriptions are plain", "producer.id": "whom a source is read for is told",
    "producer.address": "no property", "producer.caption": "no property", "producer.summary": "no property",
    "producer.coordinates.latitude": "no property", "producer.coordinates.longitude": "no property",
    "producer.extra": "not ours", "contacts.id": "made anew",
    "contacts.summary": "no property", "contacts.extra": "not ours", "media.id": "made anew",
    "media.contract": "follows from what there is to download", "media.parameters": "RUDI's own", "media.visual": "no property",
    "media.encoding": "no property", "media.columns.name": "no property", "media.columns.unit": "no property",
    "media.tables.name": "no property", "media.tables.url": "no property", "media.tables.records": "no property", "media.tables.fields": "no property", "media.role": "only whether it is a file or a service",
    "media.access": "follows from the address that it has", "media.counters": "of series, which DCAT-AP has not", "media.extra": "not ours",
    **{f"{part}.{name}": "the days of creation, change and publication only" for part, names in {
        "dates": ("validated", "expires", "deleted"),
        "media.dates": ("created", "validated", "expires", "deleted"),
    }.items() for name in names},
    "personal": "no property", "storage": "no property", "size.records": "no property", "size.fields": "no property",
    **{f"description.{name}": "of a catalogue's record, which our feed has none of" for name in (
        "source", "contacts.id", "contacts.name", "contacts.email", "contacts.organisation", "contacts.role", "contacts.summary", "contacts.phone", "contacts.url", "dates.unstated",
        "contacts.extra", "dates.created", "dates.updated", "dates.validated", "dates.published", "dates.expires", "dates.deleted",
    )},
    "extensions": "RUDI's own", "extra": "not ours",
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Record]]:
    """Some records of each kind, which have most fields: a field that they lack is looked for in others."""
    return {
        name: draw_records(among)
        for name, among in (("records", made.records), ("personal", made.personal))
    }


def draw_records(among: st.SearchStrategy[Record]) -> list[Record]:
    records: list[Record] = []

    @settings(FINDING, max_examples=50)
    @given(record=among)
    def keep(record: Record) -> None:
        records.append(record)

    keep()
    return records


def values(thing: object, path: str) -> list[object]:
    """What a record says at a path, of each of the things that have it."""
    name, _, rest = path.partition(".")
    attribute = getattr(thing, name)
    inside = attribute if isinstance(attribute, tuple) else (attribute,)
    if rest:
        return [
            value
            for element in inside
            if element is not None
            for value in values(element, rest)
        ]
    return [attribute]


def test_every_field_is_one_that_dcat_can_hold_or_not() -> None:
    assert DCAT.isdisjoint(NOT_DCAT)
    assert DCAT | NOT_DCAT.keys() == set(paths(Record))


@pytest.mark.thorough
@pytest.mark.parametrize("path", sorted(paths(Record)))
def test_records_are_made_with_every_field(
    drawn: dict[str, list[Record]], path: str
) -> None:
    """So that what is kept of them is what is kept of any record."""
    name = "personal" if path in {"personal", "extensions"} else "records"
    with_field = (record for record in drawn[name] if any(values(record, path)))
    record = next(with_field, None) or find(
        getattr(made, name), lambda record: any(values(record, path)), settings=FINDING
    )
    assert any(values(record, path))


@QUIET
@given(record=made.records | made.personal)
def test_rudi_keeps_everything(record: Record) -> None:
    body = json.dumps(write_record(record)).encode()

    page = format_detection.read(body, base_url=ORIGIN)

    assert page.format == "rudi"
    assert [
        fault.translate() for refusal in page.refused for fault in refusal.faults
    ] == []
    assert conceal_record(
        convert(page.records[0], given_of(record)).record
    ) == conceal_record(record)


@QUIET
@given(record=made.records | made.personal, form=st.sampled_from(FORMS))
def test_dcat_keeps_what_it_can_hold(record: Record, form: RdfFormat) -> None:
    triples = set(write_dataset(ORIGIN, record))
    if form is RdfFormat.N_TRIPLES:
        body = write_canonical(triples)
    else:
        body = write_triples(triples, form)

    page = format_detection.read(body, base_url=f"{ORIGIN}/catalog")
    read = next(one for one in page.records if one.kind is RecordKind.DATASET)
    ours = convert(read, given_of(record)).record

    assert (read.identifier, read.landing_page) == (
        str(record.id),
        record.metadata.landing_page or dataset_address(ORIGIN, record),
    )
    assert (ours.local_id, ours.doi, ours.dataverse_doi) == (
        str(record.id),
        record.doi,
        record.dataverse_doi,
    )
    assert set(read.aliases) >= {
        identifier
        for identifier in (record.local_id, record.doi, record.dataverse_doi)
        if identifier
    }
    assert list_names(ours) == {str(record.id), *list_names(record)}
    assert (ours.title, ours.summary, ours.access) == (
        record.title,
        record.summary,
        record.access,
    )
    check_words_and_dates(ours, record)
    links = {media.url for media in record.media if media.role == "documentation"}
    assert metadata_of(ours, links) == metadata_of(record, links)
    assert (ours.licence.standard_licence or ours.licence) == (
        record.licence.standard_licence or record.licence
    )
    assert (ours.period, ours.frequency) == (record.period, record.frequency)
    assert ours.series == record.series
    assert placed(ours) == placed(record)
    assert constraint_texts(ours) == constraint_texts(record)
    assert {contact_key(contact) for contact in ours.contacts} == {
        contact_key(contact) for contact in record.contacts
    }
    assert sorted(map(media_content, ours.media), key=str) == sorted(
        (media_content(medium, record) for medium in record.media), key=str
    )
    assert read.publisher is not None
    described = record.metadata.publisher
    names = described.name if described else {"": record.producer.name}
    assert set(read.publisher.name.values()) == set(names.values())


def check_words_and_dates(ours: Record, record: Record) -> None:
    labels = {subject.label for subject in record.metadata.subjects if subject.label}
    assert (set(ours.keywords), set(ours.languages)) == (
        {*record.keywords, *labels},
        set(record.languages),
    )
    assert set(ours.metadata.themes) == set(
        record.metadata.themes or [THEMES[record.theme].authority]
    )
    assert (
        ours.dates.stated_creation,
        ours.dates.stated_update,
        ours.dates.published,
    ) == (
        record.dates.stated_creation,
        record.dates.stated_update,
        record.dates.published,
    )


def metadata_of(record: Record, links: set[str]) -> dict[str, object]:
    """What DCAT-AP says besides, in no order; less what follows from other fields, which are compared by themselves."""
    metadata = structs.replace(
        record.metadata,
        themes=(),
        publisher=None,
        landing_page="",
        keywords={},
        identifiers=(),
    )
    pages = set(metadata.documentation) - links
    labels = {subject.label for subject in metadata.subjects}
    laws = set(metadata.applicable_legislation) | {LEGISLATION}
    return comparable_metadata(metadata) | {
        "documentation": sorted(pages),
        "applicable_legislation": sorted(laws),
        "access": metadata.access or record.access.name,
        "keywords": {
            tag: sorted(set(words) - labels)
            for tag, words in record.metadata.keywords.items()
            if set(words) - labels
        },
    }


def contact_key(contact: Contact) -> tuple[str, ...]:
    return (
        contact.name,
        contact.email,
        contact.organisation,
        contact.role,
        contact.phone,
        contact.url,
    )


def placed(record: Record) -> object:
    """Where it is; a reference system by its code."""
    where = record.geography
    return where and (where.box, where.shape, find_epsg_code(where.projection))


def constraint_texts(record: Record) -> set[tuple[str, str]]:
    """What its producer asks, by language: DCAT-AP has one property for all of it, of which each line counts."""
    constraints = record.constraints
    texts = (
        constraints.usage,
        constraints.reference,
        constraints.mention,
        constraints.access,
        constraints.other,
        *(media.metadata.rights for media in record.media),
    )
    return {
        (tag, line)
        for translations in texts
        for tag, words in translations.items()
        for line in words.split("\n")
    }


def _is_download(media: Media, url: str) -> bool | None:
    """A series is read as a file that its address is not; nothing is said of what restricted data lead to."""
    if url.startswith(f"{ORIGIN}/data/"):
        return None
    return False if media.kind is MediaKind.SERIES else media.metadata.is_download


def media_content(media: Media, of: Record | None = None) -> tuple[object, ...]:
    """What DCAT-AP can say of a file or a service; nothing of where restricted data are. A series is neither."""
    service = media.kind is MediaKind.SERVICE
    size, checksum, kind = (
        (None, None, "") if service else (media.size, media.checksum, media.media_type)
    )
    updated = media.dates and media.dates.stated_update
    published = media.dates and media.dates.published
    metadata = media.metadata
    is_series = media.kind is MediaKind.SERIES
    is_concealed = of is not None and (
        of.access is AccessRights.RESTRICTED and media.access != PUBLIC_MEDIA
    )
    url = media.url
    if (
        of is not None
        and of.access is AccessRights.RESTRICTED
        and media.access != PUBLIC_MEDIA
    ):
        url = dataset_address(ORIGIN, of)
    return (
        service,
        url,
        media.name,
        sorted(media.names.items()),
        media.caption,
        updated,
        published,
        kind,
        size,
        checksum,
        media.documentation,
        {media.structure, *metadata.conforms_to} - {""},
        metadata.captions,
        set(metadata.rights_statements),
        "" if is_concealed else metadata.access_url,
        metadata.endpoint or (media.url if service and is_concealed else ""),
        _is_download(media, url),
        "REST" if is_series else metadata.format,
        metadata.media_type,
        metadata.size,
        metadata.checksum,
        metadata.status,
        metadata.availability,
        set(metadata.languages),
        set(metadata.standards),
        set(metadata.documentation),
    )


def bare(**fields: object) -> bytes:
    return json.dumps(
        [{"identifier": "1", "title": "Trees", "distribution": []} | fields]
    ).encode()


ABOUT = ConversionContext(
    source=SOURCE,
    producer=Organisation(id=SOURCE, name="City"),
    found_at=datetime(2026, 11, 25, 12, tzinfo=UTC),
)


def test_the_same_source_and_identifier_are_the_same_dataset_for_ever() -> None:
    first, second, other = (
        convert(
            format_detection.read(bare(identifier=name), base_url=ORIGIN).records[0],
            ABOUT,
        ).record.id
        for name in ("1", " 1 ", "2")
    )

    assert str(first) == "d998a177-2a1e-5bc9-955c-60fc74613fb1"
    assert second == first != other


def test_what_is_missing_is_said_and_not_invented() -> None:
    converted = convert(
        format_detection.read(bare(), base_url=ORIGIN).records[0], ABOUT
    )

    ours = converted.record
    assert (
        ours.theme,
        ours.keywords,
        ours.contacts,
        ours.media,
        ours.period,
        ours.geography,
    ) == (
        "",
        (),
        (),
        (),
        None,
        None,
    )
    assert ours.licence == LicenceTerms(
        label={
            "fr": "Licence non précisée",
            "en": "Licence not stated",
            "es": "Licencia no indicada",
        }
    )
    assert ours.dates.updated == ABOUT.found_at
    assert (ours.dates.stated_creation, ours.dates.stated_update) == (None, None)
    assert [fault.code for fault in converted.faults] == [
        "publisher_missing",
        "date_missing",
    ]
    assert restore_record(write_record(ours)) == ours


def test_what_our_record_has_no_field_for_is_kept() -> None:
    fields = {
        "accrualPeriodicity": "R/P1Y",
        "theme": ["agriculture"],
        "x": {"y": 1},
        "license": "House rules",
        "accessLevel": "non-public",
    }

    ours = convert(
        format_detection.read(bare(**fields), base_url=ORIGIN).records[0], ABOUT
    ).record

    assert ours.access is AccessRights.RESTRICTED
    assert ours.licence == LicenceTerms(label={"fr": "House rules"})
    assert ours.keywords == ("agriculture",)
    assert (ours.frequency, ours.metadata.access) == ("ANNUAL", "NON_PUBLIC")
    assert ours.extra["harvested"]["extra"]["x"] == {"y": 1}


def test_a_long_title_is_cut_and_kept_whole_beside() -> None:
    converted = convert(
        format_detection.read(bare(title="word " * 60), base_url=ORIGIN).records[0],
        ABOUT,
    )

    assert len(converted.record.title) <= 150
    assert converted.record.extra["harvested"]["title"] == {
        "fr": ("word " * 60).strip()
    }
    assert converted.faults[0].code == "title_long"
