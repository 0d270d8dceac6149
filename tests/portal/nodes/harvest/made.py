"""Records made at random with every field that the protocol has, each of which may be there or not."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import structs

from udi.protocol.access import AccessRights
from udi.protocol.frequencies import CODES as FREQUENCIES
from udi.protocol.hvd import CATEGORIES, LEGISLATION
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES
from udi.protocol.rudi_names import COUNTERS
from udi.protocol.structures import (
    Agent,
    BoundingBox,
    Checksum,
    Constraints,
    Contact,
    ContactPoint,
    Coordinates,
    DatasetSize,
    Dates,
    Description,
    Geography,
    Interval,
    LicenceTerms,
    Media,
    MediaColumn,
    MediaMetadata,
    MediaTable,
    Metadata,
    NamedResource,
    Organisation,
    Period,
    Record,
    Series,
)
from udi.protocol.themes import THEMES
from udi.protocol.vocabulary import (
    DOWNLOAD,
    PUBLIC_MEDIA,
    MediaKind,
    StorageStatus,
)

words = st.text(
    alphabet=string.ascii_letters + "éèàçœ'’ 0123456789-.", min_size=1, max_size=40
).map(lambda text: f"a{' '.join(text.split())}z")
tags = st.sampled_from(sorted(LANGUAGES))
texts = st.dictionaries(tags, words, min_size=1, max_size=3)
some_texts = st.one_of(st.just({}), texts)
maybe = st.one_of(st.just(""), words)
names = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12)
counts = st.integers(0, 2**53)
addresses = names.map(lambda name: f"https://node.example/{name}")
series_addresses = names.map(lambda name: f"https://series.example/{name}")
"""Apart from those of files: two things of one address are one thing in RDF."""
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  # its zone is set below
    lambda moment: moment.replace(tzinfo=UTC)
)
extras = st.dictionaries(names.map(lambda name: f"x_{name}"), words, max_size=2)
SHAPE = {"type": "Point", "coordinates": [-1.65, 48.1]}


def _dates(at: datetime, more: tuple[bool, ...]) -> Dates:
    days = ("validated", "published", "expires", "deleted")
    others = {
        name: at + timedelta(days=number)
        for number, name in enumerate(days, 1)
        if more[number - 1]
    }
    unstated = {3: ("created",), 4: ("created", "updated")}.get(sum(more), ())
    return Dates(
        created=at, updated=at + timedelta(days=5), unstated=unstated, **others
    )


dates = st.builds(_dates, moments, st.tuples(*[st.booleans()] * 4))
organisations = st.builds(
    Organisation, id=st.uuids(version=4), name=words, address=maybe, caption=maybe, summary=maybe, extra=extras,
    coordinates=st.none() | st.builds(Coordinates, st.floats(-90, 90), st.floats(-180, 180)),
)  # fmt: skip
contacts = st.builds(
    Contact, id=st.uuids(version=4), name=words, email=names.map(lambda name: f"{name}@example.org"), organisation=maybe,
    role=maybe, summary=maybe, extra=extras, phone=st.sampled_from(["", "+33299000000"]), url=st.just("") | addresses,
)  # fmt: skip
several_contacts = st.lists(
    contacts, min_size=1, max_size=2, unique_by=lambda item: item.email
).map(tuple)
checksums = st.sampled_from([("MD5", 16), ("SHA-256", 32), ("SHA-512", 64)]).flatmap(
    lambda one: st.binary(min_size=one[1], max_size=one[1]).map(
        lambda value: Checksum(one[0], value.hex())
    )
)
others = names.map(lambda name: f"https://elsewhere.example/{name}")
"""Of pages, places, people and terms, apart from those of files and series."""
some_others = st.lists(others, max_size=2, unique=True).map(tuple)


def _named(kind: str) -> st.SearchStrategy[tuple[NamedResource, ...]]:
    """Things with an address, a name or both, whose addresses are of no other kind of thing."""
    uris = names.map(lambda name: f"https://{kind}.example/{name}")
    resources = st.builds(NamedResource, uri=uris, label=maybe) | st.builds(
        NamedResource, label=words
    )
    return st.lists(
        resources,
        max_size=2,
        unique_by=(lambda item: item.uri, lambda item: item.label),
    ).map(tuple)


def _agents(kind: str) -> st.SearchStrategy[Agent]:
    return st.builds(
        Agent,
        name=texts,
        uri=st.just("") | names.map(lambda name: f"https://{kind}.example/{name}"),
        identifier=maybe,
        kind=st.just("") | others,
        email=st.just("") | names.map(lambda name: f"{name}@example.org"),
        url=st.just("") | others,
        is_person=st.sampled_from((None, True)),
    ).map(_without_mail_of_person)


def _without_mail_of_person(agent: Agent) -> Agent:
    return msgspec.structs.replace(agent, email="") if agent.is_person else agent


def _some_agents(kind: str) -> st.SearchStrategy[tuple[Agent, ...]]:
    return st.lists(_agents(kind), max_size=2, unique_by=lambda item: item.uri).map(
        tuple
    )


def _intervals(pairs: list[tuple[datetime, int]]) -> tuple[Interval, ...]:
    """Several, or one without a start, as RUDI's one period cannot say."""
    if len(pairs) == 1:
        return (Interval(end=pairs[0][0]),)
    return _whole_intervals(pairs)


