"""What a record of others says beyond RUDI's fields, in our own terms and within the limits of a record of ours."""

import re
from collections.abc import Iterable

from udi.portal.nodes.harvest.dates import start_of
from udi.portal.nodes.harvest.record import (
    Agent,
    DistributionKind,
    HarvestedContact,
    HarvestedDistribution,
    HarvestedPeriod,
    HarvestedRecord,
    VocabularyTerm,
)
from udi.portal.nodes.harvest.vocabulary import find_format as find_harvested_format
from udi.protocol import structures as of
from udi.protocol.formats import FORMATS, find_format
from udi.protocol.metadata_schema import ENTRIES, LINE, MOST_WORDS, PARAGRAPH, WORD
from udi.protocol.schema import DATAVERSE_DOI, DOI
from udi.protocol.texts import Texts
from udi.protocol.triples import encode_address
from udi.protocol.validators import LONGEST_URL, is_url
from udi.protocol.vocabulary import HASHES

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def metadata_of(record: HarvestedRecord) -> of.Metadata:
    """Everything that has a field of ours, as the source says it."""
    publisher = record.publisher if record.publisher_stated else None
    return of.Metadata(
        themes=record.themes[:ENTRIES],
        subjects=_resources(record.themes_other),
        hvd_categories=_addresses(record.hvd_categories),
        applicable_legislation=_addresses(record.applicable_legislation),
        keywords=_keywords(record),
        publisher=_agent(publisher) if publisher else None,
        creators=tuple(map(_agent, record.creators[:ENTRIES])),
        rights_holders=tuple(map(_agent, record.rights_holders[:ENTRIES])),
        contact_points=tuple(
            _contact_point(contact)
            for contact in record.contacts[:ENTRIES]
            if not contact.email
        ),
        periods=_periods(record.temporal),
        temporal_resolution=record.temporal_resolution[:LINE],
        places=_resources(record.spatial.places),
        spatial_resolution=record.spatial.resolution,
        landing_page=_page(record.landing_page),
        documentation=_pages(record.documentation),
        provenance=_provenance(record),
        sources=_resources(record.sources),
        conforms_to=_standards(record),
        version=record.version[:LINE],
        version_notes=_texts(record.version_notes),
        access=record.access,
        identifiers=_identifiers(record),
    )


def media_metadata_of(
    distribution: HarvestedDistribution, media: of.Media, shared_rights: Texts
) -> of.MediaMetadata:
    """What is said of a distribution and `media`, which is made of it, has no field for.

    Rights that all files share are those of the dataset.
    """
    is_service = distribution.kind is DistributionKind.SERVICE
    rights = distribution.rights if distribution.rights != shared_rights else {}
    return of.MediaMetadata(
        captions=_several(distribution.description),
        rights=_texts(rights),
        rights_statements=_addresses(distribution.rights_statements),
        access_url=_other_page(distribution.access_url, media.url),
        is_download=_is_download(distribution),
        endpoint=_other_page(
            distribution.service.endpoint if distribution.service else "", media.url
        ),
        format=_format(distribution, media),
        media_type=_media_type(distribution, media),
        size=distribution.byte_size if is_service else None,
        checksum=_checksum(distribution, media),
        status=_address(distribution.status),
        availability=_address(distribution.availability),
        languages=distribution.languages[:ENTRIES],
        conforms_to=tuple(
            standard
            for standard in _addresses(distribution.conforms_to)
            if standard != media.structure
        ),
        standards=_standard_names(distribution),
        documentation=_pages(distribution.documentation),
        periods=_intervals(distribution.periods),
    )


def find_alias(record: HarvestedRecord, form: re.Pattern[str]) -> str:
    """The first other name of a record that has a form; empty where none has."""
    return next((alias for alias in record.aliases if form.fullmatch(alias)), "")


def _identifiers(record: HarvestedRecord) -> tuple[str, ...]:
    """Those that no field of RUDI holds, which has one DOI of each form; one that is too long is none of ours."""
    held = {find_alias(record, DOI), find_alias(record, DATAVERSE_DOI)}
    return tuple(
        identifier
        for identifier in record.identifiers
        if len(identifier) <= LINE and identifier not in held
    )[:ENTRIES]


def _agent(agent: Agent) -> of.Agent:
    """As the source describes it; the mail address of a person is not passed on."""
    return of.Agent(
        name=_texts(agent.name, LINE),
        uri=_address(agent.uri),
        identifier=agent.identifier[:LINE],
        kind=_address(agent.type),
        email="" if agent.is_person else agent.email[:LINE],
        url=_page(agent.url),
        is_person=agent.is_person or None,
    )


