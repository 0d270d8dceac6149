"""What we write, we read again: our record through RUDI's JSON and through DCAT-AP keeps what each can hold."""

import json
import string
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat

from udi.portal.nodes.harvest import recognise
from udi.portal.nodes.harvest.convert import Given, convert
from udi.protocol.access import AccessRights
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES
from udi.protocol.rdf import dataset_address, write_dataset
from udi.protocol.record import restore_record, write_record
from udi.protocol.structures import (
    Box,
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
from udi.protocol.themes import THEMES
from udi.protocol.triples import canonical, write_triples
from udi.protocol.vocabulary import DOWNLOAD, MediaKind

ORIGIN = "https://donnees.example"
SOURCE = UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10")
FORMS = (RdfFormat.TURTLE, RdfFormat.RDF_XML, RdfFormat.JSON_LD, RdfFormat.N_TRIPLES)
QUIET = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

words = st.text(alphabet=string.ascii_letters + "éèàçœ'’ 0123456789-.", min_size=1, max_size=40).map(
    lambda text: f"a{' '.join(text.split())}z"
)
texts = st.dictionaries(st.sampled_from(sorted(LANGUAGES)), words, min_size=1, max_size=3)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  # its zone is set below
    lambda moment: moment.replace(tzinfo=UTC)
)
names = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12)
media = st.builds(
    Media,
    id=st.uuids(),
    kind=st.just(MediaKind.FILE),
    url=names.map(lambda name: f"https://node.example/{name}.csv"),
    contract=st.just(DOWNLOAD),
    name=words,
    caption=words,
    media_type=st.sampled_from(["text/csv", "application/json", "application/geo+json", "application/pdf"]),
    size=st.integers(1, 2**53),
    checksum=st.builds(Checksum, st.just("SHA-256"), st.binary(min_size=32, max_size=32).map(bytes.hex)),
)
contacts = st.builds(Contact, id=st.uuids(), name=words, email=names.map(lambda name: f"{name}@example.org"))
boxes = st.tuples(st.floats(-179, 179), st.floats(-89, 88), st.floats(0.01, 0.9), st.floats(0.01, 0.9)).map(
    lambda at: Box(
        west=round(at[0], 4), south=round(at[1], 4), east=round(at[0] + at[2], 4), north=round(at[1] + at[3], 4)
    )
)
records = st.builds(
    Record,
    id=st.uuids(),
    title=words,
    synopsis=texts,
    summary=texts,
    theme=st.sampled_from(sorted(THEMES)),
    keywords=st.lists(words, min_size=2, max_size=4, unique=True).map(tuple),
    producer=st.builds(Organisation, id=st.uuids(), name=words),
    contacts=st.lists(contacts, min_size=1, max_size=2, unique_by=lambda each: each.email).map(tuple),
    media=st.lists(media, min_size=1, max_size=3, unique_by=lambda each: each.id).map(tuple),
    dates=moments.map(lambda at: Dates(created=at, updated=at + timedelta(days=2), published=at + timedelta(days=1))),
    access=st.just(AccessRights.PUBLIC),
    licence=st.sampled_from(sorted(LICENCES)).map(lambda code: LicenceTerms(code=code)),
    languages=st.lists(st.sampled_from(sorted(LANGUAGES)), min_size=1, max_size=2, unique=True).map(tuple),
    period=moments.map(lambda at: Period(at, at + timedelta(days=30))),
    geography=st.builds(Geography, box=boxes),
)


def given_of(record: Record) -> Given:
    return Given(source=SOURCE, producer=record.producer, found_at=datetime(2026, 11, 25, tzinfo=UTC))


@QUIET
@given(record=records)
def test_rudi_keeps_everything(record: Record) -> None:
    body = json.dumps(write_record(record)).encode()

    page = recognise.read(body, base_url=ORIGIN)

    assert page.format == "rudi"
    assert [fault.say() for each in page.refused for fault in each.faults] == []
    assert convert(page.records[0], given_of(record)).record == record


