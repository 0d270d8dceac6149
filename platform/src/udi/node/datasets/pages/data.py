"""What a table looks like, for everybody once it is published, for its producer before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.kit.errors import GoneError, HeldBackError, NotFoundError, UnauthenticatedError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.models import Version
from udi.node.datasets.pages.difference import is_open
from udi.node.datasets.pages.embed import list_embed_codes
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.datasets.records.data_package import compose_package
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.queries import get_current_file
from udi.node.spaces.limits import enforce_rate_limit
from udi.node.spaces.operations import FILES as FILES_TAG
from udi.node.spaces.operations import DatasetPath
from udi.node.spaces.queries import DatasetPermission
from udi.node.tables.requests import RATES, join_rate_headers, reader_of
from udi.protocol.licences import LICENCES
from udi.settings import Role
from udi.tabular.exports.exports import formats_of
from udi.tabular.overviews.charts import draw_chart, table_of
from udi.tabular.overviews.overview import SHOWING, TableOverview
from udi.tabular.queries.table import DatasetTable
from udi.ui.locale import localise
from udi.ui.openapi.operations import describe_operation
from udi.ui.site import render, site_of

COST = 5
DIGITS = 6
FILES = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "parquet": "Parquet",
    "json": "JSON",
    "geojson": "GeoJSON",
    "pmtiles": "PMTiles",
}
"""What people take away, in the order of how many can open it."""


@get(
    "/datasets/{dataset_id:uuid}/datapackage.json",
    **describe_operation(
        "readDataPackage",
        tag=FILES_TAG,
        summary="Read a dataset as a Data Package",
        description="The file and the table of the newest version (Data Package, version 2).",
        answer=dict[str, Any],
        errors=(NotFoundError, GoneError, HeldBackError),
    ),
)
async def show_package(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    dataset_id: DatasetPath,
) -> Response[bytes]:
    """The newest published version as a Data Package."""
    tables = site_of(request).services[DATASET_TABLES]
    version = await tables.version_of(
        await get_current_file(session, dataset_id, let=True)
    )
    if version is None:
        raise NotFoundError
    body = json.dumps(
        compose_package(version, territory, locale_of(request)), ensure_ascii=False
    ).encode()
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept-Language, Cookie",
    }
    return Response(body, media_type="application/json", headers=headers)


@get("/datasets/{dataset_id:uuid}/data")
async def show_data(
    request: PageRequest,
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The first rows of a table, its columns in figures, a chart and a map; `version` is for its producer.

    The database is let go before the table is read.
    """
    site = site_of(request)
    role = _role(actor)
    rates = site.services[RATES]
    limits = rates.count_request(reader_of(request, territory, actor), COST)
    tables = site.services[DATASET_TABLES]
    person = actor.person_id if actor else None
    async with site.database.session(territory.id, role=role, person=person) as session:
        version = await _own_version(
            session, actor, dataset_id, request.query_params.get("version")
        )
        if version is not None:
            table = await tables.of_version(version)
        else:
            table = await tables(session, actor, dataset_id, let=True)
    limits = join_rate_headers(
        limits, await enforce_rate_limit(request, UUID(table.space))
    )
    if table.is_restricted:
        return _render_restricted(request, territory, dataset_id, table)
    etag = _etag(table, territory, locale_of(request))
    if actor is None and etag in request.headers.get("if-none-match", ""):
        return Response(
            None,
            status_code=304,
            headers={**limits, "ETag": etag, "Vary": "Accept-Language, Cookie"},
        )
    await table.fetch_file()
    showing = site.services[SHOWING]
    page = await _render_data(
        request,
        territory,
        dataset_id,
        version,
        table,
        await showing.read_overview(table),
    )
    page.headers.update({**limits, **({} if actor else {"ETag": etag})})
    return page


def _render_restricted(
    request: PageRequest, territory: Territory, dataset_id: UUID, table: DatasetTable
) -> Response[str]:
    """What a table that is not shown is of, and where to ask for it."""
    portal = f"{territory.links.get('portal', '')}/data"
    about: Mapping[str, Any] = {"portal_url": portal, "page": f"{portal}/{dataset_id}"}
    return render(
        request, "datasets/restricted.html", dataset_id=dataset_id, table=table, **about
    )


def _role(actor: Actor | None) -> Role:
    if actor:
        return "app"
    return "public"


async def _own_version(
    session: AsyncSession, actor: Actor | None, dataset_id: UUID, number: str | None
) -> Version | None:
    """What a member of the space may see before everybody; None: what everybody sees.

    Raises:
        UnauthenticatedError: a version is asked for, and nobody is logged in.
        NotFoundError: there is no such version, or it is another organisation's.
    """
    if number is None and (actor is None or not await _is_draft(session, dataset_id)):
        return None
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    dataset = await get_dataset(session, actor, dataset_id, to=DatasetPermission.READ)
    if number is None:
        version_number = dataset.latest.number
    else:
        version_number = _number(number)
    own_version = next(
        (version for version in dataset.versions if version.number == version_number),
        None,
    )
    if own_version is None:
        raise NotFoundError("This dataset has no such version.")
    await session.refresh(own_version, ["dataset"])
    return own_version


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= DIGITS:
        return int(text)
    return 0


async def _is_draft(session: AsyncSession, dataset_id: UUID) -> bool:
    """Whether it is one of the reader's spaces and nobody else ever saw it."""
    dataset = await find_dataset(session, dataset_id)
    return dataset is not None and dataset.opened_at is None


def _etag(table: DatasetTable, territory: Territory, locale: str) -> str:
    cache_key = f"{table.digest} {table.title} {table.licence} {locale} {__version__} {territory!r}"
    return f'"{hashlib.sha256(cache_key.encode()).hexdigest()[:32]}"'


async def _render_data(
    request: PageRequest,
    territory: Territory,
    dataset_id: UUID,
    version: Version | None,
    table: DatasetTable,
    overview: TableOverview,
) -> Response[str]:
    """The page, also when a part of it took too much."""
    locale = locale_of(request)
    chart = overview.chart
    licence = LICENCES.get(table.licence)
    about: Mapping[str, Any] = {
        "chart": chart,
        "chart_drawing": draw_chart(chart, locale) if chart else None,
        "chart_rows": table_of(chart, locale) if chart else [],
        "licence": licence,
        "licence_name": localise(licence.name, locale) if licence else "",
        "files": [
            (name, f"/api/resources/{dataset_id}/data/{kind}/")
            for kind, name in FILES.items()
            if kind in formats_of(table)
        ],
        "frames": []
        if version or not table.is_open
        else list_embed_codes(overview, territory, dataset_id, table.title, locale),
        "versions": [] if version else await _list_open(request, territory, dataset_id),
        "portal_url": f"{territory.links.get('portal', '')}/data",
    }
    return render(
        request,
        "datasets/data.html",
        dataset_id=dataset_id,
        version=version,
        is_open=version is None,
        table=table,
        overview=overview,
        **about,
    )


async def _list_open(
    request: PageRequest, territory: Territory, dataset_id: UUID
) -> list[Version]:
    """The versions that everybody may read, the newest first; whoever reads is no member of the space."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            dataset = await find_dataset(session, dataset_id)
    if dataset:
        return [version for version in dataset.versions if is_open(dataset, version)]
    return []


routes: Sequence[ControllerRouterHandler] = [show_data, show_package]
