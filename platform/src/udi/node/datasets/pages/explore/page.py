"""The page of the data: read by everybody once it is published, by its producer before, by a project as its agreement says."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi import __version__
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Version
from udi.node.datasets.pages.explore.explore_query import (
    CHART,
    MAP,
    TABLE,
    ExploreQuery,
    join_query,
)
from udi.node.datasets.pages.explore.query_words import (
    ExploredColumns,
    read_explore_query,
)
from udi.node.datasets.pages.explore.versions import (
    find_own_version,
    list_open_versions,
)
from udi.node.datasets.pages.explore.view_registry import VIEWS, list_offered
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.restricted import RestrictedError
from udi.node.tables.requests import TableRequest, open_table, request_table
from udi.protocol.licences import LICENCES
from udi.tabular.exports.exports import formats_of
from udi.tabular.queries.pool import QueryTooHeavyError
from udi.tabular.queries.query_string import parse_parameters
from udi.tabular.queries.table import DatasetTable
from udi.ui.locale import localise, localise_title
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

COST = 5
"""What a page counts of a reader's budget, in pages of rows of the API."""
FRAGMENT = "X-Fragment"
REGION = "explore"
"""The header, and its value, of a script that asks for the region of the page that changes."""
VARY = f"Accept-Language, Cookie, Authorization, {FRAGMENT}"
FILES = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "parquet": "Parquet",
    "json": "JSON",
    "geojson": "GeoJSON",
    "pmtiles": "PMTiles",
}
"""What people take away, in the order of how many can open it."""


