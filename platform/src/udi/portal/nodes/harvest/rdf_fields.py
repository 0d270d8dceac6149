"""Who publishes a dataset of RDF, whom to write to, and what can be downloaded or called."""

import re
from dataclasses import replace

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.graph import Graph, Node, Value, is_word, source_value
from udi.portal.nodes.harvest.rdf_coverage import read_periods
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    is_person_type,
)
from udi.portal.nodes.harvest.vocabulary import LINK
from udi.protocol.texts import Texts

NAMES = (
    "foaf:name",
    "vcard:fn",
    "vcard:organization-name",
    "skos:prefLabel",
    "rdfs:label",
    "schema:name",
    "dct:title",
)
PUBLISHERS = ("dct:publisher", "schema:publisher", "dc:publisher")
STAND_INS = ("dct:rightsHolder", "dct:creator")
EMAILS = ("vcard:hasEmail", "vcard:email", "foaf:mbox", "schema:email")
ORGANISATIONS = ("vcard:organization-name", "vcard:org")
PEOPLE = {"foaf:Person", "vcard:Individual", "schema:Person"}
ORGANISATION_TYPES = {"foaf:Organization", "vcard:Organization", "org:Organization"}
CONTACTS = ("dcat:contactPoint", "adms:contactPoint")


def read_agents(graph: Graph, node: Node, draft: Draft) -> None:
    """Publisher, creators and who holds the rights; without a publisher, the last or the first stands for it."""
    draft.creators = _agents(graph, node, draft, "dct:creator")
    draft.rights_holders = _agents(graph, node, draft, "dct:rightsHolder")
    publishers = _agents(graph, node, draft, *PUBLISHERS)
    draft.publisher_stated = bool(publishers)
    candidates = [*publishers, *draft.rights_holders, *draft.creators]
    draft.publisher = next(iter(candidates), None)


def _agents(graph: Graph, node: Node, draft: Draft, *names: str) -> list[Agent]:
    agents: list[Agent] = []
    for value in graph.values(node, *names):
        draft.add_once(agents, _agent(graph, node, value, draft))
    return _merge_agents(agents)


def _merge_agents(agents: list[Agent]) -> list[Agent]:
    """Each agent once: what has the address of another as its identifier, and none of its own, says more of that one."""
    described = {agent.identifier: agent for agent in agents if not agent.uri}
    merged = [
        _complete(agent, described[agent.uri])
        if agent.uri and agent.uri in described
        else agent
        for agent in agents
    ]
    uris = {agent.uri for agent in agents if agent.uri}
    return [agent for agent in merged if agent.uri or agent.identifier not in uris]


def _complete(agent: Agent, other: Agent) -> Agent:
    """An agent with what only another description of it says."""
    return replace(
        agent,
        name=agent.name or other.name,
        identifier=agent.identifier or other.identifier,
        type=agent.type or other.type,
        email=agent.email or other.email,
        url=agent.url or other.url,
        is_person=agent.is_person or other.is_person,
    )


def _agent(graph: Graph, node: Node, value: Value, draft: Draft) -> Agent | None:
    """What is said of somebody; None where nothing is."""
    name: Texts = {}
    for words, tag in graph.texts(value, *NAMES):
        draft.add_text(name, "dct:publisher", words, tag)
    uri = address_of(node, value)
    if not name and not uri:
        draft.add_text(name, "dct:publisher", source_value(value))
    if not name and not uri:
        return None
    return Agent(
        name=name,
        identifier=graph.text(value, "dct:identifier", "adms:identifier"),
        uri=uri,
        type=graph.text(value, "dct:type"),
        email=_email(graph, value),
        url=graph.text(value, "foaf:homepage", "foaf:page", "schema:url"),
        is_person=_is_person(graph, value),
    )


def _is_person(graph: Graph, value: Value) -> bool:
    """By its classes or by ADMS's types of publishers; what is an organisation too is one."""
    types = graph.types(value)
    if types & ORGANISATION_TYPES:
        return False
    kinds_of_agent = [
        words
        for kind in graph.values(value, "dct:type", "schema:additionalType")
        for words in _wordings(graph, kind)
    ]
    return bool(types & PEOPLE) or any(map(is_person_type, kinds_of_agent))


def address_of(node: Node, value: Value) -> str:
    """The address of a thing; none for what is only named within the description of a dataset, by its address and «#»."""
    if not isinstance(value, ox.NamedNode) or is_word(value):
        return ""
    address = source_value(value)
    if address.startswith(f"{source_value(node)}#"):
        return ""
    return address


def _email(graph: Graph, node: Value) -> str:
    for value in graph.values(node, *EMAILS):
        if isinstance(value, ox.BlankNode):
            text = graph.text(value, "vcard:hasValue", "rdf:value")
        else:
            text = source_value(value)
        if read := addresses.read_email(text):
            return read
    return ""


