"""What a source says of a dataset and of its files beyond RUDI's fields, as DCAT-AP: agents, places, periods, standards."""

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from itertools import chain

from udi.kit.mail_addresses import mail_url
from udi.protocol import hvd
from udi.protocol.structures import (
    Agent,
    Constraints,
    ContactPoint,
    Interval,
    Media,
    MediaMetadata,
    Metadata,
    NamedResource,
)
from udi.protocol.texts import Texts
from udi.protocol.themes import URI as THEME
from udi.protocol.triples import (
    Triple,
    find_iri,
    iri,
    is_a,
    is_language_tag,
    literal,
    localised_literals,
    moment_of,
    term,
    typed_link,
    typed_literal,
    typed_value,
)

CONCEPT = "skos:Concept"
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
"""An address that stands for itself: with a scheme, and no blank."""
WEB_ADDRESS = re.compile(r"https?://\S+")
PHONE_SIGNS = re.compile(r"[^0-9+]")
PHONE_WORDS = re.compile(r"[^\W\d_]+|[;,]")
FEWEST_DIGITS = 2
DURATION = re.compile(
    r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
)


def write_metadata(node: str, address: str, metadata: Metadata) -> Iterator[Triple]:
    """What belongs to the dataset alone; what its services share is `write_shared_metadata`."""
    for number, agent in enumerate(metadata.creators, 1):
        yield from _agent(node, "dct:creator", f"{address}#creator-{number}", agent)
    for number, agent in enumerate(metadata.rights_holders, 1):
        place = f"{address}#rights-holder-{number}"
        yield from _agent(node, "dct:rightsHolder", place, agent)
    yield from _coverage(node, address, metadata)
    for page in metadata.documentation:
        yield from typed_link(node, "foaf:page", page, "foaf:Document")
    yield from _provenance(node, address, metadata)
    for number, standard in enumerate(metadata.conforms_to, 1):
        yield from _resource(
            node,
            "dct:conformsTo",
            "dct:Standard",
            "dct:title",
            standard,
            f"{address}#standard-{number}",
        )
    if metadata.version:
        yield (node, term("dcat:version"), literal(metadata.version))
    yield from localised_literals(node, "adms:versionNotes", metadata.version_notes)


def write_shared_metadata(
    node: str, address: str, metadata: Metadata
) -> Iterator[Triple]:
    """What a dataset and its services share: themes, subjects, legislation, those who can be asked."""
    for code in metadata.themes:
        if theme := find_iri(THEME + code):
            yield (node, term("dcat:theme"), theme)
    for number, subject in enumerate(metadata.subjects, 1):
        yield from _resource(
            node,
            "dct:subject",
            CONCEPT,
            "skos:prefLabel",
            subject,
            f"{address}#subject-{number}",
        )
    for legislation in metadata.applicable_legislation:
        yield from typed_link(
            node, "dcatap:applicableLegislation", legislation, "eli:LegalResource"
        )
    for number, contact in enumerate(metadata.contact_points, 1):
        yield from _contact(node, f"{address}#contact-point-{number}", contact)


def write_keywords(
    node: str, keywords: Iterable[str], by_language: dict[str, tuple[str, ...]]
) -> Iterator[Triple]:
    """Keywords, each in the languages that it is said in; without a language where none is known."""
    by_tag = {tag: words for tag, words in by_language.items() if is_language_tag(tag)}
    localised = set(chain.from_iterable(by_tag.values()))
    for word in keywords:
        if word not in localised:
            yield (node, term("dcat:keyword"), literal(word))
    for language, words in by_tag.items():
        for word in words:
            yield from localised_literals(node, "dcat:keyword", {language: word})


def write_publisher(node: str, address: str, publisher: Agent) -> Iterator[Triple]:
    """The publisher as its source describes it."""
    yield from _agent(node, "dct:publisher", f"{address}#publisher", publisher)


