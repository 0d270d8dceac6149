"""A service of a catalogue as a `dcat:DataService` of DCAT-AP 3."""

from collections.abc import Iterator
from uuid import UUID

from udi.kit.mail_addresses import mail_url
from udi.portal.catalogue.data_services.descriptions import (
    CatalogueServiceDescription,
    read_description,
)
from udi.portal.catalogue.data_services.queries import ServiceWithDatasets
from udi.portal.catalogue.services.models import CatalogueService
from udi.protocol.catalogue import Catalogue
from udi.protocol.licences import LICENCES
from udi.protocol.triples import (
    Triple,
    find_iri,
    iri,
    is_a,
    literal,
    localised_literals,
    part_of,
    term,
    typed_link,
    typed_value,
)

ACCESS = "http://publications.europa.eu/resource/authority/access-right/"


def write_service(
    catalogue: Catalogue, listed: ServiceWithDatasets
) -> Iterator[Triple]:
    """A service as the catalogue lists it."""
    node = iri(service_address(catalogue.origin, listed.service.id))
    yield (iri(catalogue.address), term("dcat:service"), node)
    yield from write_described_service(
        catalogue.origin, catalogue.dataset_origin, listed
    )


def write_member_service(
    whole: Catalogue, member: Catalogue, listed: ServiceWithDatasets
) -> Iterator[Triple]:
    """A service of a catalogue that another one is made of: it is in both."""
    node = iri(service_address(member.origin, listed.service.id))
    yield (iri(whole.address), term("dcat:service"), node)
    yield from write_service(member, listed)


def service_address(origin: str, service: UUID) -> str:
    """The address of a service: what it is called, and where it is read about."""
    return f"{origin}/services/{service}"


def write_described_service(
    origin: str, dataset_origin: str, listed: ServiceWithDatasets
) -> Iterator[Triple]:
    """A service by itself; the datasets that it serves are named by their addresses here."""
    service = listed.service
    description = read_description(service)
    node = iri(service_address(origin, service.id))
    yield is_a(node, "dcat:DataService")
    yield (node, term("dct:identifier"), literal(service.identifier))
    yield from localised_literals(node, "dct:title", service.titles)
    yield from localised_literals(node, "dct:description", description.text)
    yield from typed_link(node, "dcat:endpointURL", service.endpoint, "rdfs:Resource")
    yield from _write_pages(node, origin, service, description)
    yield from _write_people(node, service, description)
    yield from _write_conditions(node, description)
    for keyword in description.keywords:
        yield (node, term("dcat:keyword"), literal(keyword))
    for dataset in listed.datasets:
        yield from _write_served(node, dataset_origin, dataset)


def _write_served(node: str, origin: str, dataset: UUID) -> Iterator[Triple]:
    """Named as its own description does, which may be on another page of the catalogue."""
    served = iri(f"{origin}/data/{dataset}")
    yield (node, term("dcat:servesDataset"), served)
    yield (served, term("dct:identifier"), literal(str(dataset)))


def _write_pages(
    node: str,
    origin: str,
    service: CatalogueService,
    description: CatalogueServiceDescription,
) -> Iterator[Triple]:
    page = description.landing_page or service_address(origin, service.id)
    yield from typed_link(node, "dcat:landingPage", page, "foaf:Document")
    yield from typed_link(
        node,
        "dcat:endpointDescription",
        description.endpoint_description,
        "rdfs:Resource",
    )
    for address in description.documentation:
        yield from typed_link(node, "foaf:page", address, "foaf:Document")
    for standard in description.standards:
        yield from typed_link(node, "dct:conformsTo", standard, "dct:Standard")


def _write_people(
    node: str, service: CatalogueService, description: CatalogueServiceDescription
) -> Iterator[Triple]:
    publisher = iri(f"urn:uuid:{service.organisation_id}")
    yield from typed_value(node, "dct:publisher", publisher, "foaf:Agent")
    yield (publisher, term("foaf:name"), literal(service.organisation.name))
    for position, contact in enumerate(description.contacts, start=1):
        kind = part_of(node, f"contact-{position}")
        yield from typed_value(node, "dcat:contactPoint", kind, "vcard:Kind")
        if contact.name:
            yield (kind, term("vcard:fn"), literal(contact.name))
        if contact.email and (mailbox := find_iri(mail_url(contact.email))):
            yield (kind, term("vcard:hasEmail"), mailbox)
        if contact.url and (page := find_iri(contact.url)):
            yield (kind, term("vcard:hasURL"), page)


def _write_conditions(
    node: str, description: CatalogueServiceDescription
) -> Iterator[Triple]:
    known = LICENCES.get(description.licence)
    address = known.uri if known else description.licence_url
    if licence := find_iri(address):
        yield from typed_value(node, "dct:license", licence, "dct:LicenseDocument")
        if known is None and description.licence_name:
            yield (licence, term("rdfs:label"), literal(description.licence_name))
        elif known is not None and not known.authority:
            yield from localised_literals(licence, "rdfs:label", known.name)
    elif description.licence_name:
        licence = part_of(node, "licence")
        yield from typed_value(node, "dct:license", licence, "dct:LicenseDocument")
        yield (licence, term("rdfs:label"), literal(description.licence_name))
    if description.access:
        yield from typed_value(
            node,
            "dct:accessRights",
            iri(ACCESS + description.access),
            "dct:RightsStatement",
        )
