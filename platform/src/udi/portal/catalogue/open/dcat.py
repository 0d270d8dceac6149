"""DCAT-AP 3.0.1 of a dataset, a producer and the catalogue, at `<address>.ttl|rdf|jsonld|nt` or by content negotiation.

What is negotiated is answered directly, with `Vary: Accept` and `Content-Location`, not by a 303: one request instead of two for
each of a harvester's thousands of addresses, and a copy kept by a proxy is still the right one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_410_GONE
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.paging import MAX_PAGE_SIZE
from udi.kit.public_reading import PublicReading
from udi.kit.tenancy import Territory
from udi.portal.catalogue.archive import make_entry
from udi.portal.catalogue.data_services.queries import (
    ServiceWithDatasets,
    get_service,
    list_catalogue_services,
    list_served_ids,
)
from udi.portal.catalogue.data_services.rdf import (
    service_address,
    write_described_service,
    write_service,
)
from udi.portal.catalogue.dataset_rows import reading_producer_of
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.listing import (
    DatasetFilter,
    ListSlice,
    PublishedDataset,
    count_datasets,
    find_known_count,
    find_matching_rows,
    read_dataset_slice,
)
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE, CURSOR, Place
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.open.representations import (
    Representation,
)
from udi.portal.catalogue.open.responses import (
    Document,
    Validators,
    is_not_modified,
    send_cached_document,
    send_document,
)
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.queries import (
    WithdrawnError,
    get_public_dataset,
    is_reading_current,
)
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.organisations.models import Organisation
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    CataloguePage,
    HarvesterName,
    write_catalogue,
    write_described_dataset,
    write_entry,
    write_page,
    write_withdrawal,
)
from udi.protocol.rdf import EXTENSIONS
from udi.protocol.serialisations import sort_triples, write_n_triples, write_triples
from udi.protocol.triples import Triple
from udi.ui.dependencies import AnyRequest

PARAMETERS = ("page", CURSOR, "page_size", "modified_since", "q", "profiles")
PLAIN = "dcat-ap"
PROFILES = (PLAIN, *sorted(EXTENSIONS))
USUAL_SIZE = 50
VARY = "Accept, Accept-Encoding"


@dataclass(frozen=True)
class CatalogueQuery:
    """Which page of a catalogue is asked for."""

    page: int
    after: Place | None
    """Where the page begins, for who follows `next`; others count pages."""
    size: int
    since: datetime | None
    text: str
    profiles: tuple[str, ...]

    def address(self, base: str, page: int = 1, after: Place | None = None) -> str:
        """The address of a page with the same question: of one by its number, or of the one after a place."""
        parameters = {
            "q": self.text,
            "modified_since": self.since.isoformat().replace("+00:00", "Z")
            if self.since
            else "",
            "profiles": ",".join(self.profiles),
            "page_size": str(self.size) if self.size != USUAL_SIZE else "",
            "page": str(page) if page > 1 else "",
            CURSOR: BY_PUBLICATION_DATE.write_cursor(after) if after else "",
        }
        query = urlencode({name: value for name, value in parameters.items() if value})
        if query:
            return f"{base}?{query}"
        return base


def read_query(request: AnyRequest) -> CatalogueQuery:
    """The parameters of a catalogue.

    Raises:
        InvalidError: one is unknown or wrong.
    """
    parameters = QueryParameters(read_pairs(request), PARAMETERS)
    question = CatalogueQuery(
        page=parameters.read_integer("page", 1),
        after=BY_PUBLICATION_DATE.read_cursor(parameters, "page"),
        size=parameters.read_integer("page_size", USUAL_SIZE, most=MAX_PAGE_SIZE),
        since=parameters.read_datetime("modified_since"),
        text=parameters.read_text("q"),
        profiles=tuple(parameters.read_choices("profiles", PROFILES)),
    )
    parameters.check()
    return question


async def send_dataset(
    request: AnyRequest, territory: Territory, dataset_id: UUID, form: Representation
) -> Response[Any]:
    """A dataset in one form of RDF; what stays of one that was withdrawn, with status 410.

    Raises:
        NotFoundError: the territory has none of this identifier.
    """

    async def make(reading: PublicReading) -> Document:
        return await _dataset_document(reading, territory, dataset_id, form)

    return await send_cached_document(request, territory, make, form=form.suffix)


async def _dataset_document(
    reading: PublicReading, territory: Territory, dataset_id: UUID, form: Representation
) -> Document:
    address = f"{territory.origin}/data/{dataset_id}"
    try:
        dataset = await get_public_dataset(reading, dataset_id)
    except WithdrawnError as error:
        gone = error.withdrawal
        triples = write_withdrawal(address, gone.title, gone.withdrawn_at)
        moment = gone.withdrawn_at
        status = HTTP_410_GONE
    else:
        triples = _write_dataset(territory.origin, dataset)
        moment = dataset.described_at
        status = HTTP_200_OK
    validators = Validators((address, moment, form.suffix, status), moment)
    headers = {
        "Content-Location": form.address(address),
        "Link": f'<{address}>; rel="describes"',
    }
    return rdf_document(sort_triples(triples), form, validators, headers, status)


def _write_dataset(origin: str, dataset: Dataset) -> Iterator[Triple]:
    producer = reading_producer_of(dataset)
    harvester = HarvesterName(id=producer.id, name=producer.name) if producer else None
    return write_described_dataset(origin, make_entry(dataset, harvester))


async def send_service(
    request: AnyRequest, territory: Territory, service_id: UUID, form: Representation
) -> Response[Any]:
    """A service in one form of RDF; what stays of one that left its catalogue, with status 410.

    Raises:
        NotFoundError: the territory has none of this identifier.
    """

    async def make(reading: PublicReading) -> Document:
        session = await reading.open_session()
        return await _service_document(session, territory, service_id, form)

    return await send_cached_document(request, territory, make, form=form.suffix)


async def _service_document(
    session: AsyncSession, territory: Territory, service_id: UUID, form: Representation
) -> Document:
    address = service_address(territory.origin, service_id)
    service = await get_service(session, service_id)
    status = HTTP_200_OK
    if service.withdrawn_at is None:
        datasets = await list_served_ids(session, service_id)
        listed = ServiceWithDatasets(service, datasets)
        described = write_described_service(territory.origin, territory.origin, listed)
    else:
        described = write_withdrawal(address, service.title, service.withdrawn_at)
        status = HTTP_410_GONE
    triples = sort_triples(described)
    # What it serves and who publishes it change without the service.
    validators = Validators((address, form.suffix, write_n_triples(triples)))
    headers = {
        "Content-Location": form.address(address),
        "Link": f'<{address}>; rel="describes"',
    }
    return rdf_document(triples, form, validators, headers, status)


async def send_producer(
    request: AnyRequest,
    territory: Territory,
    producer: Organisation,
    form: Representation,
) -> Response[Any]:
    """A producer's part of the catalogue, page by page."""
    home = f"/producers/{producer.slug}"
    name = dict.fromkeys(territory.languages[:1], producer.name)
    catalogue = Catalogue(
        origin=territory.origin,
        title=name,
        description=producer.summary,
        publisher=name,
        languages=territory.languages,
        path=home,
        home=home,
        agent=f"urn:uuid:{producer.id}",
    )
    return await send_catalogue(request, territory, catalogue, form, producer.id)