@QUIET
@given(record=records, form=st.sampled_from(FORMS))
def test_dcat_keeps_what_it_can_hold(record: Record, form: RdfFormat) -> None:
    triples = set(write_dataset(ORIGIN, record))
    body = canonical(triples) if form is RdfFormat.N_TRIPLES else write_triples(triples, form)

    page = recognise.read(body, base_url=f"{ORIGIN}/catalog")
    read = page.records[0]
    ours = convert(read, given_of(record)).record

    assert (read.identifier, read.landing_page) == (str(record.id), dataset_address(ORIGIN, record))
    assert ours.title == record.title
    assert ours.summary == record.summary
    assert set(ours.keywords) == set(record.keywords)
    assert THEMES[ours.theme].authority == THEMES[record.theme].authority
    assert ours.dates == record.dates
    assert set(ours.languages) == set(record.languages)
    assert ours.access == record.access
    assert (ours.licence.known or ours.licence) == record.licence.known
    assert ours.period == record.period
    assert ours.geography is not None
    assert ours.geography.box == record.geography.box
    assert {(each.name, each.email) for each in ours.contacts} == {(each.name, each.email) for each in record.contacts}
    assert {held(each) for each in ours.media} == {held(each) for each in record.media}
    assert read.publisher is not None
    assert list(read.publisher.name.values()) == [record.producer.name]


def held(each: Media) -> tuple[object, ...]:
    """What DCAT-AP can say of a file."""
    return each.kind, each.url, each.contract, each.name, each.caption, each.media_type, each.size, each.checksum


def bare(**said: object) -> bytes:
    return json.dumps([{"identifier": "1", "title": "Trees", "distribution": []} | said]).encode()


ABOUT = Given(
    source=SOURCE, producer=Organisation(id=SOURCE, name="City"), found_at=datetime(2026, 11, 25, 12, tzinfo=UTC)
)


def test_the_same_source_and_identifier_are_the_same_dataset_for_ever() -> None:
    first, second, other = (
        convert(recognise.read(bare(identifier=name), base_url=ORIGIN).records[0], ABOUT).record.id
        for name in ("1", " 1 ", "2")
    )

    assert str(first) == "d998a177-2a1e-5bc9-955c-60fc74613fb1"
    assert second == first != other


def test_what_is_missing_is_said_and_not_invented() -> None:
    converted = convert(recognise.read(bare(), base_url=ORIGIN).records[0], ABOUT)

    ours = converted.record
    assert (ours.theme, ours.keywords, ours.contacts, ours.media, ours.period, ours.geography) == (
        "",
        (),
        (),
        (),
        None,
        None,
    )
    assert ours.licence == LicenceTerms(label={"fr": "Licence non précisée", "en": "Licence not stated"})
    assert ours.dates.updated == ABOUT.found_at
    assert [fault.code for fault in converted.faults] == ["publisher_missing", "date_missing"]
    assert restore_record(write_record(ours)) == ours


def test_what_our_record_has_no_field_for_is_kept() -> None:
    said = {
        "accrualPeriodicity": "R/P1Y",
        "theme": ["agriculture"],
        "x": {"y": 1},
        "license": "House rules",
        "accessLevel": "non-public",
    }

    ours = convert(recognise.read(bare(**said), base_url=ORIGIN).records[0], ABOUT).record

    assert ours.access is AccessRights.RESTRICTED
    assert ours.licence == LicenceTerms(label={"fr": "House rules"})
    assert ours.keywords == ("agriculture",)
    assert ours.extra["harvested"]["frequency"] == "ANNUAL"
    assert ours.extra["harvested"]["extra"]["x"] == {"y": 1}


def test_a_long_title_is_cut_and_kept_whole_beside() -> None:
    converted = convert(recognise.read(bare(title="word " * 60), base_url=ORIGIN).records[0], ABOUT)

    assert len(converted.record.title) <= 150
    assert converted.record.extra["harvested"]["title"] == {"fr": ("word " * 60).strip()}
    assert converted.faults[0].code == "title_long"
