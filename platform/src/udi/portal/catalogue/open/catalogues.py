"""The catalogue in DCAT-AP: of one territory, or of several together, as a catalogue of their catalogues, page by page.

The pages of several go from one territory to the next, in the order of their names in addresses, and each begins where the
one before ended: whoever follows `next` meets each dataset once, whatever comes or goes meanwhile. The services of a
territory stand where its datasets end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.response import Redirect

from udi.kit.db import Database
from udi.kit.errors import Refusal, UnavailableError
from udi.kit.paging import MAX_PAGE_SIZE
from udi.kit.tenancy import Territory
from udi.portal.catalogue.archive import catalogue_of
from udi.portal.catalogue.data_services.queries import (
    ServiceWithDatasets,
    list_catalogue_services,
)
from udi.portal.catalogue.data_services.rdf import write_member_service
from udi.portal.catalogue.elsewhere.together import (
    Neighbourhood,
    find_joint_reader,
    find_neighbourhood,
    is_joint_current,
)
from udi.portal.catalogue.open.dcat import (
    PROFILES,
    USUAL_SIZE,
    VARY,
    entry_of,
    link_header,
    rdf_document,
    send_catalogue,
)
from udi.portal.catalogue.open.listing import (
    DatasetFilter,
    ListSlice,
    PublishedDataset,
    list_dataset_slice,
)
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE, CURSOR, Place
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.open.representations import (
    SUFFIXES,
    TURTLE,
    Representation,
    negotiate_representation,
    split_extension,
)
from udi.portal.catalogue.open.responses import (
    Document,
    Validators,
    is_not_modified,
    send_document,
)
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.search.criteria import PARTNERS, TERRITORY, Criteria
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.catalogue.search.query import list_repeated, search_joint
from udi.protocol.catalogue import (
    Catalogue,
    CataloguePage,
    write_catalogue,
    write_member,
    write_member_entry,
    write_page,
)
from udi.protocol.rdf import EXTENSIONS
from udi.protocol.serialisations import sort_triples, write_n_triples
from udi.protocol.triples import Triple
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

PATH = "/catalog"
PARAMETERS = (PARTNERS, TERRITORY, CURSOR, "page_size", "profiles")


@dataclass(frozen=True)
class JointQuery:
    """Which page of a catalogue of several territories: `start` is a territory, `after` a place in its catalogue."""

    size: int
    profiles: tuple[str, ...]
    start: str = ""
    after: Place | None = None


@dataclass(frozen=True)
class JointSlice:
    """The datasets and the services of a page, each with its territory, and where the next one begins."""

    datasets: list[tuple[Territory, PublishedDataset]] = field(default_factory=list)
    services: list[tuple[Territory, ServiceWithDatasets]] = field(default_factory=list)
    start: str = ""
    after: Place | None = None

    @property
    def territories(self) -> set[UUID]:
        """Those that have something on the page."""
        return {territory.id for territory, _ in (*self.datasets, *self.services)}


@get([PATH, *(f"{PATH}{suffix}" for suffix in SUFFIXES)])
async def show_catalogue(request: AnyRequest) -> Response[Any] | Redirect:
    """The catalogue, page by page; a browser is led to the search."""
    territory: Territory | None = request.scope["state"].get("territory")
    form = split_extension(request.url.path)[1] or negotiate_representation(
        request, TURTLE.media_type
    )
    wants_partners = (PARTNERS, "1") in read_pairs(request)
    if form is None:
        target = f"/data?{PARTNERS}=1" if wants_partners and territory else "/data"
        return Redirect(target, status_code=303, headers={"Vary": "Accept"})
    if territory is not None and not wants_partners:
        return await send_catalogue(request, territory, catalogue_of(territory), form)
    neighbourhood = await find_neighbourhood(request, territory)
    if territory is not None and not neighbourhood.partners:
        # Not a catalogue without datasets: who reads it would take all of them away.
        return Redirect(request.url.path, status_code=303, headers={"Vary": "Accept"})
    return await send_joint_catalogue(request, neighbourhood, form)


async def send_joint_catalogue(
    request: AnyRequest, neighbourhood: Neighbourhood, form: Representation
) -> Response[Any]:
    """One page of the catalogue of several territories.

    Raises:
        InvalidError: a parameter is unknown or wrong.
        UnavailableError: there is no index yet.
    """
    question = _read_query(request)
    reader = find_joint_reader(request)
    if reader is None:
        raise UnavailableError(
            "Search is being prepared.",
            remedy="Try again in a minute.",
            headers={"Retry-After": "60"},
        )
    whole = _describe_whole(request, neighbourhood)
    facts = (neighbourhood.facts, repr(whole), question, form.suffix)
    validators = Validators((*facts, reader.generation))
    if is_not_modified(request, validators):
        return send_document(
            request, Document(form.media_type, bytes, validators, vary=VARY)
        )
    total, counts = _count(reader, neighbourhood)
    members = sorted(neighbourhood.sources.values(), key=lambda other: other.slug)
    database = site_of(request).database
    is_current = await is_joint_current(database, neighbourhood.sources, reader)
    part = await _read_slice(database, reader, neighbourhood, members, question)
    page = _describe_page(whole, question, part, total, form)
    is_first = not question.start
    listed = part.territories
    named = [
        other
        for other in members
        if other.id in listed or (is_first and other.slug in counts)
    ]
    triples = sort_triples(_write(whole, page, named, part, question.profiles))
    if not is_current:
        validators = Validators((*facts, write_n_triples(triples)))
    headers = {"Link": link_header(page), "Content-Location": page.address}
    return send_document(request, rdf_document(triples, form, validators, headers))


def _read_query(request: AnyRequest) -> JointQuery:
    parameters = QueryParameters(read_pairs(request), PARAMETERS)
    parameters.read_choices(PARTNERS, ("0", "1"))
    size = parameters.read_integer("page_size", USUAL_SIZE, most=MAX_PAGE_SIZE)
    profiles = tuple(parameters.read_choices("profiles", PROFILES))
    after = BY_PUBLICATION_DATE.read_cursor(parameters, "page")
    start = parameters.read_text(TERRITORY)
    if after is not None and not start:
        parameters.add_refusal(
            Refusal(
                CURSOR,
                "This is no place in the walk.",
                "Follow the link “next” of an answer.",
                "unreadable",
            )
        )
    parameters.check()
    return JointQuery(size, profiles, start, after)


def _describe_whole(request: AnyRequest, neighbourhood: Neighbourhood) -> Catalogue:
    """The catalogue of catalogues: the installation's, or that of a territory with its partners."""
    territory = neighbourhood.territory
    if territory is None:
        installation = site_of(request).installation
        return Catalogue(
            origin=installation.origin,
            title=installation.name,
            description=installation.name,
            publisher=installation.name,
        )
    return Catalogue(
        origin=territory.origin,
        title=territory.name,
        description=territory.tagline,
        publisher=territory.name,
        languages=tuple(territory.languages),
        path=f"{PATH}?{PARTNERS}=1",
        home=f"/data?{PARTNERS}=1",
    )