def read_contacts(graph: Graph, node: Node, draft: Draft) -> None:
    """The contact points, else the publisher when it gives an e-mail address and is no natural person."""
    for value in graph.values(node, *CONTACTS):
        names = [
            words
            for words, _ in graph.texts(
                value, "vcard:fn", *ORGANISATIONS, "foaf:name", "rdfs:label"
            )
        ]
        emails = graph.values(value, *EMAILS)
        email_texts = [
            graph.text(email, "vcard:hasValue") or source_value(email)
            for email in emails
        ]
        phones = [
            graph.text(phone, "vcard:hasValue") or source_value(phone)
            for phone in graph.values(value, "vcard:hasTelephone", "vcard:tel")
        ]
        if not names and isinstance(value, ox.Literal):
            names = [source_value(value)]
        add_contact(
            draft,
            "dcat:contactPoint",
            name=names[0] if names else "",
            organisation=graph.text(value, *ORGANISATIONS)
            if graph.text(value, "vcard:fn")
            else "",
            email=next(
                (
                    email_text
                    for email_text in email_texts
                    if addresses.read_email(email_text)
                ),
                email_texts[0] if email_texts else "",
            ),
            phone=phones[0] if phones else "",
            url=graph.text(
                value, "vcard:hasURL", "vcard:hasUrl", "vcard:url", "foaf:page"
            ),
            role=graph.text(value, "vcard:role"),
        )
    publisher = draft.publisher
    is_mailbox_public = publisher and publisher.email and not publisher.is_person
    if publisher and is_mailbox_public and not draft.contacts:
        name = next(iter(publisher.name.values()), "")
        add_contact(
            draft,
            "dct:publisher",
            name=name,
            email=publisher.email,
            role="publisher",
        )


def read_distributions(graph: Graph, node: Node, draft: Draft) -> None:
    """Distributions, and the service itself where the node is one; a sample is not the data, and is kept beside."""
    for place, value in enumerate(graph.values(node, "dcat:distribution")):
        add_distribution(draft, f"dcat:distribution[{place}]", _raw(graph, value, node))
    samples = [
        _address(graph, sample, "dcat:downloadURL", "dcat:accessURL")
        for sample in graph.values(node, "adms:sample")
    ]
    draft.keep_extra("adms:sample", [address for address in samples if address])
    if endpoint := graph.text(node, "dcat:endpointURL"):
        add_distribution(
            draft,
            "dcat:endpointURL",
            RawDistribution(
                access=endpoint,
                service=_service(graph, node),
                means=DistributionKind.SERVICE,
            ),
        )


def _raw(graph: Graph, node: Value, dataset: Node) -> RawDistribution:
    """An address given as text counts; one that is neither (the node's own, of a relative word) does not."""
    service = next(iter(graph.values(node, "dcat:accessService")), None)
    checksum = next(iter(graph.values(node, "spdx:checksum")), None)
    licences = [
        words
        for value in graph.values(node, "dct:license")
        for words in licence_words(graph, value, dataset)
    ]
    return RawDistribution(
        identifier=graph.text(node, "dct:identifier")
        or ("" if isinstance(node, ox.BlankNode) else source_value(node)),
        titles=graph.texts(node, "dct:title", "schema:name"),
        descriptions=graph.texts(node, "dct:description", "schema:description"),
        rights=_rights(graph, node),
        rights_statements=_rights_statements(graph, node),
        documentation=[
            source_value(value) for value in graph.values(node, "foaf:page")
        ],
        periods=read_periods(graph, node),
        access=_address(graph, node, "dcat:accessURL", "schema:url"),
        download=_address(graph, node, "dcat:downloadURL", "schema:contentUrl"),
        formats=[
            text
            for value in graph.values(node, "dct:format", "schema:encodingFormat")
            for text in _wordings(graph, value)
        ],
        media_types=[
            text
            for value in graph.values(node, "dcat:mediaType")
            for text in _wordings(graph, value)
        ],
        compress=_media(graph.text(node, "dcat:compressFormat")),
        package=_media(graph.text(node, "dcat:packageFormat")),
        size=graph.text(node, "dcat:byteSize", "schema:contentSize"),
        checksum=(
            graph.text(checksum, "spdx:algorithm"),
            graph.text(checksum, "spdx:checksumValue"),
        )
        if checksum
        else ("", ""),
        licences=licences,
        licence_labels=licence_labels(graph, node),
        issued=graph.text(node, "dct:issued"),
        modified=graph.text(node, "dct:modified"),
        languages=[
            source_value(language) for language in graph.values(node, "dct:language")
        ],
        conforms_to=[
            _standard(graph, standard, dataset)
            for standard in graph.values(node, "dct:conformsTo")
        ],
        availability=graph.text(node, "dcatap:availability"),
        status=graph.text(node, "adms:status"),
        service=_service(graph, service) if service else None,
    )