def _whole_intervals(pairs: list[tuple[datetime, int]]) -> tuple[Interval, ...]:
    return tuple(
        Interval(start=at, end=at + timedelta(days=days)) for at, days in pairs
    )


metadata = st.builds(
    Metadata,
    themes=st.lists(st.sampled_from(["AGRI", "ENVI", "TECH", "TRAN"]), max_size=2, unique=True).map(tuple),
    subjects=_named("subjects"),
    hvd_categories=st.lists(st.sampled_from([category.uri for category in CATEGORIES]), max_size=2, unique=True).map(tuple),
    applicable_legislation=names.map(lambda name: (LEGISLATION, f"https://law.example/{name}")) | st.just((LEGISLATION,)),
    identifiers=st.lists(names.map(lambda name: f"other-{name}"), max_size=2, unique=True).map(tuple),
    publisher=st.none() | _agents("publishers"), creators=_some_agents("creators"), rights_holders=_some_agents("holders"),
    contact_points=st.lists(
        st.builds(ContactPoint, name=words, organisation=maybe, phone=st.sampled_from(["", "+33299000001"]), url=st.just("") | others, role=maybe),
        max_size=2, unique_by=lambda item: item.name,
    ).map(tuple),
    periods=st.lists(st.tuples(moments, st.integers(1, 900)), max_size=2, unique=True).map(_intervals),
    temporal_resolution=st.sampled_from(["", "P1D", "PT15M"]), places=_named("places"), spatial_resolution=st.none() | st.integers(1, 5000).map(float),
    landing_page=st.just("") | others, documentation=some_others,
    provenance=st.lists(texts, max_size=2, unique_by=str).map(tuple), sources=_named("sources"), conforms_to=_named("standards"),
    version=st.sampled_from(["", "1.0.2"]), version_notes=some_texts, access=st.sampled_from(["", "NON_PUBLIC"]),
)  # fmt: skip
media_metadata: dict[str, Any] = {
    "rights_statements": some_others, "status": st.just("") | others, "availability": st.just("") | others,
    "languages": st.lists(tags, max_size=2, unique=True).map(tuple), "conforms_to": some_others, "documentation": some_others,
    "standards": st.lists(words, max_size=2, unique=True).map(tuple), "captions": some_texts, "rights": some_texts,
    "periods": st.lists(st.tuples(moments, st.integers(1, 900)), max_size=2, unique=True).map(_whole_intervals),
}  # fmt: skip


