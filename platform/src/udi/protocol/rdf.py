"""Writing a `Record` as DCAT-AP 3.0.1: a dataset, its distributions and services, its producer.

No node is blank, so that the canonical form (RDFC-1.0) is the sorted N-Triples. Nodes of the EU's authority tables are typed where
DCAT-AP asks for a class and no label; what RUDI says and DCAT-AP has no property for is left out.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import chain

from udi.kit.mail_addresses import mail_url
from udi.protocol import frequencies, geodcat, hvd
from udi.protocol.access import URI as ACCESS_RIGHT
from udi.protocol.access import AccessRights
from udi.protocol.formats import FORMATS, find_format
from udi.protocol.formats import URI as FILE_TYPE
from udi.protocol.languages import language_uri
from udi.protocol.node_tables import (
    TABLE_FORMATS,
    list_apis,
    list_table_media,
)
from udi.protocol.rdf_metadata import (
    write_categories,
    write_contact_means,
    write_keywords,
    write_media_metadata,
    write_metadata,
    write_publisher,
    write_rights,
    write_shared_metadata,
)
from udi.protocol.restricted_data import TERMS
from udi.protocol.structures import BoundingBox, Contact, Media, Record
from udi.protocol.themes import THEMES
from udi.protocol.triples import (
    MOST_TERMS,
    PREFIXES,
    Triple,
    find_iri,
    iri,
    is_a,
    is_language_tag,
    literal,
    localised_literal,
    localised_literals,
    moment_of,
    part_of,
    term,
    typed_link,
    typed_literal,
    typed_value,
)
from udi.protocol.vocabulary import DOWNLOAD, PUBLIC_MEDIA, MediaKind, MediaRole

MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2})+")
OGC_SERVICES = {"wms": "wms", "wfs": "wfs", "wmts": "wmts"}
OGC_SERVICE = "http://www.opengis.net/def/serviceType/ogc/"
DISTRIBUTION_TYPE = (
    "http://publications.europa.eu/resource/authority/distribution-type/"
)
DISTRIBUTION_TYPES: dict[str, str] = {
    MediaRole.DATA: "DOWNLOADABLE_FILE",
    MediaRole.DOCUMENTATION: "DOWNLOADABLE_FILE",
    MediaRole.ARCHIVE: "DOWNLOADABLE_FILE",
    MediaRole.SERVICE: "WEB_SERVICE",
}
"""The EU's types of distributions, by the role of a file or a service."""
CHECKSUM_ALGORITHM = f"{PREFIXES['spdx']}checksumAlgorithm_"
HALF_TURN = 180
HVD = "dcat-ap-hvd"
GEO = "geodcat-ap"
EXTENSIONS = frozenset({HVD, GEO})
"""What a dataset may say besides DCAT-AP."""


def dataset_address(origin: str, record: Record) -> str:
    """The permanent address of a dataset on its portal."""
    return f"{origin}/data/{record.id}"


def write_dataset(
    origin: str, record: Record, extensions: Collection[str] = EXTENSIONS
) -> Iterator[Triple]:
    """A dataset with all that belongs to it, in no order and perhaps with repeated triples."""
    address = dataset_address(origin, record)
    node = iri(address)
    parts = [_describe_dataset(node, address, record)]
    parts += [_distribution(node, address, record, media) for media in record.media]
    for media in (*list_apis(record), *list_table_media(record)):
        parts.append(_distribution(node, address, record, media))
        if media.is_service:
            parts.append(_returned_formats(part_of(node, f"service-{media.id}")))
    if HVD in extensions:
        parts.append(_high_value(node, address, record))
    if GEO in extensions:
        parts.append(_geographical(node, record))
    return chain.from_iterable(parts)


def _describe_dataset(node: str, address: str, record: Record) -> Iterator[Triple]:
    """What is said of the dataset itself."""
    yield is_a(node, "dcat:Dataset")
    yield from _titles(node, record)
    yield from localised_literals(
        node, "dct:description", record.summary or record.synopsis
    )
    yield from _identifiers(node, record)
    yield from typed_value(
        node, "dct:accessRights", _access_rights(record), "dct:RightsStatement"
    )
    landing_page = find_iri(record.metadata.landing_page) or node
    yield from typed_value(node, "dcat:landingPage", landing_page, "foaf:Document")
    yield from _dates(node, record)
    yield from write_languages(node, record.languages)
    yield from _shared_properties(node, address, record)
    yield from _coverage(node, record)
    yield from _series(node, record)
    yield from write_metadata(node, address, record.metadata)
    if not record.media:
        yield from _terms(node, address, record)