def _count(
    reader: IndexReader, neighbourhood: Neighbourhood
) -> tuple[int, dict[str, int]]:
    """How many datasets there are, each once, and which territories have some."""
    criteria = Criteria(facets=(TERRITORY,), size=1)
    result = search_joint(reader, criteria, neighbourhood.sources)
    return result.total, result.facets[TERRITORY]


async def _read_slice(
    database: Database,
    reader: IndexReader,
    neighbourhood: Neighbourhood,
    members: Sequence[Territory],
    question: JointQuery,
) -> JointSlice:
    """What a page has: rows are read as passers-by of each territory, datasets that are repeated are left out.

    The services of a territory are on one page, however many: the next territory begins on the next page then.
    """
    part = JointSlice()
    left = question.size
    for territory in members:
        if territory.slug < question.start:
            continue
        after = question.after if territory.slug == question.start else None
        if not left:
            return replace(part, start=territory.slug)
        async with database.session(territory.id, role="public") as session:
            rows, end = await list_dataset_slice(
                session, DatasetFilter(), ListSlice(left, after=after)
            )
            services = await list_catalogue_services(session) if end is None else []
        part.datasets.extend(_leave_repeated(reader, neighbourhood, territory, rows))
        part.services.extend((territory, service) for service in services)
        left = max(0, left - len(rows) - len(services))
        if end is not None:
            return replace(part, start=territory.slug, after=end)
    return part


def _leave_repeated(
    reader: IndexReader,
    neighbourhood: Neighbourhood,
    territory: Territory,
    rows: Sequence[PublishedDataset],
) -> Iterator[tuple[Territory, PublishedDataset]]:
    references: list[tuple[UUID, UUID]] = [
        (territory.id, row.record.id) for row in rows
    ]
    repeated = list_repeated(reader, references, neighbourhood.sources)
    for reference, row in zip(references, rows, strict=True):
        if reference not in repeated:
            yield territory, row


def _describe_page(
    whole: Catalogue,
    question: JointQuery,
    part: JointSlice,
    total: int,
    form: Representation,
) -> CataloguePage:
    base, _, partners = whole.address.partition("?")

    def address(start: str, after: Place | None) -> str:
        parameters = {
            TERRITORY: start,
            CURSOR: BY_PUBLICATION_DATE.write_cursor(after) if after else "",
            "page_size": str(question.size) if question.size != USUAL_SIZE else "",
            "profiles": ",".join(question.profiles),
        }
        query = urlencode({name: value for name, value in parameters.items() if value})
        parts = "&".join(filter(None, (partners, query)))
        return f"{form.address(base)}?{parts}" if parts else form.address(base)

    neighbours = {"first": address("", None)}
    if part.start:
        neighbours["next"] = address(part.start, part.after)
    return CataloguePage(
        address=address(question.start, question.after),
        total=total,
        neighbours=neighbours,
    )


def _write(
    whole: Catalogue,
    page: CataloguePage,
    members: Sequence[Territory],
    part: JointSlice,
    profiles: Sequence[str],
) -> Iterator[Triple]:
    extensions = EXTENSIONS & set(profiles) if profiles else EXTENSIONS
    catalogues = {other.id: catalogue_of(other) for other in members}
    yield from write_catalogue(whole)
    yield from write_page(whole, page)
    for member in catalogues.values():
        yield from write_member(whole, member)
    for territory, dataset in part.datasets:
        yield from write_member_entry(
            whole, catalogues[territory.id], entry_of(dataset), extensions
        )
    for territory, service in part.services:
        yield from write_member_service(whole, catalogues[territory.id], service)


routes = [show_catalogue]