def _with_whole_captions(media: Media) -> Media:
    """A description in several languages has the main one among them; a page to ask at is not that of the file."""
    metadata = media.metadata
    captions = metadata.captions if len(metadata.captions) > 1 else {}
    access_url = "" if metadata.is_download is False else metadata.access_url
    main = captions.get("fr") or captions.get(min(captions, default=""), media.caption)
    return structs.replace(
        media,
        caption=main,
        metadata=structs.replace(metadata, captions=captions, access_url=access_url),
    )


of_any_media: dict[str, Any] = {
    "id": st.uuids(version=4), "name": maybe, "caption": maybe, "visual": st.just("") | addresses,
    "dates": st.none() | dates, "extra": extras,
}  # fmt: skip
parameters = st.lists(
    st.builds(lambda name, value: {"key": name, "value": value}, names, words),
    max_size=2,
)
several_titles = st.just({}) | st.builds(
    lambda french, other, tag: {"fr": french, tag: other},
    words,
    words,
    st.sampled_from(sorted(set(LANGUAGES) - {"fr"})),
)


def _with_names(media: Media, names_by_language: dict[str, str]) -> Media:
    return structs.replace(
        media,
        name=names_by_language.get("fr", media.name),
        names=names_by_language,
    )


files = st.builds(
    Media, **of_any_media, kind=st.just(MediaKind.FILE), url=addresses.map(lambda item: f"{item}.csv"),
    contract=st.just(DOWNLOAD), media_type=st.sampled_from(
        ["text/csv", "application/json", "application/geo+json", "application/pdf"]
    ), size=st.integers(1, 2**53), checksum=checksums, structure=st.just("") | addresses,
    metadata=st.builds(MediaMetadata, **media_metadata, access_url=st.just("") | others, is_download=st.sampled_from([None, False])),
    encoding=st.sampled_from(["", "UTF-8", "ISO-8859-1"]), role=st.sampled_from(["", "data", "documentation", "archive"]),
    access=st.sampled_from(["", PUBLIC_MEDIA]),
    columns=st.lists(st.builds(MediaColumn, names, st.sampled_from(["", "€", "km²"])), max_size=2).map(tuple),
    tables=st.lists(st.builds(MediaTable, name=names, url=addresses, records=st.integers(1, 9), fields=st.integers(1, 9)), max_size=2).map(tuple),
)  # fmt: skip
services = st.builds(
    Media, **of_any_media, kind=st.just(MediaKind.SERVICE), url=addresses, contract=st.sampled_from(["", "api", "generic-data"]),
    parameters=parameters.map(tuple), documentation=st.just("") | addresses,
    metadata=st.builds(
        MediaMetadata, **media_metadata, endpoint=st.just("") | others, size=st.none() | st.integers(1, 2**53), checksum=st.none() | checksums,
        is_download=st.sampled_from([None, True]), format=st.sampled_from(["", "JSON_LD"]), media_type=st.sampled_from(["", "application/ld+json", "application/x-protobuf"]),
    ),
)  # fmt: skip
series = st.builds(
    Media, **of_any_media, kind=st.just(MediaKind.SERIES), url=addresses,
    counters=st.fixed_dictionaries(dict.fromkeys(COUNTERS, counts)),
)  # fmt: skip
boxes = st.tuples(
    st.floats(-179, 179), st.floats(-89, 88), st.floats(0.01, 0.9), st.floats(0.01, 0.9)
).map(
    lambda at: BoundingBox(
        west=round(at[0], 4),
        south=round(at[1], 4),
        east=round(at[0] + at[2], 4),
        north=round(at[1] + at[3], 4),
    )
)
licences = st.sampled_from(sorted(LICENCES)).map(
    lambda code: LicenceTerms(code=code)
) | st.builds(LicenceTerms, label=texts, url=addresses)
summaries = texts.flatmap(
    lambda summary: st.tuples(
        st.just(summary),
        st.lists(st.sampled_from(sorted(summary)), unique=True).map(
            lambda tags: {
                tag: f"<p><strong>{summary[tag]}</strong></p>" for tag in tags
            }
        ),
    )
)
rights = st.sampled_from(
    [(AccessRights.PUBLIC, False), (AccessRights.RESTRICTED, False)]
)