def _access_rights(record: Record) -> str:
    """Those that the source says, where it says more than whether everybody reads the data."""
    code = record.metadata.access
    if code and (code == AccessRights.PUBLIC.name) == (
        record.access is AccessRights.PUBLIC
    ):
        return iri(ACCESS_RIGHT + code)
    return iri(record.access.uri)


def _returned_formats(service: str) -> Iterator[Triple]:
    """What the API of a table gives its rows as: an EU file type, or a media type where the table has none."""
    for label in TABLE_FORMATS:
        file_format = FORMATS[label]
        uri = file_format.uri or MEDIA_TYPES + file_format.media_types[0]
        yield from typed_value(service, "dct:format", iri(uri), "dct:MediaTypeOrExtent")


def _titles(node: str, record: Record) -> Iterator[Triple]:
    """The title in each of its languages; one alone is in that of the summary, if that has one alone."""
    languages = [*record.synopsis]
    if record.titles:
        yield from localised_literals(node, "dct:title", record.titles)
    elif len(languages) == 1 and is_language_tag(languages[0]):
        title = localised_literal(record.title, languages[0])
        yield (node, term("dct:title"), title)
    else:
        yield (node, term("dct:title"), literal(record.title))


def _shared_properties(node: str, address: str, record: Record) -> Iterator[Triple]:
    """What a dataset and its services share: theme, keywords, publisher, contacts."""
    theme = THEMES.get(record.theme)
    if theme and not record.metadata.themes:
        yield (node, term("dcat:theme"), iri(theme.uri))
    yield from write_keywords(node, record.keywords, record.metadata.keywords)
    yield from write_shared_metadata(node, address, record.metadata)
    yield from _publisher(node, address, record)
    for contact in record.contacts:
        yield from _contact(node, address, contact)


def _high_value(node: str, address: str, record: Record) -> Iterator[Triple]:
    categories = dict.fromkeys(
        (
            *(category.uri for category in hvd.find_categories(record.keywords)),
            *record.metadata.hvd_categories,
        )
    )
    if not categories:
        return
    yield from write_categories(node, categories)
    for media in (*record.media, *list_apis(record), *list_table_media(record)):
        yield from hvd.write_legislation(part_of(node, f"media-{media.id}"))
        if media.is_service:
            service = part_of(node, f"service-{media.id}")
            yield from write_categories(service, categories)
            page = find_iri(media.documentation) or iri(address)
            yield from typed_value(service, "foaf:page", page, "foaf:Document")


def _geographical(node: str, record: Record) -> Iterator[Triple]:
    if record.geography:
        yield from geodcat.write_shape(part_of(node, "area"), record.geography)
        yield from geodcat.write_reference_system(
            node, geodcat.find_epsg_code(record.geography.projection)
        )
    for media in record.media:
        if code := geodcat.epsg_code_of(media):
            distribution = part_of(node, f"media-{media.id}")
            yield from geodcat.write_reference_system(distribution, code)


def write_languages(node: str, codes: Iterable[str]) -> Iterator[Triple]:
    """The languages of a dataset or a catalogue, those of the EU's table."""
    for code in codes:
        if uri := language_uri(code):
            yield from typed_value(
                node, "dct:language", iri(uri), "dct:LinguisticSystem"
            )


def _identifiers(node: str, record: Record) -> Iterator[Triple]:
    yield (node, term("dct:identifier"), literal(str(record.id)))
    notations = [
        ("local", record.local_id),
        ("doi", record.doi),
        ("dataverse", record.dataverse_doi),
    ]
    notations += [
        (f"identifier-{number}", notation)
        for number, notation in enumerate(record.metadata.identifiers, 1)
    ]
    for kind, notation in notations:
        if notation:
            other = part_of(node, kind)
            yield from typed_value(node, "adms:identifier", other, "adms:Identifier")
            yield (other, term("skos:notation"), literal(notation))


def _dates(node: str, record: Record) -> Iterator[Triple]:
    if record.dates.stated_creation:
        yield moment_of(node, "dct:created", record.dates.stated_creation)
    if record.dates.stated_update:
        yield moment_of(node, "dct:modified", record.dates.stated_update)
    if record.dates.published:
        yield moment_of(node, "dct:issued", record.dates.published)


def _publisher(node: str, address: str, record: Record) -> Iterator[Triple]:
    """As its source describes it, where there is one; else the producer on the portal."""
    described = record.metadata.publisher
    if described and (described.name or described.uri):
        yield from write_publisher(node, address, described)
        return
    publisher = f"<urn:uuid:{record.producer.id}>"
    yield from typed_value(node, "dct:publisher", publisher, "foaf:Agent")
    yield (publisher, term("foaf:name"), literal(record.producer.name))