def _standard(graph: Graph, value: Value, dataset: Node) -> str:
    """The address of a standard; the name of one that has none, or only one within the description of its dataset."""
    return (
        address_of(dataset, value)
        or graph.text(value, "dct:title", "rdfs:label", "dct:identifier")
        or source_value(value)
    )


def _address(graph: Graph, node: Value, *names: str) -> str:
    for value in graph.values(node, *names):
        text = source_value(value) or graph.text(
            value, "schema:url", "rdf:value", "foaf:page"
        )
        if text.strip() and not is_word(value):
            return text
    return ""


def _wordings(graph: Graph, value: Value) -> list[str]:
    labels = [
        words
        for words, _ in graph.texts(
            value, "rdfs:label", "rdf:value", "skos:prefLabel", "dct:title"
        )
    ]
    address = "" if isinstance(value, ox.BlankNode) else source_value(value)
    return [wording for wording in (address, *labels) if wording.strip()]


def licence_words(graph: Graph, value: Value, dataset: Node) -> list[str]:
    """The wordings of a licence: its address, the addresses it names, and its labels.

    One that is only named within the description of a dataset has no address, as in `address_of`.
    """
    words = [
        words
        for words, _ in graph.texts(
            value, "rdfs:label", "dct:title", "skos:prefLabel", "foaf:name"
        )
    ]
    address = "" if isinstance(value, ox.BlankNode) else source_value(value)
    if words and address.startswith(f"{source_value(dataset)}#"):
        address = ""
    links = [
        source_value(link)
        for link in graph.values(value, "dct:identifier", "owl:sameAs", "foaf:page")
    ]
    return [wording for wording in (address, *links, *words) if wording.strip()]


def licence_labels(graph: Graph, node: Value) -> list[tuple[str, str]]:
    """The names that a thing's licences have, by language."""
    licences = graph.values(node, "dct:license")
    return [
        label
        for value in licences
        for label in graph.texts(value, "rdfs:label", "dct:title", "skos:prefLabel")
    ]


def _rights(graph: Graph, node: Value) -> list[tuple[str, str]]:
    """What is said of rights, by language: all of it, a line each."""
    statements: list[tuple[str, str]] = []
    for value in graph.values(node, "dct:rights"):
        statements += graph.texts(value, "rdfs:label", "dct:description") or [
            (source_value(value), "")
        ]
    by_tag: dict[str, list[str]] = {}
    for words, tag in sorted(statements):
        if words.strip() and not LINK.fullmatch(words):
            by_tag.setdefault(tag, []).append(words.strip())
    return [("\n".join(dict.fromkeys(words)), tag) for tag, words in by_tag.items()]


def _rights_statements(graph: Graph, node: Value) -> list[str]:
    """Addresses of what is said of rights, where its words are nowhere; and those that a statement refers to."""
    statements: list[str] = []
    for value in graph.values(node, "dct:rights"):
        references = graph.values(value, "rdfs:seeAlso")
        statements += [source_value(reference) for reference in references]
        is_described = references or graph.texts(value, "rdfs:label", "dct:description")
        if isinstance(value, ox.NamedNode) and not is_described:
            statements.append(source_value(value))
    return [statement for statement in statements if LINK.fullmatch(statement)]


def _media(text: str) -> str:
    return re.sub(r"^https?://(www\.)?iana\.org/assignments/media-types/", "", text)


def _service(graph: Graph, node: Value) -> DataService:
    return DataService(
        endpoint=graph.text(node, "dcat:endpointURL"),
        description=graph.text(node, "dcat:endpointDescription"),
        conforms_to=tuple(
            source_value(standard) for standard in graph.values(node, "dct:conformsTo")
        ),
    )


def named_identifiers(graph: Graph, node: Value) -> list[str]:
    """The identifiers that are said of something, under the first name that is used."""
    for name in ("dct:identifier", "dcat:identifier"):
        named = [
            text
            for value in graph.values(node, name)
            if (text := source_value(value).strip())
        ]
        if named:
            return named
    return []


def stated_identifier(graph: Graph, node: Value) -> str:
    """The identifier that is said of something: an address before words; empty where none is."""
    named = named_identifiers(graph, node)
    links = [link for link in named if addresses.is_web(link)]
    if links:
        return links[0]
    return min(named, default="")


def read_served_datasets(graph: Graph, node: Node, draft: Draft) -> None:
    """The datasets that a service serves, by their identifiers where the document says them, else by their addresses."""
    for value in graph.values(node, "dcat:servesDataset"):
        draft.add_once(
            draft.serves, stated_identifier(graph, value) or source_value(value)
        )
