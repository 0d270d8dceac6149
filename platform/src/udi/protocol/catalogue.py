"""A catalogue as DCAT-AP 3.0.1: itself, its datasets, and one page of it (Hydra) when it is read page by page."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from udi.protocol.rdf import (
    EXTENSIONS,
    dataset_address,
    write_dataset,
    write_languages,
    write_place,
)
from udi.protocol.structures import BoundingBox, Record
from udi.protocol.texts import Texts
from udi.protocol.triples import (
    Triple,
    find_iri,
    iri,
    is_a,
    literal,
    localised_literal,
    localised_literals,
    moment_of,
    part_of,
    term,
    typed_literal,
    typed_value,
)
from udi.protocol.vocabulary import MediaKind

PROFILE = "http://data.europa.eu/r5r/"
THEME_TABLE = "http://publications.europa.eu/resource/authority/data-theme"
WITHDRAWN = "http://publications.europa.eu/resource/authority/dataset-status/WITHDRAWN"


@dataclass(frozen=True, kw_only=True)
class HarvesterName:
    """The organisation that reads a dataset in a catalogue of others."""

    id: UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A dataset of a catalogue; `listed` is when the catalogue first showed it, `described` when it last changed there."""

    record: Record
    listed: datetime
    described: datetime
    other_identifiers: tuple[str, ...] = ()
    """Those of the same dataset in catalogues of others."""
    harvester: HarvesterName | None = None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A catalogue; `origin` is the address of its portal, which every address below begins with.

    `named_by` is the portal whose addresses name the datasets, where the catalogue is another's: a node's.
    `path` and `home` are those of the catalogue and of its page; `agent` names the publisher where it has a name of its own.
    """

    origin: str
    title: Texts
    description: Texts
    publisher: Texts
    languages: tuple[str, ...] = ()
    box: BoundingBox | None = None
    path: str = "/catalog"
    home: str = "/"
    agent: str = ""
    named_by: str = ""

    @property
    def address(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def dataset_origin(self) -> str:
        """The origin of the addresses of datasets."""
        return self.named_by or self.origin


@dataclass(frozen=True, kw_only=True)
class CataloguePage:
    """One page of a catalogue: its address, those of its neighbours by their name in Hydra, how many datasets there are."""

    address: str
    total: int
    neighbours: Mapping[str, str] = field(default_factory=dict)


def write_catalogue(catalogue: Catalogue) -> Iterator[Triple]:
    """The catalogue itself, without its datasets."""
    node = iri(catalogue.address)
    publisher = find_iri(catalogue.agent) or iri(f"{catalogue.origin}/#publisher")
    yield is_a(node, "dcat:Catalog")
    yield from localised_literals(node, "dct:title", catalogue.title)
    yield from localised_literals(
        node, "dct:description", catalogue.description or catalogue.title
    )
    yield (node, term("dct:publisher"), publisher)
    yield is_a(publisher, "foaf:Agent")
    yield from localised_literals(publisher, "foaf:name", catalogue.publisher)
    yield from typed_value(
        node,
        "foaf:homepage",
        iri(f"{catalogue.origin}{catalogue.home}"),
        "foaf:Document",
    )
    yield from typed_value(
        node, "dcat:themeTaxonomy", iri(THEME_TABLE), "skos:ConceptScheme"
    )
    yield (iri(THEME_TABLE), term("dct:title"), localised_literal("Data theme", "en"))
    yield from write_languages(node, catalogue.languages)
    if catalogue.box:
        yield from write_place(node, iri(f"{catalogue.origin}/#area"), catalogue.box)


def write_page(catalogue: Catalogue, part: CataloguePage) -> Iterator[Triple]:
    """The page, for who reads on: udata and CKAN both follow `hydra:next`."""
    node = iri(part.address)
    whole = iri(catalogue.address)
    yield is_a(whole, "hydra:Collection")
    yield (whole, term("hydra:view"), node)
    yield is_a(node, "hydra:PartialCollectionView")
    for name, address in part.neighbours.items():
        yield (node, term(f"hydra:{name}"), iri(address))
    yield (
        whole,
        term("hydra:totalItems"),
        typed_literal(str(part.total), "xsd:integer"),
    )


def write_entry(
    catalogue: Catalogue,
    entry: CatalogueEntry,
    extensions: Collection[str] = EXTENSIONS,
) -> Iterator[Triple]:
    """A dataset as the catalogue lists it, with the catalogue's own record of it."""
    return chain(
        _write_listing(catalogue, entry),
        write_described_dataset(catalogue.dataset_origin, entry, extensions),
    )