def write_categories(node: str, categories: Iterable[str]) -> Iterator[Triple]:
    """Categories of high-value datasets by their addresses; those of the Regulation's annex with their names."""
    named = {category.uri: category for category in hvd.CATEGORIES}
    for category in categories:
        if category in named:
            yield from hvd.write_categories(node, [named[category]])
            continue
        yield from hvd.write_legislation(node)
        yield from _concept(node, "dcatap:hvdCategory", category)


def write_media_metadata(node: str, media: Media) -> Iterator[Triple]:
    """What is said of a distribution beside what RUDI's fields hold."""
    metadata = media.metadata
    if metadata.status:
        yield from _concept(node, "adms:status", metadata.status)
    if metadata.availability:
        yield from _concept(node, "dcatap:availability", metadata.availability)
    for standard in metadata.conforms_to:
        yield from typed_link(node, "dct:conformsTo", standard, "dct:Standard")
    for number, name in enumerate(metadata.standards, 1):
        place = f"{node[:-1]}-standard-{number}>"
        yield from typed_value(node, "dct:conformsTo", place, "dct:Standard")
        yield (place, term("dct:title"), literal(name))
    for page in metadata.documentation:
        yield from typed_link(node, "foaf:page", page, "foaf:Document")
    for number, interval in enumerate(metadata.periods, 1):
        yield from _period(node, f"{node[:-1]}-period-{number}>", interval)


def write_rights(
    node: str, address: str, constraints: Constraints, media: Media | None
) -> Iterator[Triple]:
    """What is asked of who uses a distribution or a service, in the one statement that DCAT-AP has room for."""
    metadata = media.metadata if media else MediaMetadata()
    texts = [
        statement
        for statement in (
            constraints.usage,
            constraints.reference,
            constraints.mention,
            constraints.access,
            constraints.other,
            metadata.rights,
        )
        if statement
    ]
    links = metadata.rights_statements
    if media:
        addresses = [
            words
            for text in texts
            for words in text.values()
            if WEB_ADDRESS.fullmatch(words)
        ]
        links = tuple(dict.fromkeys((*links, *addresses)))
        texts = [_without(text, addresses) for text in texts]
        texts = [text for text in texts if text]
    if not texts and len(links) == 1:
        yield from typed_link(node, "dct:rights", links[0], "dct:RightsStatement")
    elif texts or links:
        is_own = metadata.rights or metadata.rights_statements
        place = f"media-{media.id}-rights" if media and is_own else "rights"
        rights = iri(f"{address}#{place}")
        yield from typed_value(node, "dct:rights", rights, "dct:RightsStatement")
        for text in texts:
            yield from localised_literals(rights, "rdfs:label", text)
        for link in links:
            if statement := find_iri(link):
                yield (rights, term("rdfs:seeAlso"), statement)


def _without(texts: Texts, addresses: Collection[str]) -> Texts:
    """What is no address: that is referred to, and no text of any language."""
    return {tag: words for tag, words in texts.items() if words not in addresses}


def _concept(node: str, name: str, address: str) -> Iterator[Triple]:
    """A term of a vocabulary: its class asks for a label, which the vocabulary has."""
    if concept := find_iri(address):
        yield (node, term(name), concept)


def _agent(node: str, name: str, place: str, agent: Agent) -> Iterator[Triple]:
    described = _find_address(agent.uri) or iri(place)
    yield (node, term(name), described)
    if agent.name or agent.is_person:
        yield is_a(described, "foaf:Agent")
    if agent.is_person:
        yield is_a(described, "foaf:Person")
    yield from localised_literals(described, "foaf:name", agent.name)
    if agent.identifier:
        yield (described, term("dct:identifier"), literal(agent.identifier))
    yield from _concept(described, "dct:type", agent.kind)
    if agent.email and (mailbox := find_iri(mail_url(agent.email))):
        yield (described, term("foaf:mbox"), mailbox)
    yield from typed_link(described, "foaf:homepage", agent.url, "foaf:Document")