@get("/datasets/{dataset_id:uuid}/data")
async def show_data(
    request: PageRequest,
    territory: NamedDependency[Territory],
    actor: NamedDependency[Actor | None],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A table as its address says: rows, groups, one row or column, a chart, a map; `version` is for its producer.

    The database is let go before the table is read. Restricted data are shown as far as the gate of the API lets the
    request through, and described to everybody else.
    """
    own_version: list[Version] = []

    async def find_table(session: AsyncSession) -> DatasetTable:
        tables = site_of(request).services[DATASET_TABLES]
        number = request.query_params.get("version")
        version = await find_own_version(session, actor, dataset_id, number)
        if version is None:
            return localise_table(
                request, await tables(session, actor, dataset_id, let=True)
            )
        own_version.append(version)
        return localise_table(request, await tables.of_version(version))

    table_request = await request_table(
        request, territory, actor, dataset_id, find_table, cost=COST
    )
    try:
        await open_table(table_request, territory)
    except RestrictedError:
        return _render_restricted(request, territory, dataset_id, table_request.table)
    page = ExplorePage(table_request, territory, actor, next(iter(own_version), None))
    return await page.respond()


def localise_table(request: PageRequest, table: DatasetTable) -> DatasetTable:
    """The table under its title in the reader's language."""
    title = localise_title(table.title, table.titles, locale_of(request))
    return replace(table, title=title)


class ExplorePage:
    """One page about a table that the request may read."""

    def __init__(
        self,
        table_request: TableRequest,
        territory: Territory,
        actor: Actor | None,
        version: Version | None,
    ) -> None:
        self.table_request = table_request
        self.request: PageRequest = table_request.request
        self.table = table_request.table
        self.territory = territory
        self.actor = actor
        self.version = version
        self.path = f"/datasets/{table_request.dataset_id}/data"

    async def respond(self) -> Response[Any]:
        """The page, the address that it has in canonical form, or the news that the reader's copy is still good.

        Raises:
            NotGrantedError: a column is named that the agreement does not open.
        """
        parameters = parse_parameters(self.table_request.query_string)
        columns = ExploredColumns(
            self.table.columns,
            self.table.hidden,
            list_offered(self.table, self.territory),
        )
        query = await self.table_request.parse_query(
            partial(read_explore_query, parameters, columns)
        )
        if not query.refusals and list(query.pairs) != parameters:
            return Redirect(
                join_query(self.path, query.pairs),
                status_code=303,
                headers=self._headers(),
            )
        if self._is_fresh:
            return Response(None, status_code=304, headers=self._headers())
        return await self._render(query)

    async def _render(self, query: ExploreQuery) -> Response[Any]:
        view = VIEWS[query.view]
        context = ExploreContext(
            request=self.request,
            territory=self.territory,
            dataset_id=self.table_request.dataset_id,
            table=self.table,
            query=query,
            locale=locale_of(self.request),
            path=self.path,
        )
        status = 200
        try:
            values = {**await view.read(context), "too_heavy": None}
        except QueryTooHeavyError as error:
            values = {"too_heavy": error}
            status = error.status
        template = (
            "datasets/explore/_region.html"
            if self.request.headers.get(FRAGMENT) == REGION
            else "datasets/explore.html"
        )
        page = render(
            self.request,
            template,
            status=status,
            query=query,
            table=self.table,
            dataset_id=self.table_request.dataset_id,
            page_path=self.path,
            view=view,
            views=list_offered(self.table, self.territory),
            tabs=[
                (name, query.address(self.path, view=name, column=""))
                for name in (TABLE, CHART, MAP)
                if name in list_offered(self.table, self.territory)
            ],
            **await self._list_surroundings(query),
            **values,
        )
        page.headers.update(self._headers())
        await self.table_request.charge_bytes(len(page.content.encode()))
        return page

    async def _list_surroundings(self, query: ExploreQuery) -> Mapping[str, Any]:
        """What stands around the view: files, versions, licence."""
        licence = LICENCES.get(self.table.licence)
        base = f"/api/resources/{self.table_request.dataset_id}/data"
        versions: Sequence[Version] = ()
        if self.version is None and self.table.is_open:
            versions = await list_open_versions(
                self.request, self.territory, self.table_request.dataset_id
            )
        return {
            "version": self.version,
            "is_open": self.version is None,
            "versions": versions,
            "licence_name": localise(licence.name, locale_of(self.request))
            if licence
            else "",
            "files": [
                (name, join_query(f"{base}/{kind}/", query.api_pairs))
                for kind, name in FILES.items()
                if kind in formats_of(self.table)
            ],
            "portal_url": f"{self.territory.links.get('portal', '')}/data",
        }

    @property
    def _etag(self) -> str:
        cache_key = (
            f"{self.table_request.etag} {self.table.title} {self.table.licence}"
            f" {locale_of(self.request)} {self.request.headers.get(FRAGMENT, '')}"
            f" {__version__} {self.territory!r}"
        )
        return f'"{hashlib.sha256(cache_key.encode()).hexdigest()[:32]}"'

    @property
    def _is_kept(self) -> bool:
        """Whether a reader may keep the page, and ask whether it is still good."""
        return (
            self.actor is None
            and self.version is None
            and self.table_request.passage is None
        )

    @property
    def _is_fresh(self) -> bool:
        tags = self.request.headers.get("if-none-match", "")
        return self._is_kept and self._etag in tags

    def _headers(self) -> dict[str, str]:
        rates = {
            name: value
            for name, value in self.table_request.headers.items()
            if name.startswith("RateLimit")
        }
        policy = content_security_policy(list_form_targets(self.request), scripts=True)
        headers = {**rates, "Vary": VARY, "Content-Security-Policy": policy}
        if self._is_kept:
            headers["ETag"] = self._etag
        else:
            headers["Cache-Control"] = "private, no-store"
        if self.table_request.query_string:
            headers["X-Robots-Tag"] = "noindex"
        return headers


def _render_restricted(
    request: PageRequest, territory: Territory, dataset_id: UUID, table: DatasetTable
) -> Response[str]:
    """What a table that is not shown is of, and where to ask for it."""
    portal = f"{territory.links.get('portal', '')}/data"
    return render(
        request,
        "datasets/restricted.html",
        dataset_id=dataset_id,
        table=table,
        portal_url=portal,
        page=f"{portal}/{dataset_id}",
    )


routes: Sequence[ControllerRouterHandler] = [show_data]