def _write_listing(catalogue: Catalogue, entry: CatalogueEntry) -> Iterator[Triple]:
    """That the catalogue has a dataset, its record of it, and the services of the dataset."""
    whole = iri(catalogue.address)
    dataset = iri(dataset_address(catalogue.dataset_origin, entry.record))
    listed = part_of(dataset, "record")
    yield (whole, term("dcat:dataset"), dataset)
    yield (whole, term("dcat:record"), listed)
    yield is_a(listed, "dcat:CatalogRecord")
    yield (listed, term("foaf:primaryTopic"), dataset)
    yield from typed_value(listed, "dct:conformsTo", iri(PROFILE), "dct:Standard")
    yield moment_of(listed, "dct:issued", entry.listed)
    yield moment_of(listed, "dct:modified", entry.described)
    for service in entry.record.media:
        if service.kind is MediaKind.SERVICE:
            service_node = part_of(dataset, f"service-{service.id}")
            yield (whole, term("dcat:service"), service_node)


def write_member(whole: Catalogue, member: Catalogue) -> Iterator[Triple]:
    """A catalogue that another one is made of."""
    yield (iri(whole.address), term("dcat:catalog"), iri(member.address))
    yield from write_catalogue(member)


def write_member_entry(
    whole: Catalogue,
    member: Catalogue,
    entry: CatalogueEntry,
    extensions: Collection[str] = EXTENSIONS,
) -> Iterator[Triple]:
    """A dataset of a catalogue that another one is made of: it is in both."""
    dataset = dataset_address(member.dataset_origin, entry.record)
    yield (iri(whole.address), term("dcat:dataset"), iri(dataset))
    yield from write_entry(member, entry, extensions)


def write_described_dataset(
    origin: str, entry: CatalogueEntry, extensions: Collection[str] = EXTENSIONS
) -> Iterator[Triple]:
    """A dataset with its identifiers in other catalogues, and who reads it elsewhere."""
    return chain(
        write_dataset(origin, entry.record, extensions),
        _write_reading(origin, entry),
    )


def _write_reading(origin: str, entry: CatalogueEntry) -> Iterator[Triple]:
    """Who reads a dataset elsewhere, and its identifiers there."""
    if not entry.harvester and not entry.other_identifiers:
        return
    dataset = iri(dataset_address(origin, entry.record))
    if entry.harvester:
        yield from write_harvester(dataset, entry.harvester)
    for position, notation in enumerate(entry.other_identifiers, start=1):
        other = part_of(dataset, f"origin-{position}")
        yield from typed_value(dataset, "adms:identifier", other, "adms:Identifier")
        yield (other, term("skos:notation"), literal(notation))


def write_harvester(dataset: str, harvester: HarvesterName) -> Iterator[Triple]:
    """Who reads a dataset elsewhere: a contributor to the catalogue's record of it, for the data are its publisher's."""
    listed = part_of(dataset, "record")
    agent = f"<urn:uuid:{harvester.id}>"
    yield is_a(listed, "dcat:CatalogRecord")
    yield (listed, term("foaf:primaryTopic"), dataset)
    yield from typed_value(listed, "dct:contributor", agent, "foaf:Agent")
    yield (agent, term("foaf:name"), literal(harvester.name))


def write_withdrawal(address: str, title: str, moment: datetime) -> Iterator[Triple]:
    """What stays of a dataset that was withdrawn: its name, and since when it is no more."""
    node = iri(address)
    yield is_a(node, "dcat:Resource")
    yield (node, term("dct:title"), literal(title))
    yield (node, term("adms:status"), iri(WITHDRAWN))
    yield moment_of(node, "dct:modified", moment)