def _contact(node: str, address: str, contact: Contact) -> Iterator[Triple]:
    point = iri(f"{address}#contact-{contact.id}")
    yield from typed_value(node, "dcat:contactPoint", point, "vcard:Kind")
    yield (point, term("vcard:fn"), literal(contact.name))
    if mailbox := find_iri(mail_url(contact.email)):
        yield (point, term("vcard:hasEmail"), mailbox)
    if contact.organisation:
        yield (point, term("vcard:organization-name"), literal(contact.organisation))
    if contact.role:
        yield (point, term("vcard:role"), literal(contact.role))
    yield from write_contact_means(point, contact.phone, contact.url)


def _coverage(node: str, record: Record) -> Iterator[Triple]:
    if record.period and not record.metadata.periods:
        period = part_of(node, "period")
        yield from typed_value(node, "dct:temporal", period, "dct:PeriodOfTime")
        yield moment_of(period, "dcat:startDate", record.period.start)
        if record.period.end:
            yield moment_of(period, "dcat:endDate", record.period.end)
    if record.frequency:
        yield from typed_value(
            node,
            "dct:accrualPeriodicity",
            iri(frequencies.URI + record.frequency),
            "dct:Frequency",
        )
    if record.geography:
        yield from write_place(node, part_of(node, "area"), record.geography.box)


def _series(node: str, record: Record) -> Iterator[Triple]:
    """The series that it belongs to; one whose title nobody said has its address alone."""
    for series in record.series:
        series_node = find_iri(series.url)
        if not series_node:
            continue
        yield (node, term("dcat:inSeries"), series_node)
        if series.title:
            yield is_a(series_node, "dcat:DatasetSeries")
            yield from localised_literals(series_node, "dct:title", series.title)
            yield from localised_literals(series_node, "dct:description", series.title)


def write_place(node: str, place: str, box: BoundingBox) -> Iterator[Triple]:
    """The area of a dataset or a catalogue, as a rectangle."""
    yield from typed_value(node, "dct:spatial", place, "dct:Location")
    yield (place, term("dcat:bbox"), typed_literal(_wkt(box), "geo:wktLiteral"))


def _wkt(box: BoundingBox) -> str:
    """Longitude first (CRS 84); two halves where the area crosses the antimeridian."""
    if box.west <= box.east:
        return f"POLYGON({_ring(box.west, box.east, box)})"
    return f"MULTIPOLYGON(({_ring(box.west, HALF_TURN, box)}),({_ring(-HALF_TURN, box.east, box)}))"


def _ring(west: float, east: float, box: BoundingBox) -> str:
    corners = (
        (west, box.south),
        (east, box.south),
        (east, box.north),
        (west, box.north),
        (west, box.south),
    )
    return f"({','.join(f'{x:.9g} {y:.9g}' for x, y in corners)})"


def _distribution(
    dataset: str, address: str, record: Record, media: Media
) -> Iterator[Triple]:
    node = part_of(dataset, f"media-{media.id}")
    open_ = record.access is AccessRights.PUBLIC or media.access == PUBLIC_MEDIA
    link = find_iri(media.url) if open_ else ""
    access_link = (find_iri(media.metadata.access_url) if open_ else "") or link
    yield from typed_value(dataset, "dcat:distribution", node, "dcat:Distribution")
    yield from typed_value(
        node, "dcat:accessURL", access_link or iri(address), "rdfs:Resource"
    )
    is_download = media.kind is MediaKind.FILE and media.contract in {"", DOWNLOAD}
    if media.metadata.is_download is not None:
        is_download = media.metadata.is_download
    if link and is_download:
        yield from typed_value(node, "dcat:downloadURL", link, "rdfs:Resource")
    yield from _media_titles(node, media, media.name)
    yield from _media_captions(node, media)
    if media.dates and media.dates.stated_update:
        yield moment_of(node, "dct:modified", media.dates.stated_update)
    if media.dates and media.dates.published:
        yield moment_of(node, "dct:issued", media.dates.published)
    yield from write_languages(node, media.metadata.languages)
    yield from write_media_metadata(node, media)
    yield from _terms(node, address, record, media)
    yield from _file_properties(node, media)
    if media.role == MediaRole.DOCUMENTATION and link:
        yield from typed_value(dataset, "foaf:page", link, "foaf:Document")
    if distribution_type := DISTRIBUTION_TYPES.get(media.role):
        # A concept of the EU's table, whose label is not ours to write: so it is not typed either.
        yield (node, term("dct:type"), iri(DISTRIBUTION_TYPE + distribution_type))
    if media.is_service:
        yield from _service(node, dataset, address, record, media)