MOST_UNTAGGED = 2


def _hull(periods: tuple[Interval, ...]) -> Period | None:
    """RUDI's one period of several."""
    starts = [period.start for period in periods if period.start]
    ends = [period.end for period in periods if period.end]
    if len(starts) < len(periods):
        return None
    return Period(min(starts), max(ends))


def _record(
    summary: tuple[dict[str, str], dict[str, str]],
    access: tuple[AccessRights, bool],
    title: str,
    titles: dict[str, str],
    metadata: Metadata,
    **fields: Any,
) -> Record:
    keywords = fields["keywords"]
    if len(keywords) > MOST_UNTAGGED:
        by_language = {"en": keywords[:1], "fr": keywords[1:]}
        metadata = structs.replace(metadata, keywords=by_language)
    if metadata.periods:
        fields["period"] = _hull(metadata.periods)
    if access[0] is AccessRights.PUBLIC:
        metadata = structs.replace(metadata, access="")
    return Record(
        metadata=metadata,
        title=titles.get("fr", title),
        titles=titles,
        summary=summary[0],
        summary_html=summary[1],
        access=access[0],
        personal=access[1],
        **fields,
    )


of_any_record: dict[str, Any] = {
    "id": st.uuids(version=4), "title": words, "titles": several_titles, "synopsis": texts, "theme": st.sampled_from(sorted(THEMES)),
    "summary": summaries, "keywords": st.lists(words, min_size=1, max_size=4, unique=True).map(tuple),
    "producer": organisations, "contacts": several_contacts,
    "dates": dates, "licence": licences,
    "storage": st.sampled_from(StorageStatus),
    "languages": st.lists(tags, min_size=1, max_size=2, unique=True).map(tuple),
    "constraints": st.builds(
        Constraints, usage=some_texts, reference=some_texts, mention=some_texts, access=some_texts, other=some_texts
    ),
    "period": st.none() | st.builds(
        lambda at, open_: Period(at, None if open_ else at + timedelta(days=30)), moments, st.booleans()
    ),
    "geography": st.none() | st.builds(
        Geography, box=boxes, shape=st.sampled_from([None, SHAPE]), projection=st.sampled_from(["", "WGS 84 (EPSG:4326)"])
    ),
    "series": st.just(()) | st.builds(Series, series_addresses, some_texts).map(lambda one: (one,)),
    "frequency": st.just("") | st.sampled_from(sorted(FREQUENCIES)),
    "size": st.none() | st.builds(DatasetSize, counts, counts) | st.builds(DatasetSize, counts),
    "local_id": st.just("") | names, "doi": names.map(lambda name: f"10.5072/{name}") | st.just(""),
    "dataverse_doi": names.map(lambda name: f"doi:10.5072/{name}") | st.just(""),
    "description": st.builds(
        Description, dates=st.none() | dates, contacts=st.just(()) | several_contacts, source=st.just("") | addresses
    ),
    "metadata": metadata, "extra": extras,
}  # fmt: skip
several_media = st.lists(
    st.builds(
        _with_names,
        (files | services).map(_with_whole_captions) | series,
        several_titles,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item.id,
).map(tuple)
SELF_DATA = {
    "ext_selfdata": {
        "ext_selfdata_content": {"selfdata_access": "OUT", "selfdata_held": "adresse"}
    }
}
records = st.builds(
    _record, **of_any_record, media=several_media, access=rights, extensions=st.just({})
)
personal = st.builds(
    _record, **of_any_record, media=several_media, access=st.just((AccessRights.RESTRICTED, True)),
    extensions=st.just(SELF_DATA),
)  # fmt: skip
