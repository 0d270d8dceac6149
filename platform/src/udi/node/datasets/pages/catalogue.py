"""What is published on this node, for everybody: the front page of a producer's own, and its feed for machines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, field_error
from udi.kit.paging import Page, page_number
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.queries import list_public
from udi.node.datasets.schemas import CatalogueParameters
from udi.node.portals.queries import list_showing_portals
from udi.node.spaces.models import Space
from udi.node.spaces.operations import CATALOGUE
from udi.node.spaces.queries import list_all_spaces, list_spaces
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    CataloguePage,
    write_catalogue,
    write_entry,
    write_page,
)
from udi.protocol.record import restore_record
from udi.protocol.serialisations import group_triples, write_json_ld, write_turtle
from udi.protocol.structures import BoundingBox
from udi.protocol.triples import Triple
from udi.ui.dependencies import CurrentTerritory, Routes, Session, Visitor
from udi.ui.locale import localise
from udi.ui.openapi.operations import describe_operation
from udi.ui.site import render, site_of

FEED = 100
SHORT = {
    "text/csv": "CSV",
    "application/json": "JSON",
    "application/geo+json": "GeoJSON",
    "application/zip": "ZIP",
}


@dataclass(frozen=True)
class PortalLink:
    """A page of a further portal; `name` is the portal's, by language."""

    name: dict[str, str]
    address: str


@get("/")
async def show_catalogue(
    request: PageRequest, session: Session, territory: CurrentTerritory, actor: Visitor
) -> Response[str]:
    """What the producer publishes, the newest first, and the way to its space for its people."""
    page = await list_public(
        session, number=page_number(request.query_params.get("page"))
    )
    return render(
        request,
        "datasets/catalogue.html",
        page=page,
        producers=await _producers(request, territory),
        spaces=await list_spaces(session, actor) if actor else [],
        portal=territory.links.get("portal", ""),
        further=await _list_further_links(request, territory, page.items),
        short=SHORT,
        summaries={
            dataset.id: localise(
                restore_record(_published_record(dataset)).summary, locale_of(request)
            )
            for dataset in page.items
        },
    )


@get(
    "/catalog.ttl",
    **describe_operation(
        "readCatalogueAsTurtle",
        tag=CATALOGUE,
        summary="Harvest the catalogue in Turtle",
        description="What is published here as DCAT-AP, a hundred datasets a page.",
        media_types=("text/turtle",),
        query=CatalogueParameters,
        errors=(InvalidError, NotFoundError),
    ),
)
async def show_turtle(
    request: PageRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The same as DCAT-AP, in Turtle, a hundred datasets at a time (`page`)."""
    return await _feed(request, session, territory, write_turtle, "text/turtle")


@get(
    "/catalog.jsonld",
    **describe_operation(
        "readCatalogueAsJsonLd",
        tag=CATALOGUE,
        summary="Harvest the catalogue in JSON-LD",
        description="The same in JSON-LD.",
        media_types=("application/ld+json",),
        query=CatalogueParameters,
        errors=(InvalidError, NotFoundError),
    ),
)
async def show_json_ld(
    request: PageRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The same in JSON-LD."""
    return await _feed(
        request, session, territory, write_json_ld, "application/ld+json"
    )


async def _producers(request: PageRequest, territory: Territory) -> Sequence[Space]:
    """Who publishes here; whoever reads is perhaps no member."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            return await list_all_spaces(session)


async def _list_further_links(
    request: PageRequest, territory: Territory, items: Sequence[Dataset]
) -> dict[UUID, list[PortalLink]]:
    """By dataset, where the further portals show it: each one's name and address, and what it is called there."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            portals_by_dataset = await list_showing_portals(
                session, [dataset.id for dataset in items]
            )
    return {
        dataset: [
            PortalLink(portal.name, f"{portal.origin}/data/{dataset}")
            for portal in portals
        ]
        for dataset, portals in portals_by_dataset.items()
    }


async def _feed(
    request: PageRequest,
    session: AsyncSession,
    territory: Territory,
    write: Callable[[Iterable[Triple]], bytes],
    media_type: str,
) -> Response[bytes]:
    asked_page = request.query_params.get("page") or "1"
    if not (asked_page.isascii() and asked_page.isdigit()):
        raise field_error("page", "This is not a number.", "Write digits only.")
    number = page_number(asked_page)
    page = await list_public(session, number=number, size=FEED)
    if asked_page != str(number) or page.number > page.last:
        raise NotFoundError("The catalogue has no such page.")
    names = " · ".join(space.name for space in await _producers(request, territory))
    path = request.scope["path"]
    body = write(group_triples(_triples(territory, names, path, page)))
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=60",
    }
    return Response(body, media_type=media_type, headers=headers)


def _triples(
    territory: Territory, names: str, path: str, page: Page[Dataset]
) -> Iterator[Triple]:
    """The catalogue is this node's; its datasets are named as on the portal, which has their permanent addresses."""
    texts = dict.fromkeys(territory.languages, names)
    if territory.box:
        box = BoundingBox(
            **dict(zip(("west", "south", "east", "north"), territory.box, strict=True))
        )
    else:
        box = None
    catalogue = Catalogue(
        origin=territory.origin,
        title=texts,
        description=texts,
        publisher=texts,
        languages=territory.languages,
        box=box,
        path=path,
        named_by=territory.links.get("portal", ""),
    )
    yield from write_catalogue(catalogue)
    yield from write_page(catalogue, _catalogue_page(catalogue, page))
    for dataset in page.items:
        record = restore_record(_published_record(dataset))
        listed = dataset.opened_at or dataset.created_at
        yield from write_entry(
            catalogue,
            CatalogueEntry(record=record, listed=listed, described=dataset.updated_at),
        )


def _published_record(dataset: Dataset) -> dict[str, Any]:
    assert dataset.record is not None  # noqa: S101 - only those with a record are public
    return dataset.record


def _catalogue_page(catalogue: Catalogue, page: Page[Dataset]) -> CataloguePage:
    numbers = {
        "first": 1,
        "last": page.last,
        "previous": page.number - 1,
        "next": page.number + 1,
    }
    inside = {
        name: number for name, number in numbers.items() if 1 <= number <= page.last
    }
    addresses = {name: _address(catalogue, number) for name, number in inside.items()}
    return CataloguePage(
        address=_address(catalogue, page.number), total=page.total, neighbours=addresses
    )


def _address(catalogue: Catalogue, number: int) -> str:
    return f"{catalogue.address}?{urlencode({'page': number})}"


front: Routes = [show_catalogue]
"""The front page of a producer's own node."""
routes: Routes = [show_turtle, show_json_ld]