def _media_titles(node: str, media: Media, name: str) -> Iterator[Triple]:
    """The name of a file or a service in each of its languages; `name`, without a language, where it has one alone."""
    if media.names:
        yield from localised_literals(node, "dct:title", media.names)
    elif name:
        yield (node, term("dct:title"), literal(name))


def _media_captions(node: str, media: Media) -> Iterator[Triple]:
    """The description of a file or a service, in its languages where it has several."""
    if media.metadata.captions:
        yield from localised_literals(node, "dct:description", media.metadata.captions)
    elif media.caption:
        yield (node, term("dct:description"), literal(media.caption))


def _terms(
    node: str, address: str, record: Record, media: Media | None = None
) -> Iterator[Triple]:
    """The licence, or the policy of restricted data, and what the producer asks besides."""
    standard_licence = record.licence.standard_licence
    link = record.licence.link
    if record.licence.is_agreement:
        if link.endswith(TERMS):
            yield from typed_link(node, "odrl:hasPolicy", link, "odrl:Policy")
    elif licence := find_iri(standard_licence.uri if standard_licence else link):
        yield from typed_value(node, "dct:license", licence, "dct:LicenseDocument")
        if not standard_licence:
            yield from localised_literals(licence, "rdfs:label", record.licence.label)
        elif not standard_licence.authority:
            yield from localised_literals(licence, "rdfs:label", standard_licence.name)
    elif record.licence.is_stated:
        own_licence = iri(f"{address}#licence")
        yield from typed_value(node, "dct:license", own_licence, "dct:LicenseDocument")
        yield from localised_literals(own_licence, "rdfs:label", record.licence.label)
    yield from write_rights(node, address, record.constraints, media)


def _file_properties(node: str, media: Media) -> Iterator[Triple]:
    """Format, media type, size and checksum, as far as they are known and DCAT-AP can say them."""
    file_format = FORMATS.get(media.format)
    if media.metadata.format:
        format_uri = FILE_TYPE + media.metadata.format
    else:
        format_uri = (file_format and file_format.uri) or ""
    yield from typed_link(node, "dct:format", format_uri, "dct:MediaTypeOrExtent")
    stated = media.metadata.media_type
    if media_type := _find_registered_type(media.media_type or stated, stated):
        yield from typed_value(
            node, "dcat:mediaType", iri(MEDIA_TYPES + media_type), "dct:MediaType"
        )
    yield from typed_link(node, "dct:conformsTo", media.structure, "dct:Standard")
    size = media.metadata.size if media.size is None else media.size
    if size is not None:
        yield (
            node,
            term("dcat:byteSize"),
            typed_literal(str(size), "xsd:nonNegativeInteger"),
        )
    known_checksum = media.checksum or media.metadata.checksum
    if known_checksum and HEXADECIMAL.fullmatch(known_checksum.value):
        checksum = f"{node[:-1]}-checksum>"
        algorithm = known_checksum.algorithm.replace("-", "").lower()
        yield from typed_value(node, "spdx:checksum", checksum, "spdx:Checksum")
        yield from typed_value(
            checksum,
            "spdx:algorithm",
            iri(CHECKSUM_ALGORITHM + algorithm),
            "spdx:ChecksumAlgorithm",
        )
        digest = typed_literal(known_checksum.value.lower(), "xsd:hexBinary")
        yield (checksum, term("spdx:checksumValue"), digest)


@lru_cache(MOST_TERMS)
def _find_registered_type(media_type: str, stated: str) -> str:
    """A media type without its parameters, where it has a format or is `stated` so; else empty."""
    plain = media_type.lower().replace(" ", "").removesuffix("+crypt").partition(";")[0]
    is_registered = find_format(plain) or plain == stated
    if is_registered and MEDIA_TYPE.fullmatch(plain):
        return plain
    return ""


def _service(
    distribution: str,
    dataset: str,
    address: str,
    record: Record,
    media: Media,
) -> Iterator[Triple]:
    node = part_of(dataset, f"service-{media.id}")
    yield from typed_value(distribution, "dcat:accessService", node, "dcat:DataService")
    yield from _media_titles(
        node, media, media.name or f"{record.title} ({media.format})"
    )
    endpoint = media.metadata.endpoint or media.url
    yield from typed_link(node, "dcat:endpointURL", endpoint, "rdfs:Resource")
    yield (node, term("dcat:servesDataset"), dataset)
    yield (node, term("dct:accessRights"), _access_rights(record))
    yield from _shared_properties(node, address, record)
    yield from _terms(node, address, record, media)
    yield from typed_link(
        node, "dcat:endpointDescription", media.documentation, "rdfs:Resource"
    )
    if standard := OGC_SERVICES.get(media.contract):
        yield from typed_value(
            node, "dct:conformsTo", iri(OGC_SERVICE + standard), "dct:Standard"
        )