async def send_catalogue(
    request: AnyRequest,
    territory: Territory,
    catalogue: Catalogue,
    form: Representation,
    producer: UUID | None = None,
) -> Response[Any]:
    """One page of a catalogue. What the reader has is known by the index's generation, before any row is read."""
    question = read_query(request)
    base = form.address(catalogue.address)
    reader = indexes_of(request).find(territory.id)
    facts = (territory.fingerprint, repr(catalogue), question, form.suffix)
    validators = Validators((*facts, reader.generation if reader else ""))
    if reader and is_not_modified(request, validators):
        return send_document(
            request, Document(form.media_type, bytes, validators, vary=VARY)
        )

    async def make(reading: PublicReading) -> Document:
        return await _catalogue_document(
            reading, reader, catalogue, (question, base, form, producer), validators
        )

    return await send_cached_document(request, territory, make, form=form.suffix)


async def _catalogue_document(
    reading: PublicReading,
    reader: IndexReader | None,
    catalogue: Catalogue,
    page_request: tuple[CatalogueQuery, str, Representation, UUID | None],
    validators: Validators,
) -> Document:
    question, base, form, producer = page_request
    if question.text:
        seqs = find_matching_rows(reader, [question.text])
    else:
        seqs = None
    selection = DatasetFilter(
        producer=producer, changed_since=question.since, seqs=seqs
    )
    total = await _count_datasets(reading, selection, reader)
    stretch = ListSlice(
        question.size, (question.page - 1) * question.size, question.after
    )
    rows, end = await read_dataset_slice(reading, selection, stretch)
    address = question.address(base, question.page, question.after)
    part = CataloguePage(
        address=address, total=total, neighbours=_page_links(question, base, total, end)
    )
    if end is None:
        session = await reading.open_session()
        services = await _list_services(session, question, producer)
    else:
        services = []
    triples = sort_triples(
        chain(
            _triples(catalogue, part, rows, question.profiles),
            *(write_service(catalogue, service) for service in services),
        )
    )
    if reader is None or not await is_reading_current(reading, reader):
        validators = Validators((*validators.facts, write_n_triples(triples)))
    return rdf_document(
        triples,
        form,
        validators,
        {"Link": link_header(part), "Content-Location": part.address},
    )