def _contact_point(contact: HarvestedContact) -> of.ContactPoint:
    return of.ContactPoint(
        name=contact.name[:LINE],
        organisation=contact.organisation[:LINE],
        phone=contact.phone[:LINE],
        url=_page(contact.url),
        role=contact.role[:LINE],
    )


def _keywords(record: HarvestedRecord) -> dict[str, tuple[str, ...]]:
    if len(record.keywords) <= 1:
        return {}
    return {
        language: tuple(word[:WORD] for word in words[:MOST_WORDS])
        for language, words in record.keywords.items()
    }


def _periods(periods: Iterable[HarvestedPeriod]) -> tuple[of.Interval, ...]:
    """All of them where RUDI's one period is not what the source says: several, or one without a start."""
    intervals = _intervals(periods)
    if len(intervals) == 1 and intervals[0].start:
        return ()
    return intervals


def _intervals(periods: Iterable[HarvestedPeriod]) -> tuple[of.Interval, ...]:
    return tuple(
        of.Interval(
            start=start_of(period.start) if period.start else None,
            end=start_of(period.end) if period.end else None,
        )
        for period in periods
    )[:MOST_WORDS]


def _provenance(record: HarvestedRecord) -> tuple[Texts, ...]:
    statements = record.provenance_statements or (record.provenance,)
    return tuple(_texts(statement) for statement in statements if statement)[:ENTRIES]


def _standards(record: HarvestedRecord) -> tuple[of.NamedResource, ...]:
    if record.standards:
        return _resources(record.standards)
    return _resources(
        VocabularyTerm(text) if ADDRESS.fullmatch(text) else VocabularyTerm("", text)
        for text in record.conforms_to
    )


def _standard_names(distribution: HarvestedDistribution) -> tuple[str, ...]:
    """Those of standards that have no address."""
    names = (
        " ".join(standard.split())[:LINE]
        for standard in distribution.conforms_to
        if not _address(standard)
    )
    return tuple(dict.fromkeys(name for name in names if name))[:ENTRIES]


def _resources(terms: Iterable[VocabularyTerm]) -> tuple[of.NamedResource, ...]:
    resources = (
        of.NamedResource(uri=_address(entry.uri), label=entry.label[:LINE])
        for entry in terms
    )
    return tuple(
        dict.fromkeys(
            resource for resource in resources if resource.uri or resource.label
        )
    )[:MOST_WORDS]


def _is_download(distribution: HarvestedDistribution) -> bool | None:
    """Said where it is not what one expects: a file without its own address, a page or a service with one."""
    is_download = bool(distribution.download_url)
    is_file = distribution.kind is DistributionKind.FILE
    return None if is_download is is_file else is_download


def _format(distribution: HarvestedDistribution, media: of.Media) -> str:
    """The source's file type, where that of our label is another or none."""
    known_format = FORMATS.get(media.format)
    if known_format and known_format.authority == distribution.format:
        return ""
    return distribution.format


def _media_type(distribution: HarvestedDistribution, media: of.Media) -> str:
    """That of a service, or one that no format of ours has; not one that nobody says and that follows from the format."""
    if media.media_type and find_format(media.media_type):
        return ""
    implied = find_harvested_format(distribution.format)
    is_implied = implied and implied.media_type == distribution.media_type
    if is_implied and not distribution.is_media_type_stated:
        return ""
    return distribution.media_type


def _checksum(
    distribution: HarvestedDistribution, media: of.Media
) -> of.Checksum | None:
    """That of a service, or by an algorithm that RUDI has not."""
    checksum = distribution.checksum
    if checksum and (media.checksum is None or checksum.algorithm not in HASHES):
        return of.Checksum(checksum.algorithm, checksum.value)
    return None


def _several(texts: Texts) -> Texts:
    if len(texts) > 1:
        return _texts(texts)
    return {}


def _texts(texts: Texts, limit: int = PARAGRAPH) -> Texts:
    return {tag: words[:limit] for tag, words in texts.items()}


def _other_page(address: str, main: str) -> str:
    if address == main:
        return ""
    return _page(address)


def _page(address: str) -> str:
    if len(address) <= LONGEST_URL and is_url(address):
        return address
    return ""


def _pages(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(page for page in map(_page, addresses) if page))[
        :MOST_WORDS
    ]


def _address(address: str) -> str:
    """An address as it is written in RDF; empty for a word that stands where one is expected."""
    if not ADDRESS.fullmatch(address):
        return ""
    try:
        encoded = encode_address(address)
    except ValueError:
        return ""
    return encoded if len(encoded) <= LONGEST_URL else ""


def _addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    known = (_address(address) for address in addresses)
    return tuple(dict.fromkeys(address for address in known if address))[:MOST_WORDS]