def _contact(node: str, place: str, contact: ContactPoint) -> Iterator[Triple]:
    point = iri(place)
    yield from typed_value(node, "dcat:contactPoint", point, "vcard:Kind")
    if name := contact.name or contact.organisation:
        yield (point, term("vcard:fn"), literal(name))
    if contact.organisation:
        yield (point, term("vcard:organization-name"), literal(contact.organisation))
    if contact.role:
        yield (point, term("vcard:role"), literal(contact.role))
    yield from write_contact_means(point, contact.phone, contact.url)


def telephone_number(phone: str) -> str:
    """The digits of a telephone number, without the words or the second number that follow: they would be other digits of it."""
    numbers = (PHONE_SIGNS.sub("", part) for part in PHONE_WORDS.split(phone))
    return next((number for number in numbers if len(number) >= FEWEST_DIGITS), "")


def write_contact_means(point: str, phone: str, url: str) -> Iterator[Triple]:
    """The telephone number and the page of a contact."""
    if digits := telephone_number(phone):
        yield (point, term("vcard:hasTelephone"), iri(f"tel:{digits}"))
    if page := find_iri(url):
        yield (point, term("vcard:hasURL"), page)


def _coverage(node: str, address: str, metadata: Metadata) -> Iterator[Triple]:
    for number, interval in enumerate(metadata.periods, 1):
        yield from _period(node, iri(f"{address}#period-{number}"), interval)
    if DURATION.fullmatch(metadata.temporal_resolution):
        duration = typed_literal(metadata.temporal_resolution, "xsd:duration")
        yield (node, term("dcat:temporalResolution"), duration)
    for number, place in enumerate(metadata.places, 1):
        yield from _resource(
            node,
            "dct:spatial",
            "dct:Location",
            "skos:prefLabel",
            place,
            f"{address}#place-{number}",
        )
    if metadata.spatial_resolution is not None:
        metres = typed_literal(
            format(Decimal(f"{metadata.spatial_resolution:.12g}"), "f"), "xsd:decimal"
        )
        yield (node, term("dcat:spatialResolutionInMeters"), metres)


def _period(node: str, period: str, interval: Interval) -> Iterator[Triple]:
    yield from typed_value(node, "dct:temporal", period, "dct:PeriodOfTime")
    if interval.start:
        yield moment_of(period, "dcat:startDate", interval.start)
    if interval.end:
        yield moment_of(period, "dcat:endDate", interval.end)


def _provenance(node: str, address: str, metadata: Metadata) -> Iterator[Triple]:
    for number, statement in enumerate(metadata.provenance, 1):
        words = next(iter(statement.values()), "")
        described = _find_address(words) or iri(f"{address}#provenance-{number}")
        yield from typed_value(
            node, "dct:provenance", described, "dct:ProvenanceStatement"
        )
        if not _find_address(words):
            yield from localised_literals(described, "rdfs:label", statement)
    for number, source in enumerate(metadata.sources, 1):
        described = _find_address(source.uri) or iri(f"{address}#source-{number}")
        yield (node, term("dct:source"), described)
        if source.label:
            yield (described, term("rdfs:label"), literal(source.label))


def _resource(
    node: str,
    name: str,
    kind: str,
    label: str,
    resource: NamedResource,
    place: str,
) -> Iterator[Triple]:
    """A thing by its address; one that only has a name is a node of ours."""
    described = _find_address(resource.uri)
    if not described and resource.label:
        described = iri(place)
    if not described:
        return
    yield (node, term(name), described)
    if resource.label or kind != CONCEPT:
        yield is_a(described, kind)
    if resource.label:
        yield (described, term(label), literal(resource.label))


def _find_address(text: str) -> str:
    if ADDRESS.fullmatch(text):
        return find_iri(text)
    return ""