async def _count_datasets(
    reading: PublicReading, selection: DatasetFilter, reader: IndexReader | None
) -> int:
    """How many datasets are wanted; where the index knows it, nothing is read."""
    known = find_known_count(selection, reader)
    if known is None:
        return await count_datasets(await reading.open_session(), selection)
    return known


async def _list_services(
    session: AsyncSession, question: CatalogueQuery, producer: UUID | None
) -> Sequence[ServiceWithDatasets]:
    """The services of catalogues of others, which stand on the last page; none where words are looked for."""
    if question.text:
        return []
    return await list_catalogue_services(
        session, producer=producer, since=question.since
    )


def _triples(
    catalogue: Catalogue,
    part: CataloguePage,
    rows: Iterable[PublishedDataset],
    profiles: Sequence[str],
) -> Iterator[Triple]:
    extensions = EXTENSIONS & set(profiles) if profiles else EXTENSIONS
    entries = (
        write_entry(catalogue, entry_of(dataset), extensions) for dataset in rows
    )
    return chain(
        write_catalogue(catalogue),
        write_page(catalogue, part),
        chain.from_iterable(entries),
    )


def entry_of(dataset: PublishedDataset) -> CatalogueEntry:
    """A dataset of a list as a catalogue has it."""
    return CatalogueEntry(
        record=dataset.record,
        listed=dataset.listed,
        described=dataset.described,
        other_identifiers=dataset.other_identifiers,
        harvester=dataset.harvester,
    )


def link_header(part: CataloguePage) -> str:
    """The pages around as a header."""
    names = {"previous": "prev"}
    return ", ".join(
        f'<{url}>; rel="{names.get(name, name)}"'
        for name, url in part.neighbours.items()
    )


def _page_links(
    question: CatalogueQuery, base: str, total: int, end: Place | None
) -> Mapping[str, str]:
    """Those that are known: a page that begins at a place is none of the numbered ones, which have a last and a previous."""
    links = {"first": question.address(base)}
    if question.after is None:
        last = max(1, -(-total // question.size))
        links["last"] = question.address(base, last)
        if question.page > 1:
            links["previous"] = question.address(base, min(question.page - 1, last))
    if end is not None:
        links["next"] = question.address(base, after=end)
    return links


def rdf_document(
    triples: Sequence[Triple],
    form: Representation,
    validators: Validators,
    headers: Mapping[str, str],
    status: int = 200,
) -> Document:
    """Triples in a form of RDF.

    Raises:
        ValueError: the form is none.
    """
    if form.rdf is None:
        raise ValueError(form)
    rdf_format = form.rdf

    def make() -> bytes:
        return write_triples(triples, rdf_format)

    return Document(
        form.media_type, make, validators, headers, vary=VARY, status=status
    )
